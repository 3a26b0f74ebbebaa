// Looking up an operation.
#include "wire/table.h"

#include <algorithm>

namespace cloudlet::wire {

const Operation* Service::find(std::string_view operation_name) const {
  const auto found = std::ranges::lower_bound(operations, operation_name, {}, &Operation::name);
  return found != operations.end() && found->name == operation_name ? &*found : nullptr;
}

}  // namespace cloudlet::wire
