// One request (or answer) on its way into a structure: where the walk stands, what it found wrong.
//
// The walkers of each format (json_bind, query_bind, xml_bind, rest_bind) go over the tree; what
// they share is here: texts into scalars, constraints, and the sentence that AWS makes of broken
// ones.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "wire/table.h"

namespace cloudlet::wire {

// Nested values are refused below this depth, whatever the format.
inline constexpr int depth_max = 64;

// Where the walk stands, on the walker's own stack: "tags.1.member.key" is made only for a message.
struct Step {
  const Step* parent = nullptr;
  std::string_view name;  // a member's path name, a map's key, or empty for
  std::size_t index = 0;  // the element of a list, from 1
  int depth = 0;

  Step member(const Member& m) const { return {this, m.path, 0, depth + 1}; }
  Step element(std::size_t i) const { return {this, {}, i, depth + 1}; }
  Step entry(std::string_view key) const {
    return {this, key, static_cast<std::size_t>(-1), depth + 1};
  }
  std::string str() const;
};

// Requests are checked; answers (the client's side) are taken as they come, unknown enumerators
// left out.
enum class Trust : std::uint8_t { check, take };

class Binding {
 public:
  explicit Binding(const Service& service, Trust trust = Trust::check)
      : service_(service), trust_(trust) {}

  bool checks() const { return trust_ == Trust::check; }
  const Service& service() const { return service_; }

  // The errors of what cannot be read at all and of what is not served.
  Error malformed(std::string message) const;
  // A value of the path, the query string or a header that is not of its type. S3's malformed_error
  // speaks of XML alone: there it is InvalidArgument, with the argument's name and value.
  Error unreadable(const Member& member, std::string_view text) const;
  Error refused(const Member& member) const;

  // Constraints: broken ones are kept until `finish`.
  void missing(const Step& step);
  void check_text(const Shape& shape, std::string_view text,
                  const Step& step);  // strings, and enumerations by text
  void check_number(const Shape& shape, double value, std::string_view text, const Step& step);
  void check_bytes(const Shape& shape, std::size_t size, std::string_view text, const Step& step);
  void check_count(const Shape& shape, const void* container, const Step& step);

  // What all elements of a list (keys or values of a map) together broke: AWS names the list and
  // its whole content.
  struct Group {
    bool broken = false;
    // Enumerators that are none: not in the container, but in what the message quotes.
    std::vector<std::pair<std::size_t, std::string>> unknown;

    void add_unknown(std::size_t place, std::string_view text) {
      broken = true;
      if (unknown.size() < 64) unknown.emplace_back(place, text);
    }
  };
  static bool conforms(const Shape& shape, std::string_view text);
  static bool conforms(const Shape& shape, double value);
  enum class Part { element, key, value };
  void check_group(const Group& group, Part part, const Shape& shape, const void* container,
                   const Shape& container_shape, const Step& step);

  // How many constraints were found broken so far.
  std::size_t broken() const { return nulls_.size() + broken_.size(); }
  // Success, or the service's validation error with all that was found.
  Result<void> finish();

 private:
  void add(bool null, const Shape* shape, std::string_view value, const Step& step,
           std::string_view constraint);

  const Service& service_;
  Trust trust_;
  std::vector<std::string> nulls_;
  std::vector<std::string> broken_;
};

// A scalar from a form, an element, a header, a path or a query string. False: not of that type.
// Enumerations must be known
// (`find_value`). Not for lists, maps, structures, documents and streams.
bool assign_text(const Shape& shape, TimeFormat format, std::string_view text, void* target);
// The number of an enumeration's text.
std::optional<std::int32_t> find_value(const Shape& shape, std::string_view text);
// A whole number of the shape's width.
bool assign_integer(Kind kind, std::int64_t number, void* target);
bool assign_double(Kind kind, double number, void* target);

// The scalar as text, without any escaping: what `assign_text` reads.
void append_text(std::string& out, const Shape& shape, TimeFormat format, const void* value);

// The format that counts: the member's, else the shape's, else the protocol's.
inline TimeFormat time_format(const Member& member, TimeFormat by_protocol) {
  if (member.time_format != TimeFormat::by_protocol) return member.time_format;
  if (member.shape->time_format != TimeFormat::by_protocol) return member.shape->time_format;
  return by_protocol;
}

}  // namespace cloudlet::wire
