// The four protocols, both ways: what services/host (server) and the HTTP caller (client) use.
//
// Server: decode_request, the operation, encode_response or encode_error. Client: encode_request,
// send, decode_response.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/http.h"
#include "wire/table.h"

namespace cloudlet::wire {

// In which words this exchange is held. `service` and `operation` may be unknown when an error is
// answered.
struct Exchange {
  const Service* service = nullptr;
  const Operation* operation = nullptr;
  Protocol protocol = Protocol::json;
  std::string_view json_version = "1.0";  // the one that came
};

// The operation's input (output) has a body that streams: don't read it, `decode_` and `encode_`
// move it.
bool streams_input(const Operation& operation);
bool streams_output(const Operation& operation);

// Fills `input`, a structure of operation.input. `body` is the whole body; empty if the operation
// streams: then request.body moves into the input. Path and host must be in the operation's own
// form ("/bucket/key"). Errors: what cannot be read, refused members, broken constraints, in the
// service's own words.
Result<void> decode_request(const Exchange& exchange, Request& request, std::string_view body,
                            void* input);

// The answer to `output`, a structure of operation.output, whose streaming member is moved from.
Response encode_response(const Exchange& exchange, void* output, std::string_view request_id);

// The answer to an error. `resource` is what S3 names beside the message: the path.
Response encode_error(const Exchange& exchange, const Error& error, std::string_view request_id,
                      std::string_view resource = {});

// Method, target, headers and body; no host, no signature. The input's streaming member is moved
// from.
Result<Request> encode_request(const Exchange& exchange, void* input);

// Fills `output` from an answer whose body is `body` (empty if the operation streams: then
// response.body moves), or gives the error that it holds. An error that the service does not model
// is of kind `unmodelled_error`; its members say "Code".
Result<void> decode_response(const Exchange& exchange, Response& response, std::string_view body,
                             void* output);

extern const ErrorKind unmodelled_error;

}  // namespace cloudlet::wire
