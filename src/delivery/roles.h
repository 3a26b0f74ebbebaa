// The roles that services act under, as IAM lets others see them inside a transaction: what STS,
// functions and rules ask before they take one on. Implemented by services/iam, joined in main.cc.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace cloudlet::store {
class ReadTxn;
}
namespace cloudlet::wire {
struct Principal;  // wire/call.h
}

namespace cloudlet::delivery {

struct Role {
  std::string arn;  // "arn:aws:iam::000000000000:role/service-role/x"
  std::string id;   // "AROA..."
  std::string name;
  std::string account;
  std::chrono::seconds session_max{3600};
};

class Roles {
 public:
  virtual ~Roles() = default;
  virtual std::optional<Role> find(const store::ReadTxn& tx, std::string_view arn) const = 0;
  // Whether the role's trust policy lets `who` assume it. A service is a principal of kind
  // `service` whose `arn` is its name, "lambda.amazonaws.com". `context`: condition keys as
  // policies write them ("sts:ExternalId").
  virtual bool trusts(const store::ReadTxn& tx, std::string_view arn, const wire::Principal& who,
                      const std::map<std::string, std::string>& context) const = 0;
};

}  // namespace cloudlet::delivery
