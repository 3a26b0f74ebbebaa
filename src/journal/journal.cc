#include "journal/journal.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "base/result.h"
#include "journal/ring.h"
#include "journal/span_files.h"

namespace cloudlet::journal {
namespace {

// How long the writer gathers before it writes.
constexpr std::chrono::milliseconds gather{200};

// SplitMix64's last step: a number becomes an unlike one, and no two become the same.
std::uint64_t scatter(std::uint64_t number) {
  number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9ULL;
  number = (number ^ (number >> 27)) * 0x94D049BB133111EBULL;
  return number ^ (number >> 31);
}

void append_hex(std::string& out, std::uint64_t number) {
  constexpr char digits[] = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) out += digits[(number >> shift) & 15];
}

}  // namespace

struct Journal::State {
  State(Random& random, std::size_t spans_max)
      : ring(spans_max),
        trace_high(random.number()),
        trace_low(random.number()),
        span(random.number()) {}

  Ring ring;
  const std::uint64_t trace_high;
  std::atomic<std::uint64_t> trace_low;
  std::atomic<std::uint64_t> span;
  std::atomic<std::uint64_t> sequence{1};
  std::atomic<std::uint64_t> recorded{0};
  std::atomic<std::uint64_t> lost{0};

  std::unique_ptr<SpanFiles> files;
  std::atomic<bool> dirty{false};
  std::mutex mutex;
  std::condition_variable wake;
  bool stopping = false;
  std::mutex drain_mutex;
  std::thread writer;

  void drain() {
    const std::scoped_lock lock(drain_mutex);
    const std::string bytes = ring.drain();
    if (!bytes.empty()) files->append(bytes);
  }

  void write_on() {
    std::unique_lock lock(mutex);
    while (!stopping) {
      wake.wait(lock, [this] { return stopping || dirty.load(); });
      wake.wait_for(lock, gather, [this] { return stopping; });
      dirty.store(false);
      lock.unlock();
      drain();
      lock.lock();
    }
  }

  // Spans for which `wanted` holds, each once, oldest first; from disk too if memory has fewer than
  // `enough`.
  std::vector<Span> find(const std::function<bool(const SpanView&)>& wanted,
                         std::size_t enough) const {
    std::unordered_map<std::uint64_t, Span> found;
    const auto take = [&](const SpanView& span) {
      if (wanted(span)) found.try_emplace(span.sequence, span.to_span());
    };
    ring.visit(take);
    if (found.size() < enough && files) files->visit(take);
    std::vector<std::uint64_t> order;
    for (const auto& [sequence, span] : found) order.push_back(sequence);
    std::sort(order.begin(), order.end());
    std::vector<Span> spans;
    for (const std::uint64_t sequence : order) spans.push_back(std::move(found.at(sequence)));
    return spans;
  }
};

namespace {

std::vector<Span> newest(std::vector<Span> oldest_first, std::size_t count) {
  std::reverse(oldest_first.begin(), oldest_first.end());
  if (oldest_first.size() > count) oldest_first.resize(count);
  return oldest_first;
}

}  // namespace

Journal::Journal(Random& random, std::size_t spans_max)
    : state_(std::make_unique<State>(random, spans_max)) {}

Journal::~Journal() {
  if (!state_->writer.joinable()) return;
  {
    const std::scoped_lock lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_all();
  state_->writer.join();
  state_->drain();
}

void Journal::keep_in(const std::filesystem::path& folder, std::uint64_t bytes_max) {
  assert_that(!state_->files, "Journal::keep_in is called once");
  state_->files = std::make_unique<SpanFiles>(folder, bytes_max);
  state_->sequence.store(state_->files->last_sequence() + 1);
  state_->writer = std::thread([state = state_.get()] { state->write_on(); });
}

Cause Journal::begin() {
  Cause cause;
  cause.trace.reserve(32);
  append_hex(cause.trace, state_->trace_high);
  append_hex(cause.trace, scatter(state_->trace_low.fetch_add(1, std::memory_order_relaxed)));
  return cause;
}

std::uint64_t Journal::next_span() {
  const std::uint64_t id = scatter(state_->span.fetch_add(1, std::memory_order_relaxed));
  return id != 0 ? id : next_span();
}

void Journal::record(Span span) {
  State& state = *state_;
  if (span.id == 0) span.id = next_span();
  const std::uint64_t sequence = state.sequence.fetch_add(1, std::memory_order_relaxed);
  const bool kept = state.ring.append(span, sequence);
  (kept ? state.recorded : state.lost).fetch_add(1, std::memory_order_relaxed);
  if (!state.files || state.dirty.load(std::memory_order_relaxed)) return;
  if (!state.dirty.exchange(true)) state.wake.notify_one();
}

std::vector<Span> Journal::last(std::size_t count) const {
  // Most of the ring is passed over by its sequence; a gap of lost spans makes the window a little
  // too small, no more.
  const std::uint64_t next = state_->sequence.load();
  const std::uint64_t from = next > count ? next - count : 0;
  return newest(state_->find([from](const SpanView& span) { return span.sequence >= from; }, count),
                count);
}

std::vector<Span> Journal::trace(const std::string& trace) const {
  if (trace.empty()) return {};
  const auto of_trace = [](std::string_view wanted) {
    return [wanted](const SpanView& span) { return span.trace == wanted; };
  };
  std::vector<Span> chain = state_->find(of_trace(trace), SIZE_MAX);
  if (!chain.empty()) return chain;
  const auto mentions = [&](const SpanView& span) {
    return !span.trace.empty() && (span.resource.find(trace) != std::string_view::npos ||
                                   span.reason.find(trace) != std::string_view::npos);
  };
  const std::vector<Span> mentioned = state_->find(mentions, 1);
  if (mentioned.empty()) return {};
  return state_->find(of_trace(mentioned.back().cause.trace), SIZE_MAX);
}

std::vector<Span> Journal::about(const std::string& resource, std::size_t count) const {
  const auto wanted = [&](const SpanView& span) {
    return span.resource.find(resource) != std::string_view::npos;
  };
  return newest(state_->find(wanted, count), count);
}

Journal::Stats Journal::stats() const {
  return {.recorded = state_->recorded.load(), .lost = state_->lost.load()};
}

void Journal::flush() {
  if (state_->files) state_->drain();
}

}  // namespace cloudlet::journal
