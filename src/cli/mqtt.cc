// `cloudlet mqtt pub|sub`: a small MQTT client over libmosquitto.
#include <mosquitto.h>

#include <atomic>
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

std::atomic<mosquitto*> running{nullptr};

struct Session {
  const MqttOptions& options;
  bool json = false;
  int seen = 0;
  int code = exit_done;
  mosquitto* client = nullptr;

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
      mosquitto_disconnect(client);
      return;
    }
    const MqttOptions& options = s.options;
    if (options.count < 0)
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

int finish(Session& session) {
  running = session.client;
  std::signal(SIGINT, [](int) {
    if (mosquitto* client = running) mosquitto_disconnect(client);
  });
  const int ended = mosquitto_loop_forever(session.client, 1000, 1);
  running = nullptr;
  if (ended != MOSQ_ERR_SUCCESS && ended != MOSQ_ERR_NO_CONN && session.code == exit_done)
    session.fail("the connection ended", ended);
  mosquitto_destroy(session.client);
  return session.code;
}

int publish(MqttOptions options) {
  options.count = -1;  // tells the callback to publish
  if (!options.file.empty()) options.message = read_file(options.file);
  Session session{.options = options};
  if (!open(session)) return session.code;
  mosquitto_publish_callback_set(
      session.client, [](mosquitto* client, void*, int) { mosquitto_disconnect(client); });
  return finish(session);
}

int subscribe(const MqttOptions& options, bool json) {
  Session session{.options = options, .json = json};
  if (!open(session)) return session.code;
  mosquitto_subscribe_callback_set(
      session.client, [](mosquitto* client, void* self, int, int, const int* granted) {
        if (granted[0] < 128) return;
        static_cast<Session*>(self)->code =
            refuse("the subscription was refused", "cloudlet trace last shows why");
        mosquitto_disconnect(client);
      });
  mosquitto_message_callback_set(
      session.client, [](mosquitto* client, void* self, const mosquitto_message* message) {
        auto& s = *static_cast<Session*>(self);
        print_message(s, *message);
        if (s.options.count > 0 && ++s.seen == s.options.count) mosquitto_disconnect(client);
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

}  // namespace

void add_mqtt(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("mqtt", "Publish and subscribe");
  command->require_subcommand(1);
  const auto options = std::make_shared<MqttOptions>();
  auto* pub =
      command->add_subcommand("pub", "Publish one message; returns when it is acknowledged");
  add_connection(pub, *options);
  pub->add_option("topic", options->topic, "The topic")->required();
  auto* message = pub->add_option("message", options->message, "The payload");
  pub->add_option("--file", options->file, "The payload is in this file; - for standard input")
      ->excludes(message);
  pub->add_flag("--retain", options->retain, "Keep it for later subscribers");
  pub->callback([&context, options] {
    complete(context, *options);
    context.exit_code = publish(*options);
  });
  auto* sub = command->add_subcommand("sub", "Print the messages of a topic filter as they come");
  add_connection(sub, *options);
  sub->add_option("filter", options->topic, "The topic filter: 'device/#'")->required();
  sub->add_option("--count", options->count, "End after so many messages")
      ->check(CLI::PositiveNumber);
  sub->callback([&context, options] {
    complete(context, *options);
    context.exit_code = subscribe(*options, context.json);
  });
}

}  // namespace cloudlet::cli
