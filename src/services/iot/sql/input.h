// One message as statements see it: parsed once, when the first name is asked for, however many
// rules look at it.
#pragma once

#include <boost/json/monotonic_resource.hpp>
#include <cstdint>
#include <forward_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "services/iot/sql/value.h"

namespace cloudlet::iot::sql {

// Borrowed: whoever evaluates keeps these alive.
struct Message {
  std::string_view topic;      // without `$aws/rules/<rule>/`
  std::string_view payload;    // any bytes
  std::string_view client_id;  // empty: not sent over MQTT
  std::string_view source_ip;
  std::string_view principal;  // certificate id, or the caller's user id
  std::string_view account;
  std::string_view trace;  // a UUID; empty: not sent over MQTT
  Time now;
  Random* random = nullptr;  // for newuuid() and rand(); never null
};

// Not thread-safe, not copied: lives on the stack of the evaluation.
class Input {
 public:
  // Beyond this many bytes made by one message's evaluations, results become Undefined.
  static constexpr std::size_t work_max = 8 << 20;

  explicit Input(const Message& message) : message_(message) {}
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  const Message& message() const { return message_; }
  // The payload as JSON; nothing if it isn't. An empty payload is an empty object.
  const json::value* json();
  // Level `number` (from 1) of the topic.
  std::optional<std::string_view> topic_level(std::int64_t number) const;
  // Accounts for `bytes` about to be made. False: too much already, give up.
  bool afford(std::size_t bytes) { return (work_ += bytes) <= work_max; }
  // What a variable of a statement (its address is its name) came to for this message; null: nobody
  // asked yet.
  const Value* variable(const void* of) const;
  const Value& keep(const void* of, Value value);
  bool exhausted() const { return work_ > work_max; }

 private:
  const Message& message_;
  unsigned char buffer_[2048];
  json::monotonic_resource memory_{buffer_, sizeof buffer_};
  bool parsed_ = false;
  std::optional<json::value> json_;
  std::size_t work_ = 0;
  std::forward_list<std::pair<const void*, Value>> variables_;  // values stay where they are
};

}  // namespace cloudlet::iot::sql
