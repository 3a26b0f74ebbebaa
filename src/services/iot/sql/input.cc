// Parsing the payload, once.
#include "services/iot/sql/input.h"

#include <boost/json/object.hpp>

#include "services/iot/sql/json_parse.h"

namespace cloudlet::iot::sql {

const json::value* Input::json() {
  if (!parsed_) {
    parsed_ = true;
    if (message_.payload.empty()) {
      json_.emplace(json::object(&memory_));
    } else {
      json_ = parse_json(message_.payload, &memory_);
    }
  }
  return json_ ? &*json_ : nullptr;
}

const Value* Input::variable(const void* of) const {
  for (const auto& [known, value] : variables_)
    if (known == of) return &value;
  return nullptr;
}

const Value& Input::keep(const void* of, Value value) {
  return variables_.emplace_front(of, std::move(value)).second;
}

std::optional<std::string_view> Input::topic_level(std::int64_t number) const {
  if (number < 1) return std::nullopt;
  std::string_view rest = message_.topic;
  for (std::int64_t level = 1;; ++level) {
    const std::size_t slash = rest.find('/');
    if (level == number) return rest.substr(0, slash);
    if (slash == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(slash + 1);
  }
}

}  // namespace cloudlet::iot::sql
