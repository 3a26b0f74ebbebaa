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

MessagePtr published_will(const MessagePtr& will, Time made_at, Time now) {
  if (!will->expires_at) return will;
  auto message = *will;
  *message.expires_at += now - made_at;
  return std::make_shared<const Message>(std::move(message));
}

}  // namespace cloudlet::mqtt
