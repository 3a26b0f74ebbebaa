// What the Host header says: a bucket, or the service meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cloudlet::wire {

struct HostHint {
  std::string bucket;   // virtual-host style; empty: none
  std::string service;  // "s3", "lambda", "iot", ...: the label that names one; empty: none
};

// `host` as sent, with or without a port, any case. `domains` in lower case; the longest that fits
// counts.
HostHint read_host(std::string_view host, const std::vector<std::string>& domains);

}  // namespace cloudlet::wire
