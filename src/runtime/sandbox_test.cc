// What a function may not do, tried from inside: each escape is refused by a wall, and the server
// goes on.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "runtime/api_peers.h"
#include "runtime/testing/fixture.h"
#include "runtime/testing/lesser_host.h"

namespace cloudlet::runtime::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

class SandboxTest : public RuntimeTest {
 protected:
  std::string escape(const std::string& what) {
    return answer(native(), "\"escape:" + what + "\"");
  }
  // A file of the host that everybody may read.
  std::string host_file(const std::string& name) {
    std::ofstream(folder_ / name) << "a secret";
    std::filesystem::permissions(folder_, std::filesystem::perms(0755));
    return (folder_ / name).string();
  }
};

constexpr const char* gone = "\"No such file or directory\"";
constexpr const char* denied = "\"Permission denied\"";
constexpr const char* not_permitted = "\"Operation not permitted\"";

TEST_F(SandboxTest, The_data_folder_other_code_and_the_hosts_secrets_are_not_there) {
  package("other", "app.py", "secret = 1");
  EXPECT_THAT(escape("read:" + host_file("data")), AnyOf(gone, denied));
  EXPECT_THAT(escape("read:" + (options_.packages / "other" / "app.py").string()),
              AnyOf(gone, denied));
  EXPECT_THAT(escape("list:/.packages/other"), AnyOf(gone, denied));
  EXPECT_THAT(escape("list:/.packages"), AnyOf(gone, denied, "\"allowed\""));
  EXPECT_THAT(escape("read:/etc/shadow"), AnyOf(gone, denied));
  EXPECT_THAT(escape("list:/root"), AnyOf(gone, denied));
  EXPECT_THAT(escape("read:/proc/1/environ"), AnyOf(gone, denied));
  EXPECT_THAT(escape("list:/sys"), AnyOf(gone, denied));
  // The home of instances is built below the programs' folder, with the host's /proc in it.
  EXPECT_THAT(escape("list:/var/runtime/root/usr"), AnyOf(gone, denied));
  EXPECT_THAT(escape("read:/var/runtime/root/proc/1/cmdline"), AnyOf(gone, denied));
}

TEST_F(SandboxTest, Only_its_own_tmp_is_writable) {
  EXPECT_EQ(escape("write:/tmp/file"), "\"allowed\"");
  EXPECT_THAT(escape("write:/var/task/bootstrap"),
              AnyOf(denied, "\"Read-only file system\"", "\"Text file busy\""));
  EXPECT_THAT(escape("write:/var/task/new"), AnyOf(denied, "\"Read-only file system\""));
  EXPECT_THAT(escape("write:/usr/bin/new"), AnyOf(denied, "\"Read-only file system\""));
  EXPECT_THAT(escape("write:/new"), AnyOf(denied, "\"Read-only file system\""));
  EXPECT_THAT(escape("write:/var/runtime/bootstrap.py"),
              AnyOf(denied, "\"Read-only file system\""));
  EXPECT_FALSE(std::filesystem::exists("/tmp/file"));
}

TEST_F(SandboxTest, System_calls_that_reach_for_the_kernel_or_others_are_refused) {
  EXPECT_EQ(escape("ptrace"), not_permitted);
  EXPECT_EQ(escape("mount"), not_permitted);
  EXPECT_EQ(escape("namespace"), not_permitted);
  EXPECT_EQ(escape("rawsocket"), "\"Address family not supported by protocol\"");
  EXPECT_EQ(escape("widefamily"), "\"Address family not supported by protocol\"");
  EXPECT_EQ(escape("wideterminal"), not_permitted);
  EXPECT_EQ(escape("paste"), not_permitted);
  EXPECT_EQ(escape("setuid"), not_permitted);
  EXPECT_THAT(escape("kill"), AnyOf(not_permitted, "\"allowed\""));  // its own init ignores it
  EXPECT_THAT(answer(native(), "1"), HasSubstr("\"event\":1"));
}

TEST_F(SandboxTest, The_network_leads_to_cloudlet_and_nowhere_else) {
  options_.endpoint_port = 4597;
  std::promise<int> listening;
  options_.endpoint = [&](int socket) { listening.set_value(socket); };
  runtime();
  const int endpoint = listening.get_future().get();
  // Something else that listens on the host's loopback.
  const int other = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(other, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(other, 1), 0);
  ASSERT_EQ(::getsockname(other, reinterpret_cast<sockaddr*>(&address), &size), 0);
  EXPECT_EQ(escape("connect:4597"), "\"allowed\"");
  EXPECT_THAT(escape("connect:" + std::to_string(ntohs(address.sin_port))),
              AnyOf(denied, "\"Connection refused\""));
  ::close(other);
  ::close(endpoint);
}

TEST_F(SandboxTest, Without_Landlock_the_Runtime_API_of_another_instance_stays_closed) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root gives each instance a user id of its own";
  host_ = no_landlock;
  package("api", "bootstrap", R"PY(#!/usr/bin/python3 -S
import http.client, os, socket
def ask(address, path):
    api = http.client.HTTPConnection(address)
    try: api.request("GET", "/2018-06-01/runtime/" + path); return api.getresponse()
    except OSError as error: return error
own = os.environ["AWS_LAMBDA_RUNTIME_API"]
while True:
    event = ask(own, "invocation/next")
    other, request = event.read().decode(), event.headers["Lambda-Runtime-Aws-Request-Id"]
    answer = own
    if ":" in other:
        host, port = other.strip('"').split(":")
        wide = socket.create_connection(("::ffff:" + host, int(port)))
        wide.send(b"GET /2018-06-01/runtime/other HTTP/1.1\r\n\r\n")
        ask(other.strip('"'), "invocation/next")
        try: answer = wide.recv(8).decode() or "closed"
        except OSError: answer = "closed"
    api = http.client.HTTPConnection(own)
    api.request("POST", f"/2018-06-01/runtime/invocation/{request}/response", str(answer).replace("'", '"'))
    api.getresponse().read()
)PY");
  auto first = native("first"), second = native("second");
  first->package = second->package = "api";
  const std::string victim = answer(first, "0"), own = answer(second, "0");
  EXPECT_EQ(answer(second, "\"" + victim + "\""), "closed");
  EXPECT_EQ(answer(second, "\"" + own + "\""), "HTTP/1.1");
  EXPECT_EQ(answer(first, "0"), victim);
}

TEST(ApiPeers, The_owner_of_a_connection_is_read_from_the_kernels_table) {
  using boost::asio::ip::make_address;
  const char* table =
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
      "inode\n"
      "   0: 0100007F:9C41 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 "
      "1 1\n"
      "   1: 0500007F:D431 0100007F:9C41 01 00000000:00000000 00:00000000 00000000  2000007        "
      "0 2 1\n"
      "   2: 0100007F:D431 0100007F:9C41 01 00000000:00000000 02:000006A3 00000000  2000003        "
      "0 3 2\n"
      "   3: 0000000000000000FFFF00000100007F:D432 0000000000000000FFFF00000100007F:9C41 01 "
      "00000000:00000000 00:00000000 00000000  2000004        0 4 1\n";
  const boost::asio::ip::tcp::endpoint api(make_address("127.0.0.1"), 0x9C41);
  EXPECT_EQ(owner_in(table, {make_address("127.0.0.1"), 0xD431}, api), 2000003u);
  EXPECT_EQ(owner_in(table, {make_address("127.0.0.5"), 0xD431}, api), 2000007u);
  EXPECT_EQ(owner_in(table, {make_address("127.0.0.1"), 0xD432}, api), 2000004u);
  EXPECT_EQ(owner_in(table, {make_address("127.0.0.1"), 0xD433}, api), std::nullopt);
  EXPECT_EQ(owner_in("", {make_address("127.0.0.1"), 0xD433}, api), std::nullopt);
}

TEST_F(SandboxTest, Memory_beyond_the_limit_ends_the_instance_only) {
  const auto function = native();
  function->timeout = std::chrono::seconds(20);
  auto greedy = invoke(function, "\"memory:300\"");
  ASSERT_TRUE(greedy.has_value());
  const bool groups =
      std::any_of(runtime().capabilities().begin(), runtime().capabilities().end(),
                  [](const Capability& c) { return c.name == "memory limit" && c.present; });
  if (groups) {
    EXPECT_THAT(greedy->payload, HasSubstr("Runtime exited with error: signal: killed"));
    EXPECT_THAT(log_->text(), HasSubstr("Memory Size: 128 MB\tMax Memory Used: 128 MB"));
  } else {
    EXPECT_EQ(greedy->kind, Answer::Kind::error);
  }
  EXPECT_EQ(answer(function, "\"memory:60\""), "\"used\"");
}

TEST_F(SandboxTest, A_fork_bomb_runs_into_its_limit) {
  const auto function = native();
  function->memory_mb = 1024;
  function->timeout = std::chrono::seconds(50);
  const std::string result = answer(function, "\"fork\"");
  EXPECT_THAT(result, HasSubstr("Resource temporarily unavailable"));
  EXPECT_THAT(answer(function, "1"), HasSubstr("\"event\":1"));
}

TEST_F(SandboxTest, Functions_are_refused_where_a_demanded_wall_is_missing) {
  options_.enforce = true;
  const bool complete =
      std::all_of(runtime().capabilities().begin(), runtime().capabilities().end(),
                  [](const Capability& c) { return c.present || !c.required; });
  auto result = invoke(native(), "1");
  EXPECT_EQ(result.has_value(), complete);
  if (!complete) {
    EXPECT_TRUE(result.error().is(sandbox_unavailable));
  }
}

TEST_F(SandboxTest, Tmp_is_bounded) {
  auto function = python("f", R"(
def handler(event, context):
    try:
        with open('/tmp/large', 'wb') as f:
            for _ in range(600): f.write(bytes(1 << 20))
        return 'written'
    except OSError as error:
        return error.strerror
)");
  function->memory_mb = 2048;
  function->timeout = std::chrono::seconds(30);
  EXPECT_EQ(answer(function, "{}"), "\"No space left on device\"");
}

TEST_F(SandboxTest, An_instance_opens_its_output_by_name_and_its_own_entries_of_proc) {
  EXPECT_EQ(answer(python("f", R"(
import subprocess
def handler(event, context):
    with open('/dev/stderr', 'w') as f: f.write('written by name\n')
    subprocess.run('echo from a shell > /dev/stdout', shell=True, check=True)
    return [b'ZYGOTE' in open('/proc/self/environ', 'rb').read(), open('/proc/self/io').readline()[:6]]
)"),
                   "{}"),
            R"([false, "rchar:"])");
  EXPECT_THAT(log_->text(), HasSubstr("written by name\n"));
  EXPECT_THAT(log_->text(), HasSubstr("from a shell\n"));
}

TEST_F(SandboxTest, Nothing_is_inherited_but_what_an_instance_needs) {
  const char* code = R"(
import os, signal
def handler(event, context):
    held = {}
    for fd in os.listdir('/proc/self/fd'):
        try: held[int(fd)] = os.readlink('/proc/self/fd/' + fd).split(':')[0].split('[')[0]
        except OSError: pass  # the listing's own
    others = {kind for fd, kind in held.items() if fd > 3} - {'/dev/null', '/dev/urandom'}
    return [[held[fd] for fd in range(4)], sorted(others), list(signal.pthread_sigmask(signal.SIG_BLOCK, []))]
)";
  EXPECT_EQ(answer(python("f", code), "{}"),
            R"([["/dev/null", "pipe", "pipe", "socket"], [], []])");
}

// The zygote's memory is every Python instance's: the environment of one must not pass through it.
TEST_F(SandboxTest, Variables_of_another_function_are_not_in_an_instances_memory) {
  for (int count = 40; count > 0; count -= 8) {
    auto victim = python("victim" + std::to_string(count), "def handler(e, c): return 1");
    victim->environment["PW"] = "hid";
    for (int i = 0; i < count; ++i)
      victim->environment["PW" + std::to_string(i)] = "hidden-long-enough-for-the-heap";
    EXPECT_EQ(answer(victim, "{}"), "1");
  }
  auto thief = python("thief", R"(
import ctypes, re
def handler(event, context):
    wanted, found = re.compile(rb'hid[d]en-long|PW[0-9]*[=]hid'), set()  # does not find itself
    for line in open('/proc/self/maps'):
        where, rights, *rest = line.split()
        if 'r' not in rights or '[v' in line: continue
        start, end = (int(text, 16) for text in where.split('-'))
        found.update(wanted.findall(ctypes.string_at(start, end - start)))
    return sorted(text.decode() for text in found)
)");
  thief->memory_mb = 1024;
  thief->timeout = std::chrono::seconds(20);
  EXPECT_EQ(answer(thief, "{}"), "[]");
}

TEST_F(SandboxTest, Processes_that_a_function_left_end_with_its_instance) {
  auto function = python("f", R"(
import os, time
def handler(event, context):
    if event == 'count': return len([p for p in os.listdir('/proc') if p.isdigit()])
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0: time.sleep(1000)
        os._exit(0)
    os.wait()
    if event == 'exit': os._exit(7)
)");
  EXPECT_EQ(answer(function, "\"fork\""), "null");
  EXPECT_EQ(answer(function, "\"count\""), "2");
  EXPECT_THAT(answer(function, "\"exit\""), HasSubstr("exit status 7"));
  EXPECT_EQ(answer(function, "\"count\""), "1");
}

}  // namespace
}  // namespace cloudlet::runtime::testing
