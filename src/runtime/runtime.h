// Runs functions: keeps instances warm in pools, starts them in sandboxes, hands them events, ends
// them.
//
// Warm instances wait on their control socket; an idle one is given back after `idle_time`. A sync
// invocation that finds no free instance starts one, up to the limits; beyond them it is refused
// (throttled), never queued here.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "base/task.h"
#include "runtime/function.h"

namespace cloudlet::runtime {

extern const ErrorKind too_many_requests;    // 429; the message is AWS's reason
extern const ErrorKind sandbox_unavailable;  // 502: the host cannot confine functions as demanded

// One wall of the sandbox, as this host has it.
struct Capability {
  std::string name;  // "user namespace", "Landlock", "memory limit"
  bool present = false;
  bool required = false;  // functions are refused without it if Options::enforce
  std::string detail;     // what is done instead, or how it is done
};

enum class Network {
  isolated,  // functions reach cloudlet and nothing else
  host,      // functions reach what the host reaches
};

struct Options {
  // The runtime's own files; made if missing. Beside it: `scratch`, for the files of instances on
  // hosts without mount namespaces.
  std::filesystem::path programs;
  std::filesystem::path packages;   // unpacked code, one folder each; made if missing
  std::uint16_t endpoint_port = 0;  // cloudlet's HTTP port, as functions see it; 0: none
  Network network = Network::isolated;
  bool enforce = false;   // refuse to run functions if a required wall is missing
  int concurrency = 100;  // of all functions together
  Duration idle_time = std::chrono::minutes(10);
  // Is given a socket that listens on 127.0.0.1:endpoint_port inside the functions' own network,
  // for the HTTP server to accept from; it owns it. Called at the start, and again if the launcher
  // had to be started again. Not called if functions share the host's network.
  std::function<void(int listener)> endpoint;
  // Credentials of a function's role for a new instance; none: the instance gets none.
  std::function<Task<Result<Credentials>>(const Function&)> credentials;
  // The log of a new instance; none: output is dropped.
  std::function<std::shared_ptr<LogStream>(const Function&, const std::string& stream_name)> log;
};

struct Stats {
  std::size_t idle = 0, busy = 0;
  std::uint64_t cold_starts = 0, invocations = 0, throttled = 0;
};

class Runtime {
 public:
  // Starts the launcher and asks what the host gives. Blocks for some milliseconds.
  static Result<std::unique_ptr<Runtime>> start(Options options, Clock& clock, Random& random,
                                                asio::any_io_executor executor);
  virtual ~Runtime() = default;

  // Errors: too_many_requests, sandbox_unavailable, service_unavailable (no instance could be
  // started). All else, also a crash or a timeout of the function, is an Answer.
  virtual Task<Result<Answer>> invoke(std::shared_ptr<const Function> function,
                                      Invocation invocation) = 0;

  // The function is this from now on (null: it is gone): idle instances of other revisions end now,
  // busy ones after their invocation, and what it reserves is kept free for it.
  virtual void update(const std::string& arn, const Function* now) = 0;
  // Starts what the language needs ahead of the first instance (the Python zygote).
  virtual void prepare(Language language) = 0;

  virtual const std::vector<Capability>& capabilities() const = 0;
  virtual int concurrency() const = 0;  // Options::concurrency
  virtual Stats stats() const = 0;
  // Ends all instances. Blocks until they are gone; what they worked on, and later invocations, are
  // service_unavailable.
  virtual void stop() = 0;
};

}  // namespace cloudlet::runtime
