// Anything that can be handed an event, inside the transaction of its cause.
//
// Inside targets (bucket, topic, function, ...) take effect in the same transaction. Outside
// targets (e-mail, webhook) get a durable record in it, which the dispatcher sends afterwards
// (delivery/outbox.h).
#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <string>
#include <string_view>

#include "base/arn.h"
#include "base/cause.h"
#include "base/clock.h"
#include "base/result.h"

namespace cloudlet::store {
class Txn;
}

namespace cloudlet::delivery {

// What happened, as the target sees it.
struct Event {
  Scope scope;            // of the source
  std::string source;     // ARN of the sender: the rule, the topic
  std::string principal;  // who asks: "iot.amazonaws.com", "sns.amazonaws.com"; targets check their
                          // own policy for it
  std::string payload;    // bytes
  Cause cause;            // hops counted; beyond Cause::hops_max `deliver` refuses
  Time now;
};

// Where to: the kind names the target, the ARN the resource, and `parameters` what this kind needs
// beside (S3: "key", "canned_acl"; SNS: "message_format", "subject"; documented in each target.h).
struct Address {
  std::string kind;  // "s3", "sns", "lambda", "iot"
  std::string arn;
  boost::json::object parameters;
};

class Target {
 public:
  virtual ~Target() = default;
  // Takes effect in `tx`, or returns why not (no such bucket, denied by the function's policy) and
  // changes nothing.
  virtual Result<void> deliver(store::Txn& tx, const Address& to, const Event& event) = 0;
};

// Which target serves which kind; built once in main.cc, then only read.
class Targets {
 public:
  void add(std::string kind, Target& target) { targets_.emplace(std::move(kind), &target); }
  bool knows(std::string_view kind) const { return targets_.contains(kind); }
  // Cuts loops: an event with too many hops behind it is refused.
  Result<void> deliver(store::Txn& tx, const Address& to, const Event& event) const;

 private:
  std::map<std::string, Target*, std::less<>> targets_;
};

}  // namespace cloudlet::delivery
