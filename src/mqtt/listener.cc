#include "mqtt/listener.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/log.h"
#include "base/spell.h"
#include "base/task.h"

namespace cloudlet::mqtt {
namespace {

using asio::ip::tcp;
using boost::system::error_code;

// Out of descriptors: try again when some may have been closed.
constexpr auto pause_after_failure = std::chrono::milliseconds(100);

}  // namespace

struct SocketListener::State : std::enable_shared_from_this<State> {
  State(asio::io_context& c, Accepted a)
      : context(c), acceptor(c), timer(c), accepted(std::move(a)) {}

  void accept() {
    acceptor.async_accept([self = shared_from_this()](const error_code& error, tcp::socket socket) {
      if (error == asio::error::operation_aborted || !self->acceptor.is_open()) return;
      if (error) return self->accept_later(error);
      if (const auto times = self->failing.missed())
        log::warning("mqtt", "connections are accepted again, after {} failures", *times);
      self->take(std::move(socket));
      self->accept();
    });
  }

  void take(tcp::socket socket) {
    error_code error;
    socket.set_option(tcp::no_delay(true), error);
    const auto peer = socket.remote_endpoint(error);
    if (error) return;  // gone already
    socket.non_blocking(true, error);
    auto address = peer.address().to_string();
    accepted(socket.release(), std::move(address));
  }

  void accept_later(const error_code& error) {
    if (failing.met()) log::warning("mqtt", "connections cannot be accepted: {}", error.message());
    timer.expires_after(pause_after_failure);
    timer.async_wait([self = shared_from_this()](const error_code& stopped) {
      if (!stopped && self->acceptor.is_open()) self->accept();
    });
  }

  asio::io_context& context;
  tcp::acceptor acceptor;
  asio::steady_timer timer;
  Accepted accepted;
  Spell failing;
  std::uint16_t port = 0;
};

Result<std::unique_ptr<SocketListener>> SocketListener::open(asio::io_context& context,
                                                             const std::string& address,
                                                             std::uint16_t port,
                                                             Accepted accepted) {
  error_code error;
  const auto failed = [&](std::string_view what) {
    return invalid(fmt::format("can't {} {}:{}: {}", what, address, port, error.message()));
  };
  const auto ip = asio::ip::make_address(address, error);
  if (error) return failed("listen on");
  auto state = std::make_shared<State>(context, std::move(accepted));
  const tcp::endpoint endpoint(ip, port);
  state->acceptor.open(endpoint.protocol(), error);
  if (error) return failed("open a socket for");
  state->acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  state->acceptor.bind(endpoint, error);
  if (error) return failed("bind to");
  state->acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return failed("listen on");
  state->port = state->acceptor.local_endpoint(error).port();
  asio::post(context, [state] { state->accept(); });
  return std::unique_ptr<SocketListener>(new SocketListener(std::move(state)));
}

SocketListener::~SocketListener() = default;

std::uint16_t SocketListener::port() const { return state_->port; }

void SocketListener::close() {
  asio::post(state_->context, [state = state_] {
    error_code ignored;
    state->timer.cancel();
    state->acceptor.close(ignored);
  });
}

}  // namespace cloudlet::mqtt
