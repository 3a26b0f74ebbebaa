#include "store/view_feed.h"

#include <algorithm>
#include <set>

#include "store/fatal.h"

namespace cloudlet::store {
namespace {

// A view that throws no longer shows what is stored.
void apply(View& view, std::string_view key, std::optional<std::string_view> value) {
  try {
    view.apply(key, value);
  } catch (const std::exception& bug) {
    stop_process(std::string("a view failed: ") + bug.what());
  }
}

}  // namespace

void ViewFeed::fill(const ReadTxn& state) {
  std::set<std::string> bounds{""};
  for (View* view : views_) {
    const Range range = view->range();
    bounds.insert(range.from);
    bounds.insert(range.to);
    state.scan(range, [view](std::string_view key, std::string_view value) {
      return apply(*view, key, value), true;
    });
  }
  stretches_.clear();
  for (const std::string& bound : bounds) {
    Stretch stretch{.from = bound, .views = {}};
    for (View* view : views_)
      if (const Range range = view->range(); range.from <= bound && bound < range.to)
        stretch.views.push_back(view);
    stretches_.push_back(std::move(stretch));
  }
}

void ViewFeed::feed(const Overlay& writes) const {
  if (views_.empty()) return;
  for (const Overlay::Change& change : writes.log()) {
    const std::string_view key = change.place->first;
    const auto next = std::upper_bound(
        stretches_.begin(), stretches_.end(), key,
        [](std::string_view k, const Stretch& stretch) { return k < stretch.from; });
    tell(*std::prev(next), key, change.value);
  }
}

void ViewFeed::tell(const Stretch& stretch, std::string_view key,
                    std::optional<std::string_view> value) const {
  for (View* view : stretch.views) apply(*view, key, value);
}

}  // namespace cloudlet::store
