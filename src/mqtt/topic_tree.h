// Who is subscribed to what: a tree of topic levels, shared by all I/O threads.
//
// Looking up is done by routes: the list of receivers of one topic, made once and kept by each
// thread until the generation changes, that is until any subscription or any policy changes. So the
// tree's lock is not on the way of a message.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "mqtt/application.h"

namespace cloudlet::mqtt {

class Session;

// One receiver of a topic, whatever the number of its filters that match: with the highest QoS of
// them [MQTT-3.3.5-1].
struct Receiver {
  std::shared_ptr<Session> session;
  Qos qos = Qos::at_most_once;
  bool no_local = false;
  bool retain_as_published = false;
};

// The receivers of one topic. Immutable.
struct Route {
  std::vector<std::vector<Receiver>> live;  // by the I/O thread that the session is at home on
  std::size_t live_count = 0;
  std::vector<Receiver> stored;  // persistent sessions with QoS above 0; they are in `live` too
  // `stored` as the application gets it, for a message of QoS 1, 1 retained, 2, 2 retained.
  std::array<std::vector<Recipient>, 4> recipients;
  std::size_t denied = 0;  // subscribers that may not receive it, and the first one of them
  std::string denied_client;
  std::string denied_reason;
  bool no_local = false;  // one of `stored` does not want its own messages

  std::span<const Recipient> recipients_of(Qos qos, bool retain) const {
    if (qos == Qos::at_most_once || stored.empty()) return {};
    return recipients[(qos == Qos::exactly_once ? 2U : 0U) + (retain ? 1U : 0U)];
  }
};

// Thread-safe.
class TopicTree {
 public:
  explicit TopicTree(unsigned threads) : threads_(threads) {}

  enum class Existed { no, yes };
  // Replaces one with the same filter.
  void insert(const std::shared_ptr<Session>& session, const Subscription& subscription,
              Existed existed);
  void remove(const Session& session, std::string_view filter);

  std::shared_ptr<const Route> route(std::string_view topic) const;

  // Routes made before the last change are out of date.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  void changed() { generation_.fetch_add(1, std::memory_order_acq_rel); }
  // Changes what `route` reads of sessions (their policy) while nobody reads it.
  void update(const std::function<void()>& change);

 private:
  struct Node {
    std::map<std::string, std::unique_ptr<Node>, std::less<>> children;  // '+' is one of them
    std::vector<Receiver> here;   // filters that end in this level
    std::vector<Receiver> below;  // filters that end in '#' after this level
    bool empty() const { return children.empty() && here.empty() && below.empty(); }
  };

  static void collect(const Node& node, std::string_view rest, bool at_end, bool first,
                      std::vector<Receiver>& found);
  static bool remove_below(Node& node, const Session& session, std::string_view rest, bool at_end);

  const unsigned threads_;
  mutable std::shared_mutex mutex_;
  std::atomic<std::uint64_t> generation_{1};
  Node root_;
};

}  // namespace cloudlet::mqtt
