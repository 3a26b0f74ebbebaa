// The HTTP data plane: publish as a client would, and read what is retained.
#pragma once

#include <atomic>

#include "gen/iotdata/api.h"
#include "mqtt/broker.h"
#include "services/iot/client_policy.h"
#include "store/store.h"

namespace cloudlet::iot {

class DataPlane final : public iotdata::Operations {
 public:
  explicit DataPlane(const std::atomic<mqtt::Broker*>& broker) : broker_(broker) {}

  Result<iotdata::GetRetainedMessageOutput> get_retained_message(
      const store::ReadTxn&, const wire::Call&, const iotdata::GetRetainedMessageInput&) override;
  Result<iotdata::ListRetainedMessagesOutput> list_retained_messages(
      const store::ReadTxn&, const wire::Call&, const iotdata::ListRetainedMessagesInput&) override;
  Task<Result<iotdata::PublishOutput>> publish(const wire::Call&, iotdata::PublishInput) override;

 private:
  const std::atomic<mqtt::Broker*>& broker_;
};

}  // namespace cloudlet::iot
