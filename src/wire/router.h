// Which operation of which service a request is for, in the order of what clients really send:
// CBOR, X-Amz-Target, Action=, then REST by signing scope and path. Built from the tables at start;
// then only read, by any thread.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "wire/http.h"
#include "wire/protocol.h"
#include "wire/sigv4_verify.h"
#include "wire/table.h"

namespace cloudlet::wire {

struct RouterOptions {
  // Host names under which "<bucket>.<name>" and "<bucket>.s3.<name>" are buckets.
  std::vector<std::string> domains{"localhost", "localhost.localstack.cloud", "amazonaws.com"};
};

class Router {
 public:
  // The services outlive the router.
  explicit Router(std::vector<const Service*> services, RouterOptions options = {});
  ~Router();

  // A form names its operation in its body, wherever it likes: such a request needs its body whole
  // before `route`.
  static bool needs_whole_body(const Request& request);

  // Fills `exchange`, on a refusal as far as it is known. Gives `request.target` the operation's
  // own form: path style for S3 ("/bucket/key"), no slash at the end; what was signed stays in
  // `request.sent_target`. UnknownOperation of each protocol, InvalidAction, MethodNotAllowed,
  // NotImplemented (S3 subresources not served).
  Result<void> route(Request& request, Exchange& exchange) const;

  // Whether unsigned requests may reach the operation under `enforce`.
  Unsigned unsigned_requests(const Exchange& exchange) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// How S3 refuses what it does not serve: 501.
Error not_implemented();

namespace errors {
extern const ErrorKind unknown_operation;   // UnknownOperationException, 400; REST: 404
extern const ErrorKind invalid_action;      // 400: no such Action in that Version
extern const ErrorKind missing_action;      // 400
extern const ErrorKind method_not_allowed;  // S3, 405
extern const ErrorKind not_implemented;     // S3, 501
}  // namespace errors

}  // namespace cloudlet::wire
