// The HTTP body of the REST protocols, and errors. Internal to wire/protocol.
#pragma once

#include <string>
#include <string_view>

#include "wire/bind.h"
#include "wire/http.h"
#include "wire/json.h"
#include "wire/protocol.h"

namespace cloudlet::wire {

// Reads the body into the payload member, or into all members that have no other place. `members`:
// a request's or an answer's.
Result<void> bind_payload(Binding& binding, const Shape& structure, Protocol protocol,
                          std::string_view body, void* target, Members members);

// Writes it, with its Content-Type.
void write_payload(std::string& out, Headers& headers, const Shape& structure, const void* source,
                   const Exchange& exchange, Members members);

// The error that an answer holds. Never success.
Error decode_error(const Exchange& exchange, const Response& response, std::string_view body);

}  // namespace cloudlet::wire
