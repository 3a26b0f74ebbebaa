// JSON bodies: into structures and out of them. JSON 1.0/1.1 and REST-JSON share this.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

#include "wire/bind.h"
#include "wire/table.h"

namespace cloudlet::wire {

// Which members of the outermost structure the body holds. In REST requests: those that have no
// other place. In REST answers: those that no header and no status holds (a path has no room
// there).
enum class Members : std::uint8_t { all, request, answer };

inline bool in_body(const Member& member, Members members) {
  if (members == Members::all) return true;
  if (member.payload) return false;
  const bool request_place = member.place == Place::uri || member.place == Place::query;
  return member.place == Place::body || (request_place && members == Members::answer);
}

// Reads the members of `structure` from an object. Unknown members are skipped, null is absent.
Result<void> bind_json(Binding& binding, const Shape& structure, const boost::json::value& tree,
                       void* target, const Step& step, Members members);
// Any shape, as REST payloads have them.
Result<void> bind_json_value(Binding& binding, const Member& member, const boost::json::value& tree,
                             void* target, const Step& step);

// Parses with limits (depth, no comments, no trailing commas). An empty text is an empty object.
Result<boost::json::value> parse_json(const Binding& binding, std::string_view text,
                                      boost::json::storage_ptr memory);

void write_json(std::string& out, const Shape& structure, const void* source, Members members);
void write_json_value(std::string& out, const Member& member, const void* value);
void write_json_string(std::string& out, std::string_view text);

}  // namespace cloudlet::wire
