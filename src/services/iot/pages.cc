// Reading one page of a range.
#include "services/iot/pages.h"

#include "base/encoding.h"
#include "gen/iot/errors.h"

namespace cloudlet::iot {

Result<Page> read_page(const store::ReadTxn& tx, const store::Range& range,
                       const PageRequest& request,
                       const std::function<bool(std::string_view, std::string_view)>& wanted) {
  constexpr std::size_t size_default = 25;
  const std::size_t size =
      request.size ? static_cast<std::size_t>(std::max(1, *request.size)) : size_default;
  store::Range rest = range;
  if (request.marker && !request.marker->empty()) {
    const auto key = from_base64(*request.marker);
    if (!key || *key < range.from || *key >= range.to)
      return errors::invalid_request("The marker is not valid");
    if (request.direction == store::Direction::forward)
      rest = store::after(range, store::Key::from_bytes(*key));
    else
      rest.to = *key;
  }
  Page page;
  const auto visit = [&](std::string_view key, std::string_view value) {
    if (wanted && !wanted(key, value)) return true;
    if (page.entries.size() == size) {
      page.next = to_base64(page.entries.back().key);
      return false;
    }
    page.entries.push_back({std::string(key), std::string(value)});
    return true;
  };
  tx.scan(rest, visit, request.direction);
  return page;
}

}  // namespace cloudlet::iot
