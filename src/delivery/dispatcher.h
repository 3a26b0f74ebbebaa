// Sends what the outbox holds: one thread, many transfers at once, woken by the commit feed.
//
// Each lane (a host and port, or the mail server) has a few transfers under way at most, and only
// one after it failed, until it answers again; so a stuck endpoint holds up neither others nor,
// much, the whole.
#pragma once

#include <memory>

#include "delivery/outbox.h"

namespace cloudlet::delivery {

struct DispatcherOptions {
  std::optional<MailServer> mail_server;  // none: mail goes into the built-in mailbox
  std::size_t transfers_max = 256;
  std::size_t transfers_per_lane_max = 8;
  TransferOptions transfer;
  Duration grace{2'000};  // what is under way when it is stopped gets so long
};

class Dispatcher {
 public:
  // Watches the store: before Store::start. All outlive it.
  Dispatcher(store::Store& store, const Outbox& outbox, Clock& clock, DispatcherOptions options);
  ~Dispatcher();
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  // After Store::start: goes on with what is pending.
  void start();
  // Before Store::stop. What is not done within the grace is sent again after the next start.
  void stop();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace cloudlet::delivery
