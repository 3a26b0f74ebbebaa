// Joins the wire and the store: opens the transaction, calls the operation, hands its answer back.
// Knows nothing of HTTP (gateway.h) and is what calls in process use (in_process.h).
#pragma once

#include <map>
#include <string_view>

#include "base/task.h"
#include "services/dispatch.h"
#include "store/store.h"
#include "wire/call.h"
#include "wire/object.h"

namespace cloudlet::services {

// Built once in main.cc; then only read, by any thread.
class Host {
 public:
  explicit Host(store::Store& store) : store_(store) {}

  void add(const Served& served);
  // Null: not served here.
  const Served* find(const wire::Service& service) const;
  std::vector<const wire::Service*> services() const;

  // One operation. What throws is a bug or a broken machine: it is logged under the call's request
  // id and answered as the internal failure, here and nowhere else.
  Task<Result<wire::Object>> perform(const Served& served, const wire::Operation& operation,
                                     const wire::Call& call, wire::Object input) const;

 private:
  Task<Result<wire::Object>> run(const Served& served, const wire::Operation& operation,
                                 const wire::Call& call, wire::Object input) const;

  store::Store& store_;
  std::map<const wire::Service*, Served> served_;
};

}  // namespace cloudlet::services
