#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "channel.h"
#include "runtime/frame.h"

namespace cloudlet::lambda {
namespace {

using runtime::FrameKind;

class FrameChannel final : public Channel {
 public:
  explicit FrameChannel(int socket) : socket_(socket) {}

  bool next(Work& work) override {
    if (!std::exchange(greeted_, true) && !send(FrameKind::ready, {}, {})) return false;
    std::string body;
    FrameKind kind{};
    do {
      if (!receive(kind, body)) return false;
    } while (kind != FrameKind::invoke);
    runtime::InvokeHead head;
    std::string_view event;
    if (!runtime::unpack_invoke(body, head, event)) return false;
    work.event.payload = event;
    work.context.request_id = head.request_id;
    work.context.invoked_function_arn = head.arn;
    work.context.trace_id = head.trace;
    work.context.client_context = head.client_context;
    work.context.identity = head.identity;
    const long long deadline = std::strtoll(std::string(head.deadline_ms).c_str(), nullptr, 10);
    work.context.deadline =
        std::chrono::system_clock::time_point(std::chrono::milliseconds(deadline));
    return true;
  }

  bool answer(const std::string& request_id, const Response& response) override {
    return send(response.ok() ? FrameKind::response : FrameKind::error, request_id,
                response.payload());
  }

 private:
  // Head, id and body leave in one system call when the socket takes them.
  bool send(FrameKind kind, const std::string& id, const std::string& body) {
    std::string head = runtime::frame_head(kind, id.size() + body.size()) + id;
    iovec parts[2] = {{.iov_base = head.data(), .iov_len = head.size()},
                      {.iov_base = const_cast<char*>(body.data()), .iov_len = body.size()}};
    std::size_t left = head.size() + body.size();
    while (left > 0) {
      const ssize_t sent = ::writev(socket_, parts, 2);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0) return false;
      left -= static_cast<std::size_t>(sent);
      std::size_t done = static_cast<std::size_t>(sent);
      for (iovec& part : parts) {
        const std::size_t now = std::min(done, part.iov_len);
        part.iov_base = static_cast<char*>(part.iov_base) + now;
        part.iov_len -= now;
        done -= now;
      }
    }
    return true;
  }

  bool receive(FrameKind& kind, std::string& body) {
    while (in_.size() < runtime::frame_head_bytes)
      if (!fill(runtime::frame_head_bytes)) return false;
    std::uint32_t size = 0;
    std::memcpy(&size, in_.data(), 4);
    kind = static_cast<FrameKind>(in_[4]);
    const std::size_t whole = runtime::frame_head_bytes + size;
    while (in_.size() < whole)
      if (!fill(whole)) return false;
    body.assign(in_, runtime::frame_head_bytes, size);
    in_.erase(0, whole);
    return true;
  }

  bool fill(std::size_t wanted) {
    const std::size_t before = in_.size();
    in_.resize(std::max(wanted, before + 16384));
    ssize_t size = 0;
    do {
      size = ::recv(socket_, in_.data() + before, in_.size() - before, 0);
    } while (size < 0 && errno == EINTR);
    in_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    return size > 0;
  }

  int socket_;
  bool greeted_ = false;
  std::string in_;
};

}  // namespace

std::unique_ptr<Channel> frame_channel(int descriptor) {
  return std::make_unique<FrameChannel>(descriptor);
}

}  // namespace cloudlet::lambda
