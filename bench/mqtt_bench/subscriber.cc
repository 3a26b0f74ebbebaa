#include "mqtt_bench/subscriber.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>

#include "mqtt_bench/publisher.h"

namespace cloudlet::bench {

Subscriber::Subscriber(const Options& options, SSL_CTX* tls, int number)
    : link_(options, tls, fmt::format("bench-{}-sub-{}", ::getpid(), number)),
      number_at_(options.topic.find("{}")),
      last_(static_cast<std::size_t>(options.publishers) + 1) {
  std::string filter = options.topic;
  if (number_at_ != std::string::npos) filter.replace(number_at_, 2, "+");
  link_.subscribe(filter, options.subscriber_qos);
}

void Subscriber::receive() {
  link_.receive([&](const Packet& packet) {
    if ((packet.first & 0xf0) != 0x30) return;
    const std::size_t topic_size = number_at(packet.body, 0);
    const std::string_view topic = packet.body.substr(2, topic_size);
    std::string_view rest = packet.body.substr(2 + topic_size);
    if ((packet.first & 0x06) != 0) {
      append_ack(link_.out(), number_at(rest, 0));
      rest.remove_prefix(2);
    }
    take(topic, rest);
  });
}

void Subscriber::take(std::string_view topic, std::string_view payload) {
  ++received_;
  std::size_t publisher = 0;
  if (number_at_ < topic.size())
    std::from_chars(topic.data() + number_at_, topic.data() + topic.size(), publisher);
  if (publisher >= last_.size()) publisher = 0;
  const std::uint64_t number = Payload::number_in(payload);
  if (number != last_[publisher] + 1) ++out_of_order_;
  last_[publisher] = number;
}

}  // namespace cloudlet::bench
