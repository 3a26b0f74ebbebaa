// One delivery to somebody outside: what is kept until it has arrived or was given up.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "delivery/retry.h"
#include "delivery/target.h"

namespace cloudlet::delivery {

enum class OutsideKind { email, email_json, http, https };
std::string_view to_string(OutsideKind kind);  // "email", "email-json", "http", "https"

struct OutsideDelivery {
  OutsideKind kind = OutsideKind::http;
  std::string endpoint;  // a mail address, or a URL; the URL may hold a user and a password: see
                         // `shown_endpoint`
  std::string subject;   // mail only; empty: none
  std::string body;      // UTF-8
  std::string sender;    // mail only: the display name in From
  std::string message_id;
  std::vector<std::pair<std::string, std::string>>
      headers;  // HTTP header fields, or further mail header fields

  RetryPolicy retry;
  Duration age_max{std::chrono::hours(23)};  // no attempt starts later than this after `created`
  Duration spacing{0};  // at least this between two first attempts of the same owner; 0: any
  std::optional<Address> dead_letter;  // who gets what could not be delivered
  std::string dead_letter_payload;     // and what: empty means `body`

  std::string owner;  // ARN on whose behalf: the subscription
  Scope scope;
  Cause cause;
  Time created;
  int attempts = 0;  // ended ones
};

std::string encode(const OutsideDelivery& delivery);
OutsideDelivery decode_outside(std::string_view bytes);

// The endpoint as logs and traces may show it: without user, password and query.
std::string shown_endpoint(const OutsideDelivery& delivery);

// Deliveries that share a lane share a fate (one mail server, one host and port): they are sent in
// order of time with limited concurrency, and a stuck lane holds up no other.
std::string lane_of(const OutsideDelivery& delivery);

}  // namespace cloudlet::delivery
