// JSON with exact decimals: Boost 1.81's own parser may miss the nearest double by one unit in the
// last place, and a value that passes through a rule would come out changed.
#pragma once

#include <boost/json/storage_ptr.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string_view>

namespace cloudlet::iot::sql {

constexpr std::size_t json_depth_max = 64;

// Nothing if `text` isn't one JSON document, or nests deeper than `json_depth_max`.
std::optional<boost::json::value> parse_json(std::string_view text,
                                             boost::json::storage_ptr memory = {});

}  // namespace cloudlet::iot::sql
