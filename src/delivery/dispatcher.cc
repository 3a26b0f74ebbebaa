#include "delivery/dispatcher.h"

#include <atomic>
#include <iterator>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/log.h"
#include "delivery/lanes.h"

namespace cloudlet::delivery {
namespace {

constexpr int idle_ms = 3'600'000;  // a wake-up comes earlier, or there is nothing to do
constexpr int refused_pause_ms =
    250;  // the store took no note of an outcome: its queue or its disk is full

void initialise_curl() {
  static const CURLcode once = curl_global_init(CURL_GLOBAL_DEFAULT);
  assert_that(once == CURLE_OK, "curl cannot start");
}

bool is_mail(const OutsideDelivery& delivery) {
  return delivery.kind == OutsideKind::email || delivery.kind == OutsideKind::email_json;
}

}  // namespace

// All members without a mutex belong to the dispatcher's thread.
class Dispatcher::State {
 public:
  State(store::Store& store, const Outbox& outbox, Clock& clock, DispatcherOptions options)
      : store_(store), outbox_(outbox), clock_(clock), options_(std::move(options)), view_([this] {
          wake();
        }) {
    initialise_curl();
    multi_ = curl_multi_init();
    assert_that(multi_ != nullptr, "curl has no memory left");
    store_.watch(view_);
  }

  ~State() {
    stop();
    curl_multi_cleanup(multi_);
  }

  void start() {
    thread_ = std::thread([this] { run(); });
  }

  void stop() {
    stopping_ = true;
    wake();
    if (thread_.joinable()) thread_.join();
  }

 private:
  struct Lane {
    std::uint64_t cursor = 0;   // up to here all was taken
    std::uint64_t checked = 0;  // up to here the snapshot was surely new enough
    std::size_t in_flight = 0;
    std::size_t limit = 0;
  };
  struct Job {
    ReadyKey ready;
    Time started;
    std::unique_ptr<Transfer> transfer;
  };
  // An attempt that ended and is not yet noted.
  struct Ended {
    ReadyKey ready;
    Attempt attempt;
    Time started;
    Time ended;
  };

  void wake() { curl_multi_wakeup(multi_); }

  void run() {
    std::optional<std::chrono::steady_clock::time_point> deadline;
    for (;;) {
      const auto now = std::chrono::steady_clock::now();
      if (stopping_ && !deadline) deadline = now + options_.grace;
      if (deadline && now >= *deadline) drop_transfers();
      if (deadline && jobs_.empty() && settling_ == 0) return;
      absorb();
      if (!deadline) fill();
      int running = 0;
      curl_multi_perform(multi_, &running);
      collect();
      const bool more = !deadline && !hot_.empty() && jobs_.size() < options_.transfers_max;
      const int pause = more ? 0 : !refused_.empty() ? refused_pause_ms : deadline ? 50 : idle_ms;
      curl_multi_poll(multi_, nullptr, 0, pause, nullptr);
    }
  }

  // What the store's threads left for this one.
  void absorb() {
    for (const std::string& lane : view_.take_changed()) hot_.insert(lane);
    std::vector<std::string> again;
    std::vector<Ended> refused;
    {
      const std::scoped_lock lock(mutex_);
      again.swap(again_);
      refused.swap(new_refused_);
    }
    for (std::string& lane : again) hot_.insert(std::move(lane));
    std::move(refused.begin(), refused.end(), std::back_inserter(refused_));
    if (stopping_) refused_.clear();  // what is not noted is sent again after the next start
    const auto now = std::chrono::steady_clock::now();
    if (refused_.empty() || now < refused_until_) return;
    refused_until_ = now + std::chrono::milliseconds(refused_pause_ms);
    for (Ended& ended : std::exchange(refused_, {})) settle(std::move(ended));
  }

  // Starts transfers, one a lane in turn, until nothing is ready or the limits are reached.
  void fill() {
    if (hot_.empty()) return;
    const auto state = store_.snapshot();
    while (!hot_.empty() && jobs_.size() < options_.transfers_max) {
      std::vector<std::string> exhausted;
      for (const std::string& name : hot_) {
        if (jobs_.size() >= options_.transfers_max) break;
        if (!start_one(*state, name)) exhausted.push_back(name);
      }
      for (const std::string& name : exhausted) hot_.erase(name);
    }
  }

  // False: nothing to start in this lane before something changes.
  bool start_one(const store::ReadTxn& state, const std::string& name) {
    Lane& lane =
        lanes_.try_emplace(name, Lane{.limit = options_.transfers_per_lane_max}).first->second;
    if (lane.in_flight >= lane.limit) return false;
    store::Range range = store::prefix(store::make_key("delivery-ready", name));
    range.from = store::make_key("delivery-ready", name, lane.cursor + 1).bytes();
    std::optional<std::uint64_t> number;
    state.scan(range, [&](std::string_view key, std::string_view) {
      store::KeyReader reader(key);
      reader.skip();
      reader.skip();
      number = reader.number();
      return false;
    });
    if (!number) return nothing_left(name, lane);
    lane.cursor = *number;
    const ReadyKey ready{.lane = name, .number = *number};
    if (auto delivery = outbox_.find(state, ready))
      begin(ready, lane, std::move(*delivery));
    else
      settle({.ready = ready, .attempt = {}, .started = clock_.now(), .ended = clock_.now()});
    return true;
  }

  // The snapshot may be a moment older than what the view was told: then a commit is waited for,
  // once.
  bool nothing_left(const std::string& name, Lane& lane) {
    const std::uint64_t newest = view_.newest(name);
    if (newest > lane.cursor && newest > lane.checked) {
      lane.checked = newest;
      ++settling_;
      store_.submit([](store::Txn&) { return Result<void>(); },
                    [this, name](Result<void>) { finished(name); });
    } else if (newest == 0 && lane.in_flight == 0) {
      lanes_.erase(name);
    }
    return false;
  }

  void begin(const ReadyKey& ready, Lane& lane, OutsideDelivery delivery) {
    const bool mail = is_mail(delivery);
    if (mail && !options_.mail_server)  // left from a run that had one
      return settle(
          {.ready = ready, .attempt = {}, .started = clock_.now(), .ended = clock_.now()});
    Job job{.ready = ready, .started = clock_.now(), .transfer = nullptr};
    job.transfer = std::make_unique<Transfer>(
        std::move(delivery), mail ? &*options_.mail_server : nullptr, options_.transfer);
    ++lane.in_flight;
    CURL* const handle = job.transfer->handle();
    jobs_.emplace(handle, std::move(job));
    curl_multi_add_handle(multi_, handle);
  }

  void collect() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const auto found = jobs_.find(message->easy_handle);
      assert_that(found != jobs_.end(), "curl ended a transfer that nobody began");
      const Attempt attempt = found->second.transfer->finish(message->data.result);
      Job job = std::move(found->second);
      curl_multi_remove_handle(multi_, job.transfer->handle());
      jobs_.erase(found);
      Lane& lane = lanes_.at(job.ready.lane);
      --lane.in_flight;
      lane.limit = attempt.reached ? std::min(lane.limit * 2, options_.transfers_per_lane_max) : 1;
      hot_.insert(job.ready.lane);
      settle({.ready = std::move(job.ready),
              .attempt = attempt,
              .started = job.started,
              .ended = clock_.now()});
    }
  }

  void settle(Ended ended) {
    ++settling_;
    const auto shared = std::make_shared<Ended>(std::move(ended));
    store_.submit(
        [this, shared](store::Txn& tx) {
          outbox_.settle(tx, shared->ready, shared->attempt, shared->started, shared->ended);
          return Result<void>();
        },
        [this, shared](const Result<void>& outcome) {
          if (outcome.has_error()) {
            const std::scoped_lock lock(mutex_);
            new_refused_.push_back(*shared);
          }
          finished(shared->ready.lane);
        });
  }

  // On a thread of the store. The last thing it touches is `settling_`: `run` may end then.
  void finished(const std::string& lane) {
    {
      const std::scoped_lock lock(mutex_);
      again_.push_back(lane);
    }
    wake();
    --settling_;
  }

  void drop_transfers() {
    for (auto& [handle, job] : jobs_) curl_multi_remove_handle(multi_, handle);
    jobs_.clear();
  }

  store::Store& store_;
  const Outbox& outbox_;
  Clock& clock_;
  const DispatcherOptions options_;
  CURLM* multi_ = nullptr;
  LaneView view_;
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> settling_{0};

  std::map<std::string, Lane> lanes_;
  std::set<std::string> hot_;
  std::unordered_map<CURL*, Job> jobs_;
  std::vector<Ended> refused_;
  std::chrono::steady_clock::time_point refused_until_;

  std::mutex mutex_;
  std::vector<std::string> again_;
  std::vector<Ended> new_refused_;
};

Dispatcher::Dispatcher(store::Store& store, const Outbox& outbox, Clock& clock,
                       DispatcherOptions options)
    : state_(std::make_unique<State>(store, outbox, clock, std::move(options))) {}

Dispatcher::~Dispatcher() = default;

void Dispatcher::start() { state_->start(); }
void Dispatcher::stop() { state_->stop(); }

}  // namespace cloudlet::delivery
