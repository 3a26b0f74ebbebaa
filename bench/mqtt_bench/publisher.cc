#include "mqtt_bench/publisher.h"

#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include <stdexcept>

namespace cloudlet::bench {
namespace {

void write_digits(char* at, std::size_t digits, std::uint64_t value) {
  for (std::size_t i = digits; i-- > 0; value /= 10) at[i] = static_cast<char>('0' + value % 10);
}

std::uint64_t micros_since_epoch() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec) / 1'000;
}

std::string topic_of(const Options& options, int number) {
  return fmt::format(fmt::runtime(options.topic), number);
}

}  // namespace

std::string Payload::sample() {
  return R"({"name":"soilSensor2","humidity":41,"timeStampEpoch":1598536072677,)"
         R"("sentMicros":1598536072677123,"seq":"00000000000000"})";
}

std::uint64_t Payload::number_in(std::string_view bytes) {
  if (bytes.size() < size) return 0;
  std::uint64_t number = 0;
  for (const char digit : bytes.substr(bytes.size() - size + number_at, number_digits))
    number = number * 10 + static_cast<std::uint64_t>(digit - '0');
  return number;
}

Publisher::Publisher(const Options& options, SSL_CTX* tls, int number)
    : link_(options, tls, fmt::format("bench-{}-pub-{}", ::getpid(), number)),
      sent_(static_cast<std::size_t>(options.window)) {
  const std::string payload = Payload::sample();
  if (payload.size() != Payload::size) throw std::logic_error("the payload is not 120 bytes");
  std::string body;
  append_text(body, topic_of(options, number));
  const std::size_t before_id = body.size();
  append_number(body, 0);
  body += payload;
  packet_ = framed(0x32, body);
  id_at_ = packet_.size() - body.size() + before_id;
  for (int id = options.window; id > 0; --id) free_.push_back(static_cast<std::uint16_t>(id));
}

void Publisher::publish(std::uint64_t now, std::size_t most) {
  if (free_.empty()) return;
  char* payload = packet_.data() + id_at_ + 2;
  write_digits(payload + Payload::stamp_at, Payload::stamp_digits, micros_since_epoch());
  for (; most > 0 && !free_.empty(); --most) {
    const std::uint16_t id = free_.back();
    free_.pop_back();
    sent_[id - 1] = now;
    put_number(packet_.data() + id_at_, id);
    write_digits(payload + Payload::number_at, Payload::number_digits, ++published_);
    link_.out() += packet_;
  }
}

std::uint64_t Publisher::release(std::uint16_t id) {
  if (id == 0 || id > sent_.size() || sent_[id - 1] == 0)
    throw std::runtime_error(fmt::format("PUBACK for {}, which was not in flight", id));
  const std::uint64_t sent = sent_[id - 1];
  sent_[id - 1] = 0;
  free_.push_back(id);
  return sent;
}

}  // namespace cloudlet::bench
