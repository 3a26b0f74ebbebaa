// The lanes that have something to send, as the commit feed tells it: how much waits, not what. A
// hint.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "store/view.h"

namespace cloudlet::delivery {

class LaneView : public store::View {
 public:
  // `wake` is called, on the store's thread, when something new may be sent.
  explicit LaneView(std::function<void()> wake) : wake_(std::move(wake)) {}

  store::Range range() const override;
  void apply(std::string_view key, std::optional<std::string_view> value) override;

  // Lanes that got something since the last call.
  std::set<std::string> take_changed();
  // The highest number seen in a lane; 0 if nothing of it waits.
  std::uint64_t newest(const std::string& lane) const;

 private:
  struct Lane {
    std::uint64_t waiting = 0;
    std::uint64_t newest = 0;
  };
  const std::function<void()> wake_;
  mutable std::mutex mutex_;
  std::map<std::string, Lane> lanes_;
  std::set<std::string> changed_;
};

}  // namespace cloudlet::delivery
