// Records come back as written, pass over what they don't know, and never take damage for data.
#include "store/record.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/random.h"
#include "base/result.h"

namespace cloudlet::store {
namespace {

TEST(Record, ComesBackAsWritten) {
  RecordWriter writer;
  writer.text(1, "name")
      .number(2, 300)
      .flag(3, true)
      .time(4, from_millis(1'600'000'000'123))
      .element(5, "")
      .element(5, "x");
  const std::string bytes = writer.take();
  std::vector<std::string> seen;
  for (RecordReader reader(bytes); reader.next();) {
    switch (reader.field()) {
      case 2: seen.push_back(std::to_string(reader.number())); break;
      case 3: seen.push_back(reader.flag() ? "true" : "false"); break;
      case 4: seen.push_back(std::to_string(to_millis(reader.time()))); break;
      default: seen.push_back(reader.text());
    }
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"name", "300", "true", "1600000000123", "", "x"}));
}

TEST(Record, LeavesOutWhatAReaderAssumes) {
  EXPECT_EQ(RecordWriter().text(1, "").number(2, 0).flag(3, false).take(), "");
}

TEST(Record, UnknownFieldsArePassedOver) {
  const std::string bytes = RecordWriter().text(9, "from later").number(1, 5).number(10, 6).take();
  std::uint64_t found = 0;
  for (RecordReader reader(bytes); reader.next();)
    if (reader.field() == 1) found = reader.number();
  EXPECT_EQ(found, 5);
}

TEST(Record, LargestNumberAndFieldComeBack) {
  const std::string bytes = RecordWriter().number(~std::uint32_t{0}, ~std::uint64_t{0}).take();
  RecordReader reader(bytes);
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.field(), ~std::uint32_t{0});
  EXPECT_EQ(reader.number(), ~std::uint64_t{0});
}

TEST(Record, AWrongKindIsABrokenInvariant) {
  const std::string bytes = RecordWriter().number(1, 5).text(2, "x").take();
  RecordReader reader(bytes);
  ASSERT_TRUE(reader.next());
  EXPECT_THROW(reader.text(), BrokenInvariant);
  ASSERT_TRUE(reader.next());
  EXPECT_THROW(reader.number(), BrokenInvariant);
}

TEST(Record, DamagedBytesThrowOrEndButNeverReadBeyond) {
  const auto random = seeded_random(1);
  int thrown = 0;
  for (int i = 0; i < 20'000; ++i) {
    // On the heap at its exact size, so that AddressSanitizer sees a read beyond.
    const std::string bytes = random->bytes(random->below(24));
    const std::vector<char> exact(bytes.begin(), bytes.end());
    try {
      std::size_t seen = 0;
      for (RecordReader reader({exact.data(), exact.size()}); reader.next();) ++seen;
      ASSERT_LE(seen, exact.size());
    } catch (const BrokenInvariant&) {
      ++thrown;
    }
  }
  EXPECT_GT(thrown, 1000);
}

}  // namespace
}  // namespace cloudlet::store
