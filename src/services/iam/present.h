// Stored things as the API shows them; and pages of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gen/iam/types.h"
#include "services/iam/find.h"
#include "services/iam/state.h"
#include "store/txn.h"

namespace cloudlet::iam {

Role present(const StoredRole& role, const std::string& account);
User present(const StoredUser& user, const std::string& account);
InstanceProfile present(const StoredProfile& profile, const store::ReadTxn& tx,
                        const std::string& account);
Policy present(const FoundPolicy& found, const store::ReadTxn& tx, const std::string& account);
std::vector<Tag> present(const Tags& tags);

// Documents are answered percent-encoded (RFC 3986), as the API reference says of each.
std::string present_document(std::string_view document);

Result<Tags> read_tags(const std::vector<Tag>& tags);

// One page over keys in order. Markers are opaque to callers: the last key shown, encoded.
class Page {
 public:
  // ValidationError for a marker that is none of ours.
  static Result<Page> open(const std::optional<std::string>& marker,
                           const std::optional<std::int32_t>& max_items);

  // Visits values under `key` after the marker until the page is full; `show` returns whether it
  // took the value.
  template <class Show>
  void fill(const store::ReadTxn& tx, const store::Key& key, Show show) {
    tx.scan(rest_of(key), [&](std::string_view bytes, std::string_view value) {
      if (count_ == max_) {
        truncated_ = true;
        return false;
      }
      if (!show(bytes, value)) return true;
      last_ = bytes;
      ++count_;
      return true;
    });
  }

  std::optional<bool> truncated() const { return truncated_; }
  std::optional<std::string> marker() const;

 private:
  store::Range rest_of(const store::Key& key) const;

  std::string after_;
  std::size_t max_ = 100;
  std::size_t count_ = 0;
  bool truncated_ = false;
  std::string last_;
};

}  // namespace cloudlet::iam
