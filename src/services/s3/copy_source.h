// What CopyObject and UploadPartCopy share: which object is copied, and whether it may be.
#pragma once

#include <string>
#include <string_view>

#include "services/s3/rules.h"
#include "services/s3/state.h"

namespace cloudlet::s3 {

// What one copy may read at most.
inline constexpr std::uint64_t copy_source_max = 5ull << 30;

struct CopySource {
  std::string bucket;
  std::string key;
};

// "/bucket/key", "bucket/key", percent-encoded, perhaps with ?versionId=.
Result<CopySource> parse_copy_source(std::string_view text);

// The source as it is now; PreconditionFailed if a condition does not hold (there is nothing to be
// "not modified" here: both kinds of refusal are one).
Result<StoredObject> find_copy_source(const store::ReadTxn& tx, const std::string& account,
                                      const CopySource& source, const ReadConditions& conditions);

// InvalidRequest above `copy_source_max`.
Result<void> check_copy_size(std::uint64_t size);

template <class Input>
ReadConditions source_conditions(const Input& in) {
  return {.if_match = in.copy_source_if_match,
          .if_none_match = in.copy_source_if_none_match,
          .if_modified_since = in.copy_source_if_modified_since,
          .if_unmodified_since = in.copy_source_if_unmodified_since};
}

}  // namespace cloudlet::s3
