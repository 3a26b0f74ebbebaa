#include "mqtt_bench/load.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <memory>
#include <sstream>
#include <vector>

#include "mqtt_bench/histogram.h"
#include "mqtt_bench/publisher.h"
#include "mqtt_bench/subscriber.h"

namespace cloudlet::bench {
namespace {

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::uint64_t patience = 5 * second;  // without progress, before the rest counts as lost

std::uint64_t steady_ns() {
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch() /
                                    std::chrono::nanoseconds(1));
}

std::uint64_t in_ns(double seconds) { return static_cast<std::uint64_t>(seconds * 1e9); }

double own_cpu_seconds() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

// User and system time of another process: proc(5), fields 14 and 15 of stat.
double cpu_seconds_of(int pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string text;
  if (pid == 0 || !std::getline(file, text)) return 0;
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::string skipped;
  for (int i = 3; i < 14; ++i) fields >> skipped;
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

class Load {
 public:
  explicit Load(const Options& options);
  ~Load() { ::close(epoll_); }
  Figures run();

 private:
  enum class Phase { warm_up, counted, draining };

  void watch(Link& link, std::size_t number, bool first);
  int wait(epoll_event* events, int most, std::uint64_t until);
  void turn(std::uint64_t until);
  void ready(std::size_t number);
  void refill(Publisher& publisher, std::size_t number);
  void send_due(std::uint64_t now);
  std::uint64_t received() const;
  void drain();

  const Options& options_;
  TlsClient tls_;
  int epoll_;
  std::vector<std::unique_ptr<Subscriber>> subscribers_;
  std::vector<std::unique_ptr<Publisher>> publishers_;  // numbered after the subscribers
  std::vector<bool> writing_;                           // waits for room in the socket
  std::uint64_t interval_ = 0;                          // with --rate, of one publisher
  Phase phase_ = Phase::warm_up;
  Histogram latencies_;
};

Load::Load(const Options& options)
    : options_(options), tls_(make_tls_client(options)), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  for (int i = 1; i <= options.subscribers; ++i)
    subscribers_.push_back(std::make_unique<Subscriber>(options, tls_.get(), i));
  for (int i = 1; i <= options.publishers; ++i)
    publishers_.push_back(std::make_unique<Publisher>(options, tls_.get(), i));
  writing_.resize(subscribers_.size() + publishers_.size());
  for (std::size_t i = 0; i < writing_.size(); ++i)
    watch(i < subscribers_.size() ? subscribers_[i]->link()
                                  : publishers_[i - subscribers_.size()]->link(),
          i, true);
  if (options.rate > 0) interval_ = in_ns(options.publishers / options.rate);
}

void Load::watch(Link& link, std::size_t number, bool first) {
  if (first) link.stop_blocking();
  epoll_event event{};
  event.events = writing_[number] ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.u64 = number;
  ::epoll_ctl(epoll_, first ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, link.file(), &event);
}

int Load::wait(epoll_event* events, int most, std::uint64_t until) {
  if (interval_ > 0 && phase_ != Phase::draining)
    for (const auto& publisher : publishers_) until = std::min(until, publisher->due);
  const std::uint64_t now = steady_ns();
  const std::uint64_t left = until > now ? until - now : 0;
  const timespec timeout{.tv_sec = static_cast<time_t>(left / second),
                         .tv_nsec = static_cast<long>(left % second)};
  return ::epoll_pwait2(epoll_, events, most, &timeout, nullptr);
}

void Load::turn(std::uint64_t until) {
  epoll_event events[64];
  const int count = wait(events, 64, until);
  if (interval_ > 0 && phase_ != Phase::draining) send_due(steady_ns());
  for (int i = 0; i < count; ++i) ready(events[i].data.u64);
}

void Load::ready(std::size_t number) {
  if (number < subscribers_.size()) {
    Subscriber& subscriber = *subscribers_[number];
    subscriber.receive();
    const bool full = !subscriber.link().flush();
    if (full != writing_[number]) {
      writing_[number] = full;
      watch(subscriber.link(), number, false);
    }
    return;
  }
  Publisher& publisher = *publishers_[number - subscribers_.size()];
  publisher.receive(steady_ns(), [&](std::uint64_t took) {
    if (phase_ == Phase::counted) latencies_.add(took);
  });
  refill(publisher, number);
}

void Load::refill(Publisher& publisher, std::size_t number) {
  if (interval_ == 0 && phase_ != Phase::draining)
    publisher.publish(steady_ns(), static_cast<std::size_t>(options_.window));
  const bool full = !publisher.link().flush();
  if (full != writing_[number]) {
    writing_[number] = full;
    watch(publisher.link(), number, false);
  }
}

void Load::send_due(std::uint64_t now) {
  for (std::size_t i = 0; i < publishers_.size(); ++i) {
    Publisher& publisher = *publishers_[i];
    if (publisher.due > now) continue;
    publisher.due = std::max(publisher.due + interval_, now);
    publisher.publish(now, 1);
    refill(publisher, subscribers_.size() + i);
  }
}

std::uint64_t Load::received() const {
  std::uint64_t sum = 0;
  for (const auto& subscriber : subscribers_) sum += subscriber->received();
  return sum;
}

// Waits for what is still under way, as long as something arrives.
void Load::drain() {
  phase_ = Phase::draining;
  std::uint64_t last = 0, expected = 0;
  for (const auto& publisher : publishers_) expected += publisher->published();
  for (std::uint64_t end = steady_ns() + patience; steady_ns() < end;) {
    std::uint64_t in_flight = 0;
    for (const auto& publisher : publishers_) in_flight += publisher->in_flight();
    const std::uint64_t arrived = received() + expected - in_flight;
    if (in_flight == 0 && received() >= expected * subscribers_.size()) return;
    if (arrived != last) end = steady_ns() + patience;
    last = arrived;
    turn(end);
  }
}

Figures Load::run() {
  const std::uint64_t begin = steady_ns();
  for (std::size_t i = 0; i < publishers_.size(); ++i) {
    publishers_[i]->due = begin + interval_ * i / publishers_.size();
    refill(*publishers_[i], subscribers_.size() + i);
  }
  const std::uint64_t start = begin + in_ns(options_.warm_up_seconds);
  while (steady_ns() < start) turn(start);

  phase_ = Phase::counted;
  const std::uint64_t counted_from = steady_ns(), end = counted_from + in_ns(options_.seconds);
  const double server_before = cpu_seconds_of(options_.server_pid), before = own_cpu_seconds();
  const std::uint64_t received_before = received();
  while (steady_ns() < end) turn(end);

  Figures f;
  f.seconds = static_cast<double>(steady_ns() - counted_from) / 1e9;
  f.acked = latencies_.total();
  f.received = received() - received_before;
  const double acked = static_cast<double>(std::max<std::uint64_t>(f.acked, 1));
  f.server_cpu_us = (cpu_seconds_of(options_.server_pid) - server_before) * 1e6 / acked;
  f.client_cpu_us = (own_cpu_seconds() - before) * 1e6 / acked;
  drain();

  f.p50_us = latencies_.at_us(0.5);
  f.p99_us = latencies_.at_us(0.99);
  f.max_us = latencies_.max_us();
  for (const auto& publisher : publishers_) {
    f.published += publisher->published();
    f.unacked += publisher->in_flight();
  }
  for (const auto& subscriber : subscribers_) {
    f.lost += f.published - std::min(f.published, subscriber->received());
    f.out_of_order += subscriber->out_of_order();
  }
  f.tls = publishers_.front()->link().tls_in_use();
  return f;
}

}  // namespace

Figures run_load(const Options& options) { return Load(options).run(); }

}  // namespace cloudlet::bench
