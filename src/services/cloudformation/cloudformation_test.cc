// The operations as a client sees them: what the AWS CLI's `deploy` does, and what each refusal
// says.
#include "services/cloudformation/cloudformation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <condition_variable>
#include <thread>

#include "deploy/resource_steps.h"
#include "store/view.h"
#include "wire/caller.h"

namespace cloudlet::cloudformation {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

// A resource type without a service: its things live in the test.
struct World {
  std::mutex mutex;
  std::map<std::string, deploy::json::object> things;
  std::string refuses;  // creating the one with this name fails; "-x": removing it
};

constexpr deploy::Property properties_of_things[] = {
    {.name = "Name", .update = deploy::Update::replace},
    {.name = "Size"},
    {.name = "Tags", .kind = deploy::Kind::tags}};
constexpr std::string_view attributes_of_things[] = {"Arn"};
constexpr deploy::TypeFacts thing_facts{.name = "Test::Thing",
                                        .properties = properties_of_things,
                                        .attributes = attributes_of_things,
                                        .name_property = "Name"};
const ErrorKind refusal{.name = "Refused", .code = "Refused"};

class Thing : public deploy::DescribedType {
 public:
  explicit Thing(World& world) : DescribedType(thing_facts), world_(world) {}
  Task<Result<deploy::Made>> create(const deploy::Request& request,
                                    const deploy::json::object& given) const override {
    const std::lock_guard lock(world_.mutex);
    const std::string name = deploy::name_or(given, "Name", request);
    if (world_.refuses == request.logical_id) co_return Error(refusal, "The thing is too large");
    world_.things[name] = given;
    co_return deploy::Made{.physical_id = name, .attributes = {{"Arn", "arn:" + name}}};
  }
  Task<Result<deploy::Made>> update(const deploy::Request&, const std::string& name,
                                    const deploy::json::object&,
                                    const deploy::json::object& after) const override {
    const std::lock_guard lock(world_.mutex);
    world_.things[name] = after;
    co_return deploy::Made{.physical_id = name, .attributes = {{"Arn", "arn:" + name}}};
  }
  Task<Result<void>> remove(const deploy::Request& request, const std::string& name,
                            const deploy::json::object&) const override {
    const std::lock_guard lock(world_.mutex);
    if (world_.refuses == "-" + request.logical_id)
      co_return Error(refusal, "The bucket you tried to delete is not empty");
    world_.things.erase(name);
    co_return Result<void>();
  }

 private:
  World& world_;
};

// An IAM role without IAM: only its type's name matters here.
constexpr deploy::Property properties_of_roles[] = {{.name = "RoleName"}};
constexpr deploy::TypeFacts role_facts{.name = "AWS::IAM::Role", .properties = properties_of_roles};
class Role : public deploy::DescribedType {
 public:
  Role() : DescribedType(role_facts) {}
  Task<Result<deploy::Made>> create(const deploy::Request& request,
                                    const deploy::json::object&) const override {
    co_return deploy::Made{.physical_id = request.name};
  }
  Task<Result<deploy::Made>> update(const deploy::Request&, const std::string& name,
                                    const deploy::json::object&,
                                    const deploy::json::object&) const override {
    co_return deploy::Made{.physical_id = name};
  }
  Task<Result<void>> remove(const deploy::Request&, const std::string&,
                            const deploy::json::object&) const override {
    co_return Result<void>();
  }
};

class NoCaller : public wire::Caller {
  Task<Result<void>> call(const wire::Service&, const wire::Operation&, void*, void*) override {
    co_return Result<void>();
  }
};

class CloudFormation : public testing::Test, protected store::View {
 protected:
  CloudFormation() : random_(seeded_random(3)), guard_(io_.get_executor()) {
    deploy::ResourceTypeList list;
    list.push_back(std::make_unique<Thing>(world_));
    list.push_back(std::make_unique<Role>());
    types_.add(std::move(list));
    store_ =
        std::move(*store::Store::open({.durability = store::Durability::memory}, clock_, *random_));
    const deploy::CallerFor caller = [](const Scope&) { return std::make_unique<NoCaller>(); };
    engine_ =
        std::make_unique<deploy::Engine>(deploy::Engine::Parts{.store = *store_,
                                                               .types = types_,
                                                               .clock = clock_,
                                                               .caller = caller,
                                                               .executor = io_.get_executor()});
    service_ = std::make_unique<Service>(
        Collaborators{.store = *store_, .engine = *engine_, .caller = caller});
    store_->watch(*this);
    store_->start();
    thread_ = std::thread([this] { io_.run(); });
    engine_->start();
    call_ = {.scope = {.account = "000000000000", .region = "eu-west-1"},
             .now = clock_.now(),
             .random = random_.get()};
  }
  // Not in the destructor: the store tells this view until it has stopped.
  void TearDown() override {
    engine_->stop();
    engine_.reset();
    store_->stop();
    guard_.reset();
    io_.stop();
    thread_.join();
  }
  store::Range range() const override { return store::prefix(store::make_key("cloudformation")); }
  void apply(std::string_view, std::optional<std::string_view>) override { changed_.notify_all(); }

  template <class T>
  T wait(Task<T> task) {
    return asio::co_spawn(io_, std::move(task), asio::use_future).get();
  }
  template <class Out, class In>
  Result<Out> write(Result<Out> (Service::*operation)(store::Txn&, const wire::Call&, const In&),
                    const In& in) {
    return store_->transact_blocking(
        [&](store::Txn& tx) { return (service_.get()->*operation)(tx, call_, in); });
  }
  template <class Out, class In>
  Result<Out> read(Result<Out> (Service::*operation)(const store::ReadTxn&, const wire::Call&,
                                                     const In&),
                   const In& in) {
    return (service_.get()->*operation)(*store_->snapshot(), call_, in);
  }
  template <class T>
  static std::string said(const Result<T>& result) {
    return result.has_error()
               ? std::string(result.error().kind().code) + ": " + result.error().message()
               : "accepted";
  }

  Result<CreateStackOutput> create(const std::string& body, CreateStackInput in = {}) {
    if (in.stack_name.empty()) in.stack_name = "demo";
    in.template_body = body;
    return wait(service_->create_stack(call_, std::move(in)));
  }
  Result<UpdateStackOutput> update(const std::string& body, UpdateStackInput in = {}) {
    if (in.stack_name.empty()) in.stack_name = "demo";
    in.template_body = body;
    return wait(service_->update_stack(call_, std::move(in)));
  }
  Stack describe(const std::string& name = "demo") {
    auto out = read(&Service::describe_stacks, DescribeStacksInput{.stack_name = name});
    EXPECT_TRUE(out.has_value()) << said(out);
    return out.has_value() ? out->stacks.at(0) : Stack{};
  }
  // The status in which the stack comes to rest.
  std::string settled(const std::string& name = "demo") {
    std::unique_lock lock(mutex_);
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    for (;;) {
      const std::string status(to_string(describe(name).stack_status));
      if (!status.ends_with("_IN_PROGRESS") || std::chrono::steady_clock::now() > limit)
        return status;
      changed_.wait_for(lock, std::chrono::milliseconds(10));
    }
  }

  World world_;
  Clock clock_{from_millis(1'700'000'000'000)};
  std::unique_ptr<Random> random_;
  deploy::ResourceTypes types_;
  std::unique_ptr<store::Store> store_;
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> guard_;
  std::thread thread_;
  std::unique_ptr<deploy::Engine> engine_;
  std::unique_ptr<Service> service_;
  wire::Call call_;
  std::mutex mutex_;
  std::condition_variable changed_;
};

const std::string one =
    "Resources: {A: {Type: Test::Thing, Properties: {Size: '1'}}}\nOutputs: {Name: {Value: !Ref "
    "A}}";
const std::string two =
    "Resources: {A: {Type: Test::Thing, Properties: {Size: '2'}}}\nOutputs: {Name: {Value: !Ref "
    "A}}";

TEST_F(CloudFormation, AStackFromCreationToDeletion) {
  const auto created = create(one);
  ASSERT_TRUE(created.has_value()) << said(created);
  EXPECT_THAT(*created->stack_id,
              testing::MatchesRegex(
                  "arn:aws:cloudformation:eu-west-1:000000000000:stack/demo/[0-9a-f-]{36}"));
  EXPECT_EQ(settled(), "CREATE_COMPLETE");
  const Stack stack = describe();
  ASSERT_EQ(stack.outputs.size(), 1u);
  EXPECT_THAT(*stack.outputs[0].output_value, StartsWith("demo-A-"));
  EXPECT_EQ(said(create(one)), "AlreadyExistsException: Stack [demo] already exists");
  EXPECT_EQ(said(update(one)), "ValidationError: No updates are to be performed.");
  ASSERT_TRUE(update(two).has_value());
  EXPECT_EQ(settled(), "UPDATE_COMPLETE");
  const auto events =
      read(&Service::describe_stack_events, DescribeStackEventsInput{.stack_name = "demo"});
  EXPECT_EQ(*events->stack_events.front().resource_status, "UPDATE_COMPLETE") << "newest first";
  EXPECT_EQ(events->stack_events.back().resource_status_reason, "User Initiated");
  ASSERT_TRUE(write(&Service::delete_stack, DeleteStackInput{.stack_name = "demo"}).has_value());
  EXPECT_EQ(settled(*created->stack_id), "DELETE_COMPLETE");
  EXPECT_TRUE(world_.things.empty());
  EXPECT_EQ(said(read(&Service::describe_stacks, DescribeStacksInput{.stack_name = "demo"})),
            "ValidationError: Stack with id demo does not exist");
  EXPECT_TRUE(create(one).has_value()) << "the name is free again";
  settled();
}

TEST_F(CloudFormation, WhatTheCommandLineDoesToDeploy) {
  const auto change = [&](ChangeSetType type, const std::string& name, const std::string& body) {
    CreateChangeSetInput in{.change_set_name = name,
                            .change_set_type = type,
                            .stack_name = "demo",
                            .template_body = body};
    return wait(service_->create_change_set(call_, std::move(in)));
  };
  const auto made = change(ChangeSetType::create, "first", one);
  ASSERT_TRUE(made.has_value()) << said(made);
  EXPECT_EQ(describe().stack_status, StackStatus::review_in_progress);
  const auto shown =
      read(&Service::describe_change_set, DescribeChangeSetInput{.change_set_name = *made->id});
  ASSERT_TRUE(shown.has_value()) << said(shown);
  EXPECT_EQ(shown->status, ChangeSetStatus::create_complete);
  EXPECT_EQ(shown->execution_status, ExecutionStatus::available);
  ASSERT_EQ(shown->changes.size(), 1u);
  EXPECT_EQ(shown->changes[0].resource_change->action, ChangeAction::add);
  ASSERT_TRUE(
      write(&Service::execute_change_set, ExecuteChangeSetInput{.change_set_name = *made->id})
          .has_value());
  EXPECT_EQ(settled(), "CREATE_COMPLETE");
  // The same again: a set that failed, in the words that the CLI looks for.
  const auto same = change(ChangeSetType::update, "second", one);
  const auto empty =
      read(&Service::describe_change_set, DescribeChangeSetInput{.change_set_name = *same->id});
  EXPECT_EQ(empty->status, ChangeSetStatus::failed);
  EXPECT_THAT(*empty->status_reason,
              HasSubstr("The submitted information didn't contain changes."));
  EXPECT_THAT(said(write(&Service::execute_change_set,
                         ExecuteChangeSetInput{.change_set_name = *same->id})),
              HasSubstr("cannot be executed in its current status of [FAILED]"));
  const auto different = change(ChangeSetType::update, "third", two);
  const auto modified =
      read(&Service::describe_change_set,
           DescribeChangeSetInput{.change_set_name = "third", .stack_name = "demo"});
  ASSERT_EQ(modified->changes.size(), 1u);
  EXPECT_EQ(modified->changes[0].resource_change->replacement, Replacement::false_);
  EXPECT_EQ(modified->changes[0].resource_change->details.at(0).target->name, "Size");
  ASSERT_TRUE(write(&Service::execute_change_set,
                    ExecuteChangeSetInput{.change_set_name = "third", .stack_name = "demo"})
                  .has_value());
  EXPECT_EQ(settled(), "UPDATE_COMPLETE");
  EXPECT_THAT(said(write(&Service::execute_change_set,
                         ExecuteChangeSetInput{.change_set_name = "third", .stack_name = "demo"})),
              StartsWith("InvalidChangeSetStatus"));
}

TEST_F(CloudFormation, AFailedTransformIsTheChangeSetsFailure) {
  CreateChangeSetInput in{
      .change_set_name = "c", .change_set_type = ChangeSetType::create, .stack_name = "demo"};
  in.template_body =
      "Transform: AWS::Serverless-2016-10-31\nResources: {F: {Type: AWS::Serverless::Function, "
      "Properties: {}}}";
  const auto made = wait(service_->create_change_set(call_, std::move(in)));
  ASSERT_TRUE(made.has_value()) << said(made);
  const auto shown =
      read(&Service::describe_change_set, DescribeChangeSetInput{.change_set_name = *made->id});
  EXPECT_EQ(shown->status, ChangeSetStatus::failed);
  EXPECT_THAT(*shown->status_reason,
              StartsWith("Transform AWS::Serverless-2016-10-31 failed with: Invalid Serverless"));
}

TEST_F(CloudFormation, CapabilitiesMustBeAcknowledged) {
  EXPECT_EQ(said(create("Resources: {R: {Type: AWS::IAM::Role}}")),
            "InsufficientCapabilitiesException: Requires capabilities : [CAPABILITY_IAM]");
  EXPECT_EQ(said(create("Resources: {R: {Type: AWS::IAM::Role, Properties: {RoleName: r}}}",
                        {.capabilities = {Capability::capability_iam}})),
            "InsufficientCapabilitiesException: Requires capabilities : [CAPABILITY_NAMED_IAM]");
  EXPECT_EQ(said(create("Transform: AWS::LanguageExtensions\nResources: {A: {Type: Test::Thing}}")),
            "InsufficientCapabilitiesException: Requires capabilities : [CAPABILITY_AUTO_EXPAND]");
  EXPECT_EQ(said(create("Resources: {R: {Type: AWS::IAM::Role}}",
                        {.capabilities = {Capability::capability_iam}})),
            "accepted");
  settled();
}

struct Refusal {
  const char* body;
  const char* says;
};
TEST_F(CloudFormation, TemplatesThatAreRefusedLeaveNothingBehind) {
  for (const auto& [body, says] : std::vector<Refusal>{
           {"Resources: {A: {Type: AWS::Nope::Nope}, B: {Type: AWS::X::Y}}",
            "ValidationError: Template format error: Unrecognized resource types: "
            "[AWS::Nope::Nope, AWS::X::Y]"},
           {"Resources: {A: {Type: Test::Thing, Properties: {Size: !GetAtt A2.Nope}}, A2: {Type: "
            "Test::Thing}}",
            "ValidationError: Template error: resource A2 does not support attribute type Nope in "
            "Fn::GetAtt"},
           {"Resources: {A: {Type: Test::Thing, Properties: {Size: !Ref B}}, B: {Type: "
            "Test::Thing, Properties: {Size: !Ref A}}}",
            "ValidationError: Circular dependency between resources: [A, B]"},
           {"Parameters: {P: {Type: String}}\nResources: {A: {Type: Test::Thing}}",
            "ValidationError: Parameters: [P] must have values"},
           {"Transform: Nope\nResources: {A: {Type: Test::Thing}}",
            "ValidationError: No transform named Nope found."},
           {"Parameters: {I: {Type: Number, Default: 2}}\nResources: {A: {Type: Test::Thing}, B: "
            "{Type: Test::Thing, Properties: {Name: !Ref A, Size: !Select [!Ref I, [a, b]]}}}",
            "ValidationError: Template error: Fn::Select cannot select nonexistent value at index "
            "2"},
           {"Mappings: {M: {a: {b: c}}}\nResources: {A: {Type: Test::Thing, Properties: {Size: "
            "!FindInMap [M, !Ref AWS::Region, b]}}}",
            "ValidationError: Template error: Unable to get mapping for M::eu-west-1::b"},
           {"Resources: {A: {Type: Test::Thing, Properties: {Size: !Sub '${A2.Nope}'}}, A2: {Type: "
            "Test::Thing}}",
            "ValidationError: Template error: resource A2 does not support attribute type Nope in "
            "Fn::GetAtt"},
           {"Resources: {A: {Type: Test::Thing, Properties: {'Fn::Transform': {Name: x}}}}",
            "ValidationError: Template format error: Fn::Transform and Fn::ForEach are not "
            "supported here"}})
    EXPECT_EQ(said(create(body)), says);
  EXPECT_THAT(said(create(std::string(51'201, 'x'))),
              HasSubstr("Member must have length less than or equal to 51200"));
  EXPECT_THAT(said(create(one, {.stack_name = "1-bad"})),
              HasSubstr("Member must satisfy regular expression pattern"));
  EXPECT_TRUE(read(&Service::describe_stacks, DescribeStacksInput{})->stacks.empty());
}

TEST_F(CloudFormation, WhatOnlyTheWorkTellsIsNotRefusedBeforehand) {
  const auto created = create(
      "Resources: {A: {Type: Test::Thing}, B: {Type: Test::Thing, Properties: {Size: !Select [1, "
      "!Split [':', !GetAtt A.Arn]]}}}\nOutputs: {Id: {Value: !Select [2, !Split ['/', !Ref "
      "AWS::StackId]]}, Parts: {Value: !Join ['-', !Split [':', !GetAtt A.Arn]]}}");
  ASSERT_TRUE(created.has_value()) << said(created);
  EXPECT_EQ(settled(), "CREATE_COMPLETE");
  EXPECT_THAT(*created->stack_id, testing::EndsWith(*describe().outputs[0].output_value));
  EXPECT_THAT(*describe().outputs[1].output_value, StartsWith("arn-demo-A-"));
  const auto changed = update(
      "Resources: {C: {Type: Test::Thing}, B: {Type: Test::Thing, Properties: {Size: !Select [1, "
      "!Split [':', !GetAtt C.Arn]]}}}");
  ASSERT_TRUE(changed.has_value()) << said(changed);
  EXPECT_EQ(settled(), "UPDATE_COMPLETE");
}

TEST_F(CloudFormation, TagsStayIfNotNamedAndGoIfEmpty) {
  const std::vector<Tag> tags{{.key = "team", .value = "soil"}};
  ASSERT_TRUE(create(one, {.tags = tags}).has_value());
  settled();
  ASSERT_TRUE(update(two).has_value());
  settled();
  ASSERT_EQ(describe().tags->size(), 1u);
  const auto cleared = update(two, {.tags = std::vector<Tag>()});
  ASSERT_TRUE(cleared.has_value()) << said(cleared);
  EXPECT_EQ(settled(), "UPDATE_COMPLETE");
  EXPECT_TRUE(describe().tags->empty());
}

TEST_F(CloudFormation, AnUpdateIsCancelledOnceWhoeverAsksTwice) {
  ASSERT_TRUE(create(one).has_value());
  settled();
  const CancelUpdateStackInput cancel{.client_request_token = "again", .stack_name = "demo"};
  EXPECT_THAT(said(write(&Service::cancel_update_stack, cancel)),
              HasSubstr("cannot be called from current stack status"));
  {
    const std::lock_guard lock(world_.mutex);  // no thing changes meanwhile
    ASSERT_TRUE(update(two).has_value());
    for (int i = 0; i < 2; ++i) {
      const auto cancelled = write(&Service::cancel_update_stack, cancel);
      EXPECT_TRUE(cancelled.has_value()) << said(cancelled);
    }
  }
  EXPECT_EQ(settled(), "UPDATE_ROLLBACK_COMPLETE");
  const auto again = write(&Service::cancel_update_stack, cancel);
  EXPECT_TRUE(again.has_value()) << said(again);
  const auto events =
      read(&Service::describe_stack_events, DescribeStackEventsInput{.stack_name = "demo"});
  EXPECT_EQ(events->stack_events.front().client_request_token, "again");
}

TEST_F(CloudFormation, RetainExceptOnCreateHoldsForWhatAnUpdateAdds) {
  const std::string more =
      "Resources: {A: {Type: Test::Thing, Properties: {Size: '1'}}, New: {Type: Test::Thing, "
      "DeletionPolicy: Retain}, Bad: {Type: Test::Thing, DependsOn: New}}";
  ASSERT_TRUE(create(one).has_value());
  settled();
  world_.refuses = "Bad";
  ASSERT_TRUE(update(more).has_value());
  EXPECT_EQ(settled(), "UPDATE_ROLLBACK_COMPLETE");
  EXPECT_EQ(world_.things.size(), 2u) << "it is to be retained";
  ASSERT_TRUE(update(more, {.retain_except_on_create = true}).has_value());
  EXPECT_EQ(settled(), "UPDATE_ROLLBACK_COMPLETE");
  EXPECT_EQ(world_.things.size(), 2u) << "its creation was undone";
  CreateChangeSetInput set{.change_set_name = "c", .stack_name = "demo", .template_body = more};
  ASSERT_TRUE(wait(service_->create_change_set(call_, std::move(set))).has_value());
  ASSERT_TRUE(
      write(&Service::execute_change_set,
            ExecuteChangeSetInput{
                .change_set_name = "c", .stack_name = "demo", .retain_except_on_create = true})
          .has_value());
  EXPECT_EQ(settled(), "UPDATE_ROLLBACK_COMPLETE");
  EXPECT_EQ(world_.things.size(), 2u);
}

TEST_F(CloudFormation, AFailureIsToldAndRolledBack) {
  world_.refuses = "A";
  ASSERT_TRUE(create(one).has_value());
  EXPECT_EQ(settled(), "ROLLBACK_COMPLETE");
  const auto events =
      read(&Service::describe_stack_events, DescribeStackEventsInput{.stack_name = "demo"});
  std::vector<std::string> reasons;
  for (const auto& event : events->stack_events)
    reasons.push_back(event.resource_status_reason.value_or(""));
  EXPECT_THAT(reasons, testing::Contains("The thing is too large"));
  EXPECT_THAT(said(update(two)),
              HasSubstr("is in ROLLBACK_COMPLETE state and can not be updated."));
}

TEST_F(CloudFormation, OnFailureDecides) {
  world_.refuses = "A";
  ASSERT_TRUE(create(one, {.on_failure = OnFailure::do_nothing}).has_value());
  EXPECT_EQ(settled(), "CREATE_FAILED");
  EXPECT_THAT(
      said(update(two)),
      testing::AllOf(StartsWith("ValidationError: This stack is currently in a non-terminal "
                                "[CREATE_FAILED] state."),
                     HasSubstr("neither is served here")));
  ASSERT_TRUE(write(&Service::delete_stack, DeleteStackInput{.stack_name = "demo"}).has_value());
  const auto gone = create(one, {.on_failure = OnFailure::delete_, .stack_name = "other"});
  EXPECT_EQ(settled(*gone->stack_id), "DELETE_COMPLETE");
  EXPECT_EQ(
      said(create(one, {.disable_rollback = true, .on_failure = OnFailure::delete_})),
      "ValidationError: You can specify only one of DisableRollback and OnFailure parameters.");
}

TEST_F(CloudFormation, DeletionFailsWithTheServicesReasonAndCanRetain) {
  ASSERT_TRUE(create(one).has_value());
  ASSERT_EQ(settled(), "CREATE_COMPLETE");
  world_.refuses = "-A";
  EXPECT_THAT(said(write(&Service::delete_stack,
                         DeleteStackInput{.retain_resources = {"A"}, .stack_name = "demo"})),
              HasSubstr("RetainResources can be specified only for stacks in DELETE_FAILED state"));
  ASSERT_TRUE(write(&Service::delete_stack, DeleteStackInput{.stack_name = "demo"}).has_value());
  EXPECT_EQ(settled(), "DELETE_FAILED");
  const auto detail =
      read(&Service::describe_stack_resource,
           DescribeStackResourceInput{.logical_resource_id = "A", .stack_name = "demo"});
  EXPECT_EQ(detail->stack_resource_detail->resource_status_reason,
            "The bucket you tried to delete is not empty");
  const std::string id = *describe().stack_id;
  ASSERT_TRUE(write(&Service::delete_stack,
                    DeleteStackInput{.retain_resources = {"A"}, .stack_name = "demo"})
                  .has_value());
  EXPECT_EQ(settled(id), "DELETE_COMPLETE");
  EXPECT_EQ(world_.things.size(), 1u);
}

TEST_F(CloudFormation, TerminationProtectionHolds) {
  ASSERT_TRUE(create(one, {.enable_termination_protection = true}).has_value());
  settled();
  EXPECT_EQ(
      said(write(&Service::delete_stack, DeleteStackInput{.stack_name = "demo"})),
      "ValidationError: Stack [demo] cannot be deleted while TerminationProtection is enabled");
  ASSERT_TRUE(write(&Service::update_termination_protection,
                    UpdateTerminationProtectionInput{.enable_termination_protection = false,
                                                     .stack_name = "demo"})
                  .has_value());
  EXPECT_EQ(said(write(&Service::delete_stack, DeleteStackInput{.stack_name = "demo"})),
            "accepted");
}

TEST_F(CloudFormation, ExportsAreSharedAndHeldByThoseWhoUseThem) {
  const std::string exporter =
      "Resources: {A: {Type: Test::Thing}}\nOutputs: {O: {Value: !GetAtt A.Arn, Export: {Name: "
      "shared}}}";
  const std::string importer =
      "Resources: {B: {Type: Test::Thing, Properties: {Size: !ImportValue shared}}}";
  ASSERT_TRUE(create(importer, {.stack_name = "early"}).has_value());
  EXPECT_EQ(settled("early"), "ROLLBACK_COMPLETE");
  ASSERT_TRUE(create(exporter, {.stack_name = "exporter"}).has_value());
  ASSERT_EQ(settled("exporter"), "CREATE_COMPLETE");
  ASSERT_TRUE(create(exporter, {.stack_name = "rival"}).has_value());
  EXPECT_EQ(settled("rival"), "ROLLBACK_COMPLETE");
  ASSERT_TRUE(create(importer, {.stack_name = "importer"}).has_value());
  ASSERT_EQ(settled("importer"), "CREATE_COMPLETE");
  const auto exports = read(&Service::list_exports, ListExportsInput{});
  ASSERT_EQ(exports->exports.size(), 1u);
  EXPECT_EQ(exports->exports[0].name, "shared");
  EXPECT_THAT(read(&Service::list_imports, ListImportsInput{.export_name = "shared"})->imports,
              ElementsAre("importer"));
  EXPECT_THAT(said(write(&Service::delete_stack, DeleteStackInput{.stack_name = "exporter"})),
              HasSubstr("Cannot delete export shared as it is in use by importer"));
  UpdateStackInput without{.stack_name = "exporter"};
  ASSERT_TRUE(update("Resources: {A: {Type: Test::Thing}}", std::move(without)).has_value());
  EXPECT_EQ(settled("exporter"), "UPDATE_ROLLBACK_COMPLETE");
  const std::string importer_id = *describe("importer").stack_id;
  ASSERT_TRUE(
      write(&Service::delete_stack, DeleteStackInput{.stack_name = "importer"}).has_value());
  EXPECT_EQ(settled(importer_id), "DELETE_COMPLETE");
  EXPECT_EQ(said(write(&Service::delete_stack, DeleteStackInput{.stack_name = "exporter"})),
            "accepted");
}

TEST_F(CloudFormation, ParametersKeepTheirValuesAndSecretsStaySecret) {
  const std::string body =
      "Parameters: {P: {Type: String, NoEcho: true}}\nResources: {A: {Type: Test::Thing, "
      "Properties: {Size: !Ref P}}}";
  ASSERT_TRUE(create(body, {.parameters = {{.parameter_key = "P", .parameter_value = "hidden"}}})
                  .has_value());
  ASSERT_EQ(settled(), "CREATE_COMPLETE");
  EXPECT_EQ(describe().parameters.at(0).parameter_value, "****");
  UpdateStackInput again{.parameters = {{.parameter_key = "P", .use_previous_value = true}}};
  ASSERT_TRUE(update(body + "\n  # a comment\nDescription: new\nOutputs: {O: {Value: !Ref A}}",
                     std::move(again))
                  .has_value());
  EXPECT_EQ(settled(), "UPDATE_COMPLETE");
  EXPECT_EQ(world_.things.begin()->second.at("Size"), deploy::json::value("hidden"));
  const auto events =
      read(&Service::describe_stack_events, DescribeStackEventsInput{.stack_name = "demo"});
  ASSERT_FALSE(events->stack_events.empty());
  for (const auto& event : events->stack_events)
    EXPECT_THAT(event.resource_properties.value_or(""), testing::Not(HasSubstr("hidden")));
}

TEST_F(CloudFormation, InertResourcesWarnAndStrictStacksRefuseThem) {
  const std::string body =
      "Resources: {E: {Type: AWS::EC2::Instance, Properties: {InstanceType: t2.micro}}}\n"
      "Outputs: {Zone: {Value: !GetAtt E.AvailabilityZone}, Ip: {Value: !GetAtt E.PublicIp}, Id: "
      "{Value: !Ref E}}";
  EXPECT_THAT(said(create(body, {.tags = {{.key = "cloudlet:strict", .value = "true"}}})),
              HasSubstr("resource E of type AWS::EC2::Instance would be inert here (line 1), and "
                        "strict was asked for"));
  ASSERT_TRUE(create(body).has_value());
  ASSERT_EQ(settled(), "CREATE_COMPLETE");
  std::map<std::string, std::string> outputs;
  for (const auto& output : describe().outputs) outputs[*output.output_key] = *output.output_value;
  EXPECT_EQ(outputs["Zone"], "eu-west-1a");
  EXPECT_THAT(outputs["Ip"], StartsWith("192.0.2."));
  EXPECT_THAT(outputs["Id"], testing::MatchesRegex("i-[0-9a-f]{17}"));
  std::vector<std::string> reasons;
  const auto events =
      read(&Service::describe_stack_events, DescribeStackEventsInput{.stack_name = "demo"});
  for (const auto& event : events->stack_events)
    reasons.push_back(event.resource_status_reason.value_or(""));
  EXPECT_THAT(reasons,
              testing::Contains(StartsWith("inert: AWS::EC2::Instance has no counterpart here")));
}

TEST_F(CloudFormation, TemplatesAreKeptAsTheyCame) {
  ASSERT_TRUE(create(one).has_value());
  settled();
  EXPECT_EQ(read(&Service::get_template, GetTemplateInput{.stack_name = "demo"})->template_body,
            one);
  const auto processed =
      read(&Service::get_template,
           GetTemplateInput{.stack_name = "demo", .template_stage = TemplateStage::processed});
  EXPECT_THAT(*processed->template_body, StartsWith("{\"Resources\":"));
  ValidateTemplateInput in{.template_body =
                               "Description: d\nParameters: {P: {Type: Number, Default: "
                               "3}}\nResources: {R: {Type: AWS::IAM::Role}}"};
  const auto valid = wait(service_->validate_template(call_, std::move(in)));
  ASSERT_TRUE(valid.has_value()) << said(valid);
  EXPECT_EQ(valid->parameters.at(0).default_value, "3");
  EXPECT_THAT(valid->capabilities, ElementsAre(Capability::capability_iam));
  EXPECT_EQ(valid->capabilities_reason,
            "The following resource(s) require capabilities: [AWS::IAM::Role]");
}

}  // namespace
}  // namespace cloudlet::cloudformation
