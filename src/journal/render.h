// Spans for people and programs: what `cloudlet trace last|why` prints and `GET /_cloudlet/trace`
// answers.
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "journal/journal.h"

namespace cloudlet::journal {

std::string_view to_string(Outcome outcome);  // "ok", "skipped", "denied", "throttled", "failed"

// Members: trace, span, parent, hops, account, region, action, resource, outcome, reason, at,
// at_ms, took_ms.
boost::json::value to_json(const Span& span);
std::optional<Span> span_from_json(const boost::json::value& json);  // the client's side
boost::json::value to_json(const std::vector<Span>& spans);          // {"spans": [...]}

// One line a span, in the order given.
std::string as_list(const std::vector<Span>& spans);
// A chain as an indented waterfall, offset from its beginning on the left; what did not go well
// says why.
std::string as_waterfall(const std::vector<Span>& oldest_first);

// The answer to `why NAME|<trace id>`: the whole chain if it is a trace or a request id, else the
// chains that last touched a resource of that name (`chains_max` of them).
std::vector<std::vector<Span>> why(const Journal& journal, const std::string& name,
                                   std::size_t chains_max = 5);

}  // namespace cloudlet::journal
