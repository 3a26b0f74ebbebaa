// The `cloudlet` program: the command line, and the server behind `cloudlet up`.
#include <csignal>
#include <iostream>

#include "base/log.h"
#include "cli/cli.h"
#include "server.h"

namespace {

cloudlet::log::Level level_of(const std::string& name) {
  if (name == "debug") return cloudlet::log::Level::debug;
  if (name == "info") return cloudlet::log::Level::info;
  if (name == "error") return cloudlet::log::Level::error;
  return cloudlet::log::Level::warning;
}

// Runs until SIGINT or SIGTERM. The signals are blocked before any thread starts, so that only this
// one takes them.
int up(const cloudlet::cli::UpOptions& options) {
  cloudlet::log::set_level(level_of(options.log_level));
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  auto server = cloudlet::Server::start(options);
  if (server.has_error()) {
    std::cerr << "cloudlet: " << server.error().message() << "\n";
    return cloudlet::cli::exit_refused;
  }
  std::cout << (*server)->ready_line() << std::endl;
  int signal = 0;
  sigwait(&signals, &signal);
  server->reset();
  std::cout << "cloudlet stopped" << std::endl;
  return cloudlet::cli::exit_done;
}

}  // namespace

int main(int argc, char** argv) { return cloudlet::cli::run(argc, argv, up); }
