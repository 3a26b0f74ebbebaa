// The trace of every hop, and the answer to "why did it, or why did it not". Bounded, cheap, beside the commit path.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/arn.h"
#include "base/cause.h"
#include "base/clock.h"
#include "base/random.h"

namespace cloudlet::journal {

enum class Outcome {
  ok,         // it did what it was asked
  skipped,    // it looked and had nothing to do: did not match, filtered, disabled
  denied,     // a policy or a certificate said no
  throttled,  // a limit said later
  failed,     // it tried and could not; it may be tried again
};

// One hop: who did what to what, and how it ended.
struct Span {
  Cause cause;             // the trace it belongs to, and its parent span
  std::uint64_t id = 0;    // given by Journal::next_span
  Scope scope;
  std::string action;      // "iot:Publish", "iot:Rule", "lambda:Invoke", "sns:Publish", "smtp:Send"
  std::string resource;    // ARN or topic
  Outcome outcome = Outcome::ok;
  std::string reason;      // a sentence: "humidity < 35 is false: humidity is 41", "denied by statement 2 of policy x"
  Time at;
  Duration took{0};
};

// Thread-safe. Keeps the newest spans up to a bound; recording never waits.
class Journal {
 public:
  explicit Journal(Random& random, std::size_t spans_max = 100'000);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // A new trace for an event from outside.
  Cause begin();
  std::uint64_t next_span();
  void record(Span span);

  // Newest first.
  std::vector<Span> last(std::size_t count) const;
  // One whole chain, oldest first. `trace` may also be a request id that was recorded as a reason's resource.
  std::vector<Span> trace(const std::string& trace) const;
  // Everything that ended at, or failed to reach, a resource: its name or ARN occurs in Span::resource. Newest first.
  std::vector<Span> about(const std::string& resource, std::size_t count) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cloudlet::journal
