// A running server, as the commands reach it: generated clients over HTTP, and the server's own
// JSON pages.
#pragma once

#include <boost/json/value.hpp>
#include <memory>
#include <optional>
#include <string>

#include "base/arn.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "wire/caller.h"
#include "wire/signer.h"

namespace cloudlet::cli {

struct RemoteOptions {
  std::string endpoint;
  std::string region;
  wire::SigningKeys keys;
  Duration ahead{0};  // of our clock: the server's
};

// What a server tells everybody (GET /_cloudlet/ready).
struct ServerFacts {
  bool verifies = false;  // signatures: --auth enforce
  std::string account;    // of who names none
  std::string region;
  std::string data;  // its data folder
  int mqtt_port = 1883;
  int mqtts_port = 8883;
  Duration ahead{0};  // of our clock: its own, which can be frozen and advanced
};

class Remote {
 public:
  explicit Remote(RemoteOptions options);
  ~Remote();

  wire::Caller& caller();

  // Runs a task to its end on this thread.
  template <class T>
  T wait(Task<T> task);

  // The server's own pages. A body that is no JSON comes as a JSON string.
  Result<boost::json::value> get(const std::string& path);
  Result<boost::json::value> post(const std::string& path, const boost::json::value& body = {});
  // What is there and is no cloudlet counts as unreachable.
  Result<ServerFacts> facts();

  // Nobody answered, or not to the end, or it was no server of ours.
  static bool unreachable(const Error& error);

 private:
  struct State;
  void run_until(const bool& done);
  asio::any_io_executor executor();
  void spawn(Task<> task);
  Result<boost::json::value> fetch(std::string method, const std::string& path, std::string body);
  std::unique_ptr<State> state_;
};

template <class T>
T Remote::wait(Task<T> task) {
  std::optional<T> answer;
  bool done = false;
  const auto keep = [](Task<T> inner, std::optional<T>& into, bool& over) -> Task<> {
    into.emplace(co_await std::move(inner));
    over = true;
  };
  spawn(keep(std::move(task), answer, done));
  run_until(done);
  return std::move(*answer);
}

}  // namespace cloudlet::cli
