// `cloudlet mqtt pub|sub`: a small MQTT client over libmosquitto.
#include <mosquitto.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <iostream>

#include "base/clock.h"
#include "base/encoding.h"
#include "cli/command.h"

namespace cloudlet::cli {
namespace {

struct MqttOptions {
  std::string host = "127.0.0.1";
  int port = 0;  // 0: the server's, of TLS with a certificate
  std::string client_id;
  std::string device;  // a folder of `cloudlet device add`
  std::string ca, certificate, key;
  int qos = 1;
  bool retain = false;
  std::string topic;
  std::string message;
  std::string file;
  int count = 0;
};

struct Session {
  const MqttOptions& options;
  bool json = false;
  int seen = 0;
  int code = exit_done;
  bool over = false;  // what was asked for is done
  mosquitto* client = nullptr;

  bool publishes() const { return options.count < 0; }
  void leave() {
    over = true;
    mosquitto_disconnect(client);
  }

  int fail(const std::string& what, int error) {
    code = refuse(what + ": " + mosquitto_strerror(error), "is the server up? see cloudlet status");
    return code =
               error == MOSQ_ERR_ERRNO || error == MOSQ_ERR_CONN_REFUSED ? exit_unreachable : code;
  }
};

void print_message(Session& session, const mosquitto_message& message) {
  const std::string_view payload(static_cast<const char*>(message.payload),
                                 static_cast<std::size_t>(message.payloadlen));
  if (session.json) {
    boost::json::object object{
        {"topic", message.topic}, {"qos", message.qos}, {"retain", message.retain}};
    if (valid_utf8(payload))
      object["payload"] = payload;
    else
      object["payloadBase64"] = to_base64(payload);
    std::cout << boost::json::serialize(object) << std::endl;
  } else {
    std::cout << message.topic << " " << payload << std::endl;
  }
}

// What both need: a client with its certificate, connected.
bool open(Session& session) {
  static const int ready = mosquitto_lib_init();
  (void)ready;
  const MqttOptions& o = session.options;
  session.client =
      mosquitto_new(o.client_id.empty() ? nullptr : o.client_id.c_str(), true, &session);
  const bool tls = !o.ca.empty();
  if (tls) {
    const auto optional = [](const std::string& path) {
      return path.empty() ? nullptr : path.c_str();
    };
    const int set = mosquitto_tls_set(session.client, o.ca.c_str(), nullptr,
                                      optional(o.certificate), optional(o.key), nullptr);
    if (set != MOSQ_ERR_SUCCESS) return session.fail("the certificate files", set), false;
  }
  const int port = o.port;
  mosquitto_connect_callback_set(session.client, [](mosquitto* client, void* self, int code) {
    auto& s = *static_cast<Session*>(self);
    if (code != 0) {
      const bool bare = s.options.certificate.empty();
      s.code = refuse(std::string("refused: ") + mosquitto_connack_string(code),
                      bare ? "where signatures are verified only devices connect: make one with "
                             "`cloudlet device add`, and name its folder with --device"
                           : "cloudlet trace last shows why");
      s.leave();
      return;
    }
    const MqttOptions& options = s.options;
    if (s.publishes())
      mosquitto_publish(client, nullptr, options.topic.c_str(),
                        static_cast<int>(options.message.size()), options.message.data(),
                        options.qos, options.retain);
    else
      mosquitto_subscribe(client, nullptr, options.topic.c_str(), options.qos);
  });
  const int connected = mosquitto_connect(session.client, o.host.c_str(), port, 60);
  if (connected != MOSQ_ERR_SUCCESS)
    return session.fail("connecting to " + o.host + ":" + std::to_string(port), connected), false;
  return true;
}

// Ctrl-C as something to wait for: a handler may call next to nothing. The second one ends the
// program as ever.
class Interrupt {
 public:
  Interrupt() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals_, nullptr);
    descriptor_ = signalfd(-1, &signals_, SFD_CLOEXEC | SFD_NONBLOCK);
  }
  ~Interrupt() { ::close(descriptor_); }
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  int descriptor() const { return descriptor_; }
  bool came() {
    signalfd_siginfo info;
    if (::read(descriptor_, &info, sizeof info) != sizeof info) return false;
    sigprocmask(SIG_UNBLOCK, &signals_, nullptr);
    return true;
  }

 private:
  sigset_t signals_;
  int descriptor_ = -1;
};

// Waits for the socket, the signal or a second, and lets the library do what is due.
int turn(mosquitto* client, Interrupt& interrupt, Session& session) {
  const int socket = mosquitto_socket(client);
  const auto events = static_cast<short>(POLLIN | (mosquitto_want_write(client) ? POLLOUT : 0));
  pollfd waits[] = {{.fd = interrupt.descriptor(), .events = POLLIN, .revents = 0},
                    {.fd = socket, .events = events, .revents = 0}};
  ::poll(waits, socket < 0 ? 1 : 2, 1000);
  if (interrupt.came()) session.leave();
  if (socket < 0) {
    if (session.over) return MOSQ_ERR_SUCCESS;
    // A subscriber asks again each second. What was to be published may have been what the server
    // ended the connection for.
    return session.publishes() ? MOSQ_ERR_CONN_LOST : mosquitto_reconnect(client);
  }
  int done = MOSQ_ERR_SUCCESS;
  if ((waits[1].revents & (POLLIN | POLLERR | POLLHUP)) != 0) done = mosquitto_loop_read(client, 1);
  if (done == MOSQ_ERR_SUCCESS && mosquitto_want_write(client))
    done = mosquitto_loop_write(client, 1);
  return done == MOSQ_ERR_SUCCESS ? mosquitto_loop_misc(client) : done;
}

// A subscriber goes on after these.
bool passes(const Session& session, int error) {
  if (error == MOSQ_ERR_SUCCESS) return true;
  if (session.publishes()) return session.over;
  return error == MOSQ_ERR_NO_CONN || error == MOSQ_ERR_CONN_LOST ||
         error == MOSQ_ERR_CONN_REFUSED || error == MOSQ_ERR_ERRNO || error == MOSQ_ERR_KEEPALIVE;
}

int finish(Session& session) {
  Interrupt interrupt;
  int ended = MOSQ_ERR_SUCCESS;
  while (passes(session, ended) && !(session.over && mosquitto_socket(session.client) < 0))
    ended = turn(session.client, interrupt, session);
  if (!passes(session, ended) && session.code == exit_done)
    session.code = refuse(std::string("the connection ended: ") + mosquitto_strerror(ended),
                          "cloudlet trace why " + session.options.topic + " shows why");
  mosquitto_destroy(session.client);
  return session.code;
}

int publish(MqttOptions options, bool json) {
  options.count = -1;  // tells the callback to publish
  if (!options.file.empty()) options.message = read_file(options.file);
  Session session{.options = options, .json = json};
  if (!open(session)) return session.code;
  mosquitto_publish_callback_set(session.client, [](mosquitto*, void* self, int) {
    auto& s = *static_cast<Session*>(self);
    const MqttOptions& o = s.options;
    if (s.json)
      print_json(
          {{"topic", o.topic}, {"qos", o.qos}, {"retain", o.retain}, {"bytes", o.message.size()}});
    s.leave();
  });
  return finish(session);
}

int subscribe(const MqttOptions& options, bool json) {
  Session session{.options = options, .json = json};
  if (!open(session)) return session.code;
  mosquitto_subscribe_callback_set(
      session.client, [](mosquitto*, void* self, int, int, const int* granted) {
        if (granted[0] < 128) return;
        auto& s = *static_cast<Session*>(self);
        s.code = refuse("the subscription was refused", "cloudlet trace last shows why");
        s.leave();
      });
  mosquitto_message_callback_set(session.client,
                                 [](mosquitto*, void* self, const mosquitto_message* message) {
                                   auto& s = *static_cast<Session*>(self);
                                   print_message(s, *message);
                                   if (s.options.count > 0 && ++s.seen == s.options.count)
                                     s.leave();
                                 });
  return finish(session);
}

// What the command line leaves open: a device's files, the server's ports.
void complete(Context& context, MqttOptions& o) {
  if (!o.device.empty()) {
    if (o.ca.empty()) o.ca = o.device + "/ca.pem";
    if (o.certificate.empty()) o.certificate = o.device + "/certificate.pem";
    if (o.key.empty()) o.key = o.device + "/private.key";
  }
  if (o.port != 0) return;
  Remote asking({.endpoint = context.endpoint, .region = "us-east-1", .keys = {}});
  const auto told = asking.facts();
  const ServerFacts facts = told.has_value() ? *told : ServerFacts{};
  o.port = o.ca.empty() ? facts.mqtt_port : facts.mqtts_port;
}

void add_connection(CLI::App* command, MqttOptions& o) {
  command->add_option("--host", o.host, "The broker")->capture_default_str();
  command->add_option("--port", o.port, "Its port; default: the server's");
  command->add_option("--client-id", o.client_id, "The client id; default: a random one");
  command->add_option("--device", o.device,
                      "Connect over TLS as this device: a folder made by `cloudlet device add`");
  command->add_option("--ca", o.ca, "CA certificate (PEM): connect over TLS");
  command->add_option("--cert", o.certificate, "Client certificate (PEM)");
  command->add_option("--key", o.key, "Its private key (PEM)");
  command->add_option("--qos", o.qos, "0, 1 or 2")->check(CLI::Range(0, 2))->capture_default_str();
}

// Refused here: over MQTT 3.1.1 the server could only end the connection.
std::string check_topic(const std::string& topic) {
  const bool good = mosquitto_pub_topic_check(topic.c_str()) == MOSQ_ERR_SUCCESS && !topic.empty();
  return good ? "" : "a topic is not empty and holds no wildcards ('+', '#')";
}

std::string check_filter(const std::string& filter) {
  const bool good =
      mosquitto_sub_topic_check(filter.c_str()) == MOSQ_ERR_SUCCESS && !filter.empty();
  return good ? "" : "in a topic filter '+' stands for one whole level, '#' for all from the last";
}

}  // namespace

void add_mqtt(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("mqtt", "Publish and subscribe");
  command->require_subcommand(1);
  const auto options = std::make_shared<MqttOptions>();
  auto* pub =
      command->add_subcommand("pub", "Publish one message; returns when it is acknowledged");
  add_connection(pub, *options);
  pub->add_option("topic", options->topic, "The topic")->required()->check(check_topic);
  auto* message = pub->add_option("message", options->message, "The payload");
  pub->add_option("--file", options->file, "The payload is in this file; - for standard input")
      ->excludes(message);
  pub->add_flag("--retain", options->retain, "Keep it for later subscribers");
  pub->callback([&context, options] {
    complete(context, *options);
    context.exit_code = publish(*options, context.json);
  });
  auto* sub = command->add_subcommand("sub", "Print the messages of a topic filter as they come");
  add_connection(sub, *options);
  sub->add_option("filter", options->topic, "The topic filter: 'device/#'")
      ->required()
      ->check(check_filter);
  sub->add_option("--count", options->count, "End after so many messages")
      ->check(CLI::Range(1, 1'000'000'000));
  sub->callback([&context, options] {
    complete(context, *options);
    context.exit_code = subscribe(*options, context.json);
  });
}

}  // namespace cloudlet::cli
