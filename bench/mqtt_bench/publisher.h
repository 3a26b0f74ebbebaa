// A connection that publishes numbered messages with QoS 1 and times each acknowledgement.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mqtt_bench/link.h"

namespace cloudlet::bench {

// The 120 bytes that a publisher sends: a soil sensor's JSON, in which the time and the number of
// the message are overwritten in place.
struct Payload {
  static constexpr std::size_t size = 120;
  static constexpr std::size_t stamp_at = 80, stamp_digits = 16;  // "sentMicros", since the epoch
  static constexpr std::size_t number_at = 104, number_digits = 14;  // "seq"
  static std::string sample();
  // The number in a payload that ends `bytes`; 0 when it isn't one of ours.
  static std::uint64_t number_in(std::string_view bytes);
};

class Publisher {
 public:
  Publisher(const Options& options, SSL_CTX* tls, int number);

  Link& link() { return link_; }
  std::uint64_t published() const { return published_; }
  std::size_t in_flight() const { return sent_.size() - free_.size(); }

  // Queues as many as the window and `most` allow; the caller flushes.
  void publish(std::uint64_t now, std::size_t most);
  // Reads acknowledgements; `took(nanoseconds)` for each.
  template <class Took>
  void receive(std::uint64_t now, Took&& took) {
    link_.receive([&](const Packet& packet) {
      if (packet.first == 0x40) took(now - release(number_at(packet.body, 0)));
    });
  }

  std::uint64_t due = 0;  // with --rate: when the next one is to go

 private:
  std::uint64_t release(std::uint16_t id);  // when it was sent

  Link link_;
  std::string packet_;               // a whole PUBLISH, overwritten in place
  std::size_t id_at_ = 0;            // where its packet identifier stands; the payload follows
  std::vector<std::uint64_t> sent_;  // by identifier - 1; 0: not in use
  std::vector<std::uint16_t> free_;
  std::uint64_t published_ = 0;
};

}  // namespace cloudlet::bench
