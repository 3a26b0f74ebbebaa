// cloudlet's HTTP side beside the least a server can do, on the same machine in the same run.
//
//   http_bench wire [seconds]                  the wire room's server with a handler that does
//   nothing, beside the peer without syncs http_bench put PORT [seconds] [folder]     S3 PUT 1 KiB
//   to the cloudlet on PORT, beside the peer that syncs each group.
//                                              Bucket `bench` is created first; `folder` holds the
//                                              peer's file (same disk, please)
//   http_bench load PORT METHOD PATH BODY_SIZE CONNECTIONS SECONDS [header...]
#include <fmt/core.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "http_bench/load.h"
#include "http_bench/peer.h"
#include "wire/http_server.h"

namespace {

using http_bench::Load;
using http_bench::Outcome;
using http_bench::Peer;
using http_bench::Sync;

// About what an SDK sends with a PUT: 600 bytes of head.
constexpr const char* s3_headers =
    "User-Agent: Boto3/1.34.0 md/Botocore#1.34.0 ua/2.0 os/linux#6.1 md/arch#x86_64 "
    "lang/python#3.11.2\r\n"
    "X-Amz-Date: 20260101T000000Z\r\n"
    "x-amz-content-sha256: UNSIGNED-PAYLOAD\r\n"
    "Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, "
    "SignedHeaders=content-md5;host;x-amz-content-sha256;x-amz-date, "
    "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31\r\n"
    "Content-Type: application/octet-stream\r\n"
    "amz-sdk-invocation-id: 7f1f3b5e-3f2c-4a59-9c59-0c5d1f3f8a11\r\n"
    "amz-sdk-request: attempt=1\r\n";

void print(const char* who, const Outcome& outcome) {
  fmt::print("{:<10} {:>9.0f} req/s   p50 {:>7.0f} us   p99 {:>7.0f} us   failed {}\n", who,
             outcome.per_second, outcome.p50_us, outcome.p99_us, outcome.failed);
  if (outcome.failed > 0) fmt::print(stderr, "first failure: {}\n", outcome.first_failure);
}

// Turn and turn about, so that neither has the quieter machine.
void compare(Load ours, Load peers, int rounds) {
  double best_ours = 0, best_peers = 0;
  for (int round = 0; round < rounds; ++round) {
    const Outcome peer = http_bench::run(peers), our = http_bench::run(ours);
    print("peer", peer);
    print("cloudlet", our);
    best_peers = std::max(best_peers, peer.per_second);
    best_ours = std::max(best_ours, our.per_second);
  }
  fmt::print("cloudlet / peer = {:.2f} (best of {} rounds each)\n", best_ours / best_peers, rounds);
}

class Nothing : public cloudlet::wire::HttpHandler {
 public:
  cloudlet::Task<cloudlet::wire::Response> handle(cloudlet::wire::Request) override {
    co_return cloudlet::wire::Response{};
  }
};

int wire(double seconds) {
  Nothing handler;
  cloudlet::Clock clock;
  cloudlet::wire::IoThreads threads(2);
  cloudlet::wire::HttpServer server(threads, handler, clock);
  const auto port = server.listen("127.0.0.1", 0);
  Peer peer("/dev/null", Sync::never);
  Load ours{.port = *port, .headers = s3_headers, .seconds = seconds}, peers = ours;
  peers.port = peer.port();
  compare(ours, peers, 3);
  ours.connections = peers.connections = 1;
  fmt::print("one connection:\n");
  compare(ours, peers, 1);
  return 0;
}

int put(std::uint16_t port, double seconds, const std::string& folder) {
  const Load create{.port = port,
                    .path = "/bench",
                    .headers = s3_headers,
                    .body_size = 0,
                    .connections = 1,
                    .seconds = 0.05};
  (void)http_bench::run(create);
  Peer peer(folder + "/http_bench_peer.log", Sync::each_group);
  const Load ours{.port = port, .headers = s3_headers, .seconds = seconds};
  Load peers = ours;
  peers.port = peer.port();
  compare(ours, peers, 3);
  return 0;
}

int load(const std::vector<std::string>& words) {
  Load load{.port = static_cast<std::uint16_t>(std::stoi(words[0])),
            .method = words[1],
            .path = words[2],
            .body_size = std::stoul(words[3]),
            .connections = std::stoul(words[4]),
            .seconds = std::stod(words[5])};
  for (std::size_t i = 6; i < words.size(); ++i) load.headers += words[i] + "\r\n";
  const Outcome outcome = http_bench::run(load);
  print("load", outcome);
  return outcome.failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (!words.empty() && words[0] == "wire") return wire(words.size() > 1 ? std::stod(words[1]) : 3);
  if (words.size() > 1 && words[0] == "put")
    return put(static_cast<std::uint16_t>(std::stoi(words[1])),
               words.size() > 2 ? std::stod(words[2]) : 3, words.size() > 3 ? words[3] : ".");
  if (words.size() > 6 && words[0] == "load") return load({words.begin() + 1, words.end()});
  fmt::print(stderr,
             "usage: http_bench wire [seconds] | put PORT [seconds] [folder] | load PORT METHOD "
             "PATH BODY_SIZE "
             "CONNECTIONS SECONDS [header...]\n");
  return 2;
}
