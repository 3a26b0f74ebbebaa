// Functions answer: native ones over frames and over the Runtime API, Python ones through the zygote; pools, limits, logs.
#include "runtime/runtime.h"

#include <gmock/gmock.h>

#include "runtime/testing/fixture.h"

namespace cloudlet::runtime::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

TEST_F(RuntimeTest, A_native_function_answers_and_stays_warm) {
  const auto function = native();
  EXPECT_THAT(answer(function, "{\"n\":1}"), HasSubstr("{\"event\":{\"n\":1},"));
  auto second = invoke(function, "{\"n\":2}");
  ASSERT_TRUE(second.has_value());
  EXPECT_THAT(second->payload, HasSubstr("\"served\":2"));
  EXPECT_FALSE(second->cold);
  EXPECT_EQ(runtime().stats().cold_starts, 1u);
}

TEST_F(RuntimeTest, A_python_function_answers) {
  const auto function = python("hello", "def handler(event, context):\n    return {'got': event, 'id': context.aws_request_id}\n");
  EXPECT_THAT(answer(function, "{\"n\":1}"), HasSubstr("{\"got\": {\"n\": 1}, \"id\": \""));
}

}  // namespace
}  // namespace cloudlet::runtime::testing
