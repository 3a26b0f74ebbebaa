#include "services/sns/message.h"

#include <fmt/format.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/encoding.h"
#include "services/sns/rules.h"

namespace cloudlet::sns {
namespace {

namespace json = boost::json;

std::string quoted(std::string_view text) { return json::serialize(json::string(text)); }

// The service's own layout: `  "Name" : "value",`, which people compare byte by byte.
class Document {
 public:
  Document& text(std::string_view name, std::string_view value) { return raw(name, quoted(value)); }
  Document& raw(std::string_view name, std::string_view value) {
    out_ += fmt::format("{}\n  \"{}\" : {}", out_.size() > 1 ? "," : "", name, value);
    return *this;
  }
  std::string take() { return std::move(out_ += "\n}"); }

 private:
  std::string out_ = "{";
};

std::string value_of(const MessageAttributeValue& attribute) {
  return attribute.binary_value ? to_base64(*attribute.binary_value)
                                : attribute.string_value.value_or("");
}

std::string attributes_text(const MessageAttributes& attributes) {
  std::string out = "{";
  for (const auto& [name, attribute] : attributes)
    out += fmt::format("{}\n    {} : {{\"Type\":{},\"Value\":{}}}", out.size() > 1 ? "," : "",
                       quoted(name), quoted(attribute.data_type), quoted(value_of(attribute)));
  return out + "\n  }";
}

json::object attributes_json(const MessageAttributes& attributes) {
  json::object out;
  for (const auto& [name, attribute] : attributes)
    out[name] = json::object{{"Type", attribute.data_type}, {"Value", value_of(attribute)}};
  return out;
}

std::string url(const std::string& base, std::string_view query) {
  return base + (base.ends_with('/') ? "?" : "/?") + std::string(query);
}

std::string cert_url(const std::string& base) {
  return (base.ends_with('/') ? base.substr(0, base.size() - 1) : base) + Signer::certificate_path;
}

// The text that is signed: names and values in turn, a line each.
std::string to_sign(std::initializer_list<std::pair<std::string_view, std::string_view>> members) {
  std::string out;
  for (const auto& [name, value] : members)
    out.append(name).append("\n").append(value).append("\n");
  return out;
}

}  // namespace

const std::string& Message::text_for(const std::string& protocol) const {
  const auto found = by_protocol.find(protocol);
  return found == by_protocol.end() ? body : found->second;
}

Result<void> set_text(Message& message, const std::string& text,
                      const std::optional<std::string>& structure) {
  message.body = text;
  if (!structure || structure->empty()) return {};
  if (*structure != "json") return rules::invalid_parameter("MessageStructure");
  boost::system::error_code failure;
  const json::value parsed = json::parse(text, failure);
  if (failure || !parsed.is_object())
    return rules::invalid_parameter("Message Structure - JSON message body failed to parse");
  for (const auto& member : parsed.get_object())
    if (member.value().is_string()) message.by_protocol[member.key()] = member.value().get_string();
  const auto otherwise = message.by_protocol.find("default");
  if (otherwise == message.by_protocol.end())
    return rules::invalid_parameter("Message Structure - No default entry in JSON message body");
  message.body = otherwise->second;
  return {};
}

Links links_for(const TopicId& topic, const StoredSubscription& subscription) {
  std::string opt_out = "Action=Unsubscribe&SubscriptionArn=" + subscription.arn(topic);
  if (!subscription.opt_out.empty()) opt_out += "&Token=" + subscription.opt_out;
  return {.signing_cert_url = cert_url(subscription.base_url),
          .unsubscribe_url = url(subscription.base_url, opt_out)};
}

std::string confirm_url(const TopicId& topic, const StoredSubscription& subscription,
                        std::string_view token) {
  return url(subscription.base_url,
             fmt::format("Action=ConfirmSubscription&TopicArn={}&Token={}", topic.arn(), token));
}

const std::string& Signatures::of(const TopicId& topic, const Message& message,
                                  const std::string& text) {
  const auto found = made_.find(text);
  if (found != made_.end()) return found->second;
  const std::string arn = topic.arn(), at = iso8601(message.at);
  const std::string signed_text = message.subject ? to_sign({{"Message", text},
                                                             {"MessageId", message.id},
                                                             {"Subject", *message.subject},
                                                             {"Timestamp", at},
                                                             {"TopicArn", arn},
                                                             {"Type", "Notification"}})
                                                  : to_sign({{"Message", text},
                                                             {"MessageId", message.id},
                                                             {"Timestamp", at},
                                                             {"TopicArn", arn},
                                                             {"Type", "Notification"}});
  return made_.emplace(text, signer_.sign(signed_text, version_)).first->second;
}

std::string notification_json(const TopicId& topic, const StoredSubscription& subscription,
                              const Message& message, Signatures& signatures) {
  const std::string& text = message.text_for(subscription.protocol);
  const Links links = links_for(topic, subscription);
  Document document;
  document.text("Type", "Notification").text("MessageId", message.id).text("TopicArn", topic.arn());
  if (message.subject) document.text("Subject", *message.subject);
  document.text("Message", text).text("Timestamp", iso8601(message.at));
  document.text("SignatureVersion", signatures.version())
      .text("Signature", signatures.of(topic, message, text));
  document.text("SigningCertURL", links.signing_cert_url)
      .text("UnsubscribeURL", links.unsubscribe_url);
  if (!message.attributes.empty())
    document.raw("MessageAttributes", attributes_text(message.attributes));
  return document.take();
}

// https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
std::string function_event(const TopicId& topic, const StoredSubscription& subscription,
                           const Message& message, Signatures& signatures) {
  const std::string& text = message.text_for(subscription.protocol);
  const Links links = links_for(topic, subscription);
  const json::object sns{
      {"Type", "Notification"},
      {"MessageId", message.id},
      {"TopicArn", topic.arn()},
      {"Subject", message.subject ? json::value(*message.subject) : json::value(nullptr)},
      {"Message", text},
      {"Timestamp", iso8601(message.at)},
      {"SignatureVersion", signatures.version()},
      {"Signature", signatures.of(topic, message, text)},
      {"SigningCertUrl", links.signing_cert_url},
      {"UnsubscribeUrl", links.unsubscribe_url},
      {"MessageAttributes", attributes_json(message.attributes)}};
  const json::object record{{"EventSource", "aws:sns"},
                            {"EventVersion", "1.0"},
                            {"EventSubscriptionArn", subscription.arn(topic)},
                            {"Sns", sns}};
  return json::serialize(json::object{{"Records", json::array{record}}});
}

std::string mail_text(const TopicId& topic, const StoredSubscription& subscription,
                      const Message& message) {
  std::string text = message.text_for("email");
  if (!text.ends_with('\n')) text += '\n';
  return text + "\n--\nYou get this mail because this address is subscribed to the topic " +
         topic.arn() + ".\nTo stop it, open this link to unsubscribe:\n" +
         links_for(topic, subscription).unsubscribe_url +
         "\n\nPlease do not answer this mail: nobody reads the answers.\n";
}

std::string_view type_of(Confirmation kind) {
  return kind == Confirmation::subscribe ? "SubscriptionConfirmation" : "UnsubscribeConfirmation";
}

std::string confirmation_json(const TopicId& topic, const StoredSubscription& subscription,
                              const ConfirmationMessage& confirmation, const Signer& signer,
                              SignatureVersion version) {
  const std::string arn = topic.arn(), at = iso8601(confirmation.at);
  const std::string link = confirm_url(topic, subscription, confirmation.token);
  const std::string text =
      confirmation.kind == Confirmation::subscribe
          ? fmt::format(
                "You have chosen to subscribe to the topic {}.\nTo confirm the subscription, visit "
                "the SubscribeURL "
                "included in this message.",
                arn)
          : fmt::format(
                "You have chosen to deactivate subscription {}.\nTo cancel this operation and "
                "restore the "
                "subscription, visit the SubscribeURL included in this message.",
                subscription.arn(topic));
  const std::string signed_text = to_sign({{"Message", text},
                                           {"MessageId", confirmation.id},
                                           {"SubscribeURL", link},
                                           {"Timestamp", at},
                                           {"Token", confirmation.token},
                                           {"TopicArn", arn},
                                           {"Type", type_of(confirmation.kind)}});
  Document document;
  document.text("Type", type_of(confirmation.kind)).text("MessageId", confirmation.id);
  document.text("Token", confirmation.token)
      .text("TopicArn", arn)
      .text("Message", text)
      .text("SubscribeURL", link);
  document.text("Timestamp", at)
      .text("SignatureVersion", version == SignatureVersion::sha1 ? "1" : "2");
  document.text("Signature", signer.sign(signed_text, version));
  document.text("SigningCertURL", links_for(topic, subscription).signing_cert_url);
  return document.take();
}

std::string_view confirmation_mail_subject(Confirmation kind) {
  return kind == Confirmation::subscribe ? "AWS Notification - Subscription Confirmation"
                                         : "AWS Notification - Unsubscribe Confirmation";
}

std::string confirmation_mail_text(const TopicId& topic, const StoredSubscription& subscription,
                                   const ConfirmationMessage& confirmation) {
  const std::string link = confirm_url(topic, subscription, confirmation.token);
  if (confirmation.kind == Confirmation::subscribe)
    return fmt::format(
        "Somebody asked that the notifications of this topic be sent to you:\n{}\n\n"
        "If you want them, open this link to confirm the subscription:\n{}\n\n"
        "If you do not, there is nothing to do: without your confirmation nothing is sent, and the "
        "link ends after three "
        "days.\n\n--\nPlease do not answer this mail: nobody reads the answers.\n",
        topic.arn(), link);
  return fmt::format(
      "Your subscription has ended:\n{}\n\nNo more notifications of this topic are sent to "
      "you:\n{}\n\n"
      "If that was a mistake, open this link within three days to subscribe again:\n{}\n\n"
      "--\nPlease do not answer this mail: nobody reads the answers.\n",
      subscription.arn(topic), topic.arn(), link);
}

}  // namespace cloudlet::sns
