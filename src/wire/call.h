// Who calls, when, and about which part of the world: what every operation gets beside its input.
#pragma once

#include <string>

#include "base/arn.h"
#include "base/cause.h"
#include "base/clock.h"
#include "base/random.h"

namespace cloudlet::wire {

// Whose credentials signed the request. Mode `open`: the account's root for whatever key was sent.
struct Principal {
  enum class Kind { anonymous, root, user, assumed_role, service };
  Kind kind = Kind::root;
  std::string
      arn;  // "arn:aws:iam::000000000000:root", "arn:aws:sts::...:assumed-role/role/session"
  std::string access_key;  // as sent; empty if unsigned or in process
  std::string id;          // "AIDA...", "AROA...:session", the account for root
};

struct Call {
  Scope scope;  // account of the credentials, region of the signature
  Principal principal;
  Time now;                // one moment for the whole request
  std::string request_id;  // answered to the client; `cloudlet trace` knows it
  std::string endpoint;    // "http://localhost:4566", as the client wrote it: for URLs in answers
  std::string source_ip;  // empty: a call in process
  Cause cause;
  Random* random = nullptr;  // never null inside an operation

  std::string uuid() const { return random->uuid(); }
  Random& rng() const { return *random; }
};

}  // namespace cloudlet::wire
