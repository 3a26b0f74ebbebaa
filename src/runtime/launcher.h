// The launcher process as the server sees it: started, greeted, asked what the host gives; and the
// Python zygote below it.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/api_peers.h"
#include "runtime/cgroups.h"
#include "runtime/runtime.h"
#include "runtime/spawner_link.h"

namespace cloudlet::runtime {

class Launcher {
 public:
  Launcher(const Options& options, asio::any_io_executor executor);
  ~Launcher();

  // Starts it, and again if it died. Blocks for some milliseconds.
  Result<void> start();
  // The link that starts instances of this language; starts the zygote if there is none.
  Result<std::shared_ptr<SpawnerLink>> link(Language language);
  void kill(Language language, std::uint64_t id);
  const std::vector<Capability>& capabilities() const { return capabilities_; }
  const ControlGroups& groups() const { return groups_; }
  bool switches_user() const { return (ready_.features & Feature::switch_user) != 0; }
  // Who may use the Runtime API of an instance that runs as `user`.
  ApiPeers api_peers(std::uint64_t user);
  // Ends it and with it all instances; returns when it is gone.
  void stop();

 private:
  Result<void> start_locked();
  Result<Fd> execute();
  Result<std::shared_ptr<SpawnerLink>> start_zygote();
  void list_capabilities(const Result<std::string>& filter);
  void reap();

  const Options& options_;
  const asio::any_io_executor executor_;
  ControlGroups groups_;
  std::mutex mutex_;
  std::shared_ptr<SpawnerLink> launcher_, zygote_;
  std::uint64_t zygotes_ = 0;
  std::string filter_;
  Ready ready_;
  int pid_ = 0;
  std::vector<Capability> capabilities_;
};

}  // namespace cloudlet::runtime
