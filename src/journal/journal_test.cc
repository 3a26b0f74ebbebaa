// The journal: what it keeps, finds and shows, that recording is cheap and never lost, and what a
// restart leaves.
#include "journal/journal.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "journal/render.h"
#include "journal/repeats.h"
#include "journal/span_codec.h"

namespace cloudlet::journal {
namespace {

namespace fs = std::filesystem;

Span span_of(const Cause& cause, std::string action, std::string resource, std::int64_t at = 0) {
  return {.cause = cause,
          .scope = {.account = "000000000000", .region = "eu-west-1"},
          .action = std::move(action),
          .resource = std::move(resource),
          .at = from_millis(1'700'000'000'000 + at)};
}

struct JournalTest : testing::Test {
  std::unique_ptr<Random> random = seeded_random(7);
  Journal journal{*random};
};

struct KeptJournalTest : testing::Test {
  KeptJournalTest() : folder(fs::temp_directory_path() / ("journal-" + system_random()->hex(12))) {}
  ~KeptJournalTest() override { fs::remove_all(folder); }
  fs::path folder;
  std::unique_ptr<Random> random = system_random();
};

TEST_F(JournalTest, LastIsNewestFirstAndHasEveryMember) {
  Span span =
      span_of(journal.begin(), "iot:Rule", "arn:aws:iot:eu-west-1:000000000000:rule/Soil", 5);
  span.outcome = Outcome::skipped;
  span.reason = "humidity < 35 is false: humidity is 41";
  span.took = Duration(3);
  span.cause.hops = 2;
  journal.record(span_of(journal.begin(), "iot:Publish", "device/soil1"));
  journal.record(span);
  const auto found = journal.last(10);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[1].action, "iot:Publish");
  EXPECT_EQ(found[0].resource, span.resource);
  EXPECT_EQ(found[0].reason, span.reason);
  EXPECT_EQ(found[0].outcome, Outcome::skipped);
  EXPECT_EQ(found[0].took, Duration(3));
  EXPECT_EQ(found[0].at, span.at);
  EXPECT_EQ(found[0].cause.trace, span.cause.trace);
  EXPECT_EQ(found[0].cause.hops, 2);
  EXPECT_EQ(found[0].scope, span.scope);
  EXPECT_NE(found[0].id, 0u);
  EXPECT_EQ(journal.last(1).size(), 1u);
}

TEST_F(JournalTest, TracesAndSpansAreNeverTheSame) {
  std::set<std::string> traces;
  std::set<std::uint64_t> spans;
  for (int i = 0; i < 10'000; ++i) {
    traces.insert(journal.begin().trace);
    spans.insert(journal.next_span());
  }
  EXPECT_EQ(traces.size(), 10'000u);
  EXPECT_EQ(spans.size(), 10'000u);
  EXPECT_EQ(traces.begin()->size(), 32u);
}

TEST_F(JournalTest, ATraceIsFoundByItsIdOrByAWordInIt) {
  const Cause one = journal.begin(), two = journal.begin();
  journal.record(span_of(one, "sns:Publish", "request 7f1c"));
  journal.record(span_of(two, "sns:Publish", "request 9999"));
  journal.record(span_of(one, "smtp:Send", "ann@example.com"));
  const auto chain = journal.trace(one.trace);
  ASSERT_EQ(chain.size(), 2u);
  EXPECT_EQ(chain[0].action, "sns:Publish");
  EXPECT_EQ(chain[1].action, "smtp:Send");
  EXPECT_EQ(journal.trace("7f1c").size(), 2u);
  EXPECT_EQ(journal.trace("9999").size(), 1u);
  EXPECT_TRUE(journal.trace("nothing like it").empty());
  EXPECT_TRUE(journal.trace("").empty());
}

TEST_F(JournalTest, AboutFindsByPartOfTheResource) {
  for (int i = 0; i < 5; ++i)
    journal.record(
        span_of(journal.begin(), "s3:PutObject", "arn:aws:s3:::archive/" + std::to_string(i)));
  journal.record(
      span_of(journal.begin(), "sns:Publish", "arn:aws:sns:eu-west-1:000000000000:alerts"));
  const auto found = journal.about("archive", 3);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].resource, "arn:aws:s3:::archive/4");
  EXPECT_EQ(journal.about("alerts", 10).size(), 1u);
}

TEST(JournalBound, OldSpansGoAndMemoryStaysBounded) {
  const auto random = seeded_random(1);
  Journal journal(*random, 1000);
  for (int i = 0; i < 20'000; ++i) journal.record(span_of({}, "a:B", "r" + std::to_string(i)));
  const auto found = journal.last(20'000);
  EXPECT_GE(found.size(), 1000u);
  EXPECT_LT(found.size(), 4000u);
  EXPECT_EQ(found[0].resource, "r19999");
}

TEST_F(JournalTest, EndlessTextsAreCut) {
  Span span = span_of(journal.begin(), std::string(100'000, 'a'), std::string(100'000, 'r'));
  span.reason = std::string(100'000, 'w');
  span.scope = {.account = std::string(1000, '1'), .region = std::string(1000, 'x')};
  journal.record(std::move(span));
  const auto found = journal.last(1);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_GT(found[0].reason.size(), 1000u);
  EXPECT_LT(found[0].reason.size(), span_bytes_max);
}

TEST_F(JournalTest, EightThreadsLoseNothingWhileOneAsks) {
  std::atomic<bool> asking{true};
  std::thread asker([&] {
    while (asking) journal.last(100);
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 5000; ++i) journal.record(span_of({}, "a:B", "r"));
    });
  for (auto& thread : threads) thread.join();
  asking = false;
  asker.join();
  EXPECT_EQ(journal.stats().recorded, 40'000u);
  EXPECT_EQ(journal.stats().lost, 0u);
  EXPECT_EQ(journal.last(50'000).size(), 40'000u);
}

TEST_F(KeptJournalTest, ARestartFindsWhatWasWritten) {
  Cause cause;
  {
    Journal journal(*random);
    journal.keep_in(folder);
    cause = journal.begin();
    journal.record(span_of(cause, "sns:Publish", "alerts"));
    journal.record(span_of(cause, "smtp:Send", "ann@example.com"));
  }
  Journal journal(*random);
  journal.keep_in(folder);
  journal.record(span_of(journal.begin(), "iot:Publish", "later"));
  EXPECT_EQ(journal.trace(cause.trace).size(), 2u);
  const auto found = journal.last(10);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].resource, "later");
  EXPECT_EQ(found[2].resource, "alerts");
}

TEST_F(KeptJournalTest, EachSpanIsFoundOnceWhetherInMemoryOrOnDisk) {
  Journal journal(*random, 500);
  journal.keep_in(folder);
  for (int i = 0; i < 5000; ++i) {
    journal.record(span_of({}, "a:B", "r" + std::to_string(i)));
    if (i % 100 == 99) journal.flush();
  }
  EXPECT_EQ(journal.last(5000).size(), 5000u);
}

TEST_F(KeptJournalTest, FilesStayBounded) {
  constexpr std::uint64_t bound = 1 << 20;
  Journal journal(*random, 1000);
  journal.keep_in(folder, bound);
  for (int i = 0; i < 40'000; ++i) {
    journal.record(span_of({}, "a:B", std::string(100, 'r')));
    if (i % 500 == 499) journal.flush();
  }
  std::uintmax_t bytes = 0;
  for (const auto& entry : fs::directory_iterator(folder)) bytes += entry.file_size();
  EXPECT_LE(bytes, bound + 4 * 128 * 1024);
  EXPECT_GE(bytes, bound / 2);
}

TEST_F(KeptJournalTest, ATornOrDamagedTailEndsThatFileOnly) {
  {
    Journal journal(*random);
    journal.keep_in(folder);
    journal.record(span_of({}, "a:B", "whole"));
    journal.flush();
    journal.record(span_of({}, "a:B", "damaged"));
  }
  fs::path file;
  for (const auto& entry : fs::directory_iterator(folder)) file = entry.path();
  {
    std::fstream damage(file, std::ios::in | std::ios::out | std::ios::binary);
    damage.seekp(-1, std::ios::end);
    damage.put('#');
    damage.write("half a frame", 12);
  }
  Journal journal(*random);
  journal.keep_in(folder);
  const auto found = journal.last(10);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].resource, "whole");
}

TEST_F(JournalTest, TheWaterfallIndentsAndSaysWhy) {
  const Cause cause = journal.begin();
  Span publish = span_of(cause, "iot:Publish", "device/soil1");
  publish.id = journal.next_span();
  Span rule = span_of(cause.next(publish.id), "iot:Rule", "SoilHumidity", 2);
  rule.id = journal.next_span();
  rule.took = Duration(4);
  Span other = span_of(cause.next(publish.id), "iot:Rule", "Dry", 3);
  other.outcome = Outcome::skipped;
  other.reason = "humidity < 35 is false: humidity is 41";
  const Span put = span_of(cause.next(publish.id).next(rule.id), "s3:PutObject", "archive", 3);
  for (const Span& span : {publish, rule, other, put}) journal.record(span);
  EXPECT_EQ(as_waterfall(journal.trace(cause.trace)),
            "trace " + cause.trace +
                "  2023-11-14T22:13:20.000Z\n"
                "     +0 ms  iot:Publish device/soil1\n"
                "     +2 ms    iot:Rule SoilHumidity (4 ms)\n"
                "     +3 ms      s3:PutObject archive\n"
                "     +3 ms    iot:Rule Dry: skipped, humidity < 35 is false: "
                "humidity is 41\n");
}

TEST_F(JournalTest, ACircleOfParentsEnds) {
  Span a = span_of(journal.begin(), "a:A", "a");
  Span b = span_of(a.cause, "b:B", "b");
  a.id = 1;
  b.id = 2;
  a.cause.span = 2;
  b.cause.span = 1;
  const std::string text = as_waterfall({a, b});
  EXPECT_NE(text.find("a:A"), std::string::npos);
  EXPECT_NE(text.find("b:B"), std::string::npos);
}

TEST_F(JournalTest, WhyANameGivesTheNewestChains) {
  for (int i = 0; i < 3; ++i) {
    const Cause cause = journal.begin();
    journal.record(span_of(cause, "sns:Publish", "arn:aws:sns:eu-west-1:000000000000:alerts", i));
    journal.record(span_of(cause, "smtp:Send", "ann@example.com", i));
  }
  const auto chains = why(journal, "alerts", 2);
  ASSERT_EQ(chains.size(), 2u);
  EXPECT_EQ(chains[0].size(), 2u);
  EXPECT_EQ(to_millis(chains[0][0].at), 1'700'000'000'002);
  EXPECT_EQ(why(journal, chains[1][0].cause.trace).size(), 1u);
}

struct RepeatsTest : JournalTest {
  Clock clock{from_millis(1'700'000'000'000)};
  Repeats repeats{journal, clock, {.burst = 3, .a_tick = 1, .kinds_max = 2, .said_max = 2}};

  void drop(const std::string& client, int times = 1) {
    for (int i = 0; i < times; ++i) {
      repeats.record(std::hash<std::string>()(client), [&] {
        Span span = span_of(journal.begin(), "iot:Deliver", client);
        span.reason = "too slow";
        return span;
      });
    }
  }
};

TEST_F(RepeatsTest, AFloodIsTheFirstOnesAndACount) {
  drop("a", 1000);
  EXPECT_EQ(journal.last(100).size(), 3u);
  clock.advance(std::chrono::seconds(1));
  repeats.tick();
  ASSERT_EQ(journal.last(100).size(), 4u);
  const Span said = journal.last(1)[0];
  EXPECT_EQ(said.resource, "a");
  EXPECT_EQ(said.reason, "too slow; 997 times since 2023-11-14T22:13:20.000Z");
  // One that goes on is said ever more rarely; when it is over, at once.
  for (int i = 0; i < 100; ++i) {
    drop("a", 10);
    repeats.tick();
  }
  const auto before = journal.last(1000).size();
  EXPECT_LT(before, 4u + 100u + 10u);
  drop("a", 10);
  repeats.tick();
  repeats.tick();
  repeats.tick();
  EXPECT_NE(journal.last(1)[0].reason.find(" times since "), std::string::npos);
  const auto after = journal.last(1000).size();
  repeats.tick();
  EXPECT_EQ(journal.last(1000).size(), after);
}

TEST_F(RepeatsTest, ManyKindsAreBounded) {
  drop("first", 3);
  for (int i = 0; i < 1000; ++i) drop("client" + std::to_string(i));
  EXPECT_EQ(journal.last(5000).size(), 3u);
  repeats.tick();
  EXPECT_EQ(journal.last(5000).size(), 6u);
  EXPECT_EQ(journal.about("client1", 10).size(), 1u);
  EXPECT_NE(journal.last(1)[0].reason.find("998 times"), std::string::npos);
}

TEST_F(JournalTest, JsonCarriesEveryMemberBothWays) {
  Span span = span_of(journal.begin(), "sns:Publish", "alerts", 9);
  span.id = 0xFEDCBA9876543210;
  span.cause.span = 5;
  span.outcome = Outcome::throttled;
  span.reason = "later";
  const auto back = span_from_json(to_json(span));
  ASSERT_TRUE(back);
  EXPECT_EQ(to_json(*back), to_json(span));
  EXPECT_EQ(back->id, span.id);
  EXPECT_FALSE(span_from_json("text"));
  EXPECT_FALSE(span_from_json(boost::json::object{{"outcome", "surprised"}}));
}

}  // namespace
}  // namespace cloudlet::journal
