// The run itself: one thread, one epoll, all publishers and subscribers.
#pragma once

#include <cstdint>
#include <string>

#include "mqtt_bench/options.h"

namespace cloudlet::bench {

struct Figures {
  double seconds = 0;       // counted
  std::uint64_t acked = 0;  // in them
  double p50_us = 0, p99_us = 0, max_us = 0;
  std::uint64_t received = 0;   // by all subscribers, in the counted time
  std::uint64_t published = 0;  // in all, warm-up and all
  std::uint64_t unacked = 0;    // never acknowledged
  std::uint64_t lost = 0;       // of published x subscribers
  std::uint64_t out_of_order = 0;
  double server_cpu_us = 0;  // a message acknowledged
  double client_cpu_us = 0;
  std::string tls;  // version and cipher
};

// Throws std::runtime_error when a connection fails.
Figures run_load(const Options& options);

}  // namespace cloudlet::bench
