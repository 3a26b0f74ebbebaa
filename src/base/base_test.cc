// Proves what every room takes for granted: time stands still when told, encodings round-trip,
// causes cross HTTP.
#include <gtest/gtest.h>

#include <fstream>

#include "base/arn.h"
#include "base/cause.h"
#include "base/clock.h"
#include "base/descriptors.h"
#include "base/digest.h"
#include "base/encoding.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/result.h"
#include "base/spell.h"

namespace cloudlet {
namespace {

TEST(Clock, FrozenClockMovesOnlyWhenTold) {
  Clock clock(from_millis(1'598'536'072'677));
  EXPECT_EQ(iso8601(clock.now()), "2020-08-27T13:47:52.677Z");
  int jumps = 0;
  clock.on_jump([&] { ++jumps; });
  clock.advance(std::chrono::hours(1));
  EXPECT_EQ(iso8601_basic(clock.now()), "20200827T144752Z");
  EXPECT_EQ(http_date(clock.now()), "Thu, 27 Aug 2020 14:47:52 GMT");
  EXPECT_EQ(jumps, 1);
}

TEST(Clock, ResumedClockRunsOnFromWhereItStood) {
  Clock clock(from_millis(1000));
  clock.resume();
  EXPECT_FALSE(clock.frozen());
  EXPECT_GE(to_millis(clock.now()), 1000);
  EXPECT_LT(to_millis(clock.now()), 60'000);
}

TEST(Random, SameSeedSameSequence) {
  EXPECT_EQ(seeded_random(7)->uuid(), seeded_random(7)->uuid());
  EXPECT_NE(seeded_random(7)->uuid(), seeded_random(8)->uuid());
  const std::string uuid = system_random()->uuid();
  EXPECT_EQ(uuid.size(), 36u);
  EXPECT_EQ(uuid[14], '4');
}

TEST(Encoding, RoundTripsAndRefusesGarbage) {
  for (const std::string text : {"", "f", "fo", "foo", "foob"}) {
    EXPECT_EQ(from_base64(to_base64(text)), text);
    EXPECT_EQ(from_hex(to_hex(text)), text);
    EXPECT_EQ(percent_decode(percent_encode(text)), text);
  }
  EXPECT_EQ(from_base64("Zg="), std::nullopt);
  EXPECT_EQ(from_base64("Z!=="), std::nullopt);
  EXPECT_EQ(from_hex("0g"), std::nullopt);
  EXPECT_EQ(percent_decode("%4"), std::nullopt);
  EXPECT_EQ(percent_decode("a+b", Plus::space), "a b");
  EXPECT_EQ(percent_encode("a/b c~", Slash::keep), "a/b%20c~");
  EXPECT_TRUE(valid_utf8("gr\xc3\xbc\xc3\x9f"));
  EXPECT_FALSE(valid_utf8("\xc0\xaf"));
  EXPECT_FALSE(valid_utf8("\xed\xa0\x80"));
  EXPECT_FALSE(valid_utf8("\xe2\x82"));
}

TEST(Digest, KnownAnswers) {
  EXPECT_EQ(to_hex(md5("")), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(to_hex(digest(Algorithm::crc32, "123456789")), "cbf43926");
  EXPECT_EQ(to_hex(digest(Algorithm::crc32c, "123456789")), "e3069283");
  EXPECT_EQ(to_hex(digest(Algorithm::crc64nvme, "123456789")), "ae8b14860a799888");
  EXPECT_EQ(to_hex(hmac_sha256("key", "The quick brown fox jumps over the lazy dog")),
            "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8");
}

TEST(Arn, ParsesAndPrints) {
  const auto arn = Arn::parse("arn:aws:lambda:eu-west-1:000000000000:function:alert:1");
  ASSERT_TRUE(arn);
  EXPECT_EQ(arn->resource, "function:alert:1");
  EXPECT_EQ(arn->str(), "arn:aws:lambda:eu-west-1:000000000000:function:alert:1");
  EXPECT_FALSE(Arn::parse("arn:aws:s3"));
  EXPECT_FALSE(Arn::parse("bucket"));
}

TEST(Cause, CrossesHttpAndCountsHops) {
  const Cause cause{.trace = std::string(32, 'a'), .span = 5, .hops = 3};
  const auto back = Cause::from_header(cause.header());
  ASSERT_TRUE(back);
  EXPECT_EQ(back->trace, cause.trace);
  EXPECT_EQ(back->span, 5u);
  EXPECT_EQ(back->hops, 3);
  EXPECT_FALSE(Cause::from_header("Root=nonsense"));
}

Result<int> half(int n) {
  if (n % 2 != 0) return invalid("odd");
  return n / 2;
}
Result<int> quarter(int n) {
  TRY(const int h, half(n));
  return half(h);
}

TEST(Result, TryHandsTheErrorUp) {
  EXPECT_EQ(quarter(8).value(), 2);
  EXPECT_EQ(quarter(6).error().message(), "odd");
  EXPECT_THROW(quarter(6).value(), BrokenInvariant);
}

TEST(Descriptors, OneKindOfConnectionNeverTakesThemAll) {
  for (const std::size_t limit : {256, 1024, 4096, 20'000, 1'048'576}) {
    const auto shares = descriptor_shares(limit);
    EXPECT_GE(shares.http, 32u) << limit;
    EXPECT_LE(shares.mqtt + shares.http + limit / 8, limit);
  }
}

TEST(Memory, WhatTheStartAloneNeededIsGivenBackAndComesBackWhenItIsAskedFor) {
  const auto file_pages = [] {
    std::size_t size = 0, resident = 0, shared = 0;
    std::ifstream("/proc/self/statm") >> size >> resident >> shared;
    return shared;
  };
  const std::size_t before = file_pages();
  give_back_unused_memory();
  EXPECT_LT(file_pages(), before);
  EXPECT_EQ(seeded_random(7)->uuid(), seeded_random(7)->uuid());
}

TEST(Spell, IsSaidOnceWhenItBeginsAndOnceWhenItIsOver) {
  using namespace std::chrono_literals;
  const Spell::Moment start{1h};
  Spell spell;
  EXPECT_FALSE(spell.missed(start));
  EXPECT_TRUE(spell.met(start));
  EXPECT_FALSE(spell.met(start + 1s));
  EXPECT_FALSE(spell.missed(start + 2s));  // one that flickers is one spell
  EXPECT_FALSE(spell.met(start + 3s));
  EXPECT_EQ(spell.missed(start + 13s), 3u);
  EXPECT_FALSE(spell.missed(start + 14s));
  EXPECT_TRUE(spell.met(start + 15s));
}

}  // namespace
}  // namespace cloudlet
