#include "services/sns/filter_view.h"

#include <mutex>

#include "services/sns/keys.h"

namespace cloudlet::sns {
namespace {

std::shared_ptr<const Filter> compile(const StoredSubscription& subscription) {
  auto filter =
      Filter::compile(subscription.filter_policy, filter_scope(subscription.filter_scope));
  assert_that(filter.has_value(), "a stored filter policy was checked when it was set");
  return std::make_shared<const Filter>(*std::move(filter));
}

bool of_subscription(std::string_view key) {
  store::KeyReader reader(key);
  reader.skip();
  reader.scope();
  return reader.text() == "subscription";
}

}  // namespace

store::Range FilterView::range() const { return store::prefix(store::make_key("sns")); }

void FilterView::apply(std::string_view key, std::optional<std::string_view> value) {
  if (!of_subscription(key)) return;
  std::optional<Compiled> compiled;
  if (value) {
    const StoredSubscription subscription = decode_subscription(*value);
    if (!subscription.filter_policy.empty())
      compiled = Compiled{.policy = subscription.filter_policy,
                          .scope = filter_scope(subscription.filter_scope),
                          .filter = compile(subscription)};
  }
  const std::unique_lock lock(mutex_);
  if (compiled)
    filters_[std::string(key)] = *std::move(compiled);
  else
    filters_.erase(std::string(key));
}

std::shared_ptr<const Filter> FilterView::find(const store::Key& key,
                                               const StoredSubscription& subscription) const {
  if (subscription.filter_policy.empty()) return nullptr;
  {
    const std::shared_lock lock(mutex_);
    const auto found = filters_.find(key.bytes());
    const bool current = found != filters_.end() &&
                         found->second.policy == subscription.filter_policy &&
                         found->second.scope == filter_scope(subscription.filter_scope);
    if (current) return found->second.filter;
  }
  return compile(subscription);
}

}  // namespace cloudlet::sns
