#include "server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <mutex>
#include <optional>

#include "base/descriptors.h"
#include "base/log.h"
#include "base/memory.h"
#include "console/door.h"
#include "console/mail_pages.h"
#include "console/visitors.h"
#include "delivery/dispatcher.h"
#include "delivery/mail_server.h"
#include "delivery/outbox.h"
#include "deploy/engine.h"
#include "deploy/state.h"
#include "gen/cloudformation/dispatch.h"
#include "gen/iam/dispatch.h"
#include "gen/iot/dispatch.h"
#include "gen/iotdata/dispatch.h"
#include "gen/lambda/dispatch.h"
#include "gen/logs/dispatch.h"
#include "gen/s3/dispatch.h"
#include "gen/sns/dispatch.h"
#include "gen/sts/dispatch.h"
#include "mqtt/broker.h"
#include "server_credentials.h"
#include "server_functions.h"
#include "server_pages.h"
#include "services/cloudformation/cloudformation.h"
#include "services/host/gateway.h"
#include "services/host/in_process.h"
#include "services/iam/credentials.h"
#include "services/iam/iam.h"
#include "services/iam/resources.h"
#include "services/iam/role_book.h"
#include "services/iot/iot.h"
#include "services/iot/resources.h"
#include "services/lambda/lambda.h"
#include "services/lambda/resources.h"
#include "services/logs/logs.h"
#include "services/logs/resources.h"
#include "services/s3/resources.h"
#include "services/s3/s3.h"
#include "services/s3/target.h"
#include "services/sns/link_pages.h"
#include "services/sns/resources.h"
#include "services/sns/sns.h"
#include "services/sts/sessions.h"
#include "services/sts/sts.h"
#include "store/store.h"
#include "wire/http_server.h"
#include "wire/http_threads.h"

namespace cloudlet {
namespace {

using namespace std::chrono;

// Keys that users have, and keys that were lent.
class IssuedKeys : public wire::Credentials {
 public:
  iam::AccessKeys users;
  sts::Sessions sessions;
  std::optional<wire::Credential> find(std::string_view access_key) const override {
    auto found = users.find(access_key);
    return found ? found : sessions.find(access_key);
  }
};

store::Durability durability_of(const std::string& name) {
  if (name == "interval") return store::Durability::interval;
  return name == "memory" ? store::Durability::memory : store::Durability::sync;
}

wire::AuthOptions auth_of(const cli::UpOptions& options) {
  return {.mode = options.auth == "enforce" ? wire::AuthMode::enforce : wire::AuthMode::open,
          .default_account = options.account,
          .default_region = options.region};
}

deploy::ResourceTypes all_resource_types() {
  deploy::ResourceTypes types;
  types.add(sns::resource_types());
  types.add(s3::resource_types());
  types.add(iot::resource_types());
  types.add(lambda::resource_types());
  types.add(logs::resource_types());
  types.add(iam::resource_types());
  return types;
}

iot::Options iot_options(const cli::UpOptions& o) {
  return {
      .access = o.auth == "enforce" ? iot::Options::Access::enforce : iot::Options::Access::open,
      .scope = {.account = o.account, .region = o.region},
      .endpoint = o.device_host,
      .names = {o.device_host},
      .authority_file = std::filesystem::path(o.data) / "ca.pem"};
}

// A socket that listens on loopback. Bound before everything else, so that a port in use is said at
// once and functions know where to reach us; connections wait in its queue until the server
// accepts.
Result<std::pair<int, std::uint16_t>> listen_on_loopback(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return invalid("no socket can be made: the limit of open files?");
  const int yes = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(fd, 1024) != 0) {
    close(fd);
    return invalid("port " + std::to_string(port) +
                   " is in use by another process: stop it, or choose another with --port");
  }
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return std::pair(fd, ntohs(address.sin_port));
}

}  // namespace

// Every part, each after what it leans on; destroyed the other way round.
struct Server::Parts {
  explicit Parts(cli::UpOptions o) : options(std::move(o)) {}
  ~Parts() { stop(); }

  Result<void> build();
  Result<void> build_services();
  Result<void> start();
  void stop();

  std::unique_ptr<wire::Caller> caller(const Scope& scope) {
    services::Actor actor{.scope = scope, .endpoint = endpoint};
    actor.principal.arn = "arn:aws:iam::" + scope.account + ":root";
    actor.principal.id = scope.account;
    return std::make_unique<services::InProcessCaller>(*host, clock, *random, std::move(actor));
  }
  boost::json::object ready() const;
  boost::json::object status() const;
  std::vector<HealthCheck> doctor() const;
  std::unique_ptr<console::Door> make_door();
  void add_pages();
  // The functions' own network reaches us through a socket that the runtime made there.
  void take_listener(int fd);

  const cli::UpOptions options;
  const steady_clock::time_point began = steady_clock::now();
  milliseconds took{0};
  std::string endpoint;
  const DescriptorShares shares = descriptor_shares(raise_descriptor_limit());
  int listener = -1;
  std::uint16_t port = 0, mqtt_port = 0, mqtts_port = 0;

  std::unique_ptr<Random> random = system_random();
  Clock clock;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<journal::Journal> journal;
  std::unique_ptr<wire::IoThreads> threads;
  std::unique_ptr<services::Host> host;

  delivery::Targets targets;
  delivery::Mailbox mailbox;
  std::unique_ptr<delivery::Outbox> outbox;
  std::unique_ptr<delivery::Dispatcher> dispatcher;

  IssuedKeys keys;
  iam::RoleBook roles;
  iam::Service iam;
  std::unique_ptr<sts::Service> sts;
  std::unique_ptr<s3::Service> s3;
  s3::Target s3_target;
  std::unique_ptr<sns::Service> sns;
  std::unique_ptr<logs::Service> logs;
  std::unique_ptr<runtime::Runtime> runtime;
  std::unique_ptr<lambda::Service> lambda;
  std::unique_ptr<iot::Service> iot;
  std::unique_ptr<mqtt::Broker> broker;
  deploy::ResourceTypes types = all_resource_types();
  std::unique_ptr<deploy::Engine> engine;
  std::unique_ptr<cloudformation::Service> cloudformation;

  std::unique_ptr<wire::Authenticator> authenticator;
  std::unique_ptr<wire::Router> router;
  services::Pages pages;
  std::unique_ptr<services::Gateway> gateway;
  std::unique_ptr<sns::LinkPages> front;
  std::unique_ptr<console::MailPages> mail_pages;
  console::Visitors visitors{*random, clock};
  std::unique_ptr<console::Door> door;
  std::filesystem::path credentials;  // where they are; empty: none are needed
  std::unique_ptr<wire::HttpServer> http;
  std::mutex listeners_mutex;
  std::vector<int> listeners;  // handed over before there was a server
  bool started = false;
};

Result<void> Server::Parts::build() {
  TRY(const auto bound, listen_on_loopback(options.port));
  std::tie(listener, port) = bound;
  endpoint = "http://localhost:" + std::to_string(port);
  const std::filesystem::path data(options.data);
  CHECK(close_data_folder(data));
  TRY(store, store::Store::open({.folder = data, .durability = durability_of(options.durability)},
                                clock, *random));
  journal = std::make_unique<journal::Journal>(*random);
  if (options.durability != "memory") journal->keep_in(data / "journal");
  threads = std::make_unique<wire::IoThreads>();
  host = std::make_unique<services::Host>(*store);

  std::optional<delivery::MailServer> mail_server;
  if (!options.smtp.empty()) {
    TRY(mail_server, delivery::MailServer::parse(options.smtp));
  }
  const auto mail = mail_server ? delivery::MailGoes::to_server : delivery::MailGoes::to_mailbox;
  outbox = std::make_unique<delivery::Outbox>(*store, targets, mailbox, *journal, mail);
  dispatcher = std::make_unique<delivery::Dispatcher>(
      *store, *outbox, clock, delivery::DispatcherOptions{.mail_server = mail_server});
  CHECK(build_services());

  authenticator = std::make_unique<wire::Authenticator>(auth_of(options), keys, clock);
  router = std::make_unique<wire::Router>(host->services());
  gateway = std::make_unique<services::Gateway>(
      services::Gateway::Parts{*host, *router, *authenticator, pages, *journal, clock, *random});
  front = std::make_unique<sns::LinkPages>(*gateway);
  mail_pages = std::make_unique<console::MailPages>(*store, *front);
  door = make_door();
  {
    std::scoped_lock lock(listeners_mutex);
    wire::HttpOptions http_options;
    http_options.connections_max = std::min(http_options.connections_max, shares.http);
    http = std::make_unique<wire::HttpServer>(*threads, *door, clock, std::move(http_options));
  }
  add_pages();
  return {};
}

Result<void> Server::Parts::build_services() {
  store->watch(keys.users);
  store->watch(keys.sessions);
  sts = std::make_unique<sts::Service>(*store, roles);
  s3 = std::make_unique<s3::Service>(*store);
  sns = std::make_unique<sns::Service>(
      sns::Collaborators{*store, targets, *outbox, *journal, clock, *random, endpoint});
  logs = std::make_unique<logs::Service>(*store, clock, threads->next());
  const auto functions = std::filesystem::path(options.data) / "functions";
  TRY(runtime, start_functions({.host = *host,
                                .logs = *logs,
                                .clock = clock,
                                .random = *random,
                                .executor = threads->next(),
                                .folder = functions,
                                .endpoint_port = port,
                                .endpoint = [this](int fd) { take_listener(fd); },
                                .enforce = options.auth == "enforce"}));
  const auto caller_for = [this](const Scope& scope) { return caller(scope); };
  lambda = std::make_unique<lambda::Service>(
      lambda::Collaborators{*store, *runtime, targets, roles, *journal, clock, *random,
                            threads->next(), packages_folder(functions), caller_for});
  iot = std::make_unique<iot::Service>(*store, targets, *journal, clock, *random,
                                       iot_options(options));
  mqtt::Options broker_options;
  broker_options.limits.connections_max =
      std::min(broker_options.limits.connections_max, shares.mqtt);
  broker = std::make_unique<mqtt::Broker>(broker_options, iot->application(), clock, *random);
  iot->use(*broker);
  engine = std::make_unique<deploy::Engine>(
      deploy::Engine::Parts{*store, types, clock, caller_for, threads->next()});
  cloudformation = std::make_unique<cloudformation::Service>(cloudformation::Collaborators{
      *store, *engine, caller_for, options.strict ? deploy::Strict::yes : deploy::Strict::no});

  targets.add("s3", s3_target);
  targets.add("sns", *sns);
  targets.add("lambda", *lambda);
  targets.add("iot", iot->republish());
  host->add(iam::serve(iam));
  host->add(sts::serve(*sts));
  host->add(s3::serve(*s3));
  host->add(sns::serve(*sns));
  host->add(logs::serve(*logs));
  host->add(lambda::serve(*lambda));
  host->add(iot::serve(iot->operations()));
  host->add(iotdata::serve(iot->data()));
  host->add(cloudformation::serve(*cloudformation));
  return {};
}

Result<void> Server::Parts::start() {
  store->start();
  started = true;
  if (options.auth == "enforce") {
    TRY(credentials, provide_credentials(*store, options.data, options.account, *random, clock));
  }
  CHECK(sns->start());
  CHECK(iot->start());
  CHECK(broker->start());
  dispatcher->start();
  lambda->start();
  engine->start();
  TRY(mqtt_port, broker->listen_tcp("127.0.0.1", options.mqtt_port));
  TRY(mqtts_port, broker->listen_tls("127.0.0.1", options.mqtts_port, iot->tls()));
  for (const int fd : std::exchange(listeners, {})) CHECK(http->adopt(fd));
  CHECK(http->adopt(std::exchange(listener, -1)));
  took = duration_cast<milliseconds>(steady_clock::now() - began);
  return {};
}

void Server::Parts::take_listener(int fd) {
  std::scoped_lock lock(listeners_mutex);
  if (!http) {
    listeners.push_back(fd);
  } else if (const auto adopted = http->adopt(fd); adopted.has_error()) {
    log::error("lambda", "functions cannot reach the server: {}", adopted.error().message());
  }
}

// The way in first, then whoever works by itself, the store last.
void Server::Parts::stop() {
  if (http) http->stop();
  if (broker) broker->stop();
  if (iot) iot->use(nullptr);
  if (engine) engine->stop();
  if (lambda) lambda->stop();
  if (runtime) runtime->stop();
  if (dispatcher && started) dispatcher->stop();
  if (store && started) store->stop();
  if (threads) threads->stop();
  if (listener >= 0) close(std::exchange(listener, -1));
}

std::unique_ptr<console::Door> Server::Parts::make_door() {
  console::DoorRules rules{
      .mode = auth_of(options).mode, .hosts = options.hosts, .origins = options.origins};
  rules.hosts.push_back(options.device_host);
  return std::make_unique<console::Door>(
      std::move(rules),
      console::Door::Parts{
          .next = *front,
          .router = *router,
          .visitors = visitors,
          .is_page = [this](std::string_view path) { return pages.find(path) != nullptr; },
          .is_public = [this](std::string_view path) { return pages.is_public(path); },
          .page =
              [this](wire::Request request) {
                return (*pages.find(request.path()))(std::move(request));
              }});
}

void Server::Parts::add_pages() {
  PageSources sources{.clock = clock, .store = *store, .journal = *journal};
  sources.status = [this] { return status(); };
  sources.doctor = [this] { return doctor(); };
  sources.ready = [this] { return ready(); };
  sources.invite = [this](const wire::Request& request) { return door->invite(request); };
  sources.sign_in = [this](const wire::Request& request) { return door->sign_in(request); };
  sources.authority_pem = [this] { return iot->authority_pem(); };
  for (const wire::Service* service : host->services())
    sources.services.emplace_back(service->name);
  add_server_pages(pages, std::move(sources));
  pages.add(std::string(console::MailPages::path),
            [this](wire::Request request) { return mail_pages->handle(std::move(request)); });
  pages.add_public(lambda::code_page_path, [this](wire::Request request) {
    return lambda->serve_code(std::move(request));
  });
  pages.add_public(sns::Signer::certificate_path, [this](wire::Request) -> Task<wire::Response> {
    const auto page = [](const sns::Signer& signer) -> Task<wire::Response> {
      co_return sns::certificate_page(signer);
    };
    return page(sns->signer());
  });
}

// What its own commands have to know before they can sign: nothing that `ps` does not show.
boost::json::object Server::Parts::ready() const {
  return {{"version", CLOUDLET_VERSION},
          {"auth", options.auth},
          {"account", options.account},
          {"region", options.region},
          {"data", std::filesystem::absolute(options.data).string()},
          {"mqttPort", mqtt_port},
          {"mqttsPort", mqtts_port},
          {"nowMs", to_millis(clock.now())}};
}

boost::json::object Server::Parts::status() const {
  const auto stats = broker->stats();
  boost::json::array stacks;
  const Scope scope{.account = options.account, .region = options.region};
  store->snapshot()->scan(store::prefix(deploy::keys::stacks(scope)),
                          [&](std::string_view, std::string_view value) {
                            const deploy::Stack stack = deploy::decode_stack(value);
                            if (stack.status != "DELETE_COMPLETE")
                              stacks.push_back({{"name", stack.name}, {"status", stack.status}});
                            return true;
                          });
  return {{"version", CLOUDLET_VERSION},
          {"endpoint", endpoint},
          {"mqttPort", mqtt_port},
          {"mqttsPort", mqtts_port},
          {"data", std::filesystem::absolute(options.data).string()},
          {"durability", options.durability},
          {"auth", options.auth},
          {"mail", options.smtp.empty() ? "built-in mailbox" : "SMTP server"},
          {"account", options.account},
          {"region", options.region},
          {"mqttConnections", stats.connections},
          {"stacks", std::move(stacks)}};
}

std::vector<HealthCheck> Server::Parts::doctor() const {
  std::vector<HealthCheck> checks{
      {"server", "ok",
       "version " CLOUDLET_VERSION ", ready after " + std::to_string(took.count()) + " ms"}};
  const auto began_commit = steady_clock::now();
  const auto synced = store->transact_blocking([](store::Txn& tx) -> Result<void> {
    tx.put(store::make_key("doctor"), "");
    return {};
  });
  const auto micros = duration_cast<microseconds>(steady_clock::now() - began_commit).count();
  checks.push_back({"store", synced.has_value() ? "ok" : "problem",
                    synced.has_value() ? fmt::format("durability {}, a commit took {} µs",
                                                     options.durability, micros)
                                       : synced.error().message()});
  if (options.auth == "open")
    checks.push_back(
        {"access", "warning",
         "open: everybody on this machine may do everything (--auth enforce verifies)"});
  for (const runtime::Capability& wall : runtime->capabilities())
    checks.push_back({"sandbox: " + wall.name,
                      wall.present    ? "ok"
                      : wall.required ? "problem"
                                      : "warning",
                      wall.detail});
  return checks;
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::start(const cli::UpOptions& options) {
  auto parts = std::make_unique<Parts>(options);
  CHECK(parts->build());
  if (auto started = parts->start(); started.has_error()) {
    Error why = started.error();
    if (!why.is(errors::service_unavailable)) return why;
    return Error(why.kind(), fmt::format("cannot begin in the data folder {}: {}", options.data,
                                         why.message()));
  }
  give_back_unused_memory();
  return std::unique_ptr<Server>(new Server(std::move(parts)));
}

std::string Server::ready_line() const {
  const Parts& p = *parts_;
  std::string line = fmt::format(
      "cloudlet {} ready at http://127.0.0.1:{} (mqtt {}, mqtts {}, data {}, durability {}, auth "
      "{}) in {} ms",
      CLOUDLET_VERSION, p.port, p.mqtt_port, p.mqtts_port, p.options.data, p.options.durability,
      p.options.auth, p.took.count());
  if (!p.credentials.empty())
    line += fmt::format(
        "\n  keys of the root are in {}: eval \"$(cloudlet env)\" takes them"
        "\n  pages ask for a sign-in: cloudlet mail open",
        p.credentials.string());
  return line;
}

}  // namespace cloudlet
