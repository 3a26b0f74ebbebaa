// Delivery policies: which delay comes before which retry.
#include "delivery/retry.h"

#include <gtest/gtest.h>

#include <vector>

namespace cloudlet::delivery {
namespace {

std::vector<std::int64_t> delays(const RetryPolicy& policy) {
  std::vector<std::int64_t> millis;
  for (int n = 1; const auto delay = policy.delay(n); ++n) millis.push_back(delay->count());
  return millis;
}

TEST(Retry, TheHttpDefaultIsThreeRetriesTwentySecondsApart) {
  EXPECT_EQ(delays(http_retry_policy()), (std::vector<std::int64_t>{20'000, 20'000, 20'000}));
}

TEST(Retry, TheMailDefaultIsFiftyRetriesOverSixHours) {
  const auto all = delays(mail_retry_policy());
  ASSERT_EQ(all.size(), 50u);
  EXPECT_EQ((std::vector<std::int64_t>(all.begin(), all.begin() + 6)),
            (std::vector<std::int64_t>{10'000, 10'000, 10'000, 20'000, 40'000, 80'000}));
  EXPECT_EQ(all.back(), 600'000);
  std::int64_t sum = 0;
  for (const auto delay : all) sum += delay;
  EXPECT_GT(sum, 6 * 3'600'000);
  EXPECT_LT(sum, 9 * 3'600'000);
}

TEST(Retry, PhasesComeInOrder) {
  const RetryPolicy policy{.no_delay = 2,
                           .min_delay = 1,
                           .backoff = 3,
                           .max_delay = 2,
                           .least = Duration(1000),
                           .most = Duration(9000),
                           .function = Backoff::linear};
  EXPECT_EQ(delays(policy), (std::vector<std::int64_t>{0, 0, 1000, 1000, 5000, 9000, 9000, 9000}));
  EXPECT_FALSE(policy.delay(0));
  EXPECT_FALSE(policy.delay(9));
  EXPECT_FALSE(RetryPolicy{}.delay(1));
}

TEST(Retry, EachFunctionGrowsFromLeastToMost) {
  for (const auto function :
       {Backoff::linear, Backoff::arithmetic, Backoff::geometric, Backoff::exponential}) {
    const RetryPolicy policy{
        .backoff = 8, .least = Duration(1000), .most = Duration(60'000), .function = function};
    const auto all = delays(policy);
    ASSERT_EQ(all.size(), 8u);
    EXPECT_EQ(all.front(), 1000) << to_string(function);
    EXPECT_EQ(all.back(), 60'000) << to_string(function);
    for (std::size_t i = 1; i < all.size(); ++i)
      EXPECT_GE(all[i], all[i - 1]) << to_string(function);
    EXPECT_EQ(parse_backoff(to_string(function)), function);
  }
  EXPECT_FALSE(parse_backoff("sudden"));
}

TEST(Retry, SurvivesTheStore) {
  const RetryPolicy policy = mail_retry_policy();
  EXPECT_EQ(decode_retry_policy(encode(policy)), policy);
}

}  // namespace
}  // namespace cloudlet::delivery
