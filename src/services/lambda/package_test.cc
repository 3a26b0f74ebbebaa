// Proves that no package writes outside its folder, whatever it holds, and that good ones come out
// as they went in.
#include "services/lambda/package.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "services/lambda/testing/zips.h"

namespace cloudlet::lambda {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing_zips::File;
using testing_zips::make_zip;

class PackageTest : public ::testing::Test {
 protected:
  PackageTest() {
    char name[] = "/tmp/cloudlet-package-test-XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~PackageTest() override { fs::remove_all(folder_); }

  Result<void> unpack_bytes(const std::string& bytes, const PackageLimits& limits = {}) {
    std::ofstream(folder_ / "p.zip", std::ios::binary) << bytes;
    return unpack(folder_ / "p.zip", folder_ / "out", limits);
  }
  // The refusal; the folder must hold nothing but the zip.
  std::string refused(const std::vector<File>& files, const PackageLimits& limits = {}) {
    const auto outcome = unpack_bytes(make_zip(files), limits);
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
    return outcome.has_error() ? outcome.error().message() : "nothing";
  }
  std::string text(const std::string& name) {
    std::ifstream in(folder_ / "out" / name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  bool executable(const std::string& name) {
    return (fs::status(folder_ / "out" / name).permissions() & fs::perms::owner_exec) !=
           fs::perms::none;
  }

  fs::path folder_;
};

TEST_F(PackageTest, A_good_package_comes_out_as_it_went_in) {
  const auto done =
      unpack_bytes(make_zip({{.name = "bootstrap", .text = "#!/bin/sh\n", .mode = 0100755},
                             {.name = "a/b/c.py", .text = "x = 1\n"},
                             {.name = "a/link", .text = "b/c.py", .mode = 0120777},
                             {.name = "secret", .text = "s", .mode = 0104600}}));
  ASSERT_TRUE(done.has_value()) << done.error().message();
  EXPECT_EQ(text("a/b/c.py"), "x = 1\n");
  EXPECT_EQ(text("a/link"), "x = 1\n");
  EXPECT_TRUE(executable("bootstrap"));
  EXPECT_FALSE(executable("a/b/c.py"));
  // Others may read it, and nobody becomes anybody else by it.
  EXPECT_EQ(fs::status(folder_ / "out" / "secret").permissions(), fs::perms(0644));
}

TEST_F(PackageTest, Where_there_are_no_modes_everything_may_be_executed) {
  ASSERT_TRUE(unpack_bytes(make_zip({{.name = "bootstrap", .text = "x", .mode = 0}})).has_value());
  EXPECT_TRUE(executable("bootstrap"));
}

TEST_F(PackageTest, Names_that_lead_outside_are_refused) {
  EXPECT_THAT(refused({{.name = "../evil", .text = "x"}}), HasSubstr("leads out"));
  EXPECT_THAT(refused({{.name = "a/../../evil", .text = "x"}}), HasSubstr("leads out"));
  EXPECT_THAT(refused({{.name = "/etc/evil", .text = "x"}}), HasSubstr("absolute"));
  EXPECT_THAT(refused({{.name = "a\\..\\evil", .text = "x"}}), HasSubstr("backslash"));
  EXPECT_THAT(refused({{.name = std::string(300, 'n'), .text = "x"}}), HasSubstr("too long"));
}

TEST_F(PackageTest, Links_that_point_outside_or_carry_others_are_refused) {
  EXPECT_THAT(refused({{.name = "l", .text = "/etc/passwd", .mode = 0120777}}),
              HasSubstr("points outside"));
  EXPECT_THAT(refused({{.name = "a/l", .text = "../../x", .mode = 0120777}}),
              HasSubstr("points outside"));
  EXPECT_THAT(refused({{.name = "l", .text = "a", .mode = 0120777}, {.name = "l/x", .text = "y"}}),
              HasSubstr("not a folder"));
  EXPECT_THAT(refused({{.name = "dev", .text = "", .mode = 0060644}}), HasSubstr("special file"));
}

TEST_F(PackageTest, Doubles_are_refused_also_in_disguise) {
  EXPECT_THAT(refused({{.name = "a/x", .text = "1"}, {.name = "a/./x", .text = "2"}}),
              HasSubstr("twice"));
  EXPECT_THAT(refused({{.name = "a", .text = "1"}, {.name = "a/x", .text = "2"}}),
              HasSubstr("not a folder"));
}

TEST_F(PackageTest, Bombs_are_refused_before_they_go_off) {
  const PackageLimits limits{.bytes = 1'000'000, .entries = 10};
  EXPECT_THAT(refused({{.name = "zeros", .text = std::string(2'000'000, '\0')}}, limits),
              HasSubstr("Unzipped size"));
  std::vector<File> parts, many;
  for (int i = 0; i < 5; ++i)
    parts.push_back({.name = "f" + std::to_string(i), .text = std::string(300'000, '\0')});
  EXPECT_THAT(refused(parts, limits), HasSubstr("Unzipped size"));
  for (int i = 0; i < 11; ++i) many.push_back({.name = "f" + std::to_string(i), .text = "x"});
  EXPECT_THAT(refused(many, limits), HasSubstr("too many entries"));
}

TEST_F(PackageTest, A_zip_that_lies_about_a_size_or_is_damaged_is_refused) {
  std::string zip = make_zip({{.name = "zeros", .text = std::string(100'000, '\0')}});
  // The uncompressed size stands at offset 22 of the local header and 24 of the central one.
  std::string lying = zip;
  for (const auto& [signature, offset] :
       {std::pair<std::string, std::size_t>{"PK\3\4", 22}, {"PK\1\2", 24}}) {
    const std::size_t at = lying.find(signature) + offset;
    lying[at] = 10, lying[at + 1] = lying[at + 2] = lying[at + 3] = 0;
  }
  EXPECT_TRUE(unpack_bytes(lying).has_error());
  for (const std::size_t at : {std::size_t{60}, zip.size() / 2, zip.size() - 30}) {
    std::string damaged = zip;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    unpack_bytes(
        damaged);  // some bytes do not matter; none may write outside or leave half a folder
    EXPECT_FALSE(fs::exists(folder_ / "zeros"));
    fs::remove_all(folder_ / "out");
  }
  EXPECT_TRUE(unpack_bytes(zip.substr(0, zip.size() / 2)).has_error());
  EXPECT_TRUE(unpack_bytes("").has_error());
  EXPECT_FALSE(fs::exists(folder_ / "out"));
}

}  // namespace
}  // namespace cloudlet::lambda
