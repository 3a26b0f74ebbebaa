// The visible chain of steps from an HTTP request to its answer, one for all services:
// page or operation -> who sends it -> read and check the input -> perform -> write the answer ->
// journal.
#pragma once

#include <atomic>

#include "journal/journal.h"
#include "services/host/host.h"
#include "services/host/pages.h"
#include "wire/protocol.h"
#include "wire/router.h"
#include "wire/sigv4_verify.h"

namespace cloudlet::services {

class Gateway : public wire::HttpHandler {
 public:
  // All outlive the gateway.
  struct Parts {
    const Host& host;
    const wire::Router& router;
    const wire::Authenticator& authenticator;
    const Pages& pages;
    journal::Journal& journal;
    const Clock& clock;
    Random& random;
  };
  explicit Gateway(Parts parts) : parts_(parts) {}

  Task<wire::Response> handle(wire::Request request) override;

 private:
  struct Progress;
  Task<Result<void>> admit(wire::Request& request) const;
  Task<Result<wire::Response>> answer(wire::Request& request, Progress& progress) const;
  void note(const Progress& progress, const Error* error) const;

  Parts parts_;
};

}  // namespace cloudlet::services
