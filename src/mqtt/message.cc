#include "mqtt/message.h"

namespace cloudlet::mqtt {

MessagePtr make_message(const PublishView& publish) {
  return std::make_shared<const Message>(Message{.topic = std::string(publish.topic),
                                                 .payload = std::string(publish.payload),
                                                 .properties = std::string(publish.properties),
                                                 .qos = publish.qos,
                                                 .retain = publish.retain,
                                                 .expires_at = publish.expires_at});
}

}  // namespace cloudlet::mqtt
