// The built-in mailbox: order, limits, links.
#include "delivery/mailbox.h"

#include <gtest/gtest.h>

#include "store/store.h"

namespace cloudlet::delivery {
namespace {

struct MailboxTest : testing::Test {
  MailboxTest() { store->start(); }
  ~MailboxTest() override { store->stop(); }

  std::uint64_t put(std::string to, std::string subject, std::string body = "body",
                    std::string account = "1") {
    return store
        ->transact_blocking([&](store::Txn& tx) -> Result<std::uint64_t> {
          return mailbox.put(tx, {.account = account,
                                  .from = "AWS Notifications <no-reply@sns.amazonaws.com>",
                                  .to = to,
                                  .subject = subject,
                                  .body = body,
                                  .at = clock.now()});
        })
        .value();
  }
  template <class Change>
  void change(Change body) {
    ASSERT_TRUE(store
                    ->transact_blocking([&](store::Txn& tx) -> Result<void> {
                      body(tx);
                      return {};
                    })
                    .has_value());
  }
  std::vector<std::string> subjects(const Mailbox::Page& page) const {
    std::vector<std::string> found;
    for (const Mail& mail : Mailbox::list(*store->snapshot(), page)) found.push_back(mail.subject);
    return found;
  }
  using Subjects = std::vector<std::string>;

  Clock clock{from_millis(1'700'000'000'000)};
  std::unique_ptr<Random> random = seeded_random(1);
  std::unique_ptr<store::Store> store =
      store::Store::open({.durability = store::Durability::memory}, clock, *random).value();
  Mailbox mailbox{{.messages = 5, .messages_per_address = 3, .bytes = 10'000}};
};

TEST_F(MailboxTest, KeepsWholeMessagesAndListsNewestFirst) {
  const auto id = put("ann@example.com", "one", "first\n line   of Grüße");
  put("bob@example.com", "two");
  put("ann@example.com", "three");
  EXPECT_EQ(subjects({}), (Subjects{"three", "two", "one"}));
  EXPECT_EQ(subjects({.to = "ann@example.com"}), (Subjects{"three", "one"}));
  EXPECT_EQ(subjects({.count = 2}), (Subjects{"three", "two"}));
  EXPECT_EQ(subjects({.subject = "t"}), (Subjects{"three", "two"}));
  EXPECT_EQ(subjects({.to = "ann@example.com", .subject = "o"}), (Subjects{"one"}));
  const auto listed = Mailbox::list(*store->snapshot(), {});
  EXPECT_EQ(subjects({.before = listed[1].id}), (Subjects{"one"}));
  EXPECT_EQ(subjects({.to = "ann@example.com", .before = listed[0].id}), (Subjects{"one"}));
  const auto mail = Mailbox::get(*store->snapshot(), id);
  ASSERT_TRUE(mail);
  EXPECT_EQ(mail->body, "first\n line   of Grüße");
  EXPECT_EQ(mail->preview, "first line of Grüße");
  EXPECT_EQ(mail->to, "ann@example.com");
  EXPECT_FALSE(mail->read);
  EXPECT_EQ(Mailbox::size(*store->snapshot()), 3u);
  EXPECT_EQ(Mailbox::addresses(*store->snapshot()),
            (std::vector<std::pair<std::string, std::uint64_t>>{{"ann@example.com", 2},
                                                                {"bob@example.com", 1}}));
}

TEST_F(MailboxTest, TheOldestOfAnAddressGoFirstAndThenTheOldestOfAll) {
  for (int i = 0; i < 5; ++i) put("ann@example.com", "a" + std::to_string(i));
  EXPECT_EQ(subjects({}), (Subjects{"a4", "a3", "a2"}));
  for (int i = 0; i < 3; ++i) put("bob@example.com", "b" + std::to_string(i));
  EXPECT_EQ(subjects({}), (Subjects{"b2", "b1", "b0", "a4", "a3"}));
  EXPECT_EQ(Mailbox::size(*store->snapshot()), 5u);
}

TEST_F(MailboxTest, BytesAreBoundedButTheNewestStays) {
  put("ann@example.com", "small");
  put("ann@example.com", "big", std::string(9'999, 'x'));
  EXPECT_EQ(subjects({}), (Subjects{"big"}));
  put("bob@example.com", "bigger", std::string(20'000, 'x'));
  EXPECT_EQ(subjects({}), (Subjects{"bigger"}));
}

TEST_F(MailboxTest, ReadsAndRemoves) {
  const auto one = put("ann@example.com", "one"), two = put("bob@example.com", "two", "b", "2");
  change([&](store::Txn& tx) { Mailbox::mark_read(tx, one); });
  EXPECT_TRUE(Mailbox::get(*store->snapshot(), one)->read);
  change([&](store::Txn& tx) { EXPECT_TRUE(Mailbox::erase(tx, one)); });
  change([&](store::Txn& tx) { EXPECT_FALSE(Mailbox::erase(tx, one)); });
  EXPECT_EQ(subjects({}), (Subjects{"two"}));
  put("ann@example.com", "three");
  change([&](store::Txn& tx) { Mailbox::erase_account(tx, "2"); });
  EXPECT_FALSE(Mailbox::get(*store->snapshot(), two));
  EXPECT_EQ(subjects({}), (Subjects{"three"}));
  change([&](store::Txn& tx) { Mailbox::erase_all(tx); });
  EXPECT_EQ(Mailbox::size(*store->snapshot()), 0u);
  EXPECT_TRUE(Mailbox::addresses(*store->snapshot()).empty());
}

TEST(MailLinks, AreFoundOnceAndNamedByWhatTheyDo) {
  const auto links = links_in(
      "Confirm: http://localhost:4566/?Action=ConfirmSubscription&TopicArn=a&Token=b\n"
      "leave (https://h/?Action=Unsubscribe&SubscriptionArn=x). See http://example.com/a, "
      "http://example.com/a\n"
      "not http:// nor https://  nor httpd://x; <http://example.com/b>\"");
  ASSERT_EQ(links.size(), 4u);
  EXPECT_EQ(links[0].action, MailLink::Action::confirm);
  EXPECT_EQ(links[0].url, "http://localhost:4566/?Action=ConfirmSubscription&TopicArn=a&Token=b");
  EXPECT_EQ(links[1].action, MailLink::Action::unsubscribe);
  EXPECT_EQ(links[1].url, "https://h/?Action=Unsubscribe&SubscriptionArn=x");
  EXPECT_EQ(links[2].url, "http://example.com/a");
  EXPECT_EQ(links[3].url, "http://example.com/b");
  EXPECT_EQ(to_string(links[3].action), "other");
}

}  // namespace
}  // namespace cloudlet::delivery
