// application/x-www-form-urlencoded, and query strings: the same text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cloudlet::wire {

// The fields of a form, found by name or by the beginning of their names.
class FormData {
 public:
  static constexpr std::size_t fields_max = 20000;

  // Nothing if an escape is broken, the text is not UTF-8, or there are too many fields. Of equal
  // names the first counts.
  static std::optional<FormData> parse(std::string_view text);

  struct Field {
    std::string name;
    std::string value;
    std::uint32_t place = 0;  // in the text
  };
  const std::string* find(std::string_view name) const;
  // The numbers N for which "<prefix>.N" or "<prefix>.N...." is there, ascending.
  std::vector<std::size_t> indexes(std::string_view prefix) const;
  // Whether a field's name starts with "<prefix>.".
  bool has_below(std::string_view prefix) const;

  // In order of name; equal names in the order of the text.
  const std::vector<Field>& fields() const { return fields_; }

 private:
  std::vector<Field>::const_iterator first_below(std::string_view prefix) const;

  std::vector<Field> fields_;
};

}  // namespace cloudlet::wire
