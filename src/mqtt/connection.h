// One network connection: reads, decodes, answers. Always on one I/O thread; after CONNECT on the
// one that its client id is at home on.
//
// connection.cc: sockets and time; connection_connect.cc: CONNECT to CONNACK;
// connection_packets.cc: everything after it.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mqtt/decode.h"
#include "mqtt/intake.h"
#include "mqtt/session.h"
#include "mqtt/shard.h"
#include "mqtt/transport.h"

namespace cloudlet::mqtt {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  struct Socket {
    int descriptor = -1;  // owned by the connection from now on
    std::unique_ptr<Transport> transport;
    Listener listener = Listener::tcp;
    std::string address;
  };
  Connection(Shard& shard, Socket socket);
  ~Connection();

  // On the shard's thread, as everything here.
  void start();

  // What sessions and shards ask.
  std::string& output() { return output_; }
  std::size_t unsent() const { return output_.size() - sent_; }
  int protocol() const { return protocol_; }
  std::size_t packet_bytes_max() const { return packet_bytes_max_; }
  const Client& client() const { return *client_; }
  const std::shared_ptr<const Client>& shared_client() const { return client_; }
  bool ready() const { return state_ == State::open; }
  // Authenticated, and not yet gone: it has a client.
  bool identified() const { return client_ != nullptr && state_ != State::closed; }
  bool closed() const { return state_ == State::closed; }

  // Ends it now: never from within a delivery.
  void end(Disconnection why, Reason reason);
  // Ends it soon: from anywhere on this thread.
  void end_later(Disconnection why);

  // End of a round: what the session can send, then one write.
  void look_after();
  bool marked = false;
  // What waits in memory for this client, for the bound of all together. Exact at the end of a
  // round, else nearly: the number that all threads share is not touched for every message.
  enum class Count { nearly, exactly };
  void count_waiting(Count how = Count::nearly);
  std::size_t waiting() const { return counted_; }
  // Time passed.
  void check(Time now);
  // A receiver caught up, a batch was committed: go on reading.
  void resume();

 private:
  enum class State { handshaking, awaiting_connect, connecting, open, closed };

  // What CONNECT said, kept until CONNACK.
  struct Opening {
    ConnectRequest request;
    std::chrono::seconds expiry{0};
    std::uint16_t keep_alive_s = 0;
    std::uint16_t receive_maximum = 0xffff;
    std::chrono::seconds will_delay{0};
    bool session_present = false;
  };

  // connection.cc
  void wait_readable();
  void wait_writable();
  void on_readable();
  void go_on_handshaking();
  bool read_once();
  bool may_read() const;
  bool answers_pile_up() const;
  // Of memory, in bytes: a buffer keeps what it once grew to until all of it is sent.
  std::size_t output_held() const;
  void read_soon();
  void resume_soon();
  void write();
  void close_socket();

  // connection_connect.cc
  void handle_connect(const Frame& frame);
  std::unique_ptr<Opening> make_opening(const Connect& connect);
  Reason check_will(const Connect& connect) const;
  MessagePtr make_will(const Connect& connect);
  void move_home();
  void authenticate();
  void on_authenticated(Result<Grant> granted);
  void open_session(Grant grant);
  void take_over(const std::string& name);
  void on_opened(const Result<void>& opened);
  void refuse(Reason reason);
  void accept();
  enum class Was { connecting, open };
  void leave_session(Was was);

  // connection_packets.cc
  std::size_t process(std::string_view bytes);
  void process_kept();
  void handle(const Frame& frame);
  void handle_publish(const Frame& frame);
  Reason check_publish(const Publish& publish);
  bool allowed(const PublishView& publish);
  void tell_published();
  bool take_packet_id(const PublishView& publish);
  void handle_acknowledgement(const Frame& frame);
  void handle_subscribe(const Frame& frame);
  std::uint8_t check_subscription(const Subscribe& subscribe, const Subscribe::Item& item);
  void on_subscribed(std::uint16_t packet_id, std::vector<std::uint8_t> codes,
                     std::vector<std::string> fresh,
                     Result<std::vector<RetainedDelivery>> retained);
  void handle_unsubscribe(const Frame& frame);
  void on_unsubscribed(std::uint16_t packet_id, const std::vector<std::string>& filters,
                       const std::vector<std::uint8_t>& codes, const Result<void>& outcome);
  void handle_disconnect(const Frame& frame);
  void settled(std::span<const Intake::Answer> answers, const Result<void>& outcome);
  void fail(Reason reason);

  Shard* shard_;
  Core& core_;
  std::optional<asio::posix::stream_descriptor> descriptor_;
  const int socket_;
  std::unique_ptr<Transport> transport_;
  State state_ = State::handshaking;
  bool reading_ = false;
  bool writing_ = false;
  bool waits_for_receiver_ = false;
  bool paused_for_commits_ = false;
  const Listener listener_;
  const std::string address_;

  int protocol_ = mqtt_3_1_1;
  std::size_t packet_bytes_max_ = SIZE_MAX;  // what the client takes
  std::unique_ptr<Opening> opening_;
  std::shared_ptr<const Client> client_;
  std::shared_ptr<Session> session_;
  std::shared_ptr<Intake> intake_;
  MessagePtr will_;
  std::chrono::seconds will_delay_{0};
  bool session_is_stored_ =
      false;  // the application keeps something that close_session has to settle

  std::string kept_;  // input: the beginning of a packet, or what came behind CONNECT
  std::string output_;
  std::size_t sent_ = 0;
  std::size_t counted_ = 0;  // in Core::waiting_bytes

  Time heard_at_;                    // the last whole packet; before CONNECT: the beginning
  Duration silence_max_{0};          // 1.5 times the keep-alive
  std::optional<Time> stuck_since_;  // output waits, and the socket took nothing of it
  std::uint64_t seen_progress_ = 0;
  std::uint64_t seen_written_ = 0;
  std::uint64_t progress_ = 0;  // bytes written

  // The last topic published to: devices mostly use one.
  std::string publish_topic_;
  std::shared_ptr<const Route> publish_route_;
  std::uint64_t publish_generation_ = 0;
  bool publish_retain_ = false;
  std::uint64_t published_ = 0;  // to it, not yet told
  Publish publish_;              // its memory is used again
};

}  // namespace cloudlet::mqtt
