// The load generator: one thread, epoll, keep-alive connections that each send the next request
// when the last is answered.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace http_bench {

struct Load {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::string method = "PUT";
  std::string path = "/bench/object-%";  // '%' becomes a number that no other request has
  std::string headers;                   // each with its CRLF
  std::size_t body_size = 1024;
  std::size_t connections = 32;
  double seconds = 3;
};

struct Outcome {
  std::uint64_t answered = 0;
  std::uint64_t failed = 0;  // other statuses than 2xx, broken connections
  std::string first_failure;
  double per_second = 0;
  double p50_us = 0;
  double p99_us = 0;
};

Outcome run(const Load& load);

}  // namespace http_bench
