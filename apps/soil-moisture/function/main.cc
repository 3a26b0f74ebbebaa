// Tells the topic which sensor is too dry. The event is the sensor's own message.
#include <cloudlet/clients.h>
#include <cloudlet/lambda.h>
#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdlib>
#include <iostream>

#include "gen/sns/api.h"

namespace {

using cloudlet::lambda::Context;
using cloudlet::lambda::Event;
using cloudlet::lambda::Response;
namespace json = boost::json;

// As it reads: 32, or the text that the device sent.
std::string shown(const json::value& value) {
  return value.is_string() ? std::string(value.as_string()) : json::serialize(value);
}

class Alert {
 public:
  Response operator()(const Event& event, const Context& context) {
    boost::system::error_code failed;
    const json::value reading = json::parse(event.payload, failed);
    const auto* object = failed ? nullptr : reading.if_object();
    const auto* name = object ? object->if_contains("name") : nullptr;
    const auto* humidity = object ? object->if_contains("humidity") : nullptr;
    if (!name || !humidity)
      return Response::failure("BadReading", "a reading has a name and a humidity");

    cloud_.trace(context.trace_id);
    cloudlet::sns::PublishInput in{.message =
                                       fmt::format("Humidity {} under threshold for device name {}",
                                                   shown(*humidity), shown(*name))};
    in.subject = "Attention:Humidity Under Threshold";
    in.topic_arn = topic_;
    const auto sent = cloud_.wait(topics_.publish(std::move(in)));
    if (sent.has_error()) return Response::failure("NotPublished", sent.error().message());
    std::cout << shown(*name) << ": " << shown(*humidity) << " %, alert "
              << sent->message_id.value_or("") << std::endl;
    return Response::success(
        json::serialize(json::object{{"messageId", sent->message_id.value_or("")}}));
  }

 private:
  cloudlet::lambda::Cloud cloud_;
  cloudlet::sns::Client topics_{cloud_.caller()};
  const std::string topic_ = std::getenv("ALERT_TOPIC_ARN") ? std::getenv("ALERT_TOPIC_ARN") : "";
};

}  // namespace

int main() {
  Alert alert;
  return cloudlet::lambda::run(
      [&](const Event& event, const Context& context) { return alert(event, context); });
}
