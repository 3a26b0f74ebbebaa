// The dispatcher on the wire: real SMTP and HTTP on loopback, stuck endpoints, restarts.
#include "delivery/dispatcher.h"

#include <gmock/gmock.h>

#include "delivery/delivery_fixture.h"
#include "delivery/test_sinks.h"

namespace cloudlet::delivery {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

DispatcherOptions through(const SmtpSink& sink) {
  return {.mail_server = MailServer::parse(sink.url()).value()};
}

TEST_F(DeliveryTest, AMailArrivesOverSmtp) {
  SmtpSink sink;
  const auto running = process(through(sink));
  running->dispatcher.start();
  running->enqueue(mail("ann@example.com", ".a dot first\n.\nGrüße"));
  ASSERT_TRUE(sink.wait_for(1));
  const auto message = sink.messages().at(0);
  EXPECT_EQ(message.from, "<no-reply@sns.amazonaws.com>");
  EXPECT_EQ(message.to, "<ann@example.com>");
  EXPECT_THAT(message.data, HasSubstr("Subject: Attention\r\n"));
  EXPECT_THAT(message.data, HasSubstr("\r\n\r\n.a dot first\r\n.\r\nGr=C3=BC=C3=9Fe\r\n"));
  ASSERT_TRUE(running->watch.wait_for(0, 0));
  EXPECT_THAT(running->reason("ann@example.com"), HasSubstr("250 2.0.0 queued"));
  EXPECT_EQ(running->journal.last(1).at(0).action, "smtp:Send");
}

TEST_F(DeliveryTest, A4xxIsTriedAgainAndA5xxIsNot) {
  SmtpSink sink;
  sink.verdict = [](const std::string& to, int n) -> std::string {
    if (to == "<gone@example.com>") return "550 5.1.1 no such user";
    return n == 1 ? "451 4.7.1 greylisted" : "250 ok";
  };
  const auto running = process(through(sink));
  running->dispatcher.start();
  OutsideDelivery gone = mail("gone@example.com", "lost");
  gone.dead_letter = Address{.kind = "queue", .arn = "arn:queue"};
  running->enqueue(gone);
  running->enqueue(mail("ann@example.com"));
  ASSERT_TRUE(running->watch.wait_for(1, 0));
  EXPECT_THAT(RecordingTarget::all(*running->store->snapshot()), SizeIs(1));
  EXPECT_THAT(running->reason("gone@example.com"), HasSubstr("550 5.1.1 no such user"));
  EXPECT_THAT(running->reason("ann@example.com"), HasSubstr("451 4.7.1 greylisted"));
  clock.advance(Duration(10'000));
  ASSERT_TRUE(sink.wait_for(1));
  ASSERT_TRUE(running->watch.wait_for(0, 0));
  EXPECT_EQ(sink.messages().at(0).to, "<ann@example.com>");
}

TEST_F(DeliveryTest, APostArrivesWithItsHeaders) {
  HttpSink sink;
  const auto running = process();
  running->dispatcher.start();
  OutsideDelivery delivery = http(sink.url(), "{\"Type\":\"Notification\"}");
  delivery.headers.emplace_back("Content-Type", "text/plain; charset=UTF-8");
  delivery.headers.emplace_back("User-Agent", "Amazon Simple Notification Service Agent");
  running->enqueue(delivery);
  ASSERT_TRUE(sink.wait_for(1));
  const auto request = sink.requests().at(0);
  EXPECT_THAT(request.head, HasSubstr("POST /hook HTTP/1.1\n"));
  EXPECT_THAT(request.head, HasSubstr("x-amz-sns-message-type: Notification\n"));
  EXPECT_THAT(request.head, HasSubstr("Content-Type: text/plain; charset=UTF-8\n"));
  EXPECT_THAT(request.head, HasSubstr("User-Agent: Amazon Simple Notification Service Agent\n"));
  EXPECT_THAT(request.head, Not(HasSubstr("Expect")));
  EXPECT_EQ(request.body, "{\"Type\":\"Notification\"}");
  ASSERT_TRUE(running->watch.wait_for(0, 0));
}

TEST_F(DeliveryTest, ABadAnswerIsTriedAgainAndAClientErrorIsNot) {
  HttpSink sink;
  sink.verdict = [](const HttpSink::Request& request, int) {
    if (request.body == "gone") return 410;
    if (request.body == "busy") return 429;
    return request.body == "moved" ? 302 : 503;
  };
  sink.extra = "Location: http://127.0.0.1:1/elsewhere\r\n";
  const auto running = process();
  running->dispatcher.start();
  for (const char* body : {"gone", "busy", "moved", "down"})
    running->enqueue(http(sink.url(), body));
  ASSERT_TRUE(sink.wait_for(4));
  ASSERT_TRUE(running->watch.wait_for(3, 0));
  clock.advance(Duration(20'000));
  ASSERT_TRUE(sink.wait_for(7));
  ASSERT_TRUE(running->watch.wait_for(3, 0));
}

TEST_F(DeliveryTest, AnEndlessAnswerIsCutAndItsStatusCounts) {
  HttpSink sink;
  sink.answer = std::string(1 << 20, 'x');
  const auto running = process();
  running->dispatcher.start();
  running->enqueue(http(sink.url()));
  ASSERT_TRUE(running->watch.wait_for(0, 0));
  EXPECT_EQ(sink.count(), 1u);
}

TEST_F(DeliveryTest, AStuckEndpointHoldsUpNoOther) {
  HttpSink stuck, good;
  stuck.verdict = [](const HttpSink::Request&, int) { return 0; };
  const auto running = process({.transfers_max = 16, .transfers_per_lane_max = 4});
  running->dispatcher.start();
  for (int i = 0; i < 100; ++i) running->enqueue(http(stuck.url()));
  ASSERT_TRUE(stuck.wait_for(4));
  for (int i = 0; i < 100; ++i) running->enqueue(http(good.url()));
  EXPECT_TRUE(good.wait_for(100));
  EXPECT_EQ(stuck.count(), 4u);
}

TEST_F(DeliveryTest, ALaneThatIsSilentGetsOneTransferAtATime) {
  HttpSink sink;
  std::atomic<bool> silent{true};
  sink.verdict = [&](const HttpSink::Request&, int) { return silent ? 0 : 200; };
  const auto running =
      process({.transfers_per_lane_max = 4, .transfer = {.http_timeout = Duration(100)}});
  running->dispatcher.start();
  for (int i = 0; i < 6; ++i) running->enqueue(http(sink.url()));
  ASSERT_TRUE(running->watch.wait_for(6, 0));
  EXPECT_THAT(running->reason(""), HasSubstr("attempt 1, the next one in 20000 ms"));
  silent = false;
  clock.advance(Duration(20'000));
  ASSERT_TRUE(running->watch.wait_for(0, 0));
  EXPECT_EQ(sink.count(), 12u);
}

TEST_F(DeliveryTest, NobodyListeningIsTemporary) {
  const auto running = process();
  running->dispatcher.start();
  running->enqueue(http("http://127.0.0.1:1/"));
  ASSERT_TRUE(running->watch.wait_for(1, 0));
  EXPECT_THAT(running->reason(""), HasSubstr("Failed to connect"));
}

TEST_F(DeliveryTest, AfterARestartEverythingPendingGoesOn) {
  HttpSink sink;
  sink.verdict = [](const HttpSink::Request&, int n) { return n <= 2 ? 503 : 200; };
  {
    const auto first = process_on_disk();
    for (int i = 0; i < 10; ++i) first->enqueue(http(sink.url(), std::to_string(i)));
  }  // stopped before it sent anything
  {
    const auto second = process_on_disk();
    second->dispatcher.start();
    ASSERT_TRUE(sink.wait_for(10));
    ASSERT_TRUE(second->watch.wait_for(2, 0));  // two wait for their second attempt
  }
  const auto third = process_on_disk();
  third->dispatcher.start();
  clock.advance(Duration(20'000));
  ASSERT_TRUE(sink.wait_for(12));
  ASSERT_TRUE(third->watch.wait_for(0, 0));
}

TEST_F(DeliveryTest, MailLeftFromARunWithAServerGoesIntoTheMailbox) {
  process_on_disk({.mail_server = MailServer{.url = "smtp://127.0.0.1:1/"}})
      ->enqueue(mail("ann@example.com"));
  const auto running = process_on_disk();
  running->dispatcher.start();
  ASSERT_TRUE(running->watch.wait_for(0, 0));
  EXPECT_THAT(Mailbox::list(*running->store->snapshot(), {}), SizeIs(1));
}

TEST_F(DeliveryTest, StoppingWhileAnEndpointIsSilentDoesNotLoseTheDelivery) {
  HttpSink sink;
  sink.verdict = [](const HttpSink::Request&, int n) { return n == 1 ? 0 : 200; };
  {
    const auto first = process_on_disk();
    first->dispatcher.start();
    first->enqueue(http(sink.url()));
    ASSERT_TRUE(sink.wait_for(1));
  }
  const auto second = process_on_disk();
  second->dispatcher.start();
  ASSERT_TRUE(sink.wait_for(2));
  ASSERT_TRUE(second->watch.wait_for(0, 0));
}

}  // namespace
}  // namespace cloudlet::delivery
