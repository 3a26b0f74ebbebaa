// Roles as other services see them (delivery/roles.h).
#pragma once

#include "delivery/roles.h"

namespace cloudlet::iam {

class RoleBook : public delivery::Roles {
 public:
  std::optional<delivery::Role> find(const store::ReadTxn& tx, std::string_view arn) const override;
  bool trusts(const store::ReadTxn& tx, std::string_view arn, const wire::Principal& who,
              const std::map<std::string, std::string>& context) const override;
};

}  // namespace cloudlet::iam
