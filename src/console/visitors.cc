#include "console/visitors.h"

#include <algorithm>

#include "base/digest.h"

namespace cloudlet::console {

std::string Visitors::invite() {
  const std::string secret = random_.hex(64);
  const std::scoped_lock lock(mutex_);
  note(invitations_, secret, invitation_lasts);
  return secret;
}

std::optional<std::string> Visitors::admit(std::string_view invitation) {
  const std::string digest = sha256(invitation);
  const std::string secret = random_.hex(64);
  const std::scoped_lock lock(mutex_);
  const auto found = invitations_.find(digest);
  if (found == invitations_.end()) return std::nullopt;
  const bool good = clock_.now() < found->second;
  invitations_.erase(found);
  if (!good) return std::nullopt;
  note(visits_, secret, visit_lasts);
  return secret;
}

bool Visitors::knows(std::string_view cookie) const {
  const std::string digest = sha256(cookie);
  const std::scoped_lock lock(mutex_);
  const auto found = visits_.find(digest);
  return found != visits_.end() && clock_.now() < found->second;
}

void Visitors::note(Book& book, std::string_view secret, Duration lasts) {
  const Time now = clock_.now();
  std::erase_if(book, [now](const auto& entry) { return entry.second <= now; });
  if (book.size() >= kept_max)
    book.erase(std::min_element(book.begin(), book.end(),
                                [](const auto& a, const auto& b) { return a.second < b.second; }));
  book[sha256(secret)] = now + lasts;
}

}  // namespace cloudlet::console
