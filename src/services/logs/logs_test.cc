// Proves CloudWatch Logs over a store in memory: groups and streams come and go, windows and tokens
// show each event once, patterns pick, retention forgets, and what functions append is seen by the
// next read.
#include "services/logs/logs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <set>
#include <thread>

#include "gen/logs/errors.h"
#include "services/logs/pattern.h"

namespace cloudlet::logs {
namespace {

using ::testing::ElementsAre;

class LogsTest : public ::testing::Test {
 protected:
  LogsTest() {
    store_ =
        store::Store::open({.durability = store::Durability::memory}, clock_, *random_).value();
    service_ = std::make_unique<Service>(*store_, clock_, io_.get_executor());
    store_->start();
    thread_ = std::thread([this] { io_.run(); });
  }
  ~LogsTest() override {
    store_->stop();
    guard_.reset();
    io_.stop();
    thread_.join();
  }

  wire::Call call() {
    wire::Call c;
    c.scope = {.account = "000000000000", .region = "us-east-1"};
    c.now = clock_.now();
    c.random = random_.get();
    return c;
  }
  template <class T>
  T run(Task<T> task) {
    return asio::co_spawn(io_, std::move(task), asio::use_future).get();
  }
  template <class Body>
  auto write(Body body) {
    return store_->transact_blocking(body);
  }
  void create(const std::string& group, const std::string& stream) {
    write([&](store::Txn& tx) {
      return service_->create_log_group(tx, call(), {.log_group_name = group});
    });
    write([&](store::Txn& tx) {
      return service_->create_log_stream(tx, call(),
                                         {.log_group_name = group, .log_stream_name = stream});
    });
  }
  Result<PutLogEventsOutput> put(const std::string& group, const std::string& stream,
                                 std::vector<InputLogEvent> events) {
    return write([&](store::Txn& tx) {
      return service_->put_log_events(
          tx, call(), {.log_events = events, .log_group_name = group, .log_stream_name = stream});
    });
  }
  InputLogEvent event(int seconds_ago, std::string message) {
    return {.message = std::move(message),
            .timestamp = to_millis(clock_.now()) - seconds_ago * 1000};
  }
  GetLogEventsOutput get(GetLogEventsInput in) {
    const wire::Call c = call();
    in.log_group_name = "g";
    in.log_stream_name = "s";
    return run(service_->get_log_events(c, std::move(in))).value();
  }
  static std::vector<std::string> texts(const GetLogEventsOutput& out) {
    std::vector<std::string> all;
    for (const auto& event : out.events) all.push_back(*event.message);
    return all;
  }
  std::vector<std::string> filter(FilterLogEventsInput in) {
    std::vector<std::string> all;
    in.log_group_name = "g";
    for (;;) {
      const wire::Call c = call();
      const auto out = run(service_->filter_log_events(c, in)).value();
      for (const auto& event : out.events) all.push_back(*event.message);
      if (!out.next_token) return all;
      in.next_token = out.next_token;
    }
  }

  Clock clock_{from_millis(1'700'000'000'000)};
  std::unique_ptr<Random> random_ = seeded_random(1);
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> guard_ = asio::make_work_guard(io_);
  std::thread thread_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Service> service_;
};

TEST_F(LogsTest, Groups_and_streams_exist_once) {
  create("g", "s");
  const auto again = write([&](store::Txn& tx) {
    return service_->create_log_group(tx, call(), {.log_group_name = "g"});
  });
  ASSERT_TRUE(again.has_error());
  EXPECT_EQ(again.error().message(), "The specified log group already exists");
  const auto nowhere = put("other", "s", {event(0, "x")});
  ASSERT_TRUE(nowhere.has_error());
  EXPECT_TRUE(nowhere.error().is(errors::kinds::resource_not_found));
}

TEST_F(LogsTest, Tokens_lead_through_a_stream_in_both_directions_and_show_each_event_once) {
  create("g", "s");
  std::vector<InputLogEvent> events;
  for (int i = 0; i < 10; ++i) events.push_back(event(100 - i / 2, std::to_string(i)));
  ASSERT_TRUE(put("g", "s", events).has_value());
  auto page = get({.limit = 4, .start_from_head = true});
  EXPECT_THAT(texts(page), ElementsAre("0", "1", "2", "3"));
  page = get({.limit = 4, .next_token = page.next_forward_token});
  EXPECT_THAT(texts(page), ElementsAre("4", "5", "6", "7"));
  const auto last = get({.limit = 4, .next_token = page.next_forward_token});
  EXPECT_THAT(texts(last), ElementsAre("8", "9"));
  EXPECT_THAT(texts(get({.limit = 4, .next_token = page.next_backward_token})),
              ElementsAre("0", "1", "2", "3"));
  const auto end = get({.limit = 4, .next_token = last.next_forward_token});
  EXPECT_TRUE(end.events.empty());
  EXPECT_EQ(end.next_forward_token, last.next_forward_token);
  ASSERT_TRUE(put("g", "s", {event(0, "new")}).has_value());
  EXPECT_THAT(texts(get({.next_token = end.next_forward_token})), ElementsAre("new"));
  EXPECT_THAT(texts(get({.limit = 2})), ElementsAre("9", "new"));
}

TEST_F(LogsTest, A_window_of_time_includes_its_start_and_not_its_end) {
  create("g", "s");
  ASSERT_TRUE(put("g", "s", {event(30, "a"), event(20, "b"), event(10, "c")}).has_value());
  const std::int64_t now = to_millis(clock_.now());
  EXPECT_THAT(texts(get({.end_time = now - 10'000, .start_time = now - 20'000})), ElementsAre("b"));
}

TEST_F(LogsTest, Batches_must_be_in_order_and_what_is_too_old_is_named) {
  create("g", "s");
  const auto disordered = put("g", "s", {event(1, "b"), event(2, "a")});
  ASSERT_TRUE(disordered.has_error());
  EXPECT_EQ(disordered.error().message(),
            "Log events in a single PutLogEvents request must be in chronological order.");
  const auto old = put("g", "s", {event(15 * 86400, "old"), event(15 * 86400 - 10, "old")});
  ASSERT_TRUE(old.has_value());
  ASSERT_TRUE(old->rejected_log_events_info.has_value());
  EXPECT_EQ(old->rejected_log_events_info->too_old_log_event_end_index, 2);
  EXPECT_TRUE(get({}).events.empty());
}

TEST_F(LogsTest, Filtering_merges_streams_in_order_of_time_page_by_page) {
  create("g", "a");
  write([&](store::Txn& tx) {
    return service_->create_log_stream(tx, call(), {.log_group_name = "g", .log_stream_name = "b"});
  });
  ASSERT_TRUE(
      put("g", "a", {event(50, "ERROR 1"), event(30, "fine"), event(10, "ERROR 4")}).has_value());
  ASSERT_TRUE(put("g", "b", {event(40, "ERROR 2"), event(30, "ERROR 3")}).has_value());
  EXPECT_THAT(filter({.filter_pattern = "ERROR", .limit = 1}),
              ElementsAre("ERROR 1", "ERROR 2", "ERROR 3", "ERROR 4"));
  EXPECT_THAT(filter({.filter_pattern = "ERROR", .log_stream_names = {"b"}}),
              ElementsAre("ERROR 2", "ERROR 3"));
  EXPECT_THAT(filter({.limit = 2, .log_stream_name_prefix = "a"}),
              ElementsAre("ERROR 1", "fine", "ERROR 4"));
}

TEST_F(LogsTest, Events_of_one_moment_in_two_streams_have_names_of_their_own) {
  create("g", "a");
  write([&](store::Txn& tx) {
    return service_->create_log_stream(tx, call(), {.log_group_name = "g", .log_stream_name = "b"});
  });
  for (const char* stream : {"a", "b"})
    ASSERT_TRUE(put("g", stream, {event(1, "x"), event(1, "x")}).has_value());
  const wire::Call c = call();
  const auto out = run(service_->filter_log_events(c, {.log_group_name = "g"})).value();
  std::set<std::string> names;
  for (const auto& event : out.events) names.insert(*event.event_id);
  EXPECT_EQ(names.size(), 4);
  EXPECT_EQ(names.begin()->size(), 56);
}

TEST_F(LogsTest, What_functions_append_is_there_for_the_next_read) {
  auto writer = service_->appender().open(call().scope, "g", "s");
  writer->append(clock_.now(), "START\n");
  writer->append(clock_.now(), "line\n");
  EXPECT_THAT(texts(get({.start_from_head = true})), ElementsAre("START\n", "line\n"));
  for (int i = 0; i < 1000; ++i) {
    writer->append(clock_.now(), std::to_string(i));
    if (i % 7 == 0) writer->flush();
  }
  const auto all = texts(get({.start_from_head = true}));
  ASSERT_EQ(all.size(), 1002u);
  EXPECT_EQ(all.back(), "999");
}

TEST_F(LogsTest, Retention_forgets_old_events_when_the_clock_moves_on) {
  create("g", "s");
  ASSERT_TRUE(put("g", "s", {event(3600, "old"), event(0, "new")}).has_value());
  write([&](store::Txn& tx) {
    return service_->put_retention_policy(tx, call(),
                                          {.log_group_name = "g", .retention_in_days = 1});
  });
  const auto unknown = write([&](store::Txn& tx) {
    return service_->put_retention_policy(tx, call(),
                                          {.log_group_name = "g", .retention_in_days = 2});
  });
  EXPECT_TRUE(unknown.has_error());
  clock_.advance(std::chrono::hours(23) + std::chrono::minutes(30));
  // Timers run on the store's thread after the jump: each read sees one more of the store's states.
  while (get({}).events.size() == 2) std::this_thread::yield();
  EXPECT_THAT(texts(get({})), ElementsAre("new"));
  clock_.advance(std::chrono::hours(25));
  while (!get({}).events.empty()) std::this_thread::yield();
}

TEST_F(LogsTest, Events_of_the_past_that_come_later_are_forgotten_when_they_are_due) {
  create("g", "s");
  write([&](store::Txn& tx) {
    return service_->put_retention_policy(tx, call(),
                                          {.log_group_name = "g", .retention_in_days = 14});
  });
  clock_.advance(std::chrono::hours(1));
  ASSERT_TRUE(put("g", "s", {event(0, "new")}).has_value());
  ASSERT_TRUE(put("g", "s", {event(13 * 86'400, "of the past")}).has_value());
  clock_.advance(std::chrono::hours(25));
  while (get({}).events.size() == 2) std::this_thread::yield();
  EXPECT_THAT(texts(get({})), ElementsAre("new"));
}

TEST_F(LogsTest, Tags_are_reached_by_name_and_by_arn) {
  create("g", "s");
  const std::string arn =
      "arn:aws:logs:" + call().scope.region + ":" + call().scope.account + ":log-group:g";
  const auto by_name = [&](const std::string& group) {
    return service_->list_tags_log_group(*store_->snapshot(), call(), {.log_group_name = group});
  };
  ASSERT_TRUE(write([&](store::Txn& tx) {
                return service_->tag_log_group(
                    tx, call(), {.log_group_name = "g", .tags = {{"a", "1"}, {"b", "2"}}});
              }).has_value());
  EXPECT_EQ(
      service_->list_tags_for_resource(*store_->snapshot(), call(), {.resource_arn = arn})->tags,
      by_name("g")->tags);
  ASSERT_TRUE(write([&](store::Txn& tx) {
                return service_->untag_log_group(tx, call(),
                                                 {.log_group_name = "g", .tags = {"a", "none"}});
              }).has_value());
  EXPECT_EQ(by_name("g")->tags, (std::map<std::string, std::string>{{"b", "2"}}));
  EXPECT_TRUE(by_name("nothing").error().is(errors::kinds::resource_not_found));
}

TEST_F(LogsTest, A_deleted_group_takes_its_events_along) {
  create("g", "s");
  ASSERT_TRUE(put("g", "s", {event(0, "x")}).has_value());
  write([&](store::Txn& tx) {
    return service_->delete_log_group(tx, call(), {.log_group_name = "g"});
  });
  create("g", "s");
  EXPECT_TRUE(get({}).events.empty());
}

bool picks(const std::string& pattern, const std::string& message) {
  return Pattern::compile(pattern).value().matches(message);
}

TEST(PatternTest, Terms_are_all_required_any_of_or_excluded) {
  EXPECT_TRUE(picks("", "anything"));
  EXPECT_TRUE(picks("ERROR disk", "disk ERROR"));
  EXPECT_FALSE(picks("ERROR disk", "ERROR"));
  EXPECT_TRUE(picks("?ERROR ?WARN", "WARN"));
  EXPECT_FALSE(picks("?ERROR ?WARN", "INFO"));
  EXPECT_FALSE(picks("ERROR -minor", "minor ERROR"));
  EXPECT_TRUE(picks("\"two words\"", "here two words there"));
  EXPECT_FALSE(picks("error", "ERROR"));
}

TEST(PatternTest, Selectors_look_into_json) {
  const std::string event =
      R"({"level":"error","code":503,"user":{"name":"ann","tags":["a","b"]},"ok":false,"none":null})";
  EXPECT_TRUE(picks(R"({ $.level = "error" })", event));
  EXPECT_TRUE(picks(R"({ $.level = err* && $.code >= 500 })", event));
  EXPECT_FALSE(picks(R"({ $.code < 500 })", event));
  EXPECT_TRUE(picks(R"({ ($.code = 1 || $.user.tags[1] = "b") && $.ok IS FALSE })", event));
  EXPECT_TRUE(picks(R"({ $.none IS NULL && $.nothing NOT EXISTS })", event));
  EXPECT_TRUE(picks(R"({ $.user.name != "bob" })", event));
  EXPECT_FALSE(picks(R"({ $.level = "error" })", "not json"));
}

TEST(PatternTest, What_is_not_served_is_refused) {
  for (const char* pattern : {"%regex%", "[a, b]", "{ $.x = %y% }", "{ $.x }", "{ x = 1 }",
                              "\"open", "a/b", "{ ($.a = 1 }"})
    EXPECT_TRUE(Pattern::compile(pattern).has_error()) << pattern;
}

}  // namespace
}  // namespace cloudlet::logs
