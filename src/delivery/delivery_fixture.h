// For tests: a store, an outbox and a dispatcher on one manual clock, and a way to wait for what
// they write.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>

#include "delivery/dispatcher.h"
#include "store/view.h"

namespace cloudlet::delivery {

// Follows the outbox's keys, so that a test can wait for a state instead of sleeping.
class OutboxWatch : public store::View {
 public:
  store::Range range() const override { return {.from = "", .to = "\xff\xff\xff\xff"}; }
  void apply(std::string_view key, std::optional<std::string_view> value) override {
    const std::scoped_lock lock(mutex_);
    if (value)
      keys_[std::string(key)] = *value;
    else
      keys_.erase(std::string(key));
    changed_.notify_all();
  }
  // Blocks until so many deliveries exist and so many of them are ready; false after ten seconds.
  bool wait_for(std::size_t deliveries, std::size_t ready) {
    const auto reached = [&] {
      return count("delivery") == deliveries && count("delivery-ready") == ready;
    };
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), reached);
  }

 private:
  std::size_t count(const char* kind) const {
    const store::Range range = store::prefix(store::make_key(kind));
    return static_cast<std::size_t>(
        std::distance(keys_.lower_bound(range.from), keys_.lower_bound(range.to)));
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::string> keys_;
};

// Keeps what it is handed; refuses when told to.
class RecordingTarget : public Target {
 public:
  Result<void> deliver(store::Txn& tx, const Address& to, const Event& event) override {
    if (refuse) return invalid("no such queue");
    tx.put(store::make_key("dead", tx.next_sequence()), to.arn + " " + event.payload);
    return {};
  }
  static std::vector<std::string> all(const store::ReadTxn& tx) {
    std::vector<std::string> found;
    tx.scan(store::prefix(store::make_key("dead")), [&](std::string_view, std::string_view value) {
      found.emplace_back(value);
      return true;
    });
    return found;
  }
  bool refuse = false;
};

// One process: what main.cc builds. Destroyed and made again on the same folder, it is the next
// one.
struct Process {
  Process(Clock& clock, Random& random, const std::filesystem::path& folder,
          DispatcherOptions options)
      : journal(random),
        store(store::Store::open({.folder = folder,
                                  .durability = folder.empty() ? store::Durability::memory
                                                               : store::Durability::sync},
                                 clock, random)
                  .value()),
        outbox(*store, targets, mailbox, journal,
               options.mail_server ? MailGoes::to_server : MailGoes::to_mailbox),
        dispatcher(*store, outbox, clock, std::move(options)) {
    targets.add("queue", queue);
    store->watch(watch);
    store->start();
  }
  ~Process() {
    dispatcher.stop();
    store->stop();
  }
  template <class Body>
  void transact(Body body) {
    const auto done = store->transact_blocking([&](store::Txn& tx) -> Result<void> {
      body(tx);
      return {};
    });
    ASSERT_TRUE(done.has_value());
  }
  // The newest span about a resource. Spans are left just after the commit that a watch sees: one
  // more commit, and they are there.
  std::string reason(const std::string& resource) {
    transact([](store::Txn&) {});
    const auto spans = journal.about(resource, 1);
    return spans.empty() ? "" : spans[0].reason;
  }
  void enqueue(const OutsideDelivery& delivery) {
    transact([&](store::Txn& tx) { outbox.enqueue(tx, delivery); });
  }

  RecordingTarget queue;
  Targets targets;
  Mailbox mailbox;
  journal::Journal journal;
  OutboxWatch watch;
  std::unique_ptr<store::Store> store;
  Outbox outbox;
  Dispatcher dispatcher;
};

struct DeliveryTest : testing::Test {
  DeliveryTest()
      : folder(std::filesystem::temp_directory_path() / ("delivery-" + system_random()->hex(12))) {}
  ~DeliveryTest() override { std::filesystem::remove_all(folder); }

  std::unique_ptr<Process> process(DispatcherOptions options = {}) {
    options.grace = Duration(100);
    return std::make_unique<Process>(clock, *random, std::filesystem::path(), std::move(options));
  }
  std::unique_ptr<Process> process_on_disk(DispatcherOptions options = {}) {
    options.grace = Duration(100);
    return std::make_unique<Process>(clock, *random, folder, std::move(options));
  }
  OutsideDelivery http(std::string url, std::string body = "{}") const {
    return {.kind = OutsideKind::http,
            .endpoint = std::move(url),
            .body = std::move(body),
            .headers = {{"x-amz-sns-message-type", "Notification"}},
            .retry = http_retry_policy(),
            .owner = "arn:aws:sns:eu-west-1:000000000000:alerts:1",
            .scope = {.account = "000000000000", .region = "eu-west-1"},
            .created = clock.now()};
  }
  OutsideDelivery mail(std::string to, std::string body = "text") const {
    OutsideDelivery delivery = http(std::move(to), std::move(body));
    delivery.kind = OutsideKind::email;
    delivery.headers.clear();
    delivery.subject = "Attention";
    delivery.sender = "AWS Notifications";
    delivery.message_id = "m-1";
    delivery.retry = mail_retry_policy();
    return delivery;
  }

  const std::filesystem::path folder;
  Clock clock{from_millis(1'700'000'000'000)};
  std::unique_ptr<Random> random = seeded_random(1);
};

}  // namespace cloudlet::delivery
