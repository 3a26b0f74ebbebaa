// Forms and timestamps: what parses, what doesn't, and in which order it is found.
#include "wire/form.h"

#include <gtest/gtest.h>

#include "wire/times.h"

namespace cloudlet::wire {
namespace {

TEST(FormData, FindsFieldsAndTheNumbersBelowAName) {
  const auto form = FormData::parse(
      "Tags.member.10.Key=b&Tags.member.2.Key=a&Tags.member.2.Value=&Tagsx=1&Empty&A=%41+1");
  ASSERT_TRUE(form);
  EXPECT_EQ(*form->find("A"), "A 1");
  EXPECT_EQ(*form->find("Empty"), "");
  EXPECT_EQ(form->find("Tags"), nullptr);
  EXPECT_EQ(form->indexes("Tags.member"), (std::vector<std::size_t>{2, 10}));
  EXPECT_TRUE(form->has_below("Tags"));
  EXPECT_FALSE(form->has_below("Tag"));
}

TEST(FormData, OfEqualNamesTheFirstCounts) {
  EXPECT_EQ(*FormData::parse("a=1&a=2")->find("a"), "1");
}

TEST(FormData, RefusesBrokenEscapesBadUtf8AndTooManyFields) {
  EXPECT_FALSE(FormData::parse("a=%4"));
  EXPECT_FALSE(FormData::parse("a=%zz"));
  EXPECT_FALSE(FormData::parse("a=%ff"));
  std::string many;
  for (std::size_t i = 0; i <= FormData::fields_max; ++i) many += "a&";
  EXPECT_FALSE(FormData::parse(many));
}

TEST(Times, AreReadInEveryForm) {
  const Time wanted = from_millis(1398796238000);
  EXPECT_EQ(parse_time("1398796238"), wanted);
  EXPECT_EQ(parse_time("2014-04-29T18:30:38Z"), wanted);
  EXPECT_EQ(parse_time("2014-04-29T20:30:38.000+02:00"), wanted);
  EXPECT_EQ(parse_time("Tue, 29 Apr 2014 18:30:38 GMT"), wanted);
  EXPECT_EQ(parse_time("1398796238.5"), wanted + Duration(500));
}

TEST(Times, OddOnesAreNone) {
  for (const char* text : {"", "x", "2014-13-29T18:30:38Z", "2014-04-29T18:30:38Zx",
                           "Tue, 29 Foo 2014 18:30:38 GMT", "1e300", "2014-04-29T", "nan", "inf"}) {
    EXPECT_FALSE(parse_time(text)) << text;
  }
}

TEST(Times, AreWrittenShort) {
  const auto written = [](std::int64_t millis, TimeFormat format) {
    std::string out;
    append_time(out, from_millis(millis), format);
    return out;
  };
  EXPECT_EQ(written(1398796238000, TimeFormat::epoch_seconds), "1398796238");
  EXPECT_EQ(written(1398796238120, TimeFormat::epoch_seconds), "1398796238.12");
  EXPECT_EQ(written(-1500, TimeFormat::epoch_seconds), "-1.5");
  EXPECT_EQ(written(1398796238000, TimeFormat::iso8601), "2014-04-29T18:30:38Z");
  EXPECT_EQ(written(1398796238123, TimeFormat::iso8601), "2014-04-29T18:30:38.123Z");
}

}  // namespace
}  // namespace cloudlet::wire
