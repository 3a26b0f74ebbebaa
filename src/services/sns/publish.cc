// Publish and PublishBatch, and being the target of others.
#include <set>

#include "services/sns/rules.h"
#include "services/sns/sns.h"

namespace cloudlet::sns {
namespace {

// What the two operations have in common.
struct Draft {
  const std::string& text;
  const std::optional<std::string>& subject;
  const std::optional<std::string>& structure;
  const MessageAttributes& attributes;
  const std::optional<std::string>& deduplication_id;
  const std::optional<std::string>& group_id;
};

Result<Message> make_message(const Draft& draft, const wire::Call& call) {
  if (draft.deduplication_id)
    return rules::invalid_parameter(
        "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter "
        "that is not valid for this topic type");
  if (draft.group_id)
    return rules::invalid_parameter(
        "MessageGroupId Reason: The request includes MessageGroupId parameter that is not valid "
        "for this topic type");
  CHECK(rules::check_message(draft.text, draft.attributes));
  CHECK(rules::check_subject(draft.subject));
  Message message{
      .id = call.uuid(), .subject = draft.subject, .attributes = draft.attributes, .at = call.now};
  CHECK(set_text(message, draft.text, draft.structure));
  return message;
}

Result<std::string> destination(const PublishInput& input) {
  if (input.phone_number)
    return rules::invalid_parameter("PhoneNumber Reason: cloudlet does not send SMS yet");
  if (input.topic_arn && input.target_arn)
    return rules::invalid_parameter("TopicArn or TargetArn Reason: both parameters cannot be set");
  if (input.topic_arn) return *input.topic_arn;
  if (!input.target_arn)
    return rules::invalid_parameter(
        "TopicArn or TargetArn Reason: no value for required parameter");
  if (input.target_arn->find(":endpoint/") != std::string::npos)
    return rules::invalid_parameter("TargetArn Reason: cloudlet serves no platform endpoints yet");
  return *input.target_arn;
}

bool valid_entry_id(const std::string& id) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  };
  return !id.empty() && id.size() <= 80 && std::all_of(id.begin(), id.end(), allowed);
}

Result<void> check_entries(const std::vector<PublishBatchRequestEntry>& entries) {
  if (entries.empty())
    return errors::empty_batch_request("The batch request doesn't contain any entries.");
  if (entries.size() > rules::batch_max)
    return errors::too_many_entries_in_batch_request(
        "The batch request contains more entries than permissible.");
  std::set<std::string> ids;
  std::size_t size = 0;
  for (const PublishBatchRequestEntry& entry : entries) {
    if (!valid_entry_id(entry.id))
      return errors::invalid_batch_entry_id(
          "The Id of a batch entry in a batch request doesn't abide by the specification.");
    if (!ids.insert(entry.id).second)
      return errors::batch_entry_ids_not_distinct(
          "Two or more batch entries in the request have the same Id.");
    size += rules::message_size(entry.message, entry.message_attributes);
  }
  if (size > rules::message_bytes_max)
    return errors::batch_request_too_long(
        "The length of all the batch messages put together is more than the limit.");
  return {};
}

std::string note_of(const wire::Call& call) {
  return call.request_id.empty() ? "" : "; request " + call.request_id;
}

}  // namespace

Result<PublishOutput> Service::publish(store::Txn& tx, const wire::Call& call,
                                       const PublishInput& input) {
  TRY(const std::string arn, destination(input));
  TRY(const TopicId topic,
      rules::own_topic(call, arn, "Publish", input.topic_arn ? "TopicArn" : "TargetArn"));
  TRY(const Message message, make_message({.text = input.message,
                                           .subject = input.subject,
                                           .structure = input.message_structure,
                                           .attributes = input.message_attributes,
                                           .deduplication_id = input.message_deduplication_id,
                                           .group_id = input.message_group_id},
                                          call));
  TRY(const StoredTopic stored, find_topic(tx, topic));
  fan_out(tx, topic, stored, message, call.cause, note_of(call));
  return PublishOutput{.message_id = message.id};
}

Result<PublishBatchOutput> Service::publish_batch(store::Txn& tx, const wire::Call& call,
                                                  const PublishBatchInput& input) {
  TRY(const TopicId topic, rules::own_topic(call, input.topic_arn, "PublishBatch"));
  CHECK(check_entries(input.publish_batch_request_entries));
  TRY(const StoredTopic stored, find_topic(tx, topic));
  PublishBatchOutput output;
  for (const PublishBatchRequestEntry& entry : input.publish_batch_request_entries) {
    const auto message = make_message({.text = entry.message,
                                       .subject = entry.subject,
                                       .structure = entry.message_structure,
                                       .attributes = entry.message_attributes,
                                       .deduplication_id = entry.message_deduplication_id,
                                       .group_id = entry.message_group_id},
                                      call);
    if (message.has_error()) {
      output.failed.push_back({.code = std::string(message.error().kind().code),
                               .id = entry.id,
                               .message = message.error().message(),
                               .sender_fault = true});
      continue;
    }
    fan_out(tx, topic, stored, *message, call.cause, note_of(call));
    output.successful.push_back({.id = entry.id, .message_id = message->id});
  }
  return output;
}

Result<void> Service::deliver(store::Txn& tx, const delivery::Address& to,
                              const delivery::Event& event) {
  TRY(const TopicId topic, rules::parse_topic_arn(to.arn));
  const auto parameter = [&](std::string_view name) -> std::optional<std::string> {
    const auto* value = to.parameters.if_contains(name);
    if (value == nullptr || !value->is_string()) return std::nullopt;
    return std::string(value->get_string());
  };
  CHECK(rules::check_message(event.payload, {}));
  Message message{.id = with_.random.uuid(), .subject = parameter("subject"), .at = event.now};
  CHECK(rules::check_subject(message.subject));
  const bool json = parameter("message_format") == "JSON";
  CHECK(set_text(message, event.payload, json ? std::optional<std::string>("json") : std::nullopt));
  TRY(const StoredTopic stored, find_topic(tx, topic));
  fan_out(tx, topic, stored, message, event.cause, "; from " + event.source);
  return {};
}

}  // namespace cloudlet::sns
