// Proves that combined CRCs are those of the whole, for every algorithm and for empty pieces.
#include "services/s3/crc_combine.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace cloudlet::s3 {
namespace {

TEST(CrcCombine, IsTheCrcOfBothTogether) {
  const auto random = seeded_random(1);
  for (const Algorithm algorithm : {Algorithm::crc32, Algorithm::crc32c, Algorithm::crc64nvme}) {
    for (const auto& [one, two] : {std::pair{0, 0}, {0, 7}, {7, 0}, {1, 1}, {5000, 70'001}}) {
      const std::string a = random->bytes(static_cast<std::size_t>(one)),
                        b = random->bytes(static_cast<std::size_t>(two));
      EXPECT_EQ(combine_crcs(algorithm, digest(algorithm, a), digest(algorithm, b), b.size()),
                digest(algorithm, a + b))
          << one << " " << two;
    }
  }
}

}  // namespace
}  // namespace cloudlet::s3
