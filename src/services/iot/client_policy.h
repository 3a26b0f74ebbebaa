// What connected clients may do: by the policies of their certificate, or everything.
#pragma once

#include <memory>
#include <string>

#include "mqtt/application.h"
#include "services/iot/policy_document.h"
#include "services/iot/principals.h"

namespace cloudlet::iot {

// Every client's policy here is one of these.
class ClientPolicy : public mqtt::SessionPolicy {
 public:
  // Whose client it is; null: it showed no credentials.
  virtual const Scope* scope() const = 0;
};

// The plain listener in mode `open`, and calls from inside: everything is allowed.
std::shared_ptr<const ClientPolicy> open_policy(std::optional<Scope> scope);

// A certificate's session. `principals` outlives it; decisions follow the policies as they change.
struct CertificateClient {
  std::string certificate;
  Scope scope;
  PolicyContext context;
};
std::shared_ptr<const ClientPolicy> certificate_policy(const Principals& principals,
                                                       CertificateClient client);

}  // namespace cloudlet::iot
