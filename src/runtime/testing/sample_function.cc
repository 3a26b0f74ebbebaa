// A function for the tests, whose event says what to do: echo, log, fail, crash, or try to break
// out.
#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "cloudlet/lambda.h"

namespace {

using cloudlet::lambda::Context;
using cloudlet::lambda::Event;
using cloudlet::lambda::Response;

// The text after `word:` in the event, up to the closing quote.
std::string argument(const std::string& event, const std::string& word) {
  const std::size_t at = event.find(word + ":");
  if (at == std::string::npos) return {};
  const std::size_t from = at + word.size() + 1;
  return event.substr(from, event.find('"', from) - from);
}

Response said(long outcome) {
  return Response::success(outcome >= 0 ? "\"allowed\""
                                        : std::string("\"") + std::strerror(errno) + "\"");
}

Response connect_to(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int outcome = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
  return said(outcome);
}

Response fork_many() {
  std::vector<pid_t> children;
  int refused = 0;
  for (int i = 0; i < 3000 && refused == 0; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      pause();
      _exit(0);
    }
    if (child < 0)
      refused = errno;
    else
      children.push_back(child);
  }
  for (const pid_t child : children) kill(child, SIGKILL);
  return Response::success("{\"children\":" + std::to_string(children.size()) + ",\"error\":\"" +
                           std::strerror(refused) + "\"}");
}

Response use_memory(std::size_t mebibytes) {
  for (std::size_t i = 0; i < mebibytes; ++i) {
    void* page = mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) throw std::runtime_error("mmap");
    std::memset(page, 1, 1 << 20);
  }
  return Response::success("\"used\"");
}

Response escape(const std::string& event) {
  if (const std::string path = argument(event, "read"); !path.empty())
    return said(open(path.c_str(), O_RDONLY));
  if (const std::string path = argument(event, "write"); !path.empty())
    return said(open(path.c_str(), O_WRONLY | O_CREAT, 0644));
  if (const std::string path = argument(event, "list"); !path.empty())
    return said(open(path.c_str(), O_RDONLY | O_DIRECTORY));
  if (const std::string port = argument(event, "connect"); !port.empty())
    return connect_to(std::atoi(port.c_str()));
  if (event.find("ptrace") != std::string::npos)
    return said(ptrace(PTRACE_TRACEME, 0, nullptr, nullptr));
  if (event.find("mount") != std::string::npos)
    return said(mount("x", "/tmp", "tmpfs", 0, nullptr));
  if (event.find("namespace") != std::string::npos) return said(unshare(CLONE_NEWUSER));
  if (event.find("rawsocket") != std::string::npos) return said(socket(AF_INET, SOCK_RAW, 1));
  // The kernel drops the upper half of these arguments.
  constexpr long upper = 1L << 32;
  if (event.find("widefamily") != std::string::npos)
    return said(static_cast<int>(syscall(SYS_socket, upper | AF_VSOCK, SOCK_STREAM, 0)));
  if (event.find("wideterminal") != std::string::npos)
    return said(static_cast<int>(syscall(SYS_ioctl, 0, upper | TIOCSTI, "x")));
  if (event.find("paste") != std::string::npos) return said(ioctl(0, TIOCLINUX, "\2"));
  if (event.find("setuid") != std::string::npos) return said(setuid(0));
  if (event.find("kill") != std::string::npos) return said(kill(getppid(), SIGKILL));
  return Response::failure("Unknown", event);
}

Response handle(const Event& event, const Context& context) {
  static int served = 0;
  ++served;
  const std::string& what = event.payload;
  if (what.starts_with("\"log")) {
    std::printf("a line\nanother one\nno newline");
    return Response::success("\"logged\"");
  }
  if (what.starts_with("\"env:")) {
    const char* value = std::getenv(argument(what, "env").c_str());
    return Response::success(std::string("\"") + (value ? value : "") + "\"");
  }
  if (what.starts_with("\"throw")) throw std::runtime_error("the \"handler\" threw");
  if (what.starts_with("\"exit")) std::exit(3);
  if (what.starts_with("\"abort")) std::abort();
  if (what.starts_with("\"loop"))
    for (volatile bool on = true; on;) {}
  if (what.starts_with("\"large:"))
    return Response::success(
        std::string(static_cast<std::size_t>(std::atol(argument(what, "large").c_str())), '1'));
  if (what.starts_with("\"memory:"))
    return use_memory(static_cast<std::size_t>(std::atol(argument(what, "memory").c_str())));
  if (what.starts_with("\"fork")) return fork_many();
  if (what.starts_with("\"flood"))
    for (int i = 0; i < 200000; ++i) std::printf("line %d of a flood that nobody asked for\n", i);
  if (what.starts_with("\"escape:")) return escape(what);
  return Response::success("{\"event\":" + what + ",\"request\":\"" + context.request_id +
                           "\",\"served\":" + std::to_string(served) +
                           ",\"pid\":" + std::to_string(getpid()) + "}");
}

}  // namespace

int main() { return cloudlet::lambda::run(handle); }
