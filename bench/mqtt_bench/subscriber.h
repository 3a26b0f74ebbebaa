// A connection that receives every message of every publisher, and knows which of them it missed.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "mqtt_bench/link.h"

namespace cloudlet::bench {

class Subscriber {
 public:
  Subscriber(const Options& options, SSL_CTX* tls, int number);

  Link& link() { return link_; }
  std::uint64_t received() const { return received_; }
  // Messages whose number was not one more than that of the same publisher's before.
  std::uint64_t out_of_order() const { return out_of_order_; }

  void receive();  // acknowledges QoS 1; the caller flushes

 private:
  void take(std::string_view topic, std::string_view payload);

  Link link_;
  std::size_t number_at_;            // where the publisher's number stands in a topic
  std::vector<std::uint64_t> last_;  // by publisher
  std::uint64_t received_ = 0, out_of_order_ = 0;
};

}  // namespace cloudlet::bench
