// Being a delivery::Target: kind "iot" republishes an event as an MQTT message, in the transaction
// of its cause.
//
// Address: parameters {"topic", "qos": 0 or 1}. Rules that take the new topic run in the same
// transaction, one hop further; persistent sessions get it in their queues; live subscribers after
// the commit. Loops are cut by the hop count.
#pragma once

#include <atomic>

#include "delivery/target.h"
#include "mqtt/broker.h"
#include "services/iot/rule_engine.h"

namespace cloudlet::iot {

class Republish final : public delivery::Target {
 public:
  Republish(const RuleEngine& engine, const std::atomic<mqtt::Broker*>& broker,
            std::size_t queue_max)
      : engine_(engine), broker_(broker), queue_max_(queue_max) {}
  Result<void> deliver(store::Txn& tx, const delivery::Address& to,
                       const delivery::Event& event) override;

 private:
  const RuleEngine& engine_;
  const std::atomic<mqtt::Broker*>& broker_;
  const std::size_t queue_max_;
};

}  // namespace cloudlet::iot
