// Functions answer: native ones over frames and over the Runtime API, Python ones through the
// zygote; pools, limits, logs.
#include "runtime/runtime.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/testing/fixture.h"

namespace cloudlet::runtime::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST_F(RuntimeTest, A_native_function_answers_and_stays_warm) {
  const auto function = native();
  auto first = invoke(function, "{\"n\":1}");
  ASSERT_TRUE(first.has_value());
  EXPECT_THAT(first->payload, HasSubstr("{\"event\":{\"n\":1},"));
  EXPECT_TRUE(first->cold);
  auto second = invoke(function, "{\"n\":2}");
  ASSERT_TRUE(second.has_value());
  EXPECT_THAT(second->payload, HasSubstr("\"served\":2"));
  EXPECT_FALSE(second->cold);
  EXPECT_EQ(runtime().stats().cold_starts, 1u);
}

TEST_F(RuntimeTest, A_large_event_and_a_large_answer_pass) {
  const std::string event = "\"" + std::string(5'000'000, 'x') + "\"";
  EXPECT_EQ(answer(native(), event).size(), answer(native(), "\"\"").size() + 5'000'000);
  EXPECT_EQ(answer(native(), "\"large:6291556\"").size(), 6'291'556u);
}

TEST_F(RuntimeTest, An_answer_beyond_the_limit_is_an_error_and_the_instance_lives_on) {
  const auto function = native();
  auto large = invoke(function, "\"large:6291557\"");
  ASSERT_TRUE(large.has_value());
  EXPECT_EQ(large->error_type, "Function.ResponseSizeTooLarge");
  EXPECT_THAT(answer(function, "1"), HasSubstr("\"served\":2"));
}

TEST_F(RuntimeTest, A_crash_is_reported_and_the_instance_replaced) {
  const auto function = native();
  auto crashed = invoke(function, "\"exit\"");
  ASSERT_TRUE(crashed.has_value());
  EXPECT_EQ(crashed->kind, Answer::Kind::error);
  EXPECT_THAT(crashed->payload, HasSubstr("\"errorType\":\"Runtime.ExitError\""));
  EXPECT_THAT(crashed->payload, HasSubstr("Error: Runtime exited with error: exit status 3\""));
  EXPECT_THAT(answer(function, "\"abort\""),
              HasSubstr("Runtime exited with error: signal: aborted"));
  EXPECT_THAT(answer(function, "1"), HasSubstr("\"served\":1"));
  EXPECT_THAT(log_->text(),
              HasSubstr("Error: Runtime exited with error: exit status 3\nRuntime.ExitError\n"));
}

TEST_F(RuntimeTest, A_function_that_takes_too_long_is_killed) {
  const auto function = native();
  function->timeout = std::chrono::milliseconds(300);
  auto slow = invoke(function, "\"loop\"");
  ASSERT_TRUE(slow.has_value());
  EXPECT_EQ(slow->kind, Answer::Kind::timeout);
  EXPECT_THAT(slow->payload, HasSubstr("Task timed out after 0.30 seconds"));
  EXPECT_THAT(log_->text(),
              ContainsRegex("[0-9T:.-]+Z [0-9a-f-]+ Task timed out after 0.30 seconds"));
  EXPECT_THAT(log_->text(), HasSubstr("Status: timeout"));
  EXPECT_THAT(answer(function, "1"), HasSubstr("\"served\":1"));
}

TEST_F(RuntimeTest, The_log_of_an_invocation_reads_as_on_AWS) {
  answer(native(), "\"log\"");
  const std::string id = "[0-9a-f-]+";
  EXPECT_THAT(
      log_->text(),
      ContainsRegex("^INIT_START Runtime Version: provided.al2023\nSTART RequestId: " + id +
                    " Version: \\$LATEST\na line\nanother one\nno newline\nEND RequestId: " + id +
                    "\nREPORT RequestId: " + id +
                    "\tDuration: [0-9.]+ ms\tBilled Duration: [0-9]+ ms\tMemory Size: 128 MB\tMax "
                    "Memory Used: [0-9]+ MB\tInit Duration: [0-9.]+ ms\t\n"));
}

TEST_F(RuntimeTest, A_flood_of_output_arrives_whole) {
  const auto function = native();
  function->timeout = std::chrono::seconds(30);
  answer(function, "\"flood\"");
  EXPECT_GE(log_->events(), 200'000u);
  EXPECT_THAT(log_->text(), HasSubstr("line 199999 of a flood"));
}

TEST_F(RuntimeTest, Exceptions_of_a_native_handler_are_errors_of_their_type) {
  EXPECT_EQ(
      answer(native(), "\"throw\""),
      R"({"errorMessage":"the \"handler\" threw","errorType":"std::runtime_error","stackTrace":[]})");
}

// A bootstrap that knows nothing of cloudlet: a shell script that speaks HTTP as AWS's
// documentation shows it.
TEST_F(RuntimeTest, A_bootstrap_that_speaks_the_Runtime_API_runs_unmodified) {
  package("api", "bootstrap", R"PY(#!/usr/bin/python3 -S
import http.client, os
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
root = "/2018-06-01/runtime/"
while True:
    api.request("GET", root + "invocation/next")
    event = api.getresponse()
    body, request = event.read(), event.headers["Lambda-Runtime-Aws-Request-Id"]
    if body == b'"fail"':
        api.request("POST", root + f"invocation/{request}/error", '{"errorMessage":"m","errorType":"T"}',
                    {"Lambda-Runtime-Function-Error-Type": "T"})
    elif body == b'"wrong"':
        api.request("POST", root + "invocation/00000000-0000-0000-0000-000000000000/response", "1")
        assert api.getresponse().read() and api.request("POST", root + f"invocation/{request}/response", "2") is None
    elif body == b'"large"':
        api.request("POST", root + f"invocation/{request}/response", "1" * 6291557)
        r = api.getresponse(); r.read(); assert r.status == 413; continue
    else:
        api.request("POST", root + f"invocation/{request}/response",
                    '{"event":%s,"deadline":%s,"arn":"%s"}' % (body.decode(), event.headers["Lambda-Runtime-Deadline-Ms"],
                    event.headers["Lambda-Runtime-Invoked-Function-Arn"]))
    assert api.getresponse().read() == b'{"status":"OK"}'
)PY");
  auto function = native("api");
  function->package = "api";
  function->environment["CLOUDLET_CONTROL_FD"] = "";  // reserved: has no effect
  EXPECT_THAT(answer(function, "[1]"), StartsWith("{\"event\":[1],\"deadline\":1"));
  auto failed = invoke(function, "\"fail\"");
  ASSERT_TRUE(failed.has_value());
  EXPECT_EQ(failed->error_type, "T");
  EXPECT_EQ(failed->payload, R"({"errorMessage":"m","errorType":"T"})");
  EXPECT_EQ(answer(function, "\"wrong\""), "2");
  EXPECT_THAT(answer(function, "\"large\""), HasSubstr("Function.ResponseSizeTooLarge"));
  EXPECT_THAT(answer(function, "2"), StartsWith("{\"event\":2"));
  EXPECT_EQ(runtime().stats().cold_starts, 1u);
}

// As HTTP libraries do whose patience has a limit.
TEST_F(RuntimeTest, A_bootstrap_that_gives_up_waiting_and_asks_again_gets_the_next_event) {
  package("impatient", "bootstrap", R"PY(#!/usr/bin/python3 -S
import http.client, os
root, asked, left_open = "/2018-06-01/runtime/", 0, []
def connect(timeout=None): return http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"], timeout=timeout)
while True:
    try:
        api = connect(0.02 if asked else None)
        asked += 1
        api.request("GET", root + "invocation/next")
        event = api.getresponse()
    except TimeoutError:
        api.close() if asked % 2 else left_open.append(api)
        continue
    event.read()
    api = connect()
    api.request("POST", root + "invocation/" + event.headers["Lambda-Runtime-Aws-Request-Id"] + "/response", str(asked))
    api.getresponse().read()
)PY");
  auto function = native("impatient");
  function->package = "impatient";
  EXPECT_EQ(answer(function, "0"), "1");
  int asked = 1;
  while (asked < 3) asked = std::stoi(answer(function, "0"));
  EXPECT_EQ(runtime().stats().cold_starts, 1u);
}

TEST_F(RuntimeTest, The_log_of_an_event_that_nobody_asked_for_begins_with_its_START) {
  package("deaf", "bootstrap", R"PY(#!/usr/bin/python3 -S
import http.client, os, signal
root, api = "/2018-06-01/runtime/", http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
api.request("GET", root + "invocation/next")
event = api.getresponse()
event.read()
api.request("POST", root + "invocation/" + event.headers["Lambda-Runtime-Aws-Request-Id"] + "/response", "1")
api.getresponse().read()
signal.pause()
)PY");
  auto function = native("deaf");
  function->package = "deaf";
  function->timeout = std::chrono::milliseconds(1000);
  EXPECT_EQ(answer(function, "0"), "1");
  EXPECT_THAT(answer(function, "0"), HasSubstr("Task timed out after 1.00 seconds"));
  const std::string log = log_->text();
  EXPECT_LT(log.rfind("START RequestId: "), log.rfind("Task timed out"));
  EXPECT_LT(log.rfind("Task timed out"), log.rfind("END RequestId: "));
}

TEST_F(RuntimeTest, A_warm_instance_has_its_whole_time_for_each_event) {
  auto function = python("f", R"(
import time
def handler(event, context): time.sleep(event)
)");
  function->timeout = std::chrono::milliseconds(1000);
  EXPECT_EQ(answer(function, "0.7"), "null");
  EXPECT_EQ(answer(function, "0.7"), "null");
  const auto slow = invoke(function, "60");
  ASSERT_TRUE(slow.has_value());
  EXPECT_EQ(slow->kind, Answer::Kind::timeout);
  EXPECT_GE(slow->took, std::chrono::milliseconds(1000));
  EXPECT_LT(slow->took, std::chrono::milliseconds(1500));
  EXPECT_EQ(runtime().stats().cold_starts, 1u);
}

TEST_F(RuntimeTest, An_event_that_finds_its_instance_gone_goes_to_a_fresh_one) {
  // It answers, and is gone before anybody hears of it.
  auto function = python("f", R"(
import os, socket, struct, threading
def handler(event, context):
    def leave():
        socket.socket(fileno=os.dup(3)).shutdown(socket.SHUT_RDWR)
        threading.Event().wait()
    if event: threading.Timer(0.05, leave).start()
    return os.environ['AWS_LAMBDA_LOG_STREAM_NAME']
)");
  const std::string first = answer(function, "1"), again = answer(function, "0");
  EXPECT_EQ(first, again);
  while (runtime().stats().idle != 0) std::this_thread::yield();
  EXPECT_NE(answer(function, "0"), first);
  EXPECT_THAT(log_->text(), Not(HasSubstr("ExitError")));
}

TEST_F(RuntimeTest, Garbage_instead_of_frames_ends_the_instance_and_is_said_once) {
  auto function = python("f", R"(
import os
def handler(event, context):
    while True: os.write(3, b'x' * 65536)
)");
  function->timeout = std::chrono::seconds(20);
  EXPECT_THAT(answer(function, "0"), HasSubstr("Runtime exited with error: signal: killed"));
}

TEST_F(RuntimeTest, A_package_without_a_bootstrap_says_so) {
  package("none", "readme", "nothing to run");
  auto function = native("none");
  function->package = "none";
  EXPECT_THAT(answer(function, "1"), HasSubstr("Runtime.InvalidEntrypoint"));
  package("text", "bootstrap", "neither a program nor a script");
  function->package = "text";
  EXPECT_THAT(answer(function, "1"), HasSubstr("exec format error"));
}

TEST_F(RuntimeTest, Concurrency_beyond_the_limit_is_refused_not_queued) {
  options_.concurrency = 2;
  const auto function = native();
  function->timeout = std::chrono::milliseconds(1500);
  runtime();
  std::vector<std::future<Result<Answer>>> running;
  for (int i = 0; i < 3; ++i)
    running.push_back(asio::co_spawn(
        loop_, runtime().invoke(function, {.request_id = random_->uuid(), .payload = "\"loop\""}),
        asio::use_future));
  int throttled = 0, timed_out = 0;
  for (auto& future : running) {
    const auto result = future.get();
    if (result.has_error())
      throttled += result.error().is(too_many_requests);
    else
      timed_out += result->kind == Answer::Kind::timeout;
  }
  EXPECT_EQ(throttled, 1);
  EXPECT_EQ(timed_out, 2);
  EXPECT_EQ(runtime().stats().busy, 0u);
}

TEST_F(RuntimeTest, What_a_function_reserves_is_kept_free_for_it_until_it_is_gone) {
  options_.concurrency = 2;
  const auto wide = native("wide"), other = native("other");
  wide->reserved = 2;
  runtime().update(wide->arn, wide.get());
  const auto refused = invoke(other, "1");
  ASSERT_TRUE(refused.has_error());
  EXPECT_EQ(refused.error().message(), "ConcurrentInvocationLimitExceeded");
  answer(wide, "1");
  runtime().update(wide->arn, nullptr);
  EXPECT_EQ(runtime().stats().idle, 0u);
  answer(other, "1");
}

TEST_F(RuntimeTest, Idle_instances_are_given_back_by_the_clock_and_old_revisions_at_once) {
  const auto function = native();
  answer(function, "1");
  EXPECT_EQ(runtime().stats().idle, 1u);
  auto changed = std::make_shared<Function>(*function);
  changed->revision = "2";
  runtime().update(function->arn, changed.get());
  EXPECT_EQ(runtime().stats().idle, 0u);
  answer(changed, "1");
  EXPECT_EQ(runtime().stats().idle, 1u);
  clock_.advance(std::chrono::minutes(11));
  while (runtime().stats().idle != 0) std::this_thread::yield();
  EXPECT_THAT(answer(changed, "1"), HasSubstr("\"served\":1"));
}

TEST_F(RuntimeTest, Credentials_are_fetched_once_and_instances_end_before_they_expire) {
  int fetched = 0;
  options_.credentials = [&](const Function&) -> Task<Result<Credentials>> {
    ++fetched;
    co_return Credentials{.access_key = "ASIA" + std::to_string(fetched),
                          .secret_key = "s",
                          .session_token = "t",
                          .expires = clock_.now() + std::chrono::hours(1)};
  };
  EXPECT_EQ(answer(native(), "\"env:AWS_ACCESS_KEY_ID\""), "\"ASIA1\"");
  EXPECT_EQ(answer(native(), "\"env:AWS_ACCESS_KEY_ID\""), "\"ASIA1\"");
  clock_.advance(std::chrono::minutes(56));
  EXPECT_EQ(answer(native(), "\"env:AWS_ACCESS_KEY_ID\""), "\"ASIA2\"");
}

TEST_F(RuntimeTest, Instances_do_not_outlive_a_server_that_is_killed) {
  int pids[2];
  ASSERT_EQ(::pipe(pids), 0);
  const pid_t server = ::fork();
  if (server == 0) {
    // A server of its own: its parent's threads are not here, and it will not clean up.
    std::thread own;
    asio::io_context loop;
    auto guard = asio::make_work_guard(loop);
    own = std::thread([&] { loop.run(); });
    auto started = Runtime::start(options_, clock_, *random_, loop.get_executor());
    const auto function = native();
    auto future = asio::co_spawn(
        loop, (*started)->invoke(function, {.request_id = random_->uuid(), .payload = "1"}),
        asio::use_future);
    const bool answered = future.get().has_value();
    const pid_t launcher = answered ? 1 : 0;
    (void)!::write(pids[1], &launcher, sizeof launcher);
    ::pause();
  }
  pid_t answered = 0;
  ASSERT_EQ(::read(pids[0], &answered, sizeof answered), static_cast<ssize_t>(sizeof answered));
  EXPECT_EQ(answered, 1);
  const auto instances = [&] {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      std::ifstream in(entry.path() / "cmdline");
      std::string text;
      std::getline(in, text, '\0');
      std::ifstream status(entry.path() / "status");
      const std::string about{std::istreambuf_iterator<char>(status), {}};
      if (text == "/var/task/bootstrap" && about.find("State:\tZ") == std::string::npos) ++count;
    }
    return count;
  };
  EXPECT_GE(instances(), 1);
  const int before = instances();
  ::kill(server, SIGKILL);
  ::waitpid(server, nullptr, 0);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (instances() >= before && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  EXPECT_EQ(instances(), before - 1);
}

std::vector<pid_t> children_of(pid_t process) {
  std::vector<pid_t> found;
  const auto threads = std::filesystem::path("/proc") / std::to_string(process) / "task";
  for (const auto& thread : std::filesystem::directory_iterator(threads)) {
    std::ifstream list(thread.path() / "children");
    for (pid_t child = 0; list >> child;) found.push_back(child);
  }
  return found;
}

// The launcher keeps a child ready for the next instance. One that is gone costs time, not an
// invocation.
TEST_F(RuntimeTest, An_instance_starts_though_the_one_that_stood_by_was_killed) {
  runtime();
  const auto launcher = children_of(getpid());
  ASSERT_EQ(launcher.size(), 1U);
  const auto becomes = [&](const std::function<bool(const std::vector<pid_t>&)>& expected) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    auto now = children_of(launcher.front());
    while (!expected(now) && std::chrono::steady_clock::now() < end)
      now = children_of(launcher.front());
    return now;
  };
  const auto standby = becomes([](const auto& children) { return children.size() == 1; });
  ASSERT_EQ(standby.size(), 1U);
  ASSERT_EQ(kill(standby.front(), SIGKILL), 0);
  becomes([&](const auto& children) { return children != standby; });
  EXPECT_THAT(answer(native("first"), "1"), HasSubstr("\"served\":1"));
  EXPECT_THAT(answer(native("second"), "1"), HasSubstr("\"served\":1"));
}

TEST_F(RuntimeTest, What_the_sandbox_gives_is_listed) {
  bool memory = false;
  for (const Capability& capability : runtime().capabilities())
    memory |= capability.name == "memory limit";
  EXPECT_TRUE(memory);
}

}  // namespace
}  // namespace cloudlet::runtime::testing
