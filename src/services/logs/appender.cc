#include "services/logs/appender.h"

#include <algorithm>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.h"
#include "services/logs/keys.h"
#include "store/store.h"

namespace cloudlet::logs {
namespace {

constexpr std::size_t congested_bytes = 4 * 1024 * 1024;
constexpr std::size_t flush_bytes = 256 * 1024;
// How long a line may wait for company on its way to the disk: a sync for each invocation would
// cost more than the invocation. Who reads does not wait for it.
constexpr std::chrono::milliseconds gather_max{50};

Result<void> write(store::Txn& tx, const Scope& scope, const std::string& group_name,
                   const std::string& stream_name, const std::vector<NewEvent>& events, Time now) {
  StoredGroup group =
      find_group(tx, scope, group_name).value_or(StoredGroup{.name = group_name, .created = now});
  StoredStream stream = find_stream(tx, scope, group_name, stream_name)
                            .value_or(StoredStream{.name = stream_name, .created = now});
  append_events(tx, scope, group, stream, events, now);
  return {};
}

}  // namespace

StreamWriter::StreamWriter(Appender& owner, Scope scope, std::string group, std::string stream)
    : owner_(owner),
      scope_(std::move(scope)),
      group_(std::move(group)),
      stream_(std::move(stream)) {}

StreamWriter::~StreamWriter() { owner_.unlist(this); }

void StreamWriter::append(Time at, std::string message) {
  bool first = false;
  {
    std::unique_lock lock(mutex_);
    waiting_bytes_ += message.size() + 64;
    waiting_.push_back({.at = at, .message = std::move(message)});
    first = !std::exchange(listed_, true);
    if (waiting_bytes_ > flush_bytes) submit(lock);
  }
  if (first) owner_.list(shared_from_this());
}

void StreamWriter::flush() {
  std::unique_lock lock(mutex_);
  submit(lock);
}

// One transaction at a time: what comes meanwhile goes together with the next.
void StreamWriter::submit(std::unique_lock<std::mutex>&) {
  if (waiting_.empty()) return;
  wanted_ = writing_;
  if (writing_) return;
  writing_ = true;
  writing_bytes_ = std::exchange(waiting_bytes_, 0);
  auto events = std::make_shared<std::vector<NewEvent>>(std::move(waiting_));
  waiting_.clear();
  const Time now = owner_.clock_.now();
  // A clock that was set back must not tear the order apart; mostly they are in order.
  std::stable_sort(events->begin(), events->end(),
                   [](const NewEvent& a, const NewEvent& b) { return a.at < b.at; });
  owner_.store_.submit(
      [self = shared_from_this(), events, now](store::Txn& tx) {
        return write(tx, self->scope_, self->group_, self->stream_, *events, now);
      },
      [self = shared_from_this()](const Result<void>& outcome) {
        if (outcome.has_error())
          log::warning("logs", "events of {} are lost: {}", self->group_,
                       outcome.error().message());
        self->written();
      });
}

void StreamWriter::written() {
  std::vector<std::function<void()>> calls;
  bool idle = false;
  {
    std::unique_lock lock(mutex_);
    writing_ = false;
    writing_bytes_ = 0;
    if (waiting_bytes_ < congested_bytes / 2) calls.swap(drained_);
    if (wanted_ || !settled_.empty()) submit(lock);
    if (!writing_) {
      calls.insert(calls.end(), settled_.begin(), settled_.end());
      settled_.clear();
      idle = waiting_.empty();
      if (idle) listed_ = false;
    }
  }
  if (idle) owner_.unlist(this);
  for (const auto& call : calls) call();
}

bool StreamWriter::congested() const {
  std::scoped_lock lock(mutex_);
  return waiting_bytes_ + writing_bytes_ > congested_bytes;
}

void StreamWriter::when_drained(std::function<void()> go_on) {
  {
    std::unique_lock lock(mutex_);
    submit(lock);
    if (writing_) return drained_.push_back(std::move(go_on));
  }
  go_on();
}

void StreamWriter::when_settled(std::function<void()> done) {
  {
    std::unique_lock lock(mutex_);
    submit(lock);
    if (writing_) return settled_.push_back(std::move(done));
  }
  done();
}

Appender::Appender(store::Store& store, Clock& clock, asio::any_io_executor executor)
    : store_(store),
      clock_(clock),
      executor_(executor),
      timer_(std::make_shared<asio::steady_timer>(executor)),
      alive_(std::make_shared<Appender*>(this)) {}

Appender::~Appender() {
  std::scoped_lock lock(mutex_);
  assert_that(busy_.empty(), "log streams are closed before the logs");
}

std::shared_ptr<StreamWriter> Appender::open(Scope scope, std::string group, std::string stream) {
  return std::make_shared<StreamWriter>(*this, std::move(scope), std::move(group),
                                        std::move(stream));
}

void Appender::list(const std::shared_ptr<StreamWriter>& writer) {
  {
    std::scoped_lock lock(mutex_);
    busy_[writer.get()] = writer;
    if (std::exchange(armed_, true)) return;
  }
  asio::post(executor_, [timer = timer_, weak = std::weak_ptr(alive_)] {
    timer->expires_after(gather_max);
    timer->async_wait([timer, weak](boost::system::error_code ec) {
      const auto alive = weak.lock();
      if (!ec && alive) (*alive)->flush_all();
    });
  });
}

void Appender::unlist(StreamWriter* writer) {
  std::scoped_lock lock(mutex_);
  busy_.erase(writer);
}

std::vector<std::shared_ptr<StreamWriter>> Appender::busy(const Scope& scope) {
  std::vector<std::shared_ptr<StreamWriter>> writers;
  std::scoped_lock lock(mutex_);
  for (const auto& [key, weak] : busy_)
    if (auto writer = weak.lock(); writer && writer->scope() == scope)
      writers.push_back(std::move(writer));
  return writers;
}

void Appender::flush_all() {
  std::vector<std::shared_ptr<StreamWriter>> writers;
  {
    std::scoped_lock lock(mutex_);
    armed_ = false;
    for (const auto& [key, weak] : busy_)
      if (auto writer = weak.lock()) writers.push_back(std::move(writer));
  }
  for (const auto& writer : writers) writer->flush();
}

Task<> Appender::settled(Scope scope) {
  const auto executor = co_await asio::this_coro::executor;
  for (const auto& writer : busy(scope)) {
    const auto start = [writer, executor](auto handler) {
      auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
      writer->when_settled([waiting, executor] {
        asio::post(executor, [waiting]() mutable { std::move (*waiting)(); });
      });
    };
    co_await asio::async_initiate<decltype(asio::use_awaitable), void()>(start,
                                                                         asio::use_awaitable);
  }
}

}  // namespace cloudlet::logs
