#include "services/host/host.h"

#include <exception>

#include "base/log.h"

namespace cloudlet::services {

void Host::add(const Served& served) {
  assert_that(served.entries.size() == served.service->operations.size(),
              "a service serves another number of operations than its model has");
  served_.emplace(served.service, served);
}

const Served* Host::find(const wire::Service& service) const {
  const auto found = served_.find(&service);
  return found == served_.end() ? nullptr : &found->second;
}

std::vector<const wire::Service*> Host::services() const {
  std::vector<const wire::Service*> all;
  for (const auto& [service, served] : served_) all.push_back(service);
  return all;
}

Task<Result<wire::Object>> Host::perform(const Served& served, const wire::Operation& operation,
                                         const wire::Call& call, wire::Object input) const {
  try {
    co_return co_await run(served, operation, call, std::move(input));
  } catch (const std::exception& failure) {
    log::error("host", "{} {}: {} (request {})", served.service->name, operation.name,
               failure.what(), call.request_id);
  }
  co_return Error(errors::internal_failure, "We encountered an internal error. Please try again.");
}

Task<Result<wire::Object>> Host::run(const Served& served, const wire::Operation& operation,
                                     const wire::Call& call, wire::Object input) const {
  const Entry& entry = served.entries[operation.index];
  if (operation.form == wire::Form::reads) {
    const auto snapshot = store_.snapshot();
    co_return entry.read(served.operations, *snapshot, call, input);
  }
  if (operation.form == wire::Form::waits)
    co_return co_await entry.wait(served.operations, call, std::move(input));
  const auto body = [&](store::Txn& tx) { return entry.write(served.operations, tx, call, input); };
  co_return co_await store_.transact(body);
}

}  // namespace cloudlet::services
