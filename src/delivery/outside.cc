#include "delivery/outside.h"

#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/url/parse.hpp>

#include "store/record.h"

namespace cloudlet::delivery {
namespace {

constexpr std::array<std::string_view, 4> kinds = {"email", "email-json", "http", "https"};

std::string encode(const Address& address) {
  store::RecordWriter writer;
  writer.text(1, address.kind)
      .text(2, address.arn)
      .text(3, boost::json::serialize(address.parameters));
  return writer.take();
}

Address decode_address(std::string_view bytes) {
  Address address;
  for (store::RecordReader reader(bytes); reader.next();) switch (reader.field()) {
      case 1: address.kind = reader.text(); break;
      case 2: address.arn = reader.text(); break;
      case 3: address.parameters = boost::json::parse(reader.view()).as_object(); break;
      default: break;
    }
  return address;
}

std::string encode(const Cause& cause) {
  store::RecordWriter writer;
  writer.text(1, cause.trace)
      .number(2, cause.span)
      .number(3, static_cast<std::uint64_t>(cause.hops));
  return writer.take();
}

Cause decode_cause(std::string_view bytes) {
  Cause cause;
  for (store::RecordReader reader(bytes); reader.next();) switch (reader.field()) {
      case 1: cause.trace = reader.text(); break;
      case 2: cause.span = reader.number(); break;
      case 3: cause.hops = static_cast<int>(reader.number()); break;
      default: break;
    }
  return cause;
}

std::pair<std::string, std::string> split_header(std::string_view line) {
  const std::size_t colon = line.find(':');
  return {std::string(line.substr(0, colon)),
          colon == line.npos ? std::string() : std::string(line.substr(colon + 1))};
}

bool is_mail(OutsideKind kind) {
  return kind == OutsideKind::email || kind == OutsideKind::email_json;
}

}  // namespace

std::string_view to_string(OutsideKind kind) { return kinds.at(static_cast<std::size_t>(kind)); }

std::string encode(const OutsideDelivery& delivery) {
  store::RecordWriter writer;
  writer.number(1, static_cast<std::uint64_t>(delivery.kind))
      .text(2, delivery.endpoint)
      .text(3, delivery.subject);
  writer.text(4, delivery.body).text(5, delivery.sender).text(6, delivery.message_id);
  for (const auto& [name, value] : delivery.headers) writer.element(7, name + ":" + value);
  writer.text(8, encode(delivery.retry))
      .number(9, static_cast<std::uint64_t>(delivery.age_max.count()));
  writer.number(10, static_cast<std::uint64_t>(delivery.spacing.count()));
  if (delivery.dead_letter) writer.element(11, encode(*delivery.dead_letter));
  writer.text(12, delivery.dead_letter_payload).text(13, delivery.owner);
  writer.text(14, delivery.scope.account)
      .text(15, delivery.scope.region)
      .text(16, encode(delivery.cause));
  writer.time(17, delivery.created).number(18, static_cast<std::uint64_t>(delivery.attempts));
  return writer.take();
}

OutsideDelivery decode_outside(std::string_view bytes) {
  OutsideDelivery delivery;
  delivery.kind = OutsideKind::email;  // zeros are left out of records
  delivery.age_max = Duration(0);
  for (store::RecordReader reader(bytes); reader.next();) switch (reader.field()) {
      case 1:
        assert_that(reader.number() < kinds.size(),
                    "a stored delivery is of a kind that nobody knows");
        delivery.kind = static_cast<OutsideKind>(reader.number());
        break;
      case 2: delivery.endpoint = reader.text(); break;
      case 3: delivery.subject = reader.text(); break;
      case 4: delivery.body = reader.text(); break;
      case 5: delivery.sender = reader.text(); break;
      case 6: delivery.message_id = reader.text(); break;
      case 7: delivery.headers.push_back(split_header(reader.view())); break;
      case 8: delivery.retry = decode_retry_policy(reader.view()); break;
      case 9: delivery.age_max = Duration(static_cast<std::int64_t>(reader.number())); break;
      case 10: delivery.spacing = Duration(static_cast<std::int64_t>(reader.number())); break;
      case 11: delivery.dead_letter = decode_address(reader.view()); break;
      case 12: delivery.dead_letter_payload = reader.text(); break;
      case 13: delivery.owner = reader.text(); break;
      case 14: delivery.scope.account = reader.text(); break;
      case 15: delivery.scope.region = reader.text(); break;
      case 16: delivery.cause = decode_cause(reader.view()); break;
      case 17: delivery.created = reader.time(); break;
      case 18: delivery.attempts = static_cast<int>(reader.number()); break;
      default: break;
    }
  return delivery;
}

std::string shown_endpoint(const OutsideDelivery& delivery) {
  if (is_mail(delivery.kind)) return delivery.endpoint;
  const auto url = boost::urls::parse_uri(delivery.endpoint);
  if (!url) return "(no URL)";
  return std::string(url->scheme()) + "://" + std::string(url->encoded_host_and_port()) +
         std::string(url->encoded_path());
}

std::string lane_of(const OutsideDelivery& delivery) {
  if (is_mail(delivery.kind)) return "mail";
  const auto url = boost::urls::parse_uri(delivery.endpoint);
  if (!url) return "nowhere";
  return std::string(url->scheme()) + "://" + std::string(url->encoded_host_and_port());
}

}  // namespace cloudlet::delivery
