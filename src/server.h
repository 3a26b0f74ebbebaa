// The whole server as one object: every part built by constructors, in the order in which they lean
// on each other.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "cli/cli.h"

namespace cloudlet {

class Server {
 public:
  // Opens the store, starts every part, listens. The error says what stands in the way.
  static Result<std::unique_ptr<Server>> start(const cli::UpOptions& options);
  // Finishes what runs, syncs, closes: in the opposite order.
  ~Server();

  std::string ready_line() const;

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace cloudlet
