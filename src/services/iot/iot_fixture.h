// A service over a store in memory, for tests: no broker, no network.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <memory>
#include <string>
#include <vector>

#include "services/iot/iot.h"

namespace cloudlet::iot {

// Remembers what it was handed; refuses what `refuse` names.
class RecordingTarget final : public delivery::Target {
 public:
  struct Delivered {
    delivery::Address to;
    delivery::Event event;
  };
  Result<void> deliver(store::Txn& tx, const delivery::Address& to,
                       const delivery::Event& event) override {
    if (!refuse.empty() && (to.arn.find(refuse) != std::string::npos))
      return invalid("The specified bucket does not exist");
    const std::scoped_lock lock(mutex_);
    tx.on_commit([this, to, event] {
      const std::scoped_lock lock_again(mutex_);
      delivered_.push_back({to, event});
    });
    return {};
  }
  std::vector<Delivered> delivered() const {
    const std::scoped_lock lock(mutex_);
    return delivered_;
  }
  std::string refuse;

 private:
  mutable std::mutex mutex_;
  std::vector<Delivered> delivered_;
};

class IotFixture : public testing::Test {
 protected:
  IotFixture() {
    auto opened = store::Store::open({.durability = store::Durability::memory}, clock, *random);
    EXPECT_TRUE(opened.has_value());
    store = *std::move(opened);
    targets.add("s3", s3);
    targets.add("sns", sns);
    targets.add("lambda", lambda);
  }
  void start(Options options = {}) {
    options.scope = scope;
    service =
        std::make_unique<Service>(*store, targets, journal, clock, *random, std::move(options));
    targets.add("iot", service->republish());
    store->start();
    ASSERT_TRUE(service->start().has_value());
  }
  void TearDown() override {
    if (store) store->stop();
  }

  wire::Call call() {
    wire::Call made;
    made.scope = scope;
    made.principal.id = scope.account;
    made.now = clock.now();
    made.request_id = random->uuid();
    made.random = random.get();
    return made;
  }
  // Calls an operation that writes, in a transaction.
  template <class Out, class In>
  Result<Out> write(Result<Out> (Service::*operation)(store::Txn&, const wire::Call&, const In&),
                    const std::type_identity_t<In>& input) {
    const wire::Call c = call();
    return store->transact_blocking(
        [&](store::Txn& tx) { return (service.get()->*operation)(tx, c, input); });
  }
  template <class Out, class In>
  Result<Out> read(Result<Out> (Service::*operation)(const store::ReadTxn&, const wire::Call&,
                                                     const In&),
                   const std::type_identity_t<In>& input) {
    return (service.get()->*operation)(*store->snapshot(), call(), input);
  }
  template <class T>
  T wait(Task<T> task) {
    asio::io_context context;
    auto future = asio::co_spawn(context, std::move(task), asio::use_future);
    context.run();
    return future.get();
  }
  CreateKeysAndCertificateOutput make_certificate(bool active = true) {
    const wire::Call c = call();
    auto made = wait(service->create_keys_and_certificate(c, {.set_as_active = active}));
    EXPECT_TRUE(made.has_value());
    return *made;
  }

  Scope scope{.account = "123456789012", .region = "eu-west-1"};
  // Frozen, but at the real time: OpenSSL compares certificates with the system's clock.
  Clock clock{std::chrono::floor<Duration>(std::chrono::system_clock::now())};
  std::unique_ptr<Random> random = seeded_random(7);
  journal::Journal journal{*random};
  RecordingTarget s3, sns, lambda;
  delivery::Targets targets;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<Service> service;
};

}  // namespace cloudlet::iot
