// For tests: SNS on an in-memory store and a manual clock, mail into the built-in mailbox,
// functions recorded.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "delivery/dispatcher.h"
#include "services/sns/keys.h"
#include "services/sns/sns.h"

namespace cloudlet::sns {

// Functions: keeps every event in the store; refuses when told to.
class FunctionTarget : public delivery::Target {
 public:
  Result<void> deliver(store::Txn& tx, const delivery::Address& to,
                       const delivery::Event& event) override {
    if (refuse) return invalid("no such function");
    EXPECT_EQ(event.principal, "sns.amazonaws.com");
    tx.put(store::make_key("called", tx.next_sequence()), to.arn + "\n" + event.payload);
    return {};
  }
  bool refuse = false;
};

struct SnsTest : testing::Test {
  SnsTest() {
    targets.add("lambda", functions);
    store->start();
    // Making a key takes a tenth of a second: once for all tests.
    static std::string signer_record;
    if (!signer_record.empty())
      EXPECT_TRUE(store
                      ->transact_blocking([](store::Txn& tx) -> Result<void> {
                        tx.put(keys::signer(), signer_record);
                        return {};
                      })
                      .has_value());
    EXPECT_TRUE(service.start().has_value());
    signer_record = store->snapshot()->get(keys::signer()).value();
  }
  ~SnsTest() override {
    dispatcher.stop();
    store->stop();
  }

  wire::Call call() {
    return {
        .scope = {.account = "000000000000", .region = "eu-west-1"},
        .principal = {.kind = wire::Principal::Kind::root, .arn = "arn:aws:iam::000000000000:root"},
        .now = clock.now(),
        .request_id = "request-1",
        .endpoint = "http://localhost:4566",
        .random = random.get()};
  }
  // A browser's, where everybody is let in: the default account's root, without a key.
  wire::Call unsigned_call() {
    wire::Call from_browser = call();
    from_browser.principal = {.kind = wire::Principal::Kind::root,
                              .arn = "arn:aws:iam::999999999999:root"};
    from_browser.scope = {.account = "999999999999", .region = "us-east-1"};
    from_browser.source_ip = "127.0.0.1";
    return from_browser;
  }
  // The same where signatures are asked for.
  wire::Call anonymous_call() {
    wire::Call anonymous = unsigned_call();
    anonymous.principal = {.kind = wire::Principal::Kind::anonymous, .arn = "*"};
    return anonymous;
  }

  // Runs an operation as the host does: with a transaction, or on a snapshot.
  template <class Output, class Input>
  Result<Output> run(Result<Output> (Service::*operation)(store::Txn&, const wire::Call&,
                                                          const Input&),
                     const std::type_identity_t<Input>& input, const wire::Call& as) {
    return store->transact_blocking(
        [&](store::Txn& tx) { return (service.*operation)(tx, as, input); });
  }
  template <class Output, class Input>
  Result<Output> run(Result<Output> (Service::*operation)(store::Txn&, const wire::Call&,
                                                          const Input&),
                     const std::type_identity_t<Input>& input) {
    return run(operation, input, call());
  }
  template <class Output, class Input>
  Result<Output> run(Result<Output> (Service::*operation)(const store::ReadTxn&, const wire::Call&,
                                                          const Input&),
                     const std::type_identity_t<Input>& input) {
    const auto state = store->snapshot();
    return (service.*operation)(*state, call(), input);
  }

  std::string make_topic(std::string name = "alerts",
                         std::map<std::string, std::string> attributes = {}) {
    return run(&Service::create_topic,
               {.attributes = std::move(attributes), .name = std::move(name)})
        .value()
        .topic_arn.value();
  }
  // The ARN, also while it is pending.
  std::string subscribe(const std::string& topic, std::string protocol, std::string endpoint,
                        std::map<std::string, std::string> attributes = {}) {
    return run(&Service::subscribe, {.attributes = std::move(attributes),
                                     .endpoint = std::move(endpoint),
                                     .protocol = std::move(protocol),
                                     .return_subscription_arn = true,
                                     .topic_arn = topic})
        .value()
        .subscription_arn.value();
  }
  std::string publish(const std::string& topic, std::string message,
                      MessageAttributes attributes = {}) {
    return run(&Service::publish, {.message = std::move(message),
                                   .message_attributes = std::move(attributes),
                                   .topic_arn = topic})
        .value()
        .message_id.value();
  }
  std::map<std::string, std::string> topic_attributes(const std::string& topic) {
    return run(&Service::get_topic_attributes, {.topic_arn = topic}).value().attributes;
  }
  std::map<std::string, std::string> attributes_of(const std::string& subscription) {
    return run(&Service::get_subscription_attributes, {.subscription_arn = subscription})
        .value()
        .attributes;
  }

  std::vector<delivery::Mail> mails() {
    const auto state = store->snapshot();
    std::vector<delivery::Mail> all;
    for (const auto& mail : delivery::Mailbox::list(*state, {}))
      all.push_back(*delivery::Mailbox::get(*state, mail.id));
    return all;
  }
  // The newest mail's link of this kind; empty if there is none.
  std::string link(delivery::MailLink::Action action) {
    for (const auto& link : delivery::links_in(mails().at(0).body))
      if (link.action == action) return link.url;
    return "";
  }
  static std::string parameter(const std::string& url, const std::string& name) {
    const std::size_t at = url.find(name + "=");
    return at == url.npos
               ? ""
               : url.substr(at + name.size() + 1, url.find('&', at) - at - name.size() - 1);
  }
  // Opens the newest mail's confirmation link, as a browser does.
  Result<ConfirmSubscriptionOutput> confirm_by_link() {
    const std::string url = link(delivery::MailLink::Action::confirm);
    return run(&Service::confirm_subscription,
               {.token = parameter(url, "Token"), .topic_arn = parameter(url, "TopicArn")},
               unsigned_call());
  }
  Result<UnsubscribeOutput> end_by_link(const std::string& url) {
    const std::string token = parameter(url, "Token");
    return run(&Service::unsubscribe,
               {.subscription_arn = parameter(url, "SubscriptionArn"),
                .token = token.empty() ? std::nullopt : std::optional(token)},
               unsigned_call());
  }
  std::vector<std::string> calls() {
    std::vector<std::string> found;
    store->snapshot()->scan(store::prefix(store::make_key("called")),
                            [&](std::string_view, std::string_view value) {
                              found.emplace_back(value);
                              return true;
                            });
    return found;
  }
  // Waits for what a transaction leaves behind: timers that are due have run, spans are recorded.
  void settle() {
    for (int i = 0; i < 2; ++i)
      EXPECT_TRUE(store->transact_blocking([](store::Txn&) { return Result<void>(); }).has_value());
  }

  Clock clock{from_millis(1'700'000'000'000)};
  std::unique_ptr<Random> random = seeded_random(1);
  journal::Journal journal{*random};
  FunctionTarget functions;
  delivery::Targets targets;
  delivery::Mailbox mailbox;
  std::unique_ptr<store::Store> store =
      store::Store::open({.durability = store::Durability::memory}, clock, *random).value();
  delivery::Outbox outbox{*store, targets, mailbox, journal, delivery::MailGoes::to_mailbox};
  delivery::Dispatcher dispatcher{*store, outbox, clock, {}};
  Service service{{.store = *store,
                   .targets = targets,
                   .outbox = outbox,
                   .journal = journal,
                   .clock = clock,
                   .random = *random}};
};

// The error's code and message, or "ok".
template <class T>
std::string outcome(const Result<T>& result) {
  return result.has_error()
             ? std::string(result.error().kind().code) + ": " + result.error().message()
             : "ok";
}

}  // namespace cloudlet::sns
