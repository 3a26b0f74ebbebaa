#include "services/sns/resources.h"

#include <boost/json/serialize.hpp>

#include "deploy/resource_steps.h"
#include "gen/sns/api.h"

namespace cloudlet::sns {
namespace {

using namespace deploy::words;
namespace json = boost::json;

std::string arn_of(const Request& request, const std::string& name) {
  return make_arn("sns", request.scope, name);
}

// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-topic.html
constexpr Property inline_subscription[] = {{.name = "Endpoint", .need = Need::required},
                                            {.name = "Protocol", .need = Need::required}};
constexpr Property topic_properties[] = {
    {.name = "TopicName", .update = Update::replace},
    {.name = "DisplayName"},
    {.name = "DeliveryPolicy", .kind = Kind::document},
    {.name = "SignatureVersion"},
    {.name = "Subscription", .kind = Kind::objects, .members = inline_subscription},
    {.name = "Tags", .kind = Kind::tags}};
constexpr std::string_view topic_attributes[] = {"TopicArn", "TopicName"};
constexpr deploy::TypeFacts topic_facts{.name = "AWS::SNS::Topic",
                                        .properties = topic_properties,
                                        .attributes = topic_attributes,
                                        .name_property = "TopicName",
                                        .style = {.length_max = 256}};

class TopicType : public deploy::DescribedType {
 public:
  TopicType() : DescribedType(topic_facts) {}

  Task<Result<Made>> create(const Request& request, const json::object& properties) const override {
    Client client(request.caller);
    CreateTopicInput input{.name = name_or(properties, "TopicName", request)};
    deploy::add_tags(input.tags, deploy::tags_of(properties));
    CO_TRY(const auto created, co_await client.create_topic(std::move(input)));
    const std::string arn = created.topic_arn.value_or("");
    co_return deploy::completed(describe(arn),
                                co_await settle(client, arn, deploy::no_properties, properties));
  }

  Task<Result<std::optional<Made>>> find(const Request& request,
                                         const json::object& properties) const override {
    Client client(request.caller);
    const std::string arn = arn_of(request, name_or(properties, "TopicName", request));
    GetTopicAttributesInput input{.topic_arn = arn};
    co_return deploy::seen(co_await client.get_topic_attributes(std::move(input)),
                           [&](const auto&) { return describe(arn); });
  }

  Task<Result<Made>> update(const Request& request, const std::string& arn,
                            const json::object& before, const json::object& after) const override {
    Client client(request.caller);
    CO_CHECK(co_await settle(client, arn, before, after));
    TagResourceInput tagged{.resource_arn = arn};
    UntagResourceInput untagged{.resource_arn = arn};
    CO_CHECK(co_await deploy::retag(client, &Client::tag_resource, std::move(tagged),
                                    &Client::untag_resource, std::move(untagged),
                                    deploy::tag_changes(before, after)));
    co_return describe(arn);
  }

  Task<Result<void>> remove(const Request& request, const std::string& arn,
                            const json::object&) const override {
    Client client(request.caller);
    DeleteTopicInput input{.topic_arn = arn};
    co_return deploy::gone(co_await client.delete_topic(std::move(input)));
  }

 private:
  static Made describe(const std::string& arn) {
    return {.physical_id = arn,
            .attributes = {{"TopicArn", arn}, {"TopicName", arn.substr(arn.rfind(':') + 1)}}};
  }

  // Attributes and subscriptions, as far as they differ.
  static Task<Result<void>> settle(Client& client, const std::string& arn,
                                   const json::object& before, const json::object& after) {
    for (const std::string_view name : {"DisplayName", "DeliveryPolicy", "SignatureVersion"}) {
      const std::string old = deploy::document_text(before, name),
                        wanted = deploy::document_text(after, name);
      if (old == wanted) continue;
      SetTopicAttributesInput input{
          .attribute_name = std::string(name), .attribute_value = wanted, .topic_arn = arn};
      CO_CHECK(co_await client.set_topic_attributes(std::move(input)));
    }
    CO_CHECK(co_await subscribe(client, arn, before, after));
    co_return Result<void>();
  }

  static Task<Result<void>> subscribe(Client& client, const std::string& arn,
                                      const json::object& before, const json::object& after) {
    const auto& old = deploy::list_of(before, "Subscription");
    const auto& wanted = deploy::list_of(after, "Subscription");
    // Subscribing twice gives the same subscription.
    for (const auto& one : deploy::beyond(wanted, old)) {
      SubscribeInput input{.endpoint = deploy::text_of(one.get_object(), "Endpoint"),
                           .protocol = deploy::text_of(one.get_object(), "Protocol"),
                           .topic_arn = arn};
      CO_CHECK(co_await client.subscribe(std::move(input)));
    }
    for (const auto& one : deploy::beyond(old, wanted))
      CO_CHECK(co_await unsubscribe(client, arn, one.get_object()));
    co_return Result<void>();
  }

  static Task<Result<void>> unsubscribe(Client& client, const std::string& arn,
                                        const json::object& one) {
    std::optional<std::string> token;
    do {
      ListSubscriptionsByTopicInput list{.next_token = token, .topic_arn = arn};
      CO_TRY(auto page, co_await client.list_subscriptions_by_topic(std::move(list)));
      for (const auto& subscription : page.subscriptions) {
        if (subscription.endpoint != deploy::text_if(one, "Endpoint") ||
            subscription.protocol != deploy::text_if(one, "Protocol"))
          continue;
        if (!subscription.subscription_arn || !subscription.subscription_arn->starts_with("arn:"))
          continue;  // not confirmed
        UnsubscribeInput input{.subscription_arn = *subscription.subscription_arn};
        CO_CHECK(co_await client.unsubscribe(std::move(input)));
      }
      token = page.next_token;
    } while (token);
    co_return Result<void>();
  }
};

// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-subscription.html
constexpr Property subscription_properties[] = {
    {.name = "TopicArn", .update = Update::replace, .need = Need::required},
    {.name = "Protocol", .update = Update::replace, .need = Need::required},
    {.name = "Endpoint", .update = Update::replace},
    {.name = "Region", .update = Update::replace},
    {.name = "FilterPolicy", .kind = Kind::document},
    {.name = "FilterPolicyScope"},
    {.name = "RawMessageDelivery"},
    {.name = "DeliveryPolicy", .kind = Kind::document},
    {.name = "RedrivePolicy", .kind = Kind::document}};
constexpr std::string_view subscription_attributes[] = {"Arn"};
constexpr deploy::TypeFacts subscription_facts{.name = "AWS::SNS::Subscription",
                                               .properties = subscription_properties,
                                               .attributes = subscription_attributes};
constexpr std::string_view settable[] = {"FilterPolicy", "FilterPolicyScope", "RawMessageDelivery",
                                         "DeliveryPolicy", "RedrivePolicy"};

class SubscriptionType : public deploy::DescribedType {
 public:
  SubscriptionType() : DescribedType(subscription_facts) {}

  // Subscribing again with the same attributes gives the same subscription: no need to look first.
  Task<Result<Made>> create(const Request& request, const json::object& properties) const override {
    if (const auto region = deploy::text_if(properties, "Region");
        region && *region != request.scope.region)
      co_return Error(cloudlet::errors::invalid_argument,
                      "A Region other than the stack's is not supported here");
    Client client(request.caller);
    SubscribeInput input{.endpoint = deploy::text_if(properties, "Endpoint"),
                         .protocol = deploy::text_of(properties, "Protocol"),
                         .return_subscription_arn = true,
                         .topic_arn = deploy::text_of(properties, "TopicArn")};
    for (const auto name : settable)
      if (properties.contains(name))
        input.attributes.emplace(name, deploy::document_text(properties, name));
    CO_TRY(const auto subscribed, co_await client.subscribe(std::move(input)));
    co_return describe(subscribed.subscription_arn.value_or(""));
  }

  Task<Result<Made>> update(const Request& request, const std::string& arn,
                            const json::object& before, const json::object& after) const override {
    Client client(request.caller);
    for (const auto name : settable) {
      const std::string wanted = deploy::document_text(after, name);
      if (deploy::document_text(before, name) == wanted) continue;
      SetSubscriptionAttributesInput input{
          .attribute_name = std::string(name), .attribute_value = wanted, .subscription_arn = arn};
      CO_CHECK(co_await client.set_subscription_attributes(std::move(input)));
    }
    co_return describe(arn);
  }

  Task<Result<void>> remove(const Request& request, const std::string& arn,
                            const json::object&) const override {
    Client client(request.caller);
    UnsubscribeInput input{.subscription_arn = arn};
    co_return deploy::gone(co_await client.unsubscribe(std::move(input)));
  }

 private:
  static Made describe(const std::string& arn) {
    return {.physical_id = arn, .attributes = {{"Arn", arn}}};
  }
};

// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-topicpolicy.html
constexpr Property policy_properties[] = {
    {.name = "PolicyDocument", .kind = Kind::document, .need = Need::required},
    {.name = "Topics", .kind = Kind::texts, .need = Need::required}};
constexpr std::string_view policy_attributes[] = {"Id"};
constexpr deploy::TypeFacts policy_facts{.name = "AWS::SNS::TopicPolicy",
                                         .properties = policy_properties,
                                         .attributes = policy_attributes};

class TopicPolicyType : public deploy::DescribedType {
 public:
  TopicPolicyType() : DescribedType(policy_facts) {}

  // All topics or none: if one refuses, those before it are their owner's alone again.
  Task<Result<Made>> create(const Request& request, const json::object& properties) const override {
    const std::string document = deploy::document_text(properties, "PolicyDocument");
    std::vector<std::string> done;
    for (const auto& topic : deploy::texts_of(properties, "Topics")) {
      const auto put = co_await set(request, topic, document);
      if (put.has_value()) {
        done.push_back(topic);
        continue;
      }
      const auto undone = co_await reset(request, std::move(done));
      if (undone.has_value()) co_return put.error();
      co_return deploy::completed(describe(request.name), put);
    }
    co_return describe(request.name);
  }

  Task<Result<Made>> update(const Request& request, const std::string& id,
                            const json::object& before, const json::object& after) const override {
    const auto wanted = deploy::texts_of(after, "Topics");
    for (const auto& topic : deploy::beyond(deploy::texts_of(before, "Topics"), wanted))
      CO_CHECK(co_await set(request, topic, owner_only(request, topic)));
    const std::string document = deploy::document_text(after, "PolicyDocument");
    for (const auto& topic : wanted) CO_CHECK(co_await set(request, topic, document));
    co_return describe(id);
  }

  Task<Result<void>> remove(const Request& request, const std::string&,
                            const json::object& properties) const override {
    co_return co_await reset(request, deploy::texts_of(properties, "Topics"));
  }

 private:
  static Made describe(const std::string& id) {
    return {.physical_id = id, .attributes = {{"Id", id}}};
  }

  static Task<Result<void>> reset(const Request& request, std::vector<std::string> topics) {
    for (const auto& topic : topics)
      CO_CHECK(deploy::gone(co_await set(request, topic, owner_only(request, topic))));
    co_return Result<void>();
  }

  static Task<Result<void>> set(const Request& request, const std::string& topic,
                                const std::string& document) {
    Client client(request.caller);
    SetTopicAttributesInput input{
        .attribute_name = "Policy", .attribute_value = document, .topic_arn = topic};
    CO_CHECK(co_await client.set_topic_attributes(std::move(input)));
    co_return Result<void>();
  }

  // What a topic starts with: its owner may do everything.
  static std::string owner_only(const Request& request, const std::string& topic) {
    json::array actions;
    for (const std::string_view action :
         {"GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission",
          "DeleteTopic", "Subscribe", "ListSubscriptionsByTopic", "Publish"})
      actions.push_back(json::value("SNS:" + std::string(action)));
    const json::object statement{
        {"Sid", "__default_statement_ID"},
        {"Effect", "Allow"},
        {"Principal", json::object{{"AWS", "*"}}},
        {"Action", std::move(actions)},
        {"Resource", topic},
        {"Condition",
         json::object{{"StringEquals", json::object{{"AWS:SourceOwner", request.scope.account}}}}}};
    const json::object document{{"Version", "2008-10-17"},
                                {"Id", "__default_policy_ID"},
                                {"Statement", json::array{json::value(statement)}}};
    return json::serialize(document);
  }
};

}  // namespace

deploy::ResourceTypeList resource_types() {
  return deploy::type_list(std::make_unique<TopicType>(), std::make_unique<SubscriptionType>(),
                           std::make_unique<TopicPolicyType>());
}

}  // namespace cloudlet::sns
