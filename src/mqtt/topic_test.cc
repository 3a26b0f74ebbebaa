// Which filter takes which topic, and the tree against the plainest matcher that could be written.
#include "mqtt/topic.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

#include "mqtt/core.h"
#include "mqtt/memory_application.h"
#include "mqtt/session.h"
#include "mqtt/shard.h"
#include "mqtt/topic_tree.h"

namespace cloudlet::mqtt {
namespace {

TEST(Topics, Matching) {
  struct Case {
    const char* filter;
    const char* topic;
    bool taken;
  };
  // The examples of section 4.7.1, and the corners around them.
  const Case cases[] = {
      {"sport/tennis/player1/#", "sport/tennis/player1", true},
      {"sport/tennis/player1/#", "sport/tennis/player1/ranking", true},
      {"sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true},
      {"sport/#", "sport", true},
      {"sport/#", "sports", false},
      {"#", "a/b", true},
      {"sport/tennis/+", "sport/tennis/player1", true},
      {"sport/tennis/+", "sport/tennis/player1/ranking", false},
      {"sport/+", "sport", false},
      {"sport/+", "sport/", true},
      {"+/+", "/finance", true},
      {"/+", "/finance", true},
      {"+", "/finance", false},
      {"#", "$SYS/x", false},
      {"+/x", "$SYS/x", false},
      {"$SYS/#", "$SYS/x", true},
      {"$SYS/+", "$SYS/x", true},
      {"a//b", "a//b", true},
      {"a/+/b", "a//b", true},
      {"a/b", "a/b/", false},
      {"a/b/", "a/b", false},
      {"A", "a", false},
      {"+/#", "a", true},
      {"a/+/#", "a", false},
  };
  for (const auto& c : cases)
    EXPECT_EQ(matches(c.filter, c.topic), c.taken) << c.filter << " " << c.topic;
}

TEST(Topics, Validity) {
  const TopicLimits limits{.bytes_max = 20, .levels_max = 4};
  for (const auto* topic : {"a", "/", "a/b/c/d", " ", "$aws/rules/r/a/b/c/d"})
    EXPECT_TRUE(valid_topic(topic, limits)) << topic;
  for (const auto* topic :
       {"", "a+", "#", "a/b/c/d/e", "abcdefghijklmnopqrstu", "$aws/rules/r/a/b/c/d/e"}) {
    EXPECT_FALSE(valid_topic(topic, limits)) << topic;
  }
  for (const auto* filter : {"#", "+", "+/+", "a/+/#", "/#", "+//#"})
    EXPECT_TRUE(valid_filter(filter, limits)) << filter;
  for (const auto* filter : {"", "##", "#/a", "a#", "+a", "a/b+/c", "a/#/b", "++"}) {
    EXPECT_FALSE(valid_filter(filter, limits)) << filter;
  }
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> out(1);
  for (const char c : text) {
    if (c == '/') {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

bool naive(const std::vector<std::string>& filter, const std::vector<std::string>& topic,
           std::size_t at = 0) {
  if (at < filter.size() && filter[at] == "#") return !(at == 0 && topic[0].starts_with('$'));
  if (at == filter.size() || at == topic.size()) return at == filter.size() && at == topic.size();
  const bool wild = filter[at] == "+" && !(at == 0 && topic[0].starts_with('$'));
  return (wild || filter[at] == topic[at]) && naive(filter, topic, at + 1);
}

class Trees : public ::testing::Test {
 protected:
  Trees()
      : random_(seeded_random(11)),
        core_({.threads = 2, .limits = {}}, application_, clock_, *random_, 2) {
    for (unsigned i = 0; i < 2; ++i) core_.shards.push_back(std::make_unique<Shard>(i, core_));
    for (int i = 0; i < 12; ++i) {
      sessions_.push_back(
          std::make_shared<Session>("s" + std::to_string(i), *core_.shards[i % 2], i % 3 == 0));
    }
  }

  std::string level(bool filter) {
    static constexpr const char* names[] = {"a", "b", "", "$x", "c"};
    const auto pick = random_->below(filter ? 7 : 5);
    return pick < 5 ? names[pick] : "+";
  }
  std::string any(bool filter) {
    std::string out = level(filter);
    for (auto more = random_->below(4); more > 0; --more) out += "/" + level(filter);
    if (filter && random_->below(3) == 0) out += "/#";
    if (filter && random_->below(20) == 0) out = "#";
    return out;
  }

  Clock clock_{from_millis(0)};
  MemoryApplication application_;
  std::unique_ptr<Random> random_;
  Core core_;
  std::vector<std::shared_ptr<Session>> sessions_;
};

TEST_F(Trees, FindTheSameAsTheNaiveMatcher) {
  auto& tree = core_.tree;
  std::map<std::pair<int, std::string>, Qos> subscribed;
  for (int step = 0; step < 2000; ++step) {
    const int who = static_cast<int>(random_->below(sessions_.size()));
    const auto filter = any(true);
    const auto key = std::pair(who, filter);
    const bool existed = subscribed.contains(key);
    if (random_->below(3) == 0) {
      tree.remove(*sessions_[static_cast<std::size_t>(who)], filter);
      subscribed.erase(key);
    } else {
      const auto qos = static_cast<Qos>(random_->below(3));
      tree.insert(sessions_[static_cast<std::size_t>(who)], {.filter = filter, .qos = qos},
                  existed ? TopicTree::Existed::yes : TopicTree::Existed::no);
      subscribed[key] = qos;
    }
    const auto topic = any(false);
    std::map<std::string, Qos> wanted;
    for (const auto& [subscription, qos] : subscribed) {
      const auto& [session, wildcard] = subscription;
      EXPECT_EQ(matches(wildcard, topic), naive(split(wildcard), split(topic)))
          << wildcard << " " << topic;
      if (!naive(split(wildcard), split(topic))) continue;
      auto& best = wanted[sessions_[static_cast<std::size_t>(session)]->id()];
      best = std::max(best, qos);
    }
    std::map<std::string, Qos> got;
    std::size_t stored = 0;
    const auto route = tree.route(topic);
    for (unsigned home = 0; home < 2; ++home) {
      for (const auto& receiver : route->live[home]) {
        EXPECT_EQ(receiver.session->home(), home);
        EXPECT_TRUE(got.emplace(receiver.session->id(), receiver.qos).second) << "twice";
        stored += receiver.session->stored() && receiver.qos != Qos::at_most_once ? 1 : 0;
      }
    }
    ASSERT_EQ(got, wanted) << topic;
    ASSERT_EQ(route->live_count, wanted.size());
    ASSERT_EQ(route->recipients_of(Qos::at_least_once, false).size(), stored);
    ASSERT_TRUE(route->recipients_of(Qos::at_most_once, true).empty());
  }
  // Nothing is left behind by what was taken out.
  for (const auto& [subscription, qos] : subscribed) {
    tree.remove(*sessions_[static_cast<std::size_t>(subscription.first)], subscription.second);
  }
  EXPECT_EQ(tree.route("a/b")->live_count, 0U);
}

TEST_F(Trees, EveryChangeIsANewGeneration) {
  auto& tree = core_.tree;
  auto before = tree.generation();
  const auto newer = [&] { return std::exchange(before, tree.generation()) < tree.generation(); };
  tree.insert(sessions_[0], {.filter = "a"}, TopicTree::Existed::no);
  EXPECT_TRUE(newer());
  tree.remove(*sessions_[0], "a");
  EXPECT_TRUE(newer());
  tree.update([] {});
  EXPECT_TRUE(newer());
}

}  // namespace
}  // namespace cloudlet::mqtt
