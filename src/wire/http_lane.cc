#include "wire/http_lane.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/system/system_error.hpp>
#include <vector>

#include "base/log.h"
#include "wire/http_connection.h"

namespace cloudlet::wire {
namespace {

constexpr auto tick_every = std::chrono::milliseconds(50);

void report(const std::exception_ptr& failure) {
  if (!failure) return;
  try {
    std::rethrow_exception(failure);
  } catch (const boost::system::system_error& error) {
    if (error.code() != asio::error::operation_aborted)
      log::warning("wire", "a connection ended by {}", error.what());
  } catch (const std::exception& error) {
    log::error("wire", "a connection ended by {}", error.what());
  }
}

}  // namespace

void HttpShared::connection_ended() {
  connections.fetch_sub(1);
  if (!stopping.load()) return;
  const std::scoped_lock lock(mutex);
  ended.notify_all();
}

void HttpLane::start(std::shared_ptr<HttpConnection> connection) {
  connections_.insert(connection);
  if (shared_->stopping.load()) connection->finish();
  arm();
  auto ended = [lane = shared_from_this(), connection](const std::exception_ptr& failure) {
    report(failure);
    connection->close();
    lane->connections_.erase(connection);
    lane->shared_->connection_ended();
  };
  asio::co_spawn(executor_, connection->serve(),
                 asio::bind_cancellation_slot(connection->signal().slot(), std::move(ended)));
}

void HttpLane::finish_all() {
  const auto all = connections_;
  for (const auto& connection : all) connection->finish();
}

void HttpLane::cancel_all() {
  const auto all = connections_;
  for (const auto& connection : all) connection->cancel();
}

void HttpLane::arm() {
  if (armed_ || connections_.empty()) return;
  armed_ = true;
  timer_.expires_after(tick_every);
  timer_.async_wait([lane = shared_from_this()](boost::system::error_code) {
    lane->armed_ = false;
    lane->tick();
    lane->arm();
  });
}

void HttpLane::tick() {
  const SteadyTime now = std::chrono::steady_clock::now();
  std::vector<std::shared_ptr<HttpConnection>> due;
  for (const auto& connection : connections_)
    if (connection->needs_attention(now)) due.push_back(connection);
  for (const auto& connection : due) connection->attend(now);
}

std::string_view HttpLane::date() {
  const Time now = shared_->clock.now();
  const std::int64_t second = to_millis(now) / 1000;
  if (second != date_second_) {
    date_second_ = second;
    date_ = http_date(now);
  }
  return date_;
}

}  // namespace cloudlet::wire
