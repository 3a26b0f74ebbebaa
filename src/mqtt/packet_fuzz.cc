// Fuzz target: every decoder of packets, on bytes that nobody checked. What is accepted is looked
// at to its end.
#include <cstddef>
#include <cstdint>

#include "mqtt/decode.h"
#include "mqtt/encode.h"
#include "mqtt/topic.h"

namespace {

using namespace cloudlet::mqtt;

std::size_t touched = 0;
void touch(std::string_view text) {
  for (const char c : text) touched += static_cast<unsigned char>(c);
}

void decode(const Frame& frame, int protocol) {
  Connect connect;
  if (decode_connect(frame, connect) == Reason::success)
    touch(connect.client_id), touch(connect.will.payload);
  Publish publish;
  if (decode_publish(frame, protocol, publish) == Reason::success) {
    PublishEncoder encoder;
    std::string again;
    encoder.reset(publish.view, cloudlet::from_millis(0));
    encoder.append(
        again,
        {.protocol = protocol, .qos = publish.view.qos, .packet_id = publish.view.packet_id});
    Frame same;
    Publish second;
    if (read_frame(again, SIZE_MAX, same) != Framing::complete) __builtin_trap();
    if (decode_publish(same, protocol, second) != Reason::success) __builtin_trap();
    if (second.view.payload != publish.view.payload || second.view.topic != publish.view.topic)
      __builtin_trap();
    if (second.view.properties != publish.view.properties) __builtin_trap();
    decode_message_properties(publish.view.properties);
    valid_topic(publish.view.topic, {});
  }
  Acknowledgement acknowledgement;
  decode_acknowledgement(frame, protocol, acknowledgement);
  Subscribe subscribe;
  if (decode_subscribe(frame, protocol, subscribe) == Reason::success) {
    for (const auto& item : subscribe.items) {
      if (valid_filter(item.filter, {})) matches(item.filter, "a/b/c");
    }
  }
  Unsubscribe unsubscribe;
  decode_unsubscribe(frame, protocol, unsubscribe);
  Disconnect disconnect;
  decode_disconnect(frame, protocol, disconnect);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Frame frame;
  while (read_frame(bytes, 1 << 20, frame) == Framing::complete) {
    decode(frame, mqtt_3_1_1);
    decode(frame, mqtt_5_0);
    bytes.remove_prefix(frame.size);
  }
  // And the body as it comes, without a length that fits.
  frame.body = std::string_view(reinterpret_cast<const char*>(data), size);
  for (const std::uint8_t flags : {0, 2}) {
    frame.flags = flags;
    decode(frame, mqtt_3_1_1);
    decode(frame, mqtt_5_0);
  }
  return 0;
}
