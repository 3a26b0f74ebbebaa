// Keys sort as their tuples do, and come apart as they were built.
#include "store/key.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>
#include <vector>

#include "base/random.h"
#include "base/result.h"

namespace cloudlet::store {
namespace {

std::string random_text(Random& random) {
  const char alphabet[] = {'\0', '\x01', 'a', 'b', '\xfe', '\xff'};
  return random.text(random.below(5), std::string_view(alphabet, sizeof alphabet));
}

bool holds(const Range& range, const Key& key) {
  return range.from <= key.bytes() && key.bytes() < range.to;
}

TEST(Key, BytesAreTheDocumentedOnes) {
  using namespace std::string_literals;
  EXPECT_EQ(make_key("ab").bytes(), "\x02"s + "ab\0"s);
  EXPECT_EQ(make_key("a\0"s).bytes(), "\x02"s + "a\0\xff\0"s);
  EXPECT_EQ(make_key(0).bytes(), "\x10"s);
  EXPECT_EQ(make_key(300).bytes(), "\x12\x01\x2c"s);
  EXPECT_EQ(make_key(~std::uint64_t{0}).bytes(), "\x18"s + std::string(8, '\xff'));
}

TEST(Key, TextsSortAsTextsAndPrefixesComeFirst) {
  const auto random = seeded_random(1);
  for (int i = 0; i < 20'000; ++i) {
    const std::tuple a(random_text(*random), random_text(*random));
    const std::tuple b(random_text(*random), random_text(*random));
    const Key key_a = make_key(std::get<0>(a), std::get<1>(a));
    const Key key_b = make_key(std::get<0>(b), std::get<1>(b));
    ASSERT_EQ(a < b, key_a.bytes() < key_b.bytes());
    ASSERT_EQ(a == b, key_a == key_b);
    ASSERT_LT(make_key(std::get<0>(a)), key_a);
  }
}

TEST(Key, NumbersSortAsNumbers) {
  const auto random = seeded_random(2);
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t a = random->number() >> random->below(64);
    const std::uint64_t b =
        random->below(2) == 0 ? a + random->below(3) : random->number() >> random->below(64);
    ASSERT_EQ(a < b, make_key(a) < make_key(b)) << a << ' ' << b;
  }
}

TEST(Key, ComesApartAgain) {
  const auto random = seeded_random(3);
  for (int i = 0; i < 5'000; ++i) {
    const std::string text = random_text(*random);
    const std::uint64_t number = random->number() >> random->below(64);
    const Scope scope{.account = "123456789012", .region = random_text(*random)};
    const Time time = from_millis(1'600'000'000'000);
    const Key key = make_key(text, number, scope, time);
    KeyReader reader(key.bytes());
    ASSERT_EQ(reader.text(), text);
    ASSERT_EQ(reader.number(), number);
    ASSERT_EQ(reader.scope(), scope);
    ASSERT_EQ(reader.time(), time);
    ASSERT_TRUE(reader.done());
    KeyReader skipping(key.bytes());
    for (int part = 0; part < 5; ++part) skipping.skip();
    ASSERT_TRUE(skipping.done());
  }
}

TEST(Key, AWrongKindOrDamagedBytesAreABrokenInvariant) {
  const Key text = make_key("a");
  const Key number = make_key(7);
  EXPECT_THROW(KeyReader(text.bytes()).number(), BrokenInvariant);
  EXPECT_THROW(KeyReader(number.bytes()).text(), BrokenInvariant);
  EXPECT_THROW(KeyReader("").skip(), BrokenInvariant);
  EXPECT_THROW(KeyReader("\x02unended").text(), BrokenInvariant);
  EXPECT_THROW(KeyReader("\x18short").number(), BrokenInvariant);
  EXPECT_THROW(KeyReader("\x7fwhat").skip(), BrokenInvariant);
}

TEST(Key, APrefixHoldsWhatHasMoreParts) {
  using namespace std::string_literals;
  const Range range = prefix(make_key("a"));
  EXPECT_FALSE(holds(range, make_key("a")));
  EXPECT_TRUE(holds(range, make_key("a", "")));
  EXPECT_TRUE(holds(range, make_key("a", 0)));
  EXPECT_TRUE(holds(range, make_key("a", ~std::uint64_t{0}, "b")));
  EXPECT_TRUE(holds(range, make_key("a", "\xff\xff")));
  EXPECT_FALSE(holds(range, make_key("a\0"s)));
  EXPECT_FALSE(holds(range, make_key("a\0"s, "b")));
  EXPECT_FALSE(holds(range, make_key("ab", "c")));
  EXPECT_TRUE(holds(prefix(Key()), make_key("anything")));
}

TEST(Key, AfterGoesOnBehindAKey) {
  const Range all = prefix(make_key("a"));
  const Range rest = after(all, make_key("a", "m"));
  EXPECT_FALSE(holds(rest, make_key("a", "m")));
  EXPECT_TRUE(holds(rest, make_key("a", "m", "child")));
  EXPECT_TRUE(holds(rest, make_key("a", "ma")));
  EXPECT_FALSE(holds(rest, make_key("a", "l")));
  EXPECT_FALSE(holds(rest, make_key("b", "z")));
  EXPECT_EQ(after(all, make_key("A")).from, all.from) << "a key before the range changes nothing";
}

TEST(Key, ATextPrefixHoldsTheTextsThatBeginSo) {
  using namespace std::string_literals;
  const Key bucket = make_key("object", "b");
  const Range range = text_prefix(bucket, "dir/");
  EXPECT_TRUE(holds(range, make_key("object", "b", "dir/")));
  EXPECT_TRUE(holds(range, make_key("object", "b", "dir/a")));
  EXPECT_TRUE(holds(range, make_key("object", "b", "dir/\xff\xff")));
  EXPECT_TRUE(holds(range, make_key("object", "b", "dir/\0x"s)));
  EXPECT_FALSE(holds(range, make_key("object", "b", "dir")));
  EXPECT_FALSE(holds(range, make_key("object", "b", "dir0")));
  EXPECT_FALSE(holds(range, make_key("object", "c", "dir/a")));
  EXPECT_TRUE(holds(text_prefix(bucket, "\xff\xff"), make_key("object", "b", "\xff\xffz")));
  EXPECT_FALSE(holds(text_prefix(bucket, ""), make_key("object", "b", 1))) << "a number is no text";
  EXPECT_TRUE(holds(text_prefix(bucket, "a\0"s), make_key("object", "b", "a\0b"s)));
  EXPECT_FALSE(holds(text_prefix(bucket, "a\0"s), make_key("object", "b", "a")));
}

}  // namespace
}  // namespace cloudlet::store
