#include "delivery/lanes.h"

#include <algorithm>
#include <utility>

namespace cloudlet::delivery {

store::Range LaneView::range() const { return store::prefix(store::make_key("delivery-ready")); }

void LaneView::apply(std::string_view key, std::optional<std::string_view> value) {
  store::KeyReader reader(key);
  reader.skip();
  std::string name = reader.text();
  const std::uint64_t number = reader.number();
  {
    const std::scoped_lock lock(mutex_);
    const auto place = lanes_.try_emplace(name).first;
    Lane& lane = place->second;
    if (!value) {
      if (lane.waiting > 0) --lane.waiting;
      if (lane.waiting == 0) lanes_.erase(place);
      return;
    }
    ++lane.waiting;
    lane.newest = std::max(lane.newest, number);
    changed_.insert(std::move(name));
  }
  wake_();
}

std::set<std::string> LaneView::take_changed() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(changed_, {});
}

std::uint64_t LaneView::newest(const std::string& lane) const {
  const std::scoped_lock lock(mutex_);
  const auto found = lanes_.find(lane);
  return found == lanes_.end() ? 0 : found->second.newest;
}

}  // namespace cloudlet::delivery
