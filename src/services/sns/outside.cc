#include "services/sns/outside.h"

#include "services/sns/delivery_policy.h"
#include "services/sns/sns.h"

namespace cloudlet::sns {
namespace {

using delivery::OutsideDelivery;
using delivery::OutsideKind;

OutsideKind kind_of(const std::string& protocol) {
  if (protocol == "email") return OutsideKind::email;
  if (protocol == "email-json") return OutsideKind::email_json;
  return protocol == "https" ? OutsideKind::https : OutsideKind::http;
}

OutsideDelivery delivery_for(const Copy& copy, Time now) {
  return {.kind = kind_of(copy.subscription.protocol),
          .endpoint = copy.subscription.endpoint,
          .owner = copy.subscription.arn(copy.topic),
          .scope = copy.topic.scope,
          .cause = copy.cause,
          .created = now};
}

void address_mail(OutsideDelivery& delivery, const Copy& copy, std::string_view subject) {
  delivery.subject = subject;
  delivery.sender = sender_of(copy.stored);
  delivery.retry = delivery::mail_retry_policy();
}

// https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html
void address_post(OutsideDelivery& delivery, const Copy& copy, std::string_view type,
                  const std::string& message_id) {
  const DeliveryPolicy policy =
      effective_policy(copy.stored.attribute("DeliveryPolicy"), copy.subscription.delivery_policy);
  delivery.retry = policy.retry;
  if (policy.receives_per_second_max > 0)
    delivery.spacing = Duration(1000 / policy.receives_per_second_max);
  delivery.headers = {{"x-amz-sns-message-type", std::string(type)},
                      {"x-amz-sns-message-id", message_id},
                      {"x-amz-sns-topic-arn", copy.topic.arn()},
                      {"x-amz-sns-subscription-arn", copy.subscription.arn(copy.topic)}};
  delivery.headers.emplace_back("Content-Type", policy.content_type);
  delivery.headers.emplace_back("User-Agent", "Amazon Simple Notification Service Agent");
  // Back at this server, or passed on by whoever gets it, the hops go on counting.
  if (std::string trace = copy.cause.header(); !trace.empty())
    delivery.headers.emplace_back("X-Amzn-Trace-Id", std::move(trace));
}

bool is_mail(const StoredSubscription& subscription) {
  return subscription.protocol.starts_with("email");
}

}  // namespace

OutsideDelivery notification_copy(const Copy& copy, const Message& message,
                                  Signatures& signatures) {
  const StoredSubscription& to = copy.subscription;
  OutsideDelivery delivery = delivery_for(copy, message.at);
  delivery.message_id = message.id + "." + to.id;
  if (is_mail(to)) {
    address_mail(delivery, copy, message.subject.value_or("AWS Notification Message"));
    delivery.headers = {
        {"List-Unsubscribe", "<" + links_for(copy.topic, to).unsubscribe_url + ">"}};
    delivery.body = to.protocol == "email" ? mail_text(copy.topic, to, message)
                                           : notification_json(copy.topic, to, message, signatures);
    return delivery;
  }
  address_post(delivery, copy, "Notification", message.id);
  if (to.raw) delivery.headers.emplace_back("x-amz-sns-rawdelivery", "true");
  delivery.body = to.raw ? message.text_for(to.protocol)
                         : notification_json(copy.topic, to, message, signatures);
  return delivery;
}

OutsideDelivery confirmation_copy(const Copy& copy, const ConfirmationMessage& confirmation,
                                  const Signer& signer) {
  const StoredSubscription& to = copy.subscription;
  OutsideDelivery delivery = delivery_for(copy, confirmation.at);
  delivery.message_id = confirmation.id;
  const auto as_json = [&] {
    return confirmation_json(copy.topic, to, confirmation, signer, signature_version(copy.stored));
  };
  if (is_mail(to)) {
    address_mail(delivery, copy, confirmation_mail_subject(confirmation.kind));
    delivery.body =
        to.protocol == "email" ? confirmation_mail_text(copy.topic, to, confirmation) : as_json();
    return delivery;
  }
  address_post(delivery, copy, type_of(confirmation.kind), confirmation.id);
  delivery.body = as_json();
  return delivery;
}

}  // namespace cloudlet::sns
