// Who carries a generated Client's calls: in process (services/host) or over HTTP
// (wire/http_caller.h).
#pragma once

#include "base/result.h"
#include "base/task.h"
#include "wire/table.h"

namespace cloudlet::wire {

class Caller {
 public:
  virtual ~Caller() = default;
  // `input` and `output` are structures of operation.input and operation.output; both live until
  // the task ended. The input may be moved from. Errors that the service models come with their own
  // kind, others with one that has the answer's code as its name.
  virtual Task<Result<void>> call(const Service& service, const Operation& operation, void* input,
                                  void* output) = 0;
};

}  // namespace cloudlet::wire
