// The coroutine and the blocking form of Store::submit. Included by store.h.
#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <future>
#include <memory>
#include <optional>

#include "store/store.h"

namespace cloudlet::store {
namespace detail {

// Runs a body of type Result<T>(Txn&) and keeps its value until the commit is durable.
template <class Body>
struct Transaction {
  using Answer = std::invoke_result_t<Body&, Txn&>;

  explicit Transaction(Body b) : body(std::move(b)) {}

  Result<void> run(Txn& tx) {
    answer.emplace(body(tx));
    if (answer->has_error()) return answer->error();
    return {};
  }
  // `outcome` is the store's: it may refuse what the body accepted (queue full, stopping).
  Answer finish(Result<void> outcome) {
    if (outcome.has_error()) return Answer(std::move(outcome).error());
    return std::move(*answer);
  }

  Body body;
  std::optional<Answer> answer;
};

}  // namespace detail

template <class Body_>
auto Store::transact(Body_ body) -> Task<std::invoke_result_t<Body_&, Txn&>> {
  using Work = detail::Transaction<Body_>;
  auto work = std::make_shared<Work>(std::move(body));
  auto start = [this, work](auto handler) {
    // The handler is not copyable; the store's callbacks are.
    auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
    auto executor = asio::get_associated_executor(*waiting);
    auto guard = asio::make_work_guard(executor);
    submit([work](Txn& tx) { return work->run(tx); },
           [waiting, executor, guard](Result<void> outcome) {
             asio::post(executor, [waiting, outcome = std::move(outcome)]() mutable {
               std::move (*waiting)(std::move(outcome));
             });
           });
  };
  Result<void> outcome =
      co_await asio::async_initiate<decltype(asio::use_awaitable), void(Result<void>)>(
          std::move(start), asio::use_awaitable);
  co_return work->finish(std::move(outcome));
}

template <class Body_>
auto Store::transact_blocking(Body_ body) -> std::invoke_result_t<Body_&, Txn&> {
  detail::Transaction<Body_> work(std::move(body));
  std::promise<Result<void>> promise;
  submit([&work](Txn& tx) { return work.run(tx); },
         [&promise](Result<void> outcome) { promise.set_value(std::move(outcome)); });
  return work.finish(promise.get_future().get());
}

}  // namespace cloudlet::store
