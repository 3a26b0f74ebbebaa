// Being a delivery::Target: an event becomes an object, in the transaction of its cause.
//
// Kind "s3". Address: `arn` is the bucket's ARN (or empty), parameters {"bucket", "key",
// "canned_acl"?}.
#pragma once

#include "delivery/target.h"

namespace cloudlet::s3 {

class Target : public delivery::Target {
 public:
  Result<void> deliver(store::Txn& tx, const delivery::Address& to,
                       const delivery::Event& event) override;
};

}  // namespace cloudlet::s3
