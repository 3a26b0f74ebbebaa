// Transactions that are written and synced together.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/blob_id.h"
#include "store/overlay.h"
#include "store/snapshot.h"
#include "store/store.h"

namespace cloudlet::store {

struct Group {
  Overlay writes;
  std::vector<Store::Job*> jobs;  // in the order they ran, committed and refused alike
  std::vector<std::function<void()>> on_commit;
  std::vector<BlobId> dropped;
  std::shared_ptr<const Published> state;  // with the writes in; readers get it once it is synced
  std::uint64_t number = 0;                // counts the groups of the store's whole life
  std::uint64_t committed = 0;             // bodies

  bool empty() const { return jobs.empty() && writes.log().empty() && on_commit.empty(); }
  void clear() {
    writes.clear();
    jobs.clear();
    on_commit.clear();
    dropped.clear();
    state.reset();
    committed = 0;
  }
};

}  // namespace cloudlet::store
