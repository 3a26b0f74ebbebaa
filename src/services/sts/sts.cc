#include "services/sts/sts.h"

#include "store/timers.h"

namespace cloudlet::sts {

Service::Service(store::Store& store, const delivery::Roles& roles) : roles_(roles) {
  // The payload is the session's key.
  store.timers().on("sts.forget", [](store::Txn& tx, const store::Timer& timer) {
    tx.erase(store::Key::from_bytes(timer.payload));
  });
}

Result<GetCallerIdentityOutput> Service::get_caller_identity(const store::ReadTxn&,
                                                             const wire::Call& call,
                                                             const GetCallerIdentityInput&) {
  GetCallerIdentityOutput out;
  out.account = call.scope.account;
  out.arn = call.principal.arn;
  out.user_id = call.principal.id;
  return out;
}

}  // namespace cloudlet::sts
