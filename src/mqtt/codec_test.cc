// Packets: framing, what the encoder writes the decoder reads, and cut-off packets.
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "base/random.h"
#include "mqtt/decode.h"
#include "mqtt/encode.h"

namespace cloudlet::mqtt {
namespace {

constexpr std::size_t any_size = 1U << 28;

// Section 2.2.3: the limits of each length of the remaining length.
TEST(Framing, RemainingLengths) {
  for (const std::size_t length : {0U, 127U, 128U, 16'383U, 16'384U, 2'097'151U, 2'097'152U}) {
    std::string bytes;
    put_byte(bytes, 0x30);
    put_variable(bytes, static_cast<std::uint32_t>(length));
    const auto head = bytes.size();
    bytes.append(length, 'x');
    Frame frame;
    EXPECT_EQ(read_frame(bytes, any_size, frame), Framing::complete);
    EXPECT_EQ(frame.size, head + length);
    EXPECT_EQ(frame.body.size(), length);
    EXPECT_EQ(read_frame(std::string_view(bytes).substr(0, bytes.size() - 1), any_size, frame),
              Framing::incomplete);
    EXPECT_EQ(read_frame(bytes, head + length, frame), Framing::complete);
    if (length > 0) EXPECT_EQ(read_frame(bytes, head + length - 1, frame), Framing::too_large);
  }
  Frame frame;
  EXPECT_EQ(read_frame("\x30\xff\xff\xff\xff\x01", any_size, frame), Framing::malformed);
  EXPECT_EQ(read_frame("\x30\xff\xff\xff", any_size, frame), Framing::incomplete);
}

// 5.0 section 1.5.5: no longer than needed, at most four bytes.
TEST(Framing, VariableByteIntegers) {
  for (const std::uint32_t value :
       {0U, 127U, 128U, 16'383U, 16'384U, 2'097'151U, 2'097'152U, 268'435'455U}) {
    std::string bytes;
    put_variable(bytes, value);
    Reader reader(bytes);
    EXPECT_EQ(reader.variable(), value);
    EXPECT_TRUE(!reader.failed() && reader.at_end());
  }
  Reader overlong(std::string_view("\x80\x00", 2));
  overlong.variable();
  EXPECT_TRUE(overlong.failed());
}

TEST(Codec, PublishesComeBackAsTheyWere) {
  const auto random = seeded_random(3);
  PublishEncoder encoder;
  for (int i = 0; i < 2000; ++i) {
    const auto topic = random->text(1 + random->below(40), "abc/");
    const auto payload = random->bytes(random->below(300));
    std::string properties;
    if (random->below(2) == 0) {
      put_byte(properties, 0x26);
      put_string(properties, "name");
      put_string(properties, random->text(random->below(200), "xyz"));
    }
    PublishView view{.topic = topic, .payload = payload, .properties = properties};
    if (random->below(2) == 0) view.expires_at = from_millis(5000);
    encoder.reset(view, from_millis(1500));
    for (int form = 0; form < 4; ++form) {
      const PublishEncoder::Form wanted{
          .protocol = random->below(2) == 0 ? mqtt_3_1_1 : mqtt_5_0,
          .qos = static_cast<Qos>(random->below(3)),
          .retain = random->below(2) == 0,
          .packet_id = static_cast<std::uint16_t>(1 + random->below(65'535))};
      std::string bytes = "before";
      encoder.append(bytes, wanted);
      EXPECT_EQ(encoder.size(wanted), bytes.size() - 6);
      Frame frame;
      ASSERT_EQ(read_frame(std::string_view(bytes).substr(6), any_size, frame), Framing::complete);
      Publish publish;
      ASSERT_EQ(decode_publish(frame, wanted.protocol, publish), Reason::success);
      EXPECT_EQ(publish.view.topic, topic);
      EXPECT_EQ(publish.view.payload, payload);
      EXPECT_EQ(publish.view.qos, wanted.qos);
      EXPECT_EQ(publish.view.retain, wanted.retain);
      EXPECT_EQ(publish.view.packet_id, wanted.qos == Qos::at_most_once ? 0 : wanted.packet_id);
      if (wanted.protocol == mqtt_3_1_1) continue;
      EXPECT_EQ(publish.view.properties, properties);
      EXPECT_EQ(publish.properties.message_expiry.has_value(), view.expires_at.has_value());
      if (view.expires_at)
        EXPECT_EQ(*publish.properties.message_expiry, 4U);  // 3.5 s are left, rounded up
    }
  }
}

// A packet that ends too soon is malformed, wherever it is cut; and says so without reading past
// its end.
TEST(Codec, CutOffPacketsAreMalformed) {
  std::string connect;
  put_string(connect, "MQTT");
  connect += "\x05\xc6";
  put_two_bytes(connect, 60);
  put_byte(connect, 5);
  put_byte(connect, 0x11);
  put_four_bytes(connect, 10);
  put_string(connect, "a");
  put_byte(connect, 0);
  for (const auto* field : {"t", "x", "u", "p"}) put_string(connect, field);
  Frame frame{.type = PacketType::connect, .body = connect};
  Connect whole;
  ASSERT_EQ(decode_connect(frame, whole), Reason::success);
  EXPECT_EQ(whole.client_id, "a");
  EXPECT_EQ(whole.will.topic, "t");
  EXPECT_EQ(whole.username, "u");
  EXPECT_EQ(whole.password, "p");
  EXPECT_EQ(whole.properties.session_expiry, 10U);
  for (std::size_t size = 0; size < connect.size(); ++size) {
    const std::string cut = connect.substr(0, size);
    frame.body = cut;
    Connect out;
    EXPECT_NE(decode_connect(frame, out), Reason::success) << size;
  }
  const std::string longer = connect + "x";
  frame.body = longer;
  Connect out;
  EXPECT_EQ(decode_connect(frame, out), Reason::malformed_packet);
}

TEST(Codec, Strings) {
  EXPECT_TRUE(valid_string("plain"));
  EXPECT_TRUE(valid_string("gr\xc3\xbc\xc3\x9f"));
  EXPECT_TRUE(valid_string("\xf0\x9f\x8c\xb1"));
  EXPECT_FALSE(valid_string(std::string_view("a\0", 2)));
  EXPECT_FALSE(valid_string("\xc3"));
  EXPECT_FALSE(valid_string("\xed\xa0\x80"));  // a surrogate
  EXPECT_FALSE(valid_string("\xc0\xaf"));      // overlong
}

}  // namespace
}  // namespace cloudlet::mqtt
