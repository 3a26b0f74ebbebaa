// What the broker asks of the service, asked directly: rules and their actions, error actions,
// sessions, retained messages, who may connect. The whole way with a real broker is in
// broker_test.cc.
#include <boost/json/parse.hpp>
#include <future>

#include "base/encoding.h"
#include "services/iot/iot_fixture.h"
#include "services/iot/keys.h"
#include "services/iot/policy_document.h"
#include "services/iot/stored_message.h"
#include "services/iot/x509.h"
#include "store/timers.h"

namespace cloudlet::iot {
namespace {

namespace json = boost::json;
using mqtt::Qos;

class TestBatch final : public mqtt::Batch {
 public:
  TestBatch(const mqtt::Client& client, std::span<const mqtt::Arrival> arrivals)
      : Batch(client, arrivals, {}) {}
  mqtt::Done completion() override {
    return [promise = promise_](Result<void> outcome) { promise->set_value(std::move(outcome)); };
  }
  Result<void> wait() { return promise_->get_future().get(); }

 private:
  std::shared_ptr<std::promise<Result<void>>> promise_ =
      std::make_shared<std::promise<Result<void>>>();
};

const std::string role = "arn:aws:iam::123456789012:role/r";

class ApplicationTest : public IotFixture {
 protected:
  void SetUp() override { start(); }

  mqtt::Application& app() { return service->application(); }

  mqtt::ConnectRequest request(const std::string& id,
                               mqtt::Listener listener = mqtt::Listener::tcp) {
    mqtt::ConnectRequest made;
    made.client_id = id;
    made.listener = listener;
    made.address = "127.0.0.1";
    return made;
  }
  Result<mqtt::Grant> connect(const mqtt::ConnectRequest& request) {
    std::optional<Result<mqtt::Grant>> answer;
    app().authenticate(request, [&](Result<mqtt::Grant> grant) { answer = std::move(grant); });
    return std::move(*answer);
  }
  mqtt::Client client(const std::string& id, bool persistent = false) {
    mqtt::Client made;
    made.id = id;
    made.grant = *connect(request(id));
    made.persistent = persistent;
    return made;
  }
  // Publishes and waits for the commit, if there is one.
  mqtt::Accepted publish(const mqtt::Client& from, const mqtt::Arrival& arrival) {
    TestBatch batch(from, std::span(&arrival, 1));
    const mqtt::Accepted accepted = app().accept(batch);
    if (accepted == mqtt::Accepted::later) EXPECT_TRUE(batch.wait().has_value());
    return accepted;
  }
  mqtt::Accepted publish(const std::string& topic, const std::string& payload,
                         Qos qos = Qos::at_least_once) {
    return publish(client("soil1"), {.publish = {.topic = topic, .payload = payload, .qos = qos}});
  }
  template <class F>
  void settled(F call) {
    std::promise<Result<void>> done;
    call([&](Result<void> outcome) { done.set_value(std::move(outcome)); });
    EXPECT_TRUE(done.get_future().get().has_value());
  }
  void make_rule(const std::string& name, const std::string& sql, std::vector<Action> actions,
                 std::optional<Action> error = {}) {
    TopicRulePayload payload{.actions = std::move(actions),
                             .aws_iot_sql_version = "2016-03-23",
                             .error_action = error,
                             .sql = sql};
    const auto made =
        write(&Service::create_topic_rule, {.rule_name = name, .topic_rule_payload = payload});
    ASSERT_TRUE(made.has_value()) << made.error().message();
  }
  static Action to_s3(const std::string& bucket = "archive") {
    Action action;
    action.s3 =
        S3Action{.bucket_name = bucket, .key = "${topic()}/${timestamp()}", .role_arn = role};
    return action;
  }
  static Action to_lambda() {
    Action action;
    action.lambda =
        LambdaAction{.function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:alert"};
    return action;
  }
  static Action to_topic(const std::string& topic) {
    Action action;
    action.republish = RepublishAction{.role_arn = role, .topic = topic};
    return action;
  }
  static Action to_sns() {
    Action action;
    action.sns =
        SnsAction{.role_arn = role, .target_arn = "arn:aws:sns:eu-west-1:123456789012:alerts"};
    return action;
  }
  std::string last_reason(const std::string& resource) {
    const auto spans = journal.about(resource, 1);
    return spans.empty() ? "<none>" : spans.front().reason;
  }
};

TEST_F(ApplicationTest, TheSoilMoistureRules) {
  make_rule("Archive", "SELECT * FROM 'device/+/devicePayload'", {to_s3()});
  make_rule("Dry", "Select * FROM 'device/+/devicePayload' where humidity < 35", {to_lambda()});

  const std::string wet = R"({"name": "soilSensor3", "humidity": 41})";
  EXPECT_EQ(publish("device/soil1/devicePayload", wet), mqtt::Accepted::later);
  ASSERT_EQ(s3.delivered().size(), 1U);
  EXPECT_TRUE(lambda.delivered().empty());
  const auto archived = s3.delivered()[0];
  EXPECT_EQ(archived.to.parameters.at("bucket").as_string(), "archive");
  EXPECT_EQ(archived.to.parameters.at("key").as_string(),
            "device/soil1/devicePayload/" + std::to_string(to_millis(clock.now())));
  EXPECT_EQ(archived.event.payload, wet);
  EXPECT_EQ(archived.event.source, "arn:aws:iot:eu-west-1:123456789012:rule/Archive");
  EXPECT_EQ(archived.event.principal, "iot.amazonaws.com");
  EXPECT_EQ(archived.event.cause.hops, 1);
  EXPECT_EQ(last_reason("rule/Dry"), "WHERE humidity < 35 is false: humidity = 41");

  publish("device/soil1/devicePayload", R"({"name": "soilSensor3", "humidity": 29})");
  EXPECT_EQ(lambda.delivered().size(), 1U);
  EXPECT_EQ(s3.delivered().size(), 2U);
}

TEST_F(ApplicationTest, NothingDurableNeedsNoTransaction) {
  make_rule("Dry", "SELECT * FROM 'a' WHERE x < 1", {to_lambda()});
  EXPECT_EQ(publish("b", "{}"), mqtt::Accepted::now);
  EXPECT_EQ(publish("a", R"({"x":5})"), mqtt::Accepted::now);
  EXPECT_EQ(publish("a", R"({"x":0})", Qos::at_most_once), mqtt::Accepted::later);
}

TEST_F(ApplicationTest, AFailingActionGoesToTheErrorActionAndStandsInNobodysWay) {
  s3.refuse = "missing";
  make_rule("R", "SELECT x FROM 'a'", {to_s3("missing"), to_lambda()}, to_sns());
  EXPECT_EQ(publish("a", R"({"x":1,"y":2})"), mqtt::Accepted::later);
  EXPECT_EQ(lambda.delivered().size(), 1U);
  EXPECT_EQ(lambda.delivered()[0].event.payload, R"({"x":1})");
  ASSERT_EQ(sns.delivered().size(), 1U);
  const json::object message = json::parse(sns.delivered()[0].event.payload).as_object();
  EXPECT_EQ(message.at("ruleName").as_string(), "R");
  EXPECT_EQ(message.at("topic").as_string(), "a");
  EXPECT_EQ(message.at("clientId").as_string(), "soil1");
  EXPECT_EQ(message.at("cloudwatchTraceId").as_string().size(), 36U);
  EXPECT_EQ(message.at("base64OriginalPayload").as_string(), to_base64(R"({"x":1,"y":2})"));
  const json::array& failures = message.at("failures").as_array();
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_EQ(failures[0].at("failedAction").as_string(), "S3Action");
  EXPECT_EQ(failures[0].at("failedResource").as_string(), "missing");
  EXPECT_EQ(last_reason("rule/R"), "S3Action on missing: The specified bucket does not exist");
}

TEST_F(ApplicationTest, RulesFollowTheirChanges) {
  make_rule("R", "SELECT * FROM 'a'", {to_lambda()});
  ASSERT_TRUE(write(&Service::disable_topic_rule, {.rule_name = "R"}).has_value());
  EXPECT_EQ(publish("a", "{}"), mqtt::Accepted::now);
  EXPECT_EQ(last_reason("rule/R"), "the rule is disabled");
  ASSERT_TRUE(write(&Service::enable_topic_rule, {.rule_name = "R"}).has_value());
  publish("a", "{}");
  ASSERT_TRUE(write(&Service::delete_topic_rule, {.rule_name = "R"}).has_value());
  EXPECT_EQ(publish("a", "{}"), mqtt::Accepted::now);
  EXPECT_EQ(lambda.delivered().size(), 1U);
}

TEST_F(ApplicationTest, FiltersMatchAsMqttDoes) {
  make_rule("Hash", "SELECT * FROM 'a/#'", {to_lambda()});
  make_rule("Plus", "SELECT * FROM '+/b'", {to_lambda()});
  make_rule("All", "SELECT * FROM '#'", {to_s3()});
  const std::pair<std::string, std::size_t> rows[] = {
      {"a", 1}, {"a/b", 2}, {"a/b/c", 1}, {"c/b", 1}, {"c", 0}, {"b", 0}, {"$x/b", 0}, {"/b", 1}};
  std::size_t before = 0;
  for (const auto& [topic, calls] : rows) {
    publish(topic, "{}");
    EXPECT_EQ(lambda.delivered().size() - before, calls) << topic;
    before = lambda.delivered().size();
  }
  EXPECT_EQ(s3.delivered().size(), 7U);  // '#' takes no topic that begins with a dollar
}

TEST_F(ApplicationTest, BasicIngestGoesToTheNamedRuleOnly) {
  make_rule("Ingest", "SELECT topic() AS t, topic(1) AS first", {to_lambda()});
  make_rule("Other", "SELECT * FROM '$aws/rules/#'", {to_s3()});
  publish("$aws/rules/Ingest/building/5", "{}");
  ASSERT_EQ(lambda.delivered().size(), 1U);
  EXPECT_EQ(lambda.delivered()[0].event.payload, R"({"t":"building/5","first":"building"})");
  EXPECT_TRUE(s3.delivered().empty());
  EXPECT_FALSE(client("c").grant.policy->may_receive("$aws/rules/Ingest/x").allowed);
}

TEST_F(ApplicationTest, RepublishingInCirclesIsCut) {
  service->use(nullptr);
  make_rule("Loop", "SELECT * FROM 'loop'", {to_topic("loop")});
  EXPECT_EQ(publish("loop", "{}"), mqtt::Accepted::later);
  EXPECT_EQ(last_reason("rule/Loop"), "RepublishAction on loop: the MQTT broker is not running");
}

TEST_F(ApplicationTest, RulesOfAnotherAccountDoNotHearWhoShowsCredentials) {
  make_rule("R", "SELECT * FROM 'a'", {to_lambda()});
  const auto made = make_certificate();
  ASSERT_TRUE(
      write(
          &Service::create_policy,
          {.policy_document =
               R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]})",
           .policy_name = "p"})
          .has_value());
  ASSERT_TRUE(write(&Service::attach_policy, {.policy_name = "p", .target = *made.certificate_arn})
                  .has_value());
  auto shown = request("dev", mqtt::Listener::tls);
  shown.certificate = mqtt::PeerCertificate{.fingerprint = *made.certificate_id};
  mqtt::Client own;
  own.id = "dev";
  own.grant = *connect(shown);
  EXPECT_EQ(own.grant.principal, *made.certificate_id);
  publish(own, {.publish = {.topic = "a", .payload = "{}"}});
  EXPECT_EQ(lambda.delivered().size(), 1U);
  scope.account = "999999999999";
  make_rule("R", "SELECT * FROM 'a'", {to_lambda()});
  publish(own, {.publish = {.topic = "a", .payload = "{}"}});
  EXPECT_EQ(lambda.delivered().size(), 2U);
  publish("a", "{}");  // no credentials: everybody's rules
  EXPECT_EQ(lambda.delivered().size(), 4U);
}

TEST_F(ApplicationTest, CertificatesMustBeKnownActiveAndAllowed) {
  const auto refusal = [&](const mqtt::ConnectRequest& asked) {
    const auto grant = connect(asked);
    if (grant.has_value()) return std::string("fine");
    EXPECT_TRUE(grant.error().is(mqtt::errors::not_authorized));
    return grant.error().message();
  };
  EXPECT_EQ(refusal(request("c")), "fine");
  EXPECT_EQ(refusal(request("c", mqtt::Listener::tls)), "the client showed no certificate");
  auto asked = request("soil1", mqtt::Listener::tls);
  asked.certificate = mqtt::PeerCertificate{.fingerprint = std::string(64, 'a')};
  EXPECT_EQ(refusal(asked), "the certificate " + std::string(64, 'a') + " is not registered");

  const auto made = make_certificate(false);
  const std::string id = *made.certificate_id;
  asked.certificate->fingerprint = id;
  EXPECT_EQ(refusal(asked), "the certificate " + id + " is INACTIVE");
  ASSERT_TRUE(write(&Service::update_certificate,
                    {.certificate_id = id, .new_status = CertificateStatus::active})
                  .has_value());
  EXPECT_EQ(refusal(asked), "no policy is attached to the certificate");
  const std::string document = R"({"Version":"2012-10-17","Statement":[
      {"Effect":"Allow","Action":"iot:Connect","Resource":"arn:aws:iot:eu-west-1:123456789012:client/${iot:Connection.Thing.ThingName}"},
      {"Effect":"Allow","Action":["iot:Publish","iot:Receive"],"Resource":"arn:aws:iot:eu-west-1:123456789012:topic/device/${iot:ClientId}/*"}]})";
  ASSERT_TRUE(write(&Service::create_policy, {.policy_document = document, .policy_name = "device"})
                  .has_value());
  ASSERT_TRUE(
      write(&Service::attach_policy, {.policy_name = "device", .target = *made.certificate_arn})
          .has_value());
  EXPECT_EQ(refusal(asked), "no statement of policy device allows iot:Connect on client/soil1");
  ASSERT_TRUE(write(&Service::create_thing, {.thing_name = "soil1"}).has_value());
  ASSERT_TRUE(write(&Service::attach_thing_principal,
                    {.principal = *made.certificate_arn, .thing_name = "soil1"})
                  .has_value());
  EXPECT_EQ(refusal(asked), "fine");

  const auto policy = connect(asked)->policy;
  EXPECT_TRUE(policy->may_publish("device/soil1/x", false).allowed);
  EXPECT_EQ(policy->may_publish("device/soil1/x", true).reason,
            "no statement of policy device allows iot:RetainPublish on topic/device/soil1/x");
  EXPECT_EQ(policy->may_publish("device/soil2/x", false).reason,
            "no statement of policy device allows iot:Publish on topic/device/soil2/x");
  EXPECT_FALSE(policy->may_subscribe("device/soil1/#").allowed);
  // A live session follows the policy's default version, and its certificate.
  const std::string deny =
      R"({"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}})";
  ASSERT_TRUE(write(&Service::create_policy_version,
                    {.policy_document = deny, .policy_name = "device", .set_as_default = true})
                  .has_value());
  EXPECT_EQ(policy->may_publish("device/soil1/x", false).reason,
            "denied by statement 1 of policy device");
  ASSERT_TRUE(write(&Service::update_certificate,
                    {.certificate_id = id, .new_status = CertificateStatus::revoked})
                  .has_value());
  EXPECT_EQ(policy->may_publish("device/soil1/x", false).reason, "the certificate is REVOKED");
}

TEST_F(ApplicationTest, AQueueKeepsOrderAndPositions) {
  const auto open = [&](bool fresh) {
    settled([&](mqtt::Done done) {
      app().open_session({.client_id = "dash",
                          .fresh = fresh,
                          .persistent = true,
                          .expiry = std::chrono::seconds(60)},
                         std::move(done));
    });
  };
  open(true);
  const mqtt::Recipient to{.client_id = "dash", .qos = Qos::at_least_once};
  const auto send = [&](const std::string& payload) {
    publish(client("soil1"),
            {.publish = {.topic = "a", .payload = payload, .qos = Qos::at_least_once},
             .recipients = std::span(&to, 1)});
  };
  send("1"), send("2"), send("3");
  const auto read = [&](std::uint64_t after) {
    return app().read_queue(
        {.client_id = "dash", .after = after, .limit = 10, .bytes_max = 1 << 20});
  };
  ASSERT_EQ(read(0).size(), 3U);
  EXPECT_EQ(read(0)[2].position, 3U);
  EXPECT_EQ(read(1)[0].message->payload, "2");
  settled([&](mqtt::Done done) {
    app().progress("dash", {.completed = {1, 2}, .received = {3}, .released = {}}, std::move(done));
  });
  open(false);
  ASSERT_EQ(read(0).size(), 1U);
  EXPECT_TRUE(read(0)[0].received);
  EXPECT_FALSE(read(0)[0].message);
  settled([&](mqtt::Done done) { app().progress("dash", {.completed = {3}}, std::move(done)); });
  send("4");
  ASSERT_EQ(read(0).size(), 1U);
  EXPECT_EQ(read(0)[0].position, 4U) << "a position is never used again while the session lives";
  open(true);
  EXPECT_TRUE(read(0).empty());
}

TEST_F(ApplicationTest, SessionsComeBackAfterARestart) {
  auto will = std::make_shared<mqtt::Message>();
  will->topic = "gone";
  settled([&](mqtt::Done done) {
    app().open_session({.client_id = "a",
                        .fresh = true,
                        .persistent = true,
                        .expiry = std::chrono::seconds(60),
                        .will = will,
                        .at = clock.now()},
                       std::move(done));
  });
  const mqtt::Client who = client("a", true);
  const mqtt::SubscribeRequest::Item item{
      .subscription = {.filter = "x/+", .qos = Qos::exactly_once}};
  std::promise<void> subscribed;
  app().subscribe({.client = who, .items = std::span(&item, 1)}, 10,
                  [&](auto) { subscribed.set_value(); });
  subscribed.get_future().get();
  publish(who, {.publish = {.topic = "y", .payload = "p", .qos = Qos::exactly_once, .packet_id = 7},
                .recipients = {},
                .remember_packet_id = true});
  auto sessions = *app().load();
  ASSERT_EQ(sessions.size(), 1U);
  EXPECT_EQ(sessions[0].client_id, "a");
  EXPECT_EQ(sessions[0].expiry, std::chrono::seconds(60));
  EXPECT_FALSE(sessions[0].disconnected_at);
  ASSERT_EQ(sessions[0].subscriptions.size(), 1U);
  EXPECT_EQ(sessions[0].subscriptions[0].qos, Qos::exactly_once);
  EXPECT_EQ(sessions[0].received, std::vector<std::uint16_t>{7});
  EXPECT_EQ(sessions[0].will->topic, "gone");
  EXPECT_EQ(sessions[0].opened_at, clock.now());
  settled([&](mqtt::Done done) {
    app().close_session(
        {.client_id = "a", .keep = true, .expiry = std::chrono::seconds(60), .at = clock.now()},
        std::move(done));
  });
  sessions = *app().load();
  EXPECT_EQ(sessions[0].disconnected_at, clock.now());
  EXPECT_FALSE(sessions[0].will);
  settled([&](mqtt::Done done) { app().close_session({.client_id = "a"}, std::move(done)); });
  EXPECT_TRUE(app().load()->empty());
}

TEST_F(ApplicationTest, RetainedMessagesAreFoundByFilter) {
  const auto retain = [&](const std::string& topic, const std::string& payload) {
    publish(client("c"),
            {.publish = {
                 .topic = topic, .payload = payload, .qos = Qos::at_least_once, .retain = true}});
  };
  retain("a", "0"), retain("a/b", "1"), retain("a/c", "2"), retain("ab", "3"), retain("a/b/d", "4"),
      retain("$s/a", "5");
  retain("gone", "x"), retain("gone", "");
  const auto found = [&](const std::string& filter) {
    const mqtt::Client who = client("s");
    const mqtt::SubscribeRequest::Item item{
        .subscription = {.filter = filter, .qos = Qos::at_least_once}};
    std::string payloads;
    app().subscribe({.client = who, .items = std::span(&item, 1)}, 10, [&](auto answer) {
      for (const auto& delivery : *answer) payloads += delivery.message->payload;
    });
    return payloads;
  };
  EXPECT_EQ(found("a/b"), "1");
  EXPECT_EQ(found("a/+"), "12");
  EXPECT_EQ(found("a/#"), "0142");
  EXPECT_EQ(found("+"), "03");
  EXPECT_EQ(found("#"), "01423");
  EXPECT_EQ(found("$s/#"), "5");
  EXPECT_EQ(found("gone"), "");

  const auto snapshot = store->snapshot();
  const auto got = service->data().get_retained_message(*snapshot, call(), {.topic = "a/b"});
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->payload, "1");
  EXPECT_EQ(got->qos, 1);
  EXPECT_FALSE(
      service->data().get_retained_message(*snapshot, call(), {.topic = "gone"}).has_value());
  EXPECT_EQ(service->data()
                .list_retained_messages(*snapshot, call(), {.max_results = 4})
                ->retained_topics.size(),
            4U);
}

// What expired is not only left out of answers: it is gone from the store, and its timer too.
TEST_F(ApplicationTest, ARetainedMessageThatExpiresLeavesTheStore) {
  const auto retain = [&](const std::string& payload, int seconds) {
    mqtt::Arrival arrival{.publish = {.topic = "r/a", .payload = payload, .retain = true}};
    if (seconds > 0) arrival.publish.expires_at = clock.now() + std::chrono::seconds(seconds);
    publish(client("c"), arrival);
  };
  const auto stored = [&] {
    std::string payload = "nothing";
    std::promise<void> done;  // behind what the clock set off
    const auto read = [&](store::Txn& tx) -> Result<void> {
      const auto bytes = tx.get(keys::retained("r/a"));
      payload = bytes ? decode_message(*bytes).message->payload : "nothing";
      return {};
    };
    store->submit(read, [&](const Result<void>&) { done.set_value(); });
    done.get_future().wait();
    return payload;
  };
  const auto gone = [&] {
    for (int i = 0; i < 10'000 && store->timers().size() > 0; ++i) stored();
    return store->timers().size() == 0;
  };
  retain("short", 10);
  retain("long", 100);
  EXPECT_EQ(store->timers().size(), 1U) << "the first one's timer went with it";
  clock.advance(std::chrono::seconds(50));
  EXPECT_EQ(stored(), "long");
  clock.advance(std::chrono::seconds(51));
  EXPECT_TRUE(gone());
  EXPECT_EQ(stored(), "nothing");
  retain("short", 10);
  retain("for ever", 0);
  EXPECT_EQ(store->timers().size(), 0U);
  clock.advance(std::chrono::hours(1));
  EXPECT_EQ(stored(), "for ever");
}

// What one subscription brings at once is bounded; that there was more is said.
TEST_F(ApplicationTest, MoreRetainedMessagesThanASubscriptionMayBringAreCut) {
  const std::string large(100'000, 'x');
  for (int i = 0; i < 170; ++i) {
    const std::string topic = "r/" + std::to_string(i);
    publish(client("c"), {.publish = {.topic = topic, .payload = large, .retain = true}});
  }
  const mqtt::Client who = client("s");
  const mqtt::SubscribeRequest::Item items[] = {{.subscription = {.filter = "r/+"}},
                                                {.subscription = {.filter = "r/#"}}};
  std::size_t bytes = 0;
  app().subscribe({.client = who, .items = items}, 1000, [&](auto answer) {
    for (const auto& delivery : *answer) bytes += delivery.message->payload.size();
  });
  EXPECT_GT(bytes, 16U * 1000 * 1000);
  EXPECT_LE(bytes, 16U << 20);
  EXPECT_EQ(last_reason("topic/r/+"),
            "dropped for client s: more retained messages than a subscription may bring");
}

TEST_F(ApplicationTest, AFullQueueDropsTheNewMessageForThatSessionAlone) {
  store->stop();  // before the views that it feeds
  service.reset();
  store = *store::Store::open({.durability = store::Durability::memory}, clock, *random);
  targets = {};
  start({.queue_max = 2});
  settled([&](mqtt::Done done) {
    app().open_session({.client_id = "full", .fresh = true, .persistent = true}, std::move(done));
  });
  const mqtt::Recipient to{.client_id = "full", .qos = Qos::at_least_once};
  for (int i = 0; i < 3; ++i) {
    publish(client("c"), {.publish = {.topic = "a", .payload = "p", .qos = Qos::at_least_once},
                          .recipients = std::span(&to, 1)});
  }
  EXPECT_EQ(app().read_queue({.client_id = "full", .limit = 10, .bytes_max = 1000}).size(), 2U);
  EXPECT_EQ(last_reason("topic/a"), "dropped for client full: the session's queue is full");
}

}  // namespace
}  // namespace cloudlet::iot
