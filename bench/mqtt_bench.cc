// How many messages a second an MQTT server acknowledges, and how soon: publishers with QoS 1 and a
// window each, optionally subscribers that must receive every message, optionally over TLS with a
// client certificate. `mqtt_bench --help` lists the options; bench/run runs the comparisons.
#include <fmt/format.h>
#include <signal.h>

#include <exception>
#include <optional>

#include "mqtt_bench/bare.h"
#include "mqtt_bench/load.h"

namespace {

using cloudlet::bench::Figures;

void print_json(const Figures& f) {
  fmt::print(
      R"({{"seconds":{:.3f},"acked":{},"rate":{:.0f},"p50_us":{:.1f},"p99_us":{:.1f},)"
      R"("max_us":{:.1f},"received":{},"receive_rate":{:.0f},"published":{},"unacked":{},)"
      R"("lost":{},"out_of_order":{},"server_cpu_us":{:.3f},"client_cpu_us":{:.3f},"tls":"{}"}})"
      "\n",
      f.seconds, f.acked, static_cast<double>(f.acked) / f.seconds, f.p50_us, f.p99_us, f.max_us,
      f.received, static_cast<double>(f.received) / f.seconds, f.published, f.unacked, f.lost,
      f.out_of_order, f.server_cpu_us, f.client_cpu_us, f.tls);
}

void print_lines(const Figures& f) {
  fmt::print("{:>9.0f} acknowledged/s   p50 {:.0f} us   p99 {:.0f} us   max {:.0f} us\n",
             static_cast<double>(f.acked) / f.seconds, f.p50_us, f.p99_us, f.max_us);
  fmt::print("{:>9.0f} received/s       lost {}   out of order {}   unacknowledged {} of {}\n",
             static_cast<double>(f.received) / f.seconds, f.lost, f.out_of_order, f.unacked,
             f.published);
  fmt::print("processor time a message: server {:.2f} us, client {:.2f} us{}{}\n", f.server_cpu_us,
             f.client_cpu_us, f.tls.empty() ? "" : "; ", f.tls);
}

}  // namespace

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);
  auto options = cloudlet::bench::parse_options(argc, argv);
  try {
    std::optional<cloudlet::bench::Bare> bare;
    if (options.bare) {
      bare = cloudlet::bench::start_bare();
      options.port = bare->port;
      options.server_pid = bare->pid;
    }
    const Figures figures = cloudlet::bench::run_load(options);
    if (bare) cloudlet::bench::stop_bare(*bare);
    options.json ? print_json(figures) : print_lines(figures);
    return figures.unacked + figures.lost == 0 ? 0 : 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "mqtt_bench: {}\n", error.what());
    return 2;
  }
}
