// The trace of every hop, and the answer to "why did it, or why did it not". Bounded, cheap, beside
// the commit path.
#pragma once

#include <cstdint>
#include <filesystem>
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
  Cause cause;           // the trace it belongs to, and its parent span
  std::uint64_t id = 0;  // given by Journal::next_span
  Scope scope;
  std::string action;    // "iot:Publish", "iot:Rule", "lambda:Invoke", "sns:Publish", "smtp:Send"
  std::string resource;  // ARN or topic
  Outcome outcome = Outcome::ok;
  std::string reason;  // a sentence: "humidity < 35 is false: humidity is 41", "denied by statement
                       // 2 of policy x"
  Time at;
  Duration took{0};
};

// Thread-safe. Keeps the newest spans up to a bound; recording never waits. What survives a
// restart: see `keep_in`.
class Journal {
 public:
  explicit Journal(Random& random, std::size_t spans_max = 100'000);
  // Writes what `keep_in` asked for and has not been written yet.
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Spans are also written to files in `folder`, a fifth of a second later at most, by a thread of
  // the journal's own, and the queries below find those of earlier runs. Not synced: a kill loses
  // the last moments, a power cut what the system held back. Bounded: the oldest quarter goes when
  // `bytes_max` is reached. Before the first `record`; once.
  void keep_in(const std::filesystem::path& folder, std::uint64_t bytes_max = 32ull << 20);

  // A new trace for an event from outside.
  Cause begin();
  std::uint64_t next_span();
  void record(Span span);

  // Newest first.
  std::vector<Span> last(std::size_t count) const;
  // One whole chain, oldest first. `trace` may also be a request id or another word that the
  // resource or reason of a span of the chain holds: then it is the newest such chain.
  std::vector<Span> trace(const std::string& trace) const;
  // Everything that ended at, or failed to reach, a resource: its name or ARN occurs in
  // Span::resource. Newest first.
  std::vector<Span> about(const std::string& resource, std::size_t count) const;

  struct Stats {
    std::uint64_t recorded = 0;
    std::uint64_t lost = 0;  // every shard of the ring was busy
  };
  Stats stats() const;
  // Blocks until all that was recorded so far is in its file. For tests and an orderly stop.
  void flush();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cloudlet::journal
