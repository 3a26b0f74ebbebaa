// One I/O thread: its connections, the sessions at home on it, and the mail between it and the
// others.
//
// It works in rounds: some ready handlers (reads, completions), then everything that they wanted to
// write, one write a connection.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/spell.h"
#include "base/task.h"
#include "mqtt/core.h"
#include "mqtt/encode.h"
#include "mqtt/intake.h"
#include "mqtt/session.h"

namespace cloudlet::mqtt {

class Connection;

class Shard {
 public:
  Shard(unsigned index, Core& core);
  ~Shard();

  // Any thread.
  unsigned index() const { return index_; }
  Core& core() { return core_; }
  asio::io_context& context() { return context_; }
  template <class Work>
  void post(Work work) {
    asio::post(context_, std::move(work));
  }
  // A callback for the application: any thread may call it, once; `work` runs here.
  template <class Work>
  auto answer(Work work) {
    core_.expect();
    return [this, work = std::move(work)](auto... outcome) {
      post([this, work, outcome...]() mutable {
        work(std::move(outcome)...);
        core_.answered();
      });
    };
  }
  void start();
  void join();  // after everything on it was closed: runs what is left, then ends the thread

  // All below: on its thread.
  Time now() const { return core_.clock.now(); }
  std::string& read_buffer() { return read_buffer_; }

  std::shared_ptr<const Route> route(std::string_view topic);
  // To every receiver, here and on other threads.
  void deliver(Outgoing& message, const std::shared_ptr<const Route>& route,
               const std::shared_ptr<Session>& publisher);
  void deliver_here(Outgoing& message, const Route& route, const Session* publisher);
  // The connection has output, or its session could send: looked after at the end of the round.
  void mark(Connection& connection);
  PublishEncoder& encoder() { return encoder_; }

  void add(std::shared_ptr<Connection> connection);
  void remove(Connection& connection);
  std::vector<std::shared_ptr<Connection>> connections() const;

  std::shared_ptr<Session> find_session(std::string_view client_id) const;
  void add_session(std::shared_ptr<Session> session);
  // With its subscriptions.
  void remove_session(Session& session);
  std::size_t session_count() const { return sessions_.size(); }

  // Messages that come from no connection of ours: Broker::publish, wills.
  void publish(const std::shared_ptr<const Client>& client, const MessagePtr& message,
               const Cause& cause, Done done);
  void publish_will(const std::shared_ptr<const Client>& client, const MessagePtr& will);

  // What a publisher should wait for, after what was just delivered: a receiver that is behind, a
  // thread that has too much mail, or nothing.
  struct Obstacle {
    std::shared_ptr<Session> receiver;
    Shard* shard = nullptr;
    bool there() const;
  };
  Obstacle take_obstacle() { return std::exchange(obstacle_, {}); }
  void wait_for(const Obstacle& obstacle, Connection& publisher);
  void resume_publishers();
  // Any thread: bytes of messages that other threads have for this one.
  std::size_t mail_bytes() const { return mail_bytes_.load(std::memory_order_relaxed); }

  // For Application::on_published. Cheap: a topic's first message is told, the others are counted.
  void published(const std::shared_ptr<const Client>& client, std::string_view topic,
                 const std::shared_ptr<const Route>& route, std::uint64_t times);

  void sweep();
  bool stopping() const { return stopping_; }
  void set_stopping() { stopping_ = true; }

 private:
  struct Mail {
    MessagePtr message;
    std::shared_ptr<const Route> route;
    std::shared_ptr<Session> publisher;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };

  void run();
  void end_of_round();
  void look_after_marked();
  // While too much waits for all clients together: ends those here with the most.
  void shed();
  void send_mail();
  void take_mail();
  void tick();
  void sweep_sessions(Time now);
  void tell_published();

  const unsigned index_;
  Core& core_;
  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> guard_;
  asio::steady_timer timer_;
  std::thread thread_;
  bool stopping_ = false;

  std::string read_buffer_;
  PublishEncoder encoder_;
  std::unordered_map<std::string, std::shared_ptr<const Route>, Hash, std::equal_to<>> routes_;
  std::uint64_t routes_generation_ = 0;

  std::unordered_map<Connection*, std::shared_ptr<Connection>> connections_;
  std::unordered_map<std::string, std::shared_ptr<Session>, Hash, std::equal_to<>> sessions_;
  std::vector<std::shared_ptr<Connection>> marked_;
  struct Waiting {
    Obstacle obstacle;
    std::weak_ptr<Connection> publisher;
  };
  std::vector<Waiting> waiting_;
  Spell shedding_;
  Obstacle obstacle_;

  struct Published {
    std::shared_ptr<const Client> client;  // the last one
    std::shared_ptr<const Route> route;
    std::uint64_t times = 0;
  };
  void tell(std::string_view topic, const Published& published, std::uint64_t times);
  std::unordered_map<std::string, Published, Hash, std::equal_to<>> published_;

  std::vector<std::vector<Mail>> outgoing_;  // by thread; handed over at the end of the round
  std::mutex mutex_;
  std::vector<Mail> incoming_;  // guarded by mutex_
  std::atomic<std::size_t> mail_bytes_{0};
};

}  // namespace cloudlet::mqtt
