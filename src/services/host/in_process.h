// The generated clients' calls without a wire: the same operations, checks included, for deploy,
// console and functions' packages. It acts as one principal in one account and region.
#pragma once

#include "base/clock.h"
#include "services/host/host.h"
#include "wire/caller.h"

namespace cloudlet::services {

struct Actor {
  Scope scope;
  wire::Principal principal;
  std::string endpoint;  // for URLs in answers
  Cause cause;
};

class InProcessCaller : public wire::Caller {
 public:
  // All outlive the caller.
  InProcessCaller(const Host& host, const Clock& clock, Random& random, Actor actor)
      : host_(host), clock_(clock), random_(random), actor_(std::move(actor)) {}

  Task<Result<void>> call(const wire::Service& service, const wire::Operation& operation,
                          void* input, void* output) override;

 private:
  const Host& host_;
  const Clock& clock_;
  Random& random_;
  Actor actor_;
};

}  // namespace cloudlet::services
