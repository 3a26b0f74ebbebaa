// AWS Security Token Service: who am I, and taking on a role for a while.
// https://docs.aws.amazon.com/STS/latest/APIReference/welcome.html
#pragma once

#include "delivery/roles.h"
#include "gen/sts/operations.h"
#include "store/store.h"

namespace cloudlet::sts {

class Service : public Operations {
 public:
  // Before Store::start: registers the timer that forgets sessions. `roles` is IAM's.
  Service(store::Store& store, const delivery::Roles& roles);

  Result<AssumeRoleOutput> assume_role(store::Txn&, const wire::Call&,
                                       const AssumeRoleInput&) override;
  Result<GetCallerIdentityOutput> get_caller_identity(const store::ReadTxn&, const wire::Call&,
                                                      const GetCallerIdentityInput&) override;

 private:
  const delivery::Roles& roles_;
};

}  // namespace cloudlet::sts
