// A listening socket: accepts, and hands each new one on.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"

namespace cloudlet::mqtt {

class SocketListener {
 public:
  // `socket` is the callee's; `peer` is an IP address. Called on the context's thread.
  using Accepted = std::function<void(int socket, std::string peer)>;

  // `address`: an IP address. The error says which address and why.
  static Result<std::unique_ptr<SocketListener>> open(boost::asio::io_context& context,
                                                      const std::string& address,
                                                      std::uint16_t port, Accepted accepted);
  ~SocketListener();

  std::uint16_t port() const;
  // Any thread; no new connections afterwards, once the context's thread has seen it.
  void close();

 private:
  struct State;
  explicit SocketListener(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace cloudlet::mqtt
