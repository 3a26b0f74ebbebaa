// The coroutine and the blocking form of Store::submit. Included by store.h.
#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <future>
#include <memory>
#include <optional>

#include "store/store.h"

namespace cloudlet::store {
namespace detail {

// A body of type Result<T>(Txn&) and its value, kept until the commit is durable.
template <class Body>
class Transaction : public Store::Job {
 public:
  using Answer = std::invoke_result_t<Body&, Txn&>;

  explicit Transaction(Body body) : body_(std::move(body)) {}

  Result<void> run(Txn& tx) final {
    answer_.emplace(body_(tx));
    if (answer_->has_error()) return answer_->error();
    return {};
  }
  // `outcome` is the store's: it may refuse what the body accepted (disk full, stopping).
  Answer answer(Result<void> outcome) {
    if (outcome.has_error()) return Answer(std::move(outcome).error());
    return std::move(*answer_);
  }

 private:
  Body body_;
  std::optional<Answer> answer_;
};

// Lives in the frame of the coroutine that awaits it. The store always finishes a job, so the frame
// outlives the wait.
template <class Body>
class AwaitedTransaction final : public Transaction<Body> {
 public:
  using Transaction<Body>::Transaction;

  auto done(Store& store) {
    return asio::async_initiate<decltype(asio::use_awaitable), void(Result<void>)>(
        [this, &store](auto handler) {
          work_.emplace(asio::get_associated_executor(handler));
          handler_.emplace(std::move(handler));
          store.submit(*this);
        },
        asio::use_awaitable);
  }

  // Once the handler is posted the frame, and this, may be gone.
  void finish(Result<void> outcome) override {
    const auto work = std::move(*work_);
    asio::post(work.get_executor(),
               [handler = std::move(*handler_), outcome = std::move(outcome)]() mutable {
                 std::move(handler)(std::move(outcome));
               });
  }

 private:
  using Handler = asio::async_result<std::decay_t<decltype(asio::use_awaitable)>,
                                     void(Result<void>)>::handler_type;
  std::optional<asio::executor_work_guard<asio::any_io_executor>> work_;
  std::optional<Handler> handler_;
};

template <class Body>
class BlockingTransaction final : public Transaction<Body> {
 public:
  using Transaction<Body>::Transaction;

  auto wait() { return this->answer(outcome_.get()); }
  // Once the value is set the waiter may be gone, and this with it.
  void finish(Result<void> outcome) override {
    auto promise = std::move(promise_);
    promise.set_value(std::move(outcome));
  }

 private:
  std::promise<Result<void>> promise_;
  std::future<Result<void>> outcome_ = promise_.get_future();
};

}  // namespace detail

template <class Body_>
auto Store::transact(Body_ body) -> Task<std::invoke_result_t<Body_&, Txn&>> {
  detail::AwaitedTransaction<Body_> work(std::move(body));
  auto done = work.done(*this);
  Result<void> outcome = co_await std::move(done);
  co_return work.answer(std::move(outcome));
}

template <class Body_>
auto Store::transact_blocking(Body_ body) -> std::invoke_result_t<Body_&, Txn&> {
  detail::BlockingTransaction<Body_> work(std::move(body));
  submit(work);
  return work.wait();
}

}  // namespace cloudlet::store
