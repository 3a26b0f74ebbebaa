// Tells each view what was committed in its range, in commit order.
#pragma once

#include <string>
#include <vector>

#include "store/overlay.h"
#include "store/txn.h"
#include "store/view.h"

namespace cloudlet::store {

class ViewFeed {
 public:
  void add(View& view) { views_.push_back(&view); }
  // Fills every view from `state` and gets ready to feed.
  void fill(const ReadTxn& state);
  void feed(const Overlay& writes) const;

 private:
  // Between two neighbouring bounds of ranges the interested views are the same.
  struct Stretch {
    std::string from;
    std::vector<View*> views;
  };
  void tell(const Stretch& stretch, std::string_view key,
            std::optional<std::string_view> value) const;

  std::vector<View*> views_;
  std::vector<Stretch> stretches_;
};

}  // namespace cloudlet::store
