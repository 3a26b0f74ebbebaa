// What goes into the outbox: a subscription's copy of a message, or of a confirmation.
#pragma once

#include "delivery/outside.h"
#include "services/sns/message.h"
#include "services/sns/state.h"

namespace cloudlet::sns {

// Whose copy it is.
struct Copy {
  const TopicId& topic;
  const StoredTopic& stored;
  const StoredSubscription& subscription;
  Cause cause;
};

delivery::OutsideDelivery notification_copy(const Copy& copy, const Message& message,
                                            Signatures& signatures);
delivery::OutsideDelivery confirmation_copy(const Copy& copy,
                                            const ConfirmationMessage& confirmation,
                                            const Signer& signer);

}  // namespace cloudlet::sns
