// Every subscription's filter, compiled when it was committed, so that a publish only asks.
#pragma once

#include <memory>
#include <shared_mutex>
#include <string>
#include <unordered_map>

#include "services/sns/filter.h"
#include "services/sns/state.h"
#include "store/view.h"

namespace cloudlet::sns {

class FilterView : public store::View {
 public:
  store::Range range() const override;
  void apply(std::string_view key, std::optional<std::string_view> value) override;

  // The filter of the subscription under `key`. A view may be behind the transaction that asks: if
  // the policy is another one by now, it is compiled on the spot. Null: no filter.
  std::shared_ptr<const Filter> find(const store::Key& key,
                                     const StoredSubscription& subscription) const;

 private:
  struct Compiled {
    std::string policy;
    FilterScope scope;
    std::shared_ptr<const Filter> filter;
  };
  mutable std::shared_mutex mutex_;
  std::unordered_map<std::string, Compiled> filters_;
};

}  // namespace cloudlet::sns
