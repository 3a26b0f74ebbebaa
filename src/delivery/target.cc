#include "delivery/target.h"

#include <fmt/format.h>

namespace cloudlet::delivery {

Result<void> Targets::deliver(store::Txn& tx, const Address& to, const Event& event) const {
  if (event.cause.too_deep())
    return Error(errors::invalid_argument,
                 fmt::format("the event has been handed on {} times: a loop, cut before {}",
                             event.cause.hops, to.arn));
  const auto found = targets_.find(to.kind);
  if (found == targets_.end())
    return Error(errors::invalid_argument,
                 fmt::format("no target serves '{}' ({})", to.kind, to.arn));
  return found->second->deliver(tx, to, event);
}

}  // namespace cloudlet::delivery
