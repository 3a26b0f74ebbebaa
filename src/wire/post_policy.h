// The policy of a browser's upload: until when it is good, and what the form may say.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace cloudlet::wire {

// content-length-range, both ends included; bytes.
struct SizeRange {
  std::uint64_t min = 0;
  std::uint64_t max = 0;
};

// `policy`: base64 of JSON. `fields`: the form's, and "bucket"; names in lower case. Every field
// wants its condition. 400 InvalidPolicyDocument, 403 AccessDenied "Invalid according to Policy".
Result<std::optional<SizeRange>> check_post_policy(
    std::string_view policy, const std::map<std::string, std::string, std::less<>>& fields,
    Time now);

Error entity_too_large(const SizeRange& range, std::uint64_t size);
Error entity_too_small(const SizeRange& range, std::uint64_t size);

}  // namespace cloudlet::wire
