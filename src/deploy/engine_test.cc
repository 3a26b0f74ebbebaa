// The engine with resource types of its own: order, roll back, replacement, and a crash at every
// step of each of them, after which the stack ends where it would have ended and nothing exists
// twice.
#include "deploy/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <filesystem>
#include <thread>

#include "deploy/resource_steps.h"
#include "store/store.h"
#include "store/view.h"
#include "wire/caller.h"

namespace cloudlet::deploy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const ErrorKind refused{.name = "Refused", .code = "Refused"};
const Scope here{.account = "000000000000", .region = "eu-west-1"};

// What a service behind the resource types would hold; it outlives the engine, as another process's
// disk would.
struct World {
  std::mutex mutex;
  std::map<std::string, json::object> things;  // by physical id
  std::vector<std::string> log;                // "create A", "update A", "remove A"
  std::set<std::string> failing;               // "create A": fails
  // Counts down with every effect, before and after it; at zero the process "dies": nothing answers
  // any more.
  int steps_left = 1 << 30;
  bool dead = false;
  std::condition_variable died;
  std::size_t at_once = 0, at_once_max = 0;
};

// True if the process is dead from here on.
bool pass(World& world) {
  const std::lock_guard lock(world.mutex);
  if (!world.dead && --world.steps_left == 0) {
    world.dead = true;
    world.died.notify_all();
  }
  return world.dead;
}

Task<> never() {
  asio::steady_timer timer(co_await asio::this_coro::executor,
                           asio::steady_timer::time_point::max());
  co_await timer.async_wait(asio::use_awaitable);
}

constexpr Property thing_properties[] = {{.name = "Name", .update = Update::replace},
                                         {.name = "Size", .kind = Kind::number},
                                         {.name = "Colour"},
                                         {.name = "Shape", .update = Update::replace},
                                         {.name = "Tags", .kind = Kind::tags}};
constexpr std::string_view thing_attributes[] = {"Arn", "Shape"};

class Thing : public ResourceType {
 public:
  explicit Thing(World& world) : world_(world) {}
  std::string_view name() const override { return "Test::Thing"; }
  std::span<const Property> properties() const override { return thing_properties; }
  std::span<const std::string_view> attributes() const override { return thing_attributes; }
  std::string_view name_property() const override { return "Name"; }

  Task<Result<Made>> create(const Request& request, const json::object& properties) const override {
    const std::string id = text_if(properties, "Name").value_or(request.name);
    auto created = co_await act("create", request.logical_id, [&] {
      if (!world_.things.emplace(id, properties).second) world_.log.push_back("twice " + id);
      return made(id, properties);
    });
    if (created.has_value()) created = completed(*created, complete(request));
    co_return created;
  }
  Task<Result<std::optional<Made>>> find(const Request& request,
                                         const json::object& properties) const override {
    const std::string id = text_if(properties, "Name").value_or(request.name);
    const std::lock_guard lock(world_.mutex);
    const auto found = world_.things.find(id);
    if (found == world_.things.end()) co_return std::optional<Made>();
    co_return std::optional<Made>(made(id, found->second));
  }
  Task<Result<Made>> update(const Request& request, const std::string& id, const json::object&,
                            const json::object& after) const override {
    if (auto outcome = complete(request); outcome.has_error()) co_return outcome.error();
    co_return co_await act("update", request.logical_id, [&] {
      world_.things[id] = after;
      return made(id, after);
    });
  }
  Task<Result<void>> remove(const Request& request, const std::string& id,
                            const json::object&) const override {
    auto removed = co_await act("remove", request.logical_id, [&] {
      world_.things.erase(id);
      return Made{};
    });
    if (removed.has_error()) co_return removed.error();
    co_return Result<void>();
  }

 protected:
  static Made made(const std::string& id, const json::object& properties) {
    return {.physical_id = id,
            .attributes = {{"Arn", "arn:" + id}, {"Shape", text_of(properties, "Shape")}}};
  }
  // What a creation in more than one call does at last, and an update does again.
  Result<void> complete(const Request& request) const {
    const std::lock_guard lock(world_.mutex);
    if (!world_.failing.contains("complete " + request.logical_id)) return {};
    return Error(refused, "completing " + request.logical_id + " was refused");
  }
  template <class Effect>
  Task<Result<Made>> act(std::string what, std::string id, Effect effect) const {
    if (pass(world_)) co_await never();
    std::optional<Result<Made>> outcome;
    {
      const std::lock_guard lock(world_.mutex);
      world_.at_once_max = std::max(world_.at_once_max, ++world_.at_once);
      world_.log.push_back(what + " " + id);
      if (world_.failing.contains(what + " " + id))
        outcome = Error(refused, what + " of " + id + " was refused");
      else
        outcome = effect();
      --world_.at_once;
    }
    if (pass(world_)) co_await never();
    co_return *outcome;
  }
  World& world_;
};

constexpr Property setting_properties[] = {{.name = "Targets", .kind = Kind::texts},
                                           {.name = "Size", .kind = Kind::number}};

// A policy on several targets, as AWS::IAM::Policy is one: no thing of its own, a put for each.
class Setting final : public Thing {
 public:
  using Thing::Thing;
  std::string_view name() const override { return "Test::Setting"; }
  std::span<const Property> properties() const override { return setting_properties; }
  std::span<const std::string_view> attributes() const override { return {}; }
  std::string_view name_property() const override { return {}; }

  Task<Result<Made>> create(const Request& request, const json::object& properties) const override {
    std::vector<std::string> done;
    for (const auto& target : texts_of(properties, "Targets")) {
      const auto put = co_await this->put(request, target, properties);
      if (put.has_error()) {
        CO_CHECK(co_await withdraw(request, std::move(done)));
        co_return put.error();
      }
      done.push_back(target);
    }
    co_return Made{.physical_id = request.name};
  }
  Task<Result<std::optional<Made>>> find(const Request&, const json::object&) const override {
    co_return std::optional<Made>();
  }
  Task<Result<Made>> update(const Request& request, const std::string& id,
                            const json::object& before, const json::object& after) const override {
    const auto wanted = texts_of(after, "Targets");
    for (const auto& target : wanted) CO_CHECK(co_await put(request, target, after));
    CO_CHECK(co_await withdraw(request, beyond(texts_of(before, "Targets"), wanted)));
    co_return Made{.physical_id = id};
  }
  Task<Result<void>> remove(const Request& request, const std::string&,
                            const json::object& properties) const override {
    co_return co_await withdraw(request, texts_of(properties, "Targets"));
  }

 private:
  Task<Result<Made>> put(const Request& request, std::string target,
                         const json::object& properties) const {
    return act("put", request.logical_id + " " + target, [this, target, properties] {
      world_.things[target] = properties;
      return Made{};
    });
  }
  Task<Result<void>> withdraw(const Request& request, std::vector<std::string> targets) const {
    for (const auto& target : targets) {
      const std::string id = request.logical_id + " " + target;
      const auto erase = [&] {
        world_.things.erase(target);
        return Made{};
      };
      auto taken = co_await act("withdraw", id, erase);
      if (taken.has_error()) co_return taken.error();
    }
    co_return Result<void>();
  }
};

class NoCaller : public wire::Caller {
  Task<Result<void>> call(const wire::Service&, const wire::Operation&, void*, void*) override {
    co_return Result<void>();
  }
};

// Tells when something was committed.
class Watcher : public store::View {
 public:
  store::Range range() const override { return store::prefix(store::make_key("cloudformation")); }
  void apply(std::string_view, std::optional<std::string_view>) override {
    const std::lock_guard lock(mutex_);
    ++changes_;
    changed_.notify_all();
  }
  template <class Condition>
  bool wait(const Condition& met) {
    std::unique_lock lock(mutex_);
    for (;;) {
      const auto seen = changes_;
      lock.unlock();
      if (met()) return true;
      lock.lock();
      // The view hears of a change before readers see it: look again soon even without one.
      if (changes_ == seen && ++idle_ > 2000) return false;
      if (changes_ == seen) changed_.wait_for(lock, std::chrono::milliseconds(10));
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int changes_ = 0;
  int idle_ = 0;
};

// One life of the process.
class Process {
 public:
  Process(World& world, const std::filesystem::path& folder)
      : random_(seeded_random(7)), guard_(io_.get_executor()) {
    ResourceTypeList list;
    list.push_back(std::make_unique<Thing>(world));
    list.push_back(std::make_unique<Setting>(world));
    types_.add(std::move(list));
    auto opened = store::Store::open(
        {.folder = folder,
         .durability = folder.empty() ? store::Durability::memory : store::Durability::interval},
        clock_, *random_);
    EXPECT_TRUE(opened.has_value()) << opened.error().message();
    store_ = std::move(*opened);
    engine_ = std::make_unique<Engine>(
        Engine::Parts{.store = *store_,
                      .types = types_,
                      .clock = clock_,
                      .caller = [](const Scope&) { return std::make_unique<NoCaller>(); },
                      .executor = io_.get_executor()});
    store_->watch(watcher_);
    store_->start();
    thread_ = std::thread([this] { io_.run(); });
    engine_->start();
  }
  ~Process() {
    engine_->stop();
    engine_.reset();
    store_->stop();
    guard_.reset();
    io_.stop();
    thread_.join();
    store_.reset();
  }

  // What CreateStack and UpdateStack do.
  std::string apply(std::string_view text, std::map<std::string, std::string> tags = {},
                    OnFailure on_failure = OnFailure::rollback) {
    const Wish wish{.body = std::string(text), .tags = std::move(tags)};
    auto prepared = prepare(wish, here, types_, Strict::no);
    if (prepared.has_error()) return prepared.error().message();
    auto begun = store_->transact_blocking([&](store::Txn& tx) -> Result<void> {
      Stack stack = read_stack(tx, here, "1")
                        .value_or(Stack{
                            .scope = here, .uuid = "1", .name = "demo", .on_failure = on_failure});
      stack.target = stack.current + 1;
      tx.put(keys::deployment(here, "1", stack.target), encode(prepared->deployment));
      tx.put(keys::name(here, "demo"), "1");
      engine_->begin(tx, stack, Phase::apply,
                     stack.current == 0 ? "CREATE_IN_PROGRESS" : "UPDATE_IN_PROGRESS", "",
                     clock_.now());
      return {};
    });
    EXPECT_TRUE(begun.has_value());
    return "";
  }
  void remove() {
    auto begun = store_->transact_blocking([&](store::Txn& tx) -> Result<void> {
      Stack stack = *read_stack(tx, here, "1");
      engine_->begin(tx, stack, Phase::remove, "DELETE_IN_PROGRESS", "", clock_.now());
      return {};
    });
    EXPECT_TRUE(begun.has_value());
  }
  Stack stack() { return *read_stack(*store_->snapshot(), here, "1"); }
  // Its status once it is idle.
  std::string settled() {
    EXPECT_TRUE(watcher_.wait([&] {
      const auto now = read_stack(*store_->snapshot(), here, "1");
      return now && !now->busy();
    })) << "the stack stands still in "
        << stack().status;
    return stack().status;
  }
  std::vector<std::string> events() {
    std::vector<std::string> lines;
    store_->snapshot()->scan(store::prefix(keys::events(here, "1")),
                             [&](std::string_view, std::string_view value) {
                               const StackEvent event = decode_event(value);
                               lines.push_back(event.logical_id + " " + event.status +
                                               (event.reason.empty() ? "" : ": " + event.reason));
                               return true;
                             });
    return lines;
  }
  std::map<std::string, StackResource> resources() {
    return read_resources(*store_->snapshot(), stack());
  }
  std::size_t leftovers() {
    std::size_t count = 0;
    for (const auto& range :
         {store::prefix(keys::leftovers(here, "1")), store::prefix(keys::all_running())})
      store_->snapshot()->scan(range, [&](std::string_view, std::string_view) {
        ++count;
        return true;
      });
    return count;
  }

 private:
  Clock clock_{from_millis(1'700'000'000'000)};
  std::unique_ptr<Random> random_;
  ResourceTypes types_;
  std::unique_ptr<store::Store> store_;
  Watcher watcher_;
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> guard_;
  std::thread thread_;
  std::unique_ptr<Engine> engine_;
};

constexpr std::string_view chain = R"(
Resources:
  A: {Type: Test::Thing, Properties: {Size: '1'}}
  B: {Type: Test::Thing, Properties: {Colour: !Ref A}}
  C: {Type: Test::Thing, Properties: {Name: named, Colour: !GetAtt B.Arn}}
Outputs:
  Arn: {Value: !GetAtt C.Arn}
)";

TEST(Engine, CreatesInTheOrderOfDependenciesAndGivesOutputs) {
  World world;
  Process process(world, {});
  ASSERT_EQ(process.apply(chain), "");
  EXPECT_EQ(process.settled(), "CREATE_COMPLETE");
  EXPECT_THAT(world.log, ElementsAre("create A", "create B", "create C"));
  EXPECT_EQ(process.stack().outputs.at(0).value, "arn:named");
  const auto resources = process.resources();
  EXPECT_THAT(resources.at("A").now.id, testing::MatchesRegex("demo-A-[A-Z0-9]{12}"));
  EXPECT_EQ(world.things.at(resources.at("B").now.id).at("Colour"),
            json::value(resources.at("A").now.id));
  EXPECT_THAT(
      process.events(),
      ElementsAre("demo CREATE_IN_PROGRESS: User Initiated", "A CREATE_IN_PROGRESS",
                  "A CREATE_IN_PROGRESS: Resource creation Initiated", "A CREATE_COMPLETE",
                  "B CREATE_IN_PROGRESS", "B CREATE_IN_PROGRESS: Resource creation Initiated",
                  "B CREATE_COMPLETE", "C CREATE_IN_PROGRESS",
                  "C CREATE_IN_PROGRESS: Resource creation Initiated", "C CREATE_COMPLETE",
                  "demo CREATE_COMPLETE"));
}

TEST(Engine, ManyIndependentResourcesAreBounded) {
  World world;
  Process process(world, {});
  std::string text = "Resources:\n";
  for (int i = 0; i < 100; ++i) text += "  R" + std::to_string(i) + ": {Type: Test::Thing}\n";
  ASSERT_EQ(process.apply(text), "");
  EXPECT_EQ(process.settled(), "CREATE_COMPLETE");
  EXPECT_EQ(world.things.size(), 100u);
  EXPECT_LE(world.at_once_max, steps_at_once);
}

TEST(Engine, AFailedCreationIsRolledBackInReverse) {
  World world;
  world.failing = {"create C"};
  Process process(world, {});
  ASSERT_EQ(process.apply(chain), "");
  EXPECT_EQ(process.settled(), "ROLLBACK_COMPLETE");
  EXPECT_TRUE(world.things.empty());
  EXPECT_THAT(world.log, ElementsAre("create A", "create B", "create C", "remove B", "remove A"));
  EXPECT_THAT(process.events(), testing::Contains("C CREATE_FAILED: create of C was refused"));
  EXPECT_THAT(process.events(),
              testing::Contains(
                  "demo ROLLBACK_IN_PROGRESS: The following resource(s) failed to create: [C]. "
                  "Rollback requested by user."));
}

TEST(Engine, ANameThatIsTakenIsNeitherUsedNorRemoved) {
  World world;
  world.things["named"] = {{"Colour", "somebody else's"}};
  Process process(world, {});
  ASSERT_EQ(process.apply(chain), "");
  EXPECT_EQ(process.settled(), "ROLLBACK_COMPLETE");
  EXPECT_EQ(world.things.size(), 1u);
  EXPECT_THAT(process.events(), testing::Contains("C CREATE_FAILED: Resource of type 'Test::Thing' "
                                                  "with identifier 'named' already exists."));
}

TEST(Engine, UnknownPropertiesFailTheResource) {
  World world;
  Process process(world, {});
  ASSERT_EQ(process.apply("Resources: {A: {Type: Test::Thing, Properties: {Weight: 3}}}"), "");
  EXPECT_EQ(process.settled(), "ROLLBACK_COMPLETE");
  EXPECT_THAT(process.events(),
              testing::Contains("A CREATE_FAILED: Encountered unsupported property Weight"));
}

TEST(Engine, DeletesInReverseAndRetainsWhatItShould) {
  World world;
  Process process(world, {});
  ASSERT_EQ(process.apply("Resources:\n  A: {Type: Test::Thing, DeletionPolicy: Retain}\n  B: "
                          "{Type: Test::Thing, DependsOn: A}\n"),
            "");
  ASSERT_EQ(process.settled(), "CREATE_COMPLETE");
  process.remove();
  EXPECT_EQ(process.settled(), "DELETE_COMPLETE");
  EXPECT_EQ(world.things.size(), 1u);
  EXPECT_THAT(process.events(), testing::Contains("A DELETE_SKIPPED"));
}

TEST(Engine, ADeletionThatFailsCanBeTriedAgain) {
  World world;
  Process process(world, {});
  ASSERT_EQ(process.apply(chain), "");
  ASSERT_EQ(process.settled(), "CREATE_COMPLETE");
  world.failing = {"remove B"};
  process.remove();
  EXPECT_EQ(process.settled(), "DELETE_FAILED");
  EXPECT_EQ(process.stack().reason, "The following resource(s) failed to delete: [B]. ");
  EXPECT_EQ(world.things.size(), 2u) << "A must wait for B";
  world.failing.clear();
  process.remove();
  EXPECT_EQ(process.settled(), "DELETE_COMPLETE");
  EXPECT_TRUE(world.things.empty());
}

constexpr std::string_view before = R"(
Resources:
  A: {Type: Test::Thing, Properties: {Size: 1, Shape: round}}
  B: {Type: Test::Thing, Properties: {Colour: !Ref A}}
  Old: {Type: Test::Thing}
  Same: {Type: Test::Thing, Properties: {Colour: red}}
)";
constexpr std::string_view after = R"(
Resources:
  A: {Type: Test::Thing, Properties: {Size: 1, Shape: square}}
  B: {Type: Test::Thing, Properties: {Colour: !Ref A}}
  New: {Type: Test::Thing, Properties: {Colour: !GetAtt B.Arn}}
  Same: {Type: Test::Thing, Properties: {Colour: red}}
)";

TEST(Engine, AnUpdateChangesReplacesAddsAndCleansUp) {
  World world;
  Process process(world, {});
  ASSERT_EQ(process.apply(before), "");
  ASSERT_EQ(process.settled(), "CREATE_COMPLETE");
  const auto old = process.resources();
  world.log.clear();
  ASSERT_EQ(process.apply(after), "");
  EXPECT_EQ(process.settled(), "UPDATE_COMPLETE");
  EXPECT_THAT(world.log, testing::IsSupersetOf(
                             {"create A", "update B", "create New", "remove A", "remove Old"}));
  EXPECT_THAT(world.log, testing::Not(testing::Contains(HasSubstr("Same"))));
  const auto now = process.resources();
  EXPECT_NE(now.at("A").now.id, old.at("A").now.id);
  EXPECT_EQ(now.at("B").now.id, old.at("B").now.id);
  EXPECT_EQ(world.things.at(now.at("B").now.id).at("Colour"), json::value(now.at("A").now.id));
  EXPECT_EQ(world.things.size(), 4u);
  EXPECT_FALSE(now.contains("Old"));
}

TEST(Engine, AFailedUpdatePutsEverythingBack) {
  World world;
  Process process(world, {});
  ASSERT_EQ(process.apply(before), "");
  ASSERT_EQ(process.settled(), "CREATE_COMPLETE");
  const auto things = world.things;
  const auto old = process.resources();
  world.failing = {"create New"};
  ASSERT_EQ(process.apply(after), "");
  EXPECT_EQ(process.settled(), "UPDATE_ROLLBACK_COMPLETE");
  EXPECT_EQ(world.things, things);
  EXPECT_EQ(process.resources().at("A").now.id, old.at("A").now.id);
  EXPECT_EQ(process.resources().size(), old.size());
  // And the next update works as if nothing had been.
  world.failing.clear();
  ASSERT_EQ(process.apply(after), "");
  EXPECT_EQ(process.settled(), "UPDATE_COMPLETE");
}

TEST(Engine, TagsOfTheStackReachTaggedTypes) {
  World world;
  Process process(world, {});
  ASSERT_EQ(process.apply(
                "Resources: {A: {Type: Test::Thing, Properties: {Tags: [{Key: own, Value: 1}]}}}",
                {{"team", "soil"}}),
            "");
  ASSERT_EQ(process.settled(), "CREATE_COMPLETE");
  EXPECT_EQ(tags_of(world.things.begin()->second),
            (std::map<std::string, std::string>{{"own", "1"}, {"team", "soil"}}));
}

TEST(Engine, ACustomNameThatNeedsReplacingIsRefused) {
  World world;
  Process process(world, {});
  ASSERT_EQ(
      process.apply("Resources: {A: {Type: Test::Thing, Properties: {Name: n, Shape: round}}}"),
      "");
  ASSERT_EQ(process.settled(), "CREATE_COMPLETE");
  ASSERT_EQ(
      process.apply("Resources: {A: {Type: Test::Thing, Properties: {Name: n, Shape: square}}}"),
      "");
  EXPECT_EQ(process.settled(), "UPDATE_ROLLBACK_COMPLETE");
  EXPECT_THAT(process.events(),
              testing::Contains(HasSubstr("CloudFormation cannot update a stack when a "
                                          "custom-named resource requires replacing.")));
}

constexpr std::string_view on_three = R"(
Resources:
  A: {Type: Test::Thing, Properties: {Size: '1'}}
  P: {Type: Test::Setting, DependsOn: A, Properties: {Targets: [x, y, z], Size: '1'}}
)";
constexpr std::string_view on_two_others = R"(
Resources:
  A: {Type: Test::Thing, Properties: {Size: '2'}}
  P: {Type: Test::Setting, DependsOn: A, Properties: {Targets: [y, z, w, v], Size: '2'}}
)";

// A crash at every step: before and after each call of a service, with everything that runs beside
// it.
struct Story {
  const char* name;
  std::vector<std::string_view>
      templates;                  // applied one after the other, each once the stack has settled
  std::set<std::string> failing;  // in the last of them
  bool remove = false;            // and then deleted
  const char* end;
  std::size_t things;
};

class Crash : public testing::TestWithParam<Story> {};

// Plays the story, dying after `steps` effects; gives the final status, and whether it died at all.
std::pair<std::string, bool> play(const Story& story, World& world,
                                  const std::filesystem::path& folder, int steps) {
  std::size_t done = 0;
  const std::size_t acts = story.templates.size() + (story.remove ? 1 : 0);
  std::string status;
  bool began = false, died = false;
  while (done < acts) {
    {
      const std::lock_guard lock(world.mutex);
      world.dead = false;
    }
    Process process(world, folder);
    if (!began && done == 0 && !died) world.steps_left = steps;
    while (done < acts) {
      const bool last = done + 1 == acts;
      if (!began) {
        {
          const std::lock_guard lock(world.mutex);
          if (last) world.failing = story.failing;
        }
        if (done < story.templates.size())
          EXPECT_EQ(process.apply(story.templates[done]), "");
        else
          process.remove();
        began = true;
      }
      std::unique_lock lock(world.mutex);
      const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
      bool settled = false;
      while (!world.dead && !settled && std::chrono::steady_clock::now() < limit) {
        lock.unlock();
        settled = !process.stack().busy();
        lock.lock();
        if (!settled) world.died.wait_for(lock, std::chrono::milliseconds(2));
      }
      if (world.dead) {
        died = true;
        world.steps_left = 1 << 30;
        break;  // this life is over
      }
      lock.unlock();
      status = process.settled();
      began = false;
      ++done;
      if (done == acts) EXPECT_EQ(process.leftovers(), 0u);
    }
  }
  return {status, died};
}

TEST_P(Crash, AtEveryStepTheStackEndsWhereItWouldHave) {
  const auto folder = std::filesystem::temp_directory_path() /
                      ("engine_test_" + std::to_string(::getpid()) + GetParam().name);
  for (int steps = 1; steps < 200; ++steps) {
    std::filesystem::remove_all(folder);
    World world;
    const auto [status, died] = play(GetParam(), world, folder, steps);
    SCOPED_TRACE("died after " + std::to_string(steps) +
                 " steps: " + testing::PrintToString(world.log));
    EXPECT_EQ(status, GetParam().end);
    EXPECT_EQ(world.things.size(), GetParam().things);
    EXPECT_THAT(world.log, testing::Not(testing::Contains(HasSubstr("twice"))));
    if (!died || testing::Test::HasFailure()) break;
    ASSERT_LT(steps, 199) << "the story never ends";
  }
  std::filesystem::remove_all(folder);
}

INSTANTIATE_TEST_SUITE_P(
    Stories, Crash,
    testing::Values(
        Story{.name = "Create", .templates = {chain}, .end = "CREATE_COMPLETE", .things = 3},
        Story{.name = "CreateFails",
              .templates = {chain},
              .failing = {"create C"},
              .end = "ROLLBACK_COMPLETE",
              .things = 0},
        Story{.name = "CreationIsMadeButCannotBeCompleted",
              .templates = {chain},
              .failing = {"complete C"},
              .end = "ROLLBACK_COMPLETE",
              .things = 0},
        Story{
            .name = "Update", .templates = {before, after}, .end = "UPDATE_COMPLETE", .things = 4},
        Story{.name = "UpdateFails",
              .templates = {before, after},
              .failing = {"create New"},
              .end = "UPDATE_ROLLBACK_COMPLETE",
              .things = 4},
        Story{.name = "SettingOnSeveralTargets",
              .templates = {on_three, on_two_others},
              .end = "UPDATE_COMPLETE",
              .things = 5},
        Story{.name = "SettingIsRefusedByALaterTarget",
              .templates = {on_three},
              .failing = {"put P z"},
              .end = "ROLLBACK_COMPLETE",
              .things = 0},
        Story{.name = "ChangedSettingIsRefusedByALaterTarget",
              .templates = {on_three, on_two_others},
              .failing = {"put P v"},
              .end = "UPDATE_ROLLBACK_COMPLETE",
              .things = 4},
        Story{.name = "SettingIsRemovedFromAllTargets",
              .templates = {on_three},
              .remove = true,
              .end = "DELETE_COMPLETE",
              .things = 0},
        Story{.name = "Delete",
              .templates = {before},
              .remove = true,
              .end = "DELETE_COMPLETE",
              .things = 0}),
    [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace cloudlet::deploy
