// Proves Lambda over a store on disk and real instances: packages in, invocations now and later,
// retries and destinations by the clock, policies at the door, and what is bad refused with nothing
// changed.
#include "services/lambda/lambda.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zip.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <condition_variable>
#include <fstream>
#include <future>
#include <thread>

#include "base/encoding.h"
#include "gen/lambda/errors.h"
#include "services/lambda/describe.h"
#include "services/lambda/rules.h"
#include "services/lambda/testing/zips.h"

namespace cloudlet::lambda {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;
using testing_zips::make_zip;

const std::string role = "arn:aws:iam::000000000000:role/r", role_of_iot = role + "-iot";

// Keeps what it is handed.
class Sink : public delivery::Target {
 public:
  Result<void> deliver(store::Txn& tx, const delivery::Address& to,
                       const delivery::Event& event) override {
    tx.on_commit([this, to, event] {
      std::scoped_lock lock(mutex_);
      events_.emplace_back(to, event);
      changed_.notify_all();
    });
    return {};
  }
  std::pair<delivery::Address, delivery::Event> wait_for(std::size_t number) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(
        changed_.wait_for(lock, std::chrono::seconds(30), [&] { return events_.size() > number; }));
    return events_.size() > number ? events_[number]
                                   : std::pair<delivery::Address, delivery::Event>();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::pair<delivery::Address, delivery::Event>> events_;
};

// Two roles: Lambda may assume one of them.
class SomeRoles : public delivery::Roles {
 public:
  std::optional<delivery::Role> find(const store::ReadTxn&, std::string_view arn) const override {
    if (arn != role && arn != role_of_iot) return std::nullopt;
    return delivery::Role{.arn = std::string(arn), .account = "000000000000"};
  }
  bool trusts(const store::ReadTxn& tx, std::string_view arn, const wire::Principal& who,
              const std::map<std::string, std::string>&) const override {
    return find(tx, arn) && who.kind == wire::Principal::Kind::service &&
           who.arn == (arn == role ? "lambda.amazonaws.com" : "iot.amazonaws.com");
  }
};

class LambdaTest : public ::testing::Test {
 protected:
  LambdaTest() {
    char name[] = "/tmp/cloudlet-lambda-test-XXXXXX";
    folder_ = ::mkdtemp(name);
    thread_ = std::thread([this] { io_.run(); });
    open();
  }
  ~LambdaTest() override {
    close();
    guard_.reset();
    io_.stop();
    thread_.join();
    fs::remove_all(folder_);
  }

  void open() {
    store_ = store::Store::open({.folder = folder_ / "data"}, clock_, *random_).value();
    runtime::Options options{.programs = folder_ / "programs", .packages = folder_ / "packages"};
    options.concurrency = 20;
    runtime_ = runtime::Runtime::start(options, clock_, *random_, io_.get_executor()).value();
    journal_ = std::make_unique<journal::Journal>(*random_);
    targets_ = std::make_unique<delivery::Targets>();
    targets_->add("sns", sink_);
    service_ = std::make_unique<Service>(Collaborators{.store = *store_,
                                                       .runtime = *runtime_,
                                                       .targets = *targets_,
                                                       .roles = roles_,
                                                       .journal = *journal_,
                                                       .clock = clock_,
                                                       .random = *random_,
                                                       .executor = io_.get_executor(),
                                                       .packages = folder_ / "packages",
                                                       .caller_for = {}});
    targets_->add("lambda", *service_);
    store_->start();
    service_->start();
  }
  void close() {
    service_->stop();
    runtime_->stop();
    store_->stop();
    service_.reset();
    runtime_.reset();
    store_.reset();
  }

  wire::Call call() {
    wire::Call c;
    c.scope = {.account = "000000000000", .region = "us-east-1"};
    c.now = clock_.now();
    c.request_id = random_->uuid();
    c.endpoint = "http://localhost:4566";
    c.random = random_.get();
    return c;
  }
  template <class T>
  T run(Task<T> task) {
    auto future = asio::co_spawn(io_, std::move(task), asio::use_future);
    EXPECT_EQ(future.wait_for(std::chrono::seconds(60)), std::future_status::ready);
    return future.get();
  }
  template <class Body>
  auto write(Body body) {
    return store_->transact_blocking(body);
  }
  static CreateFunctionInput python(const std::string& name, const std::string& code) {
    CreateFunctionInput in;
    in.function_name = name;
    in.runtime = Runtime::python3_11;
    in.handler = "app.handler";
    in.role = role;
    in.code.zip_file = make_zip({{.name = "app.py", .text = code}});
    return in;
  }
  Result<CreateFunctionOutput> create(CreateFunctionInput in) {
    const wire::Call c = call();
    return run(service_->create_function(c, std::move(in)));
  }
  Result<InvokeOutput> invoke(InvokeInput in) {
    const wire::Call c = call();
    return run(service_->invoke(c, std::move(in)));
  }
  InvokeOutput invoke(const std::string& name, const std::string& payload) {
    return invoke({.function_name = name, .payload = payload}).value();
  }
  std::string refusal(const Result<CreateFunctionOutput>& outcome) {
    return outcome.has_error()
               ? std::string(outcome.error().kind().name) + ": " + outcome.error().message()
               : "none";
  }
  Result<void> hand(const std::string& function, const std::string& principal,
                    const std::string& source) {
    return write([&](store::Txn& tx) {
      delivery::Event event{
          .scope = call().scope, .source = source, .principal = principal, .payload = "{\"a\":1}"};
      event.now = clock_.now();
      return service_->deliver(tx, {.kind = "lambda", .arn = function_arn(function)}, event);
    });
  }
  static std::string function_arn(const std::string& name) {
    return "arn:aws:lambda:us-east-1:000000000000:function:" + name;
  }

  fs::path folder_;
  Clock clock_{from_millis(1'700'000'000'000)};
  std::unique_ptr<Random> random_ = system_random();
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> guard_ = asio::make_work_guard(io_);
  std::thread thread_;
  Sink sink_;
  SomeRoles roles_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<runtime::Runtime> runtime_;
  std::unique_ptr<journal::Journal> journal_;
  std::unique_ptr<delivery::Targets> targets_;
  std::unique_ptr<Service> service_;
};

TEST_F(LambdaTest, A_role_that_Lambda_may_not_assume_is_refused_when_it_is_given) {
  const std::string not_assumed =
      "InvalidParameterValueException: The role defined for the function cannot be assumed by "
      "Lambda.";
  const auto refused = [&](const std::string& arn) {
    CreateFunctionInput in = python("f", "def handler(e, c): return 1");
    in.role = arn;
    return refusal(create(std::move(in)));
  };
  EXPECT_EQ(refused(role_of_iot), not_assumed);
  EXPECT_EQ(refused(role + "-none"), not_assumed);
  EXPECT_EQ(refused("arn:aws:iam::111111111111:role/r"),
            "AccessDeniedException: Cross-account pass role is not allowed.");
  EXPECT_EQ(refused(role), "none");
  const auto update = [&](std::optional<std::string> arn) {
    return write([&](store::Txn& tx) {
      return service_->update_function_configuration(tx, call(),
                                                     {.function_name = "f", .role = arn});
    });
  };
  EXPECT_TRUE(update(role_of_iot).has_error());
  EXPECT_EQ(update(std::nullopt).value().role, role);
  EXPECT_EQ(update(role).value().role, role);
}

TEST_F(LambdaTest, A_function_is_created_invoked_changed_and_deleted) {
  const auto made =
      create(python("f", "import os\ndef handler(e, c): return [e, os.environ.get('X')]"));
  ASSERT_TRUE(made.has_value()) << refusal(made);
  EXPECT_EQ(made->state, State::active);
  EXPECT_EQ(made->function_arn, function_arn("f"));
  EXPECT_EQ(*invoke("f", "{\"n\": 1}").payload, "[{\"n\": 1}, null]");
  EXPECT_THAT(refusal(create(python("f", "x = 1"))),
              HasSubstr("ResourceConflictException: Function already exist: f"));
  UpdateFunctionConfigurationInput change{.function_name = "f"};
  change.environment = Environment{.variables = {{"X", "y"}}};
  const auto changed = write(
      [&](store::Txn& tx) { return service_->update_function_configuration(tx, call(), change); });
  ASSERT_TRUE(changed.has_value());
  EXPECT_NE(changed->revision_id, made->revision_id);
  EXPECT_EQ(*invoke(function_arn("f"), "1").payload, "[1, \"y\"]");
  write([&](store::Txn& tx) {
    return service_->delete_function(tx, call(), {.function_name = "f"});
  });
  const auto gone = invoke({.function_name = "f"});
  ASSERT_TRUE(gone.has_error());
  EXPECT_EQ(gone.error().message(), "Function not found: " + function_arn("f"));
}

TEST_F(LambdaTest, New_code_is_what_the_next_invocation_runs) {
  ASSERT_TRUE(create(python("f", "def handler(e, c): return 'old'")).has_value());
  EXPECT_EQ(*invoke("f", "{}").payload, "\"old\"");
  UpdateFunctionCodeInput in{.function_name = "f"};
  in.zip_file = make_zip({{.name = "app.py", .text = "def handler(e, c): return 'new'"}});
  const wire::Call c = call();
  ASSERT_TRUE(run(service_->update_function_code(c, in)).has_value());
  EXPECT_EQ(*invoke("f", "{}").payload, "\"new\"");
}

TEST_F(LambdaTest, Errors_logs_and_the_kinds_of_invocation) {
  ASSERT_TRUE(create(python("f", "def handler(e, c):\n  print('seen')\n  raise KeyError('k')"))
                  .has_value());
  const auto failed = invoke({.function_name = "f", .log_type = LogType::tail}).value();
  EXPECT_EQ(failed.function_error, "Unhandled");
  EXPECT_THAT(*failed.payload, HasSubstr("\"errorType\": \"KeyError\""));
  const std::string tail = from_base64(*failed.log_result).value();
  EXPECT_THAT(tail, HasSubstr("START RequestId: "));
  EXPECT_THAT(tail, HasSubstr("seen\n"));
  EXPECT_THAT(tail, HasSubstr("[ERROR] KeyError: 'k'\nTraceback (most recent call last):\n  File "
                              "\"/var/task/app.py\", line 3"));
  EXPECT_THAT(tail, HasSubstr("\tMemory Size: 128 MB\tMax Memory Used: "));
  EXPECT_EQ(invoke({.function_name = "f", .invocation_type = InvocationType::dry_run})->status_code,
            204);
  const auto bad = invoke({.function_name = "f", .payload = "{not json"});
  ASSERT_TRUE(bad.has_error());
  EXPECT_TRUE(bad.error().is(errors::kinds::invalid_request_content));
  const auto large = invoke(
      {.function_name = "f", .payload = "\"" + std::string(sync_payload_bytes_max, 'x') + "\""});
  ASSERT_TRUE(large.has_error());
  EXPECT_EQ(large.error().message(),
            "Request must be smaller than 6291456 bytes for the InvokeFunction operation");
}

TEST_F(LambdaTest, An_event_that_fails_is_tried_three_times_and_then_told_to_its_destination) {
  ASSERT_TRUE(create(python("f", "def handler(e, c): raise ValueError('no')")).has_value());
  PutFunctionEventInvokeConfigInput config{.function_name = "f"};
  config.destination_config = DestinationConfig{};
  config.destination_config->on_failure =
      OnFailure{.destination = "arn:aws:sns:us-east-1:000000000000:t"};
  ASSERT_TRUE(write([&](store::Txn& tx) {
                return service_->put_function_event_invoke_config(tx, call(), config);
              }).has_value());
  EXPECT_EQ(
      invoke(
          {.function_name = "f", .invocation_type = InvocationType::event, .payload = "{\"a\":1}"})
          ->status_code,
      202);
  // Each attempt is over when its retry's timer is set; the clock then makes it due.
  for (int minutes = 1; minutes <= 2; ++minutes) {
    const auto attempts = static_cast<std::uint64_t>(minutes);
    while (runtime_->stats().invocations < attempts || store_->timers().size() == 0)
      std::this_thread::yield();
    clock_.advance(std::chrono::minutes(minutes));
  }
  const auto [to, event] = sink_.wait_for(0);
  const auto record = boost::json::parse(event.payload);
  EXPECT_EQ(record.at("requestContext").at("condition").as_string(), "RetriesExhausted");
  EXPECT_EQ(record.at("requestContext").at("approximateInvokeCount").as_int64(), 3);
  EXPECT_EQ(record.at("requestPayload").at("a").as_int64(), 1);
  EXPECT_EQ(record.at("responsePayload").at("errorType").as_string(), "ValueError");
}

TEST_F(LambdaTest, A_destination_hears_of_success_and_an_accepted_event_survives_a_restart) {
  ASSERT_TRUE(create(python("f", "def handler(e, c): return e")).has_value());
  PutFunctionEventInvokeConfigInput config{.function_name = "f"};
  config.destination_config = DestinationConfig{};
  config.destination_config->on_success =
      OnSuccess{.destination = "arn:aws:sns:us-east-1:000000000000:t"};
  write([&](store::Txn& tx) {
    return service_->put_function_event_invoke_config(tx, call(), config);
  });
  service_->stop();  // nobody dispatches
  EXPECT_EQ(
      invoke({.function_name = "f", .invocation_type = InvocationType::event, .payload = "[7]"})
          ->status_code,
      202);
  close();
  open();
  const auto [to, event] = sink_.wait_for(0);
  EXPECT_THAT(event.payload, HasSubstr("\"condition\":\"Success\""));
  EXPECT_THAT(event.payload, HasSubstr("\"responsePayload\":[7]"));
  EXPECT_EQ(to.arn, "arn:aws:sns:us-east-1:000000000000:t");
}

TEST_F(LambdaTest, A_stop_does_not_wait_for_what_runs_and_the_next_start_runs_it_again) {
  ASSERT_TRUE(create(python("f", "def handler(e, c):\n  while True: pass")).has_value());
  ASSERT_TRUE(write([&](store::Txn& tx) {
                return service_->update_function_configuration(
                    tx, call(), {.function_name = "f", .timeout = 900});
              }).has_value());
  ASSERT_TRUE(invoke({.function_name = "f", .invocation_type = InvocationType::event}).has_value());
  while (runtime_->stats().busy == 0) std::this_thread::yield();
  close();
  open();
  clock_.advance(std::chrono::seconds(1));  // as one that found no instance; no attempt is counted
  while (runtime_->stats().busy == 0) std::this_thread::yield();
}

TEST_F(LambdaTest, Events_of_a_deleted_function_do_not_reach_its_namesake) {
  ASSERT_TRUE(create(python("f", "def handler(e, c):\n  while True: pass")).has_value());
  ASSERT_TRUE(write([&](store::Txn& tx) {
                return service_->put_function_concurrency(
                    tx, call(), {.function_name = "f", .reserved_concurrent_executions = 1});
              }).has_value());
  const InvokeInput event{.function_name = "f", .invocation_type = InvocationType::event};
  ASSERT_TRUE(invoke(event).has_value());
  while (runtime_->stats().busy == 0) std::this_thread::yield();
  ASSERT_TRUE(invoke(event).has_value());  // waits behind the first
  ASSERT_TRUE(write([&](store::Txn& tx) {
                return service_->delete_function(tx, call(), {.function_name = "f"});
              }).has_value());
  ASSERT_TRUE(create(python("f", "def handler(e, c): return e")).has_value());
  EXPECT_EQ(*invoke("f", "1").payload, "1");
  ASSERT_TRUE(invoke(event).has_value());
  while (runtime_->stats().invocations < 3) std::this_thread::yield();
  EXPECT_EQ(*invoke("f", "1").payload, "1");
  EXPECT_EQ(runtime_->stats().invocations, 4u);
}

TEST_F(LambdaTest, Code_is_unpacked_although_its_function_was_deleted_meanwhile) {
  ASSERT_TRUE(create(python("f", "def handler(e, c): return 'ran'")).has_value());
  for (const auto& folder : fs::directory_iterator(folder_ / "packages"))
    fs::remove_all(folder.path());
  // Packages are unpacked one after the other: a large one keeps the other waiting.
  CreateFunctionInput large = python("large", "x = 1");
  std::vector<testing_zips::File> files;
  for (int i = 0; i < 1500; ++i) files.push_back({.name = std::to_string(i), .text = "x"});
  large.code.zip_file = make_zip(files);
  const wire::Call c = call();
  auto made = asio::co_spawn(io_, service_->create_function(c, large), asio::use_future);
  while (fs::is_empty(folder_ / "packages")) std::this_thread::yield();
  const InvokeInput in{.function_name = "f"};
  auto answer = asio::co_spawn(io_, service_->invoke(c, in), asio::use_future);
  asio::post(io_, asio::use_future([] {})).get();  // it waits now
  ASSERT_TRUE(write([&](store::Txn& tx) {
                return service_->delete_function(tx, call(), {.function_name = "f"});
              }).has_value());
  const auto answered = answer.get();
  ASSERT_TRUE(answered.has_value()) << answered.error().message();
  EXPECT_EQ(*answered->payload, "\"ran\"");
  EXPECT_TRUE(made.get().has_value());
}

TEST(Failures, A_failed_invocation_is_told_in_one_line) {
  const auto told = [](std::string payload) {
    return describe_failure({.kind = runtime::Answer::Kind::error,
                             .payload = std::move(payload),
                             .error_type = "Unhandled"});
  };
  EXPECT_EQ(told(R"({"errorType":"ValueError","errorMessage":"no\nsuch pump"})"),
            "ValueError: no such pump");
  EXPECT_EQ(told(R"({"errorMessage":"no such pump"})"), "Unhandled: no such pump");
  EXPECT_EQ(told("no JSON"), "Unhandled");
  std::string umlauts;
  for (int i = 0; i < 400; ++i) umlauts += "\u00e4";
  const std::string cut = told("{\"errorMessage\":\"x" + umlauts + "\"}");
  EXPECT_TRUE(valid_utf8(cut));
  EXPECT_LT(cut.size(), 320u);
}

TEST_F(LambdaTest, A_service_may_invoke_only_what_its_statement_says) {
  ASSERT_TRUE(create(python("f", "def handler(e, c): return e")).has_value());
  const std::string rule = "arn:aws:iot:us-east-1:000000000000:rule/dry";
  auto denied = hand("f", "iot.amazonaws.com", rule);
  ASSERT_TRUE(denied.has_error());
  EXPECT_THAT(denied.error().message(), HasSubstr("it has no statement"));
  AddPermissionInput in{
      .action = "lambda:InvokeFunction", .function_name = "f", .principal = "iot.amazonaws.com"};
  in.statement_id = "s1";
  in.source_arn = rule;
  const auto added =
      write([&](store::Txn& tx) { return service_->add_permission(tx, call(), in); });
  ASSERT_TRUE(added.has_value());
  EXPECT_THAT(*added->statement, HasSubstr("\"ArnLike\":{\"AWS:SourceArn\":\"" + rule + "\"}"));
  EXPECT_TRUE(hand("f", "iot.amazonaws.com", rule).has_value());
  denied = hand("f", "iot.amazonaws.com", "arn:aws:iot:us-east-1:000000000000:rule/other");
  ASSERT_TRUE(denied.has_error());
  EXPECT_THAT(denied.error().message(), HasSubstr("statement s1 asks for the source " + rule));
  EXPECT_TRUE(hand("f", "sns.amazonaws.com", rule).has_error());
  EXPECT_TRUE(
      write([&](store::Txn& tx) { return service_->add_permission(tx, call(), in); }).has_error());
  write([&](store::Txn& tx) {
    return service_->remove_permission(tx, call(), {.function_name = "f", .statement_id = "s1"});
  });
  EXPECT_TRUE(hand("f", "iot.amazonaws.com", rule).has_error());
}

TEST_F(LambdaTest, Reserved_concurrency_of_nothing_throttles) {
  ASSERT_TRUE(create(python("f", "def handler(e, c): return e")).has_value());
  PutFunctionConcurrencyInput in{.function_name = "f", .reserved_concurrent_executions = 0};
  ASSERT_TRUE(write([&](store::Txn& tx) {
                return service_->put_function_concurrency(tx, call(), in);
              }).has_value());
  const auto throttled = invoke({.function_name = "f"});
  ASSERT_TRUE(throttled.has_error());
  EXPECT_TRUE(throttled.error().is(errors::kinds::too_many_requests));
  // Another region's functions run on the same machine.
  wire::Call elsewhere = call();
  elsewhere.scope.region = "eu-west-1";
  const auto other = python("f", "x = 1");
  ASSERT_TRUE(run(service_->create_function(elsewhere, other)).has_value());
  ASSERT_TRUE(write([&](store::Txn& tx) {
                return service_->put_function_concurrency(
                    tx, elsewhere, {.function_name = "f", .reserved_concurrent_executions = 10});
              }).has_value());
  EXPECT_EQ(service_->get_account_settings(*store_->snapshot(), call(), {})
                ->account_limit->unreserved_concurrent_executions,
            10);
  in.reserved_concurrent_executions = 9;
  EXPECT_TRUE(write([&](store::Txn& tx) {
                return service_->put_function_concurrency(tx, call(), in);
              }).has_error());
}

TEST_F(LambdaTest, Names_have_many_forms_and_one_version) {
  ASSERT_TRUE(create(python("f", "def handler(e, c): return 1")).has_value());
  for (const char* name : {"f", "f:$LATEST", "000000000000:function:f",
                           "arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST"})
    EXPECT_EQ(invoke({.function_name = name})->status_code, 200) << name;
  for (const char* name : {"g", "f:1", "arn:aws:lambda:eu-west-1:000000000000:function:f",
                           "111111111111:function:f"}) {
    const auto refused = invoke({.function_name = name});
    ASSERT_TRUE(refused.has_error()) << name;
    EXPECT_TRUE(refused.error().is(errors::kinds::resource_not_found)) << name;
  }
}

TEST_F(LambdaTest, What_is_not_served_is_refused_and_nothing_is_left_behind) {
  auto in = python("f", "x = 1");
  in.runtime = Runtime::nodejs20_x;
  EXPECT_THAT(refusal(create(in)), HasSubstr("the runtime nodejs20.x"));
  in = python("f", "x = 1");
  in.layers = {"arn:aws:lambda:us-east-1:000000000000:layer:l:1"};
  EXPECT_THAT(refusal(create(in)), HasSubstr("Layers"));
  in = python("f", "x = 1");
  in.package_type = PackageType::image;
  EXPECT_THAT(refusal(create(in)), HasSubstr("container images"));
  in = python("f", "x = 1");
  in.timeout = 901;
  EXPECT_THAT(refusal(create(in)), HasSubstr("less than or equal to 900"));
  in = python("f", "x = 1");
  in.environment = Environment{.variables = {{"A", std::string(4096, 'x')}}};
  EXPECT_THAT(refusal(create(in)), HasSubstr("exceeded the 4KB limit"));
  in.environment = Environment{.variables = {{"AWS_REGION", "x"}}};
  EXPECT_THAT(refusal(create(in)), HasSubstr("Reserved keys used in this request: AWS_REGION"));
  in = python("f", "x = 1");
  in.dead_letter_config = DeadLetterConfig{.target_arn = "arn:aws:sqs:us-east-1:000000000000:q"};
  EXPECT_THAT(refusal(create(in)), HasSubstr("of service sqs"));
  in = python("f", "x = 1");
  in.code.zip_file = "this is no zip";
  EXPECT_THAT(refusal(create(in)), HasSubstr("Could not unzip uploaded file"));
  EXPECT_TRUE(fs::is_empty(folder_ / "packages"));
  EXPECT_EQ(service_->list_functions(*store_->snapshot(), call(), {})->functions.size(), 0u);
}

TEST_F(LambdaTest, The_code_location_gives_the_package_to_whoever_has_the_link) {
  const auto in = python("f", "x = 1");
  ASSERT_TRUE(create(in).has_value());
  const auto shown =
      service_->get_function(*store_->snapshot(), call(), {.function_name = "f"}).value();
  const std::string location = *shown.code->location;
  const std::string prefix = "http://localhost:4566";
  ASSERT_TRUE(location.starts_with(prefix));
  const auto fetch = [&](std::string target) {
    wire::Request request;
    request.method = "GET";
    request.target = std::move(target);
    return run(service_->serve_code(std::move(request)));
  };
  auto response = fetch(location.substr(prefix.size()));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(run(response.body.read_all(1 << 20)).value(), *in.code.zip_file);
  EXPECT_EQ(fetch(location.substr(prefix.size()) + "0").status, 403);
  clock_.advance(std::chrono::minutes(11));
  EXPECT_EQ(fetch(location.substr(prefix.size())).status, 403);
}

}  // namespace
}  // namespace cloudlet::lambda
