// S3 over a store in memory, with a bucket named "bucket": what its tests build on.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <future>

#include "services/s3/s3.h"
#include "store/store.h"

namespace cloudlet::s3 {

class S3Test : public ::testing::Test {
 protected:
  S3Test() {
    store_ =
        store::Store::open({.durability = store::Durability::memory}, clock_, *random_).value();
    store_->start();
    service_ = std::make_unique<Service>(*store_);
    create("bucket");
  }
  ~S3Test() override { store_->stop(); }

  wire::Call call() {
    wire::Call c;
    c.scope = {.account = "000000000000", .region = "us-east-1"};
    c.now = clock_.now();
    c.endpoint = "http://localhost:4566";
    c.random = random_.get();
    return c;
  }
  template <class T>
  T run(Task<T> task) {
    asio::io_context io;
    auto future = asio::co_spawn(io, std::move(task), asio::use_future);
    io.run();
    return future.get();
  }
  void create(const std::string& bucket) {
    store_
        ->transact_blocking(
            [&](store::Txn& tx) { return service_->create_bucket(tx, call(), {.bucket = bucket}); })
        .value();
  }
  template <class Body>
  auto transact(Body body) {
    return store_->transact_blocking(body);
  }
  Result<PutObjectOutput> put(const std::string& key, std::string body) {
    PutObjectInput in{.bucket = "bucket", .key = key};
    in.body = wire::Body(std::move(body));
    return put(std::move(in));
  }
  Result<PutObjectOutput> put(PutObjectInput in) {
    const wire::Call c = call();
    return run(service_->put_object(c, std::move(in)));
  }
  Result<GetObjectOutput> get(GetObjectInput in) {
    const wire::Call c = call();
    return run(service_->get_object(c, std::move(in)));
  }
  std::string read(GetObjectInput in) {
    auto out = get(std::move(in));
    return run(out.value().body.read_all(1 << 30)).value();
  }
  ListObjectsV2Output list(ListObjectsV2Input in) {
    in.bucket = "bucket";
    return service_->list_objects_v2(*store_->snapshot(), call(), in).value();
  }
  Result<DeleteObjectOutput> remove(const std::string& key) {
    return store_->transact_blocking([&](store::Txn& tx) {
      return service_->delete_object(tx, call(), {.bucket = "bucket", .key = key});
    });
  }

  Clock clock_{from_millis(1'600'000'000'000)};
  std::unique_ptr<Random> random_ = seeded_random(1);
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Service> service_;
};

}  // namespace cloudlet::s3
