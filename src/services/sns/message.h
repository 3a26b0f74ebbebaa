// One published message, and the shapes in which each protocol gets it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "services/sns/filter.h"
#include "services/sns/signer.h"
#include "services/sns/state.h"

namespace cloudlet::sns {

struct Message {
  std::string id;
  std::optional<std::string> subject;
  std::string body;                                // what has no entry of its own below
  std::map<std::string, std::string> by_protocol;  // MessageStructure=json
  MessageAttributes attributes;
  Time at;

  const std::string& text_for(const std::string& protocol) const;
};

// Takes MessageStructure=json apart; anything else is the message itself.
Result<void> set_text(Message& message, const std::string& text,
                      const std::optional<std::string>& structure);

// The links and names that a subscription's copies of a message hold.
struct Links {
  std::string signing_cert_url;
  std::string unsubscribe_url;
};
Links links_for(const TopicId& topic, const StoredSubscription& subscription);
std::string confirm_url(const TopicId& topic, const StoredSubscription& subscription,
                        std::string_view token);

// Signs each text of a message once, however many copies go out.
class Signatures {
 public:
  Signatures(const Signer& signer, SignatureVersion version) : signer_(signer), version_(version) {}
  const std::string& of(const TopicId& topic, const Message& message, const std::string& text);
  std::string_view version() const { return version_ == SignatureVersion::sha1 ? "1" : "2"; }
  const Signer& signer() const { return signer_; }
  SignatureVersion kind() const { return version_; }

 private:
  const Signer& signer_;
  const SignatureVersion version_;
  std::map<std::string, std::string, std::less<>> made_;
};

// The JSON that HTTP endpoints and e-mail-json readers get, laid out as the service does.
std::string notification_json(const TopicId& topic, const StoredSubscription& subscription,
                              const Message& message, Signatures& signatures);
// The event that a function gets.
std::string function_event(const TopicId& topic, const StoredSubscription& subscription,
                           const Message& message, Signatures& signatures);
// The text of a mail.
std::string mail_text(const TopicId& topic, const StoredSubscription& subscription,
                      const Message& message);

// SubscriptionConfirmation or UnsubscribeConfirmation.
enum class Confirmation { subscribe, unsubscribe };
struct ConfirmationMessage {
  Confirmation kind = Confirmation::subscribe;
  std::string id;
  std::string token;
  Time at;
};
std::string_view type_of(Confirmation kind);
std::string confirmation_json(const TopicId& topic, const StoredSubscription& subscription,
                              const ConfirmationMessage& confirmation, const Signer& signer,
                              SignatureVersion version);
std::string confirmation_mail_text(const TopicId& topic, const StoredSubscription& subscription,
                                   const ConfirmationMessage& confirmation);
std::string_view confirmation_mail_subject(Confirmation kind);

}  // namespace cloudlet::sns
