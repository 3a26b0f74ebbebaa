// The Runtime API over one kept-alive HTTP/1.1 connection. Small on purpose: one server, four
// requests. https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string_view>

#include "channel.h"

namespace cloudlet::lambda {
namespace {

constexpr const char* root = "/2018-06-01/runtime/";

struct Reply {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

class Connection {
 public:
  explicit Connection(std::string address) : address_(std::move(address)) {}
  ~Connection() { drop(); }

  bool exchange(const std::string& request, Reply& reply) {
    // A connection that was closed meanwhile is opened again, once.
    for (int attempt = 0; attempt < 2; ++attempt) {
      if (socket_ < 0 && !open()) return false;
      if (send_all(request) && read_reply(reply)) return true;
      drop();
    }
    return false;
  }
  const std::string& address() const { return address_; }

 private:
  bool open() {
    const std::size_t colon = address_.rfind(':');
    const std::string host = address_.substr(0, colon);
    const std::string port = colon == std::string::npos ? "80" : address_.substr(colon + 1);
    sockaddr_in target{};
    target.sin_family = AF_INET;
    target.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port.c_str())));
    if (inet_pton(AF_INET, host == "localhost" ? "127.0.0.1" : host.c_str(), &target.sin_addr) != 1)
      return false;
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket_ >= 0 &&
        ::connect(socket_, reinterpret_cast<sockaddr*>(&target), sizeof target) == 0)
      return true;
    drop();
    return false;
  }
  void drop() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
    in_.clear();
  }
  bool send_all(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  bool fill() {
    char buffer[16384];
    ssize_t size = 0;
    do {
      size = ::recv(socket_, buffer, sizeof buffer, 0);
    } while (size < 0 && errno == EINTR);
    if (size > 0) in_.append(buffer, static_cast<std::size_t>(size));
    return size > 0;
  }
  bool line(std::string& text) {
    std::size_t end = 0;
    while ((end = in_.find("\r\n")) == std::string::npos)
      if (!fill()) return false;
    text = in_.substr(0, end);
    in_.erase(0, end + 2);
    return true;
  }
  bool take(std::size_t count, std::string& into) {
    while (in_.size() < count)
      if (!fill()) return false;
    into.append(in_, 0, count);
    in_.erase(0, count);
    return true;
  }
  bool read_reply(Reply& reply) {
    reply = {};
    std::string text;
    if (!line(text) || text.size() < 12) return false;
    reply.status = std::atoi(text.c_str() + 9);
    for (;;) {
      if (!line(text)) return false;
      if (text.empty()) break;
      const std::size_t colon = text.find(':');
      if (colon == std::string::npos) return false;
      const std::size_t value = text.find_first_not_of(" \t", colon + 1);
      reply.headers[lower(text.substr(0, colon))] =
          value == std::string::npos ? "" : text.substr(value);
    }
    if (lower(reply.headers["transfer-encoding"]) == "chunked") return read_chunks(reply.body);
    return take(std::strtoul(reply.headers["content-length"].c_str(), nullptr, 10), reply.body);
  }
  bool read_chunks(std::string& body) {
    for (std::string text, rest;;) {
      if (!line(text)) return false;
      const std::size_t size = std::strtoul(text.c_str(), nullptr, 16);
      if (!take(size, body)) return false;
      if (!line(rest)) return false;
      if (size == 0) return true;
    }
  }

  std::string address_;
  int socket_ = -1;
  std::string in_;
};

class HttpChannel final : public Channel {
 public:
  explicit HttpChannel(const std::string& address) : connection_(address) {}

  bool next(Work& work) override {
    Reply reply;
    const std::string request = std::string("GET ") + root +
                                "invocation/next HTTP/1.1\r\nHost: " + connection_.address() +
                                "\r\n\r\n";
    if (!connection_.exchange(request, reply) || reply.status != 200) return false;
    work.event.payload = std::move(reply.body);
    auto& headers = reply.headers;
    work.context.request_id = headers["lambda-runtime-aws-request-id"];
    work.context.invoked_function_arn = headers["lambda-runtime-invoked-function-arn"];
    work.context.trace_id = headers["lambda-runtime-trace-id"];
    work.context.client_context = headers["lambda-runtime-client-context"];
    work.context.identity = headers["lambda-runtime-cognito-identity"];
    const long long deadline =
        std::strtoll(headers["lambda-runtime-deadline-ms"].c_str(), nullptr, 10);
    work.context.deadline =
        std::chrono::system_clock::time_point(std::chrono::milliseconds(deadline));
    return true;
  }

  bool answer(const std::string& request_id, const Response& response) override {
    std::string request = std::string("POST ") + root + "invocation/" + request_id +
                          (response.ok() ? "/response" : "/error") +
                          " HTTP/1.1\r\nHost: " + connection_.address() +
                          "\r\nContent-Type: application/json\r\n";
    if (!response.ok())
      request += "Lambda-Runtime-Function-Error-Type: " + response.error_type() + "\r\n";
    request += "Content-Length: " + std::to_string(response.payload().size()) + "\r\n\r\n" +
               response.payload();
    Reply reply;
    // 413: the answer was too large, which the service has told the caller.
    return connection_.exchange(request, reply) &&
           (reply.status == 202 || reply.status == 413 || reply.status == 400);
  }

 private:
  Connection connection_;
};

}  // namespace

std::unique_ptr<Channel> http_channel(const std::string& address) {
  return std::make_unique<HttpChannel>(address);
}

}  // namespace cloudlet::lambda
