#include "store/overlay.h"

#include <cstring>

namespace cloudlet::store {

Overlay::Overlay()
    : block_(std::make_unique_for_overwrite<std::byte[]>(first_block)),
      arena_(block_.get(), first_block),
      map_(&arena_) {}

std::string_view Overlay::keep(std::string_view bytes) {
  if (bytes.empty()) return {};
  char* copy = static_cast<char*>(arena_.allocate(bytes.size(), 1));
  std::memcpy(copy, bytes.data(), bytes.size());
  return {copy, bytes.size()};
}

void Overlay::write(std::string_view key, Value value) {
  bytes_ += key.size() + (value ? value->size() : 0);
  if (value) value = keep(*value);
  auto place = map_.lower_bound(key);
  if (place != map_.end() && place->first == key) {
    log_.push_back({.place = place, .value = value, .before = place->second, .was_absent = false});
    place->second = value;
    return;
  }
  place = map_.emplace_hint(place, keep(key), value);
  log_.push_back({.place = place, .value = value, .before = {}, .was_absent = true});
}

void Overlay::undo(std::size_t mark) {
  while (log_.size() > mark) {
    const Change& change = log_.back();
    if (change.was_absent)
      map_.erase(change.place);
    else
      change.place->second = change.before;
    log_.pop_back();
  }
}

void Overlay::clear() {
  map_.clear();
  log_.clear();
  bytes_ = 0;
  arena_.release();
}

}  // namespace cloudlet::store
