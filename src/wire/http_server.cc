#include "wire/http_server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <filesystem>

#include "base/log.h"
#include "base/spell.h"
#include "wire/http_connection.h"
#include "wire/http_lane.h"

namespace cloudlet::wire {
namespace {

constexpr auto as_values = asio::as_tuple(asio::use_awaitable);
using Tcp = asio::ip::tcp;
using Local = asio::local::stream_protocol;

std::string peer_of(const Tcp::endpoint& endpoint) { return endpoint.address().to_string(); }
std::string peer_of(const Local::endpoint&) { return "unix"; }

constexpr std::string_view too_many =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\nConnection: "
    "close\r\n\r\n";

}  // namespace

struct HttpServer::State {
  State(IoThreads& io, HttpHandler& handler, const Clock& clock, HttpOptions options)
      : threads(io),
        shared(std::make_shared<HttpShared>(handler, clock, std::move(options))),
        acceptors(io.at(0)) {
    for (std::size_t i = 0; i < io.size(); ++i)
      lanes.push_back(std::make_shared<HttpLane>(shared, io.at(i)));
  }

  template <class Protocol>
  Task<> accept(asio::basic_socket_acceptor<Protocol> acceptor);
  void welcome(HttpConnection::Socket socket, std::string peer, std::shared_ptr<HttpLane> lane);
  void each_lane(void (HttpLane::*what)());

  IoThreads& threads;
  std::shared_ptr<HttpShared> shared;
  std::vector<std::shared_ptr<HttpLane>> lanes;
  TaskGroup acceptors;
  std::size_t turn = 0;
  Spell full;  // of connections
  bool stopped = false;
};

template <class Protocol>
Task<> HttpServer::State::accept(asio::basic_socket_acceptor<Protocol> acceptor) {
  asio::steady_timer pause(acceptor.get_executor());
  Spell failing;
  for (;;) {
    const std::shared_ptr<HttpLane> lane = lanes[turn++ % lanes.size()];
    typename Protocol::endpoint peer;
    auto [error, socket] = co_await acceptor.async_accept(lane->executor(), peer, as_values);
    if (error == asio::error::operation_aborted) co_return;
    if (error) {
      // Out of descriptors, most likely: what is open goes on, and room comes back.
      if (failing.met())
        log::warning("wire", "connections cannot be accepted: {}", error.message());
      pause.expires_after(std::chrono::milliseconds(100));
      co_await pause.async_wait(as_values);
      continue;
    }
    if (const auto times = failing.missed())
      log::warning("wire", "connections are accepted again, after {} failures", *times);
    if constexpr (std::is_same_v<Protocol, Tcp>) {
      boost::system::error_code ignored;
      socket.set_option(Tcp::no_delay(true), ignored);
    }
    welcome(HttpConnection::Socket(std::move(socket)), peer_of(peer), lane);
  }
}

void HttpServer::State::welcome(HttpConnection::Socket socket, std::string peer,
                                std::shared_ptr<HttpLane> lane) {
  shared->accepted.fetch_add(1, std::memory_order_relaxed);
  if (shared->connections.load() >= shared->options.connections_max) {
    shared->refused.fetch_add(1, std::memory_order_relaxed);
    if (full.met())
      log::warning("wire", "{} connections are open: more are refused", shared->connections.load());
    (void)!::send(socket.native_handle(), too_many.data(), too_many.size(),
                  MSG_NOSIGNAL | MSG_DONTWAIT);
    return;
  }
  if (const auto times = full.missed())
    log::warning("wire", "connections are taken again, after {} were refused", *times);
  boost::system::error_code ignored;
  socket.non_blocking(true, ignored);
  shared->connections.fetch_add(1);
  auto connection = std::make_shared<HttpConnection>(lane, std::move(socket), std::move(peer));
  asio::post(lane->executor(), [lane, connection] { lane->start(connection); });
}

void HttpServer::State::each_lane(void (HttpLane::*what)()) {
  for (const auto& lane : lanes) asio::post(lane->executor(), [lane, what] { ((*lane).*what)(); });
}

HttpServer::HttpServer(IoThreads& threads, HttpHandler& handler, const Clock& clock,
                       HttpOptions options)
    : state_(std::make_shared<State>(threads, handler, clock, std::move(options))) {}

HttpServer::~HttpServer() { stop(); }

Result<std::uint16_t> HttpServer::listen(const std::string& address, std::uint16_t port) {
  boost::system::error_code error;
  const asio::ip::address ip = asio::ip::make_address(address, error);
  if (error) return invalid("'" + address + "' is not an IP address to listen on");
  const Tcp::endpoint endpoint(ip, port);
  asio::basic_socket_acceptor<Tcp> acceptor(state_->threads.at(0));
  const std::string name = address + ":" + std::to_string(port);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (error == asio::error::address_in_use)
    return invalid(name +
                   " is in use by another process: stop it, or choose another port with --port");
  if (!error) acceptor.listen(1024, error);
  if (error) return invalid("cannot listen on " + name + ": " + error.message());
  const std::uint16_t bound = acceptor.local_endpoint().port();
  state_->acceptors.spawn("accept " + name, state_->accept<Tcp>(std::move(acceptor)));
  return bound;
}

Result<void> HttpServer::adopt(int listener) {
  boost::system::error_code error;
  asio::basic_socket_acceptor<Tcp> acceptor(state_->threads.at(0));
  acceptor.assign(Tcp::v4(), listener, error);
  if (error) return invalid("cannot accept from a socket that was handed over: " + error.message());
  state_->acceptors.spawn("accept (handed over)", state_->accept<Tcp>(std::move(acceptor)));
  return {};
}

Result<void> HttpServer::listen_local(const std::string& path) {
  boost::system::error_code error;
  if (path.size() >= 108)
    return invalid("the path of a local socket is at most 107 bytes: " + path);
  if (std::filesystem::is_socket(path)) std::filesystem::remove(path);
  asio::basic_socket_acceptor<Local> acceptor(state_->threads.at(0));
  const Local::endpoint endpoint(path);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(1024, error);
  if (error) return invalid("cannot listen on " + path + ": " + error.message());
  state_->acceptors.spawn("accept " + path, state_->accept<Local>(std::move(acceptor)));
  return {};
}

void HttpServer::stop(Duration grace) {
  if (std::exchange(state_->stopped, true)) return;
  HttpShared& shared = *state_->shared;
  state_->acceptors.stop();
  shared.stopping.store(true);
  state_->each_lane(&HttpLane::finish_all);
  std::unique_lock lock(shared.mutex);
  const auto none_left = [&shared] { return shared.connections.load() == 0; };
  if (shared.ended.wait_for(lock, grace, none_left)) return;
  lock.unlock();
  state_->each_lane(&HttpLane::cancel_all);
  lock.lock();
  if (!shared.ended.wait_for(lock, std::chrono::seconds(5), none_left))
    log::error("wire", "{} HTTP requests did not end when told to", shared.connections.load());
}

HttpServer::Stats HttpServer::stats() const {
  const HttpShared& shared = *state_->shared;
  return {.connections = shared.connections.load(),
          .accepted = shared.accepted.load(),
          .requests = shared.requests.load(),
          .refused = shared.refused.load()};
}

}  // namespace cloudlet::wire
