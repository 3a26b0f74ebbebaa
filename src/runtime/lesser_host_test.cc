// Hosts that give less: functions run all the same, and what protects them then is said as it is.
#include "runtime/testing/lesser_host.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include "runtime/testing/fixture.h"

namespace cloudlet::runtime::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

class LesserHostTest : public RuntimeTest {
 protected:
  std::string detail(const std::string& name) {
    for (const Capability& capability : runtime().capabilities())
      if (capability.name == name) return (capability.present ? "there: " : "") + capability.detail;
    return "not listed";
  }
  std::filesystem::path scratch() const { return folder_ / "scratch"; }
};

constexpr const char* places = R"(
import os, tempfile
def attempt(action):
    try: return action()
    except OSError as error: return error.strerror
def handler(event, context):
    with tempfile.NamedTemporaryFile(delete=False) as file: file.write(b'x')
    os.makedirs(tempfile.gettempdir() + '/closed/inner')
    os.chmod(tempfile.gettempdir() + '/closed', 0)
    return [os.environ['TMPDIR'], os.environ['HOME'], os.getcwd(), os.environ['LAMBDA_TASK_ROOT'],
            attempt(lambda: open('/tmp/cloudlet-lesser', 'w')), attempt(lambda: os.listdir(event)),
            os.environ['LD_LIBRARY_PATH'], attempt(lambda: open(event + '/secret').read())]
)";

TEST_F(LesserHostTest, Without_namespaces_Landlock_confines_and_TMPDIR_names_the_folder) {
  host_ = no_namespaces;
  std::filesystem::permissions(folder_, std::filesystem::perms(0755));
  std::ofstream(folder_ / "secret") << "of everybody";
  auto function = python("f", places);
  const std::string tmp = (scratch() / "i1").string(), code = (options_.packages / "f").string(),
                    denied = "\"Permission denied\"";
  EXPECT_EQ(answer(function, "\"" + folder_.string() + "\""),
            fmt::format(R"(["{0}", "{0}", "{1}", "{1}", {2}, {2}, "{1}:{1}/lib:/opt/lib", {2}])",
                        tmp, code, denied));
  EXPECT_EQ(answer(native(), "\"env:TMPDIR\""), "\"" + (scratch() / "i2").string() + "\"");
  EXPECT_EQ(answer(native(), "\"escape:write:" + (scratch() / "i2" / "x").string() + "\""),
            "\"allowed\"");
  EXPECT_EQ(answer(native(), "\"escape:write:" + (scratch() / "i1" / "x").string() + "\""),
            "\"Permission denied\"");
  EXPECT_THAT(detail("file system of its own"), HasSubstr("open what Landlock lets them"));
  EXPECT_THAT(detail("processes of its own"), HasSubstr("what they leave running is not ended"));
  EXPECT_THAT(detail("host"), HasSubstr("CAP_SYS_ADMIN"));
  runtime().update(function->arn, nullptr);
  while (std::filesystem::exists(scratch() / "i1")) std::this_thread::yield();
  runtime().stop();
  while (std::filesystem::exists(scratch() / "i2")) std::this_thread::yield();
}

TEST_F(LesserHostTest, A_variable_of_the_functions_own_stands_before_the_hosts_folder) {
  host_ = no_namespaces;
  auto function = native();
  function->environment["TMPDIR"] = "/elsewhere";
  EXPECT_EQ(answer(function, "\"env:TMPDIR\""), "\"/elsewhere\"");
}

TEST_F(LesserHostTest, Without_any_wall_for_paths_that_is_said) {
  host_ = [] {
    no_namespaces();
    no_landlock();
  };
  EXPECT_THAT(answer(native(), "1"), HasSubstr("\"event\":1"));
  EXPECT_THAT(detail("file system of its own"), HasSubstr("cloudlet's own data and keys too"));
  EXPECT_EQ(detail("Landlock"), "missing: no wall for paths at all");
  EXPECT_THAT(detail("network of its own"), HasSubstr("whatever this machine reaches"));
}

TEST_F(LesserHostTest, Under_enforce_such_a_host_runs_no_function) {
  host_ = no_namespaces;
  options_.enforce = true;
  auto result = invoke(native(), "1");
  ASSERT_TRUE(result.has_error());
  EXPECT_TRUE(result.error().is(sandbox_unavailable));
}

TEST_F(LesserHostTest, Without_root_functions_run_in_a_user_namespace) {
  if (::geteuid() != 0) GTEST_SKIP() << "is somebody else already";
  std::filesystem::permissions(folder_, std::filesystem::perms(0777));
  python("f", places);
  native();
  std::filesystem::permissions(options_.packages, std::filesystem::perms(0777));
  host_ = as_nobody;
  runtime();
  // One after the other from the same launcher, each in a namespace of processes of its own.
  for (const char* name : {"first", "second", "third"})
    EXPECT_THAT(answer(native(name), "1"), HasSubstr("\"pid\":2"));
  // Its init is a copy of the launcher, with the same user: not to be read.
  EXPECT_THAT(answer(native(), "\"escape:read:/proc/1/mem\""),
              AnyOf("\"Permission denied\"", "\"No such file or directory\""));
  EXPECT_THAT(
      answer(python("f", "def handler(e, c): return open('/proc/self/environ').read()[:5]"), "{}"),
      HasSubstr("PATH="));
  EXPECT_THAT(detail("user id of its own"), HasSubstr("started as root"));
}

}  // namespace
}  // namespace cloudlet::runtime::testing
