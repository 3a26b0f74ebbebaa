// From an operation's number to the function that answers it, without its types: what tools/codegen
// makes of every `Operations` and services/host calls.
#pragma once

#include <span>

#include "base/result.h"
#include "base/task.h"
#include "wire/call.h"
#include "wire/object.h"
#include "wire/table.h"

namespace cloudlet::store {
class Txn;
class ReadTxn;
}  // namespace cloudlet::store

namespace cloudlet::services {

// Exactly one of the three is set: the operation's form says which.
struct Entry {
  using Write = Result<wire::Object> (*)(void* operations, store::Txn&, const wire::Call&,
                                         const wire::Object& input);
  using Read = Result<wire::Object> (*)(void* operations, const store::ReadTxn&, const wire::Call&,
                                        const wire::Object& input);
  // The call outlives the task.
  using Wait = Task<Result<wire::Object>> (*)(void* operations, const wire::Call&,
                                              wire::Object input);
  Write write = nullptr;
  Read read = nullptr;
  Wait wait = nullptr;
};

// One service as the host serves it. `serve(Operations&)` of each generated service makes it.
struct Served {
  const wire::Service* service = nullptr;
  std::span<const Entry> entries;  // in the order of service->operations
  void* operations = nullptr;      // outlives the host
};

}  // namespace cloudlet::services
