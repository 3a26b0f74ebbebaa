// Lists in pages: where a page ended is told to the caller as an opaque text, the next begins
// behind it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/txn.h"

namespace cloudlet::iot {

struct PageRequest {
  std::optional<std::string> marker;
  std::optional<std::int32_t> size;  // default 25, at most 250 (the models' own bounds)
  store::Direction direction = store::Direction::forward;
};

struct Entry {
  std::string key;
  std::string value;
};
struct Page {
  std::vector<Entry> entries;
  std::optional<std::string> next;  // there is more
};

// The entries of `range` that `wanted` (null: all) takes. InvalidRequestException for a marker that
// isn't ours.
Result<Page> read_page(
    const store::ReadTxn& tx, const store::Range& range, const PageRequest& request,
    const std::function<bool(std::string_view key, std::string_view value)>& wanted = nullptr);

}  // namespace cloudlet::iot
