// What the runtime needs to know of a function to run it, and what one invocation is and comes to.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/arn.h"
#include "base/cause.h"
#include "base/clock.h"

namespace cloudlet::runtime {

enum class Language { native, python };

// One configuration of one function. Never changes: a new one has a new revision and gets new
// instances.
struct Function {
  Scope scope;
  std::string name;
  std::string version = "$LATEST";
  std::string arn;
  std::string revision;  // changes with code or configuration
  std::string runtime;   // as asked for: "provided.al2023", "python3.9"
  Language language = Language::native;
  std::string handler;
  std::string package;  // folder name below Options::packages
  std::map<std::string, std::string> environment;
  int memory_mb = 128;
  int tmp_mb = 512;
  std::chrono::milliseconds timeout{3000};
  std::optional<int> reserved;  // concurrency set aside for it, and its limit; 0: may not run
  std::string log_group;
  std::string role;
};

struct Invocation {
  std::string request_id;  // a UUID: 36 characters
  std::string payload;
  Cause cause;
  std::string client_context;  // JSON or empty
  std::string identity;        // Cognito identity as JSON, or empty
};

// How an invocation ended that reached an instance.
struct Answer {
  enum class Kind {
    ok,
    error,    // the function said so, or broke: the payload is {"errorMessage", "errorType", ...}
    timeout,  // it was killed for taking too long; the payload as for an error
    missed,   // the instance ended before it saw the event: another takes it. Stays in this room
  };
  Kind kind = Kind::ok;
  std::string payload;
  std::string error_type;  // "Runtime.ExitError"; empty if ok
  std::string log_tail;    // the last 4 KiB of what it logged
  bool cold = false;
  std::chrono::microseconds took{0};
};

struct Credentials {
  std::string access_key, secret_key, session_token;
  Time expires;
};

// Where one instance's log goes, and becomes durable soon. Called on any thread; never blocks.
class LogStream {
 public:
  virtual ~LogStream() = default;
  virtual void append(Time at, std::string message) = 0;
  // What was appended so far is to become durable at once: the instance ended.
  virtual void flush() = 0;
  // More waits than should: whoever reads from the function pauses until `when_drained` calls back.
  virtual bool congested() const = 0;
  virtual void when_drained(std::function<void()> go_on) = 0;
};

}  // namespace cloudlet::runtime
