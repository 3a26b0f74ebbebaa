// Putting the parts together, and what doesn't belong to any of them.
#include "services/iot/iot.h"

#include <fmt/core.h>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "services/iot/parts.h"
#include "services/iot/sessions.h"
#include "store/timers.h"

namespace cloudlet::iot {

Service::Parts::Parts(store::Store& s, const delivery::Targets& targets, journal::Journal& journal,
                      Clock& clock, Random& random, Options o)
    : store(s),
      options(std::move(o)),
      authority(s, clock, random),
      engine(book, targets, journal, random, clock),
      application({.store = s,
                   .principals = principals,
                   .engine = engine,
                   .journal = journal,
                   .clock = clock,
                   .options = options}),
      republish(engine, broker, options.queue_max),
      data(broker) {
  principals.on_change(
      [this](const std::string& certificate) { certificate_changed(certificate); });
  store.timers().on(std::string(retained_expires), [](store::Txn& tx, const store::Timer& timer) {
    remove_retained(tx, timer.payload);
  });
  store.watch(principals);
  store.watch(book);
}

// Live sessions follow: a new decision on the next packet, and no connection for a certificate that
// lost its right.
void Service::Parts::certificate_changed(const std::string& certificate) {
  mqtt::Broker* live = broker.load();
  if (!live) return;
  live->policies_changed();
  if (certificate.empty()) return;
  const auto known = principals.find(certificate);
  if (known && known->status == CertificateStatus::active) return;
  const auto of_certificate = [certificate](const mqtt::Client& client) {
    return client.certificate_id == certificate;
  };
  live->disconnect_if(of_certificate, mqtt::Disconnection::not_authorized);
}

Task<KeyTexts> Service::Parts::make_rsa_key() {
  auto start = [this](auto handler) {
    auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
    auto executor = asio::get_associated_executor(*waiting);
    auto guard = asio::make_work_guard(executor);
    asio::post(key_thread, [waiting, executor, guard] {
      auto keys = std::make_shared<KeyTexts>(iot::make_rsa_key());
      asio::post(executor, [waiting, keys] { std::move (*waiting)(std::move(*keys)); });
    });
  };
  co_return co_await asio::async_initiate<decltype(asio::use_awaitable), void(KeyTexts)>(
      std::move(start), asio::use_awaitable);
}

Service::Service(store::Store& store, const delivery::Targets& targets, journal::Journal& journal,
                 Clock& clock, Random& random, Options options)
    : parts_(std::make_unique<Parts>(store, targets, journal, clock, random, std::move(options))) {}

Service::~Service() { parts_->key_thread.join(); }

void Service::use(mqtt::Broker* broker) { parts_->broker.store(broker); }

Result<void> Service::start() {
  std::vector<std::string> names = parts_->options.names;
  names.push_back(parts_->options.endpoint);
  CHECK(parts_->authority.start(std::move(names)));
  if (parts_->options.authority_file.empty()) return {};
  return parts_->authority.write_certificate(parts_->options.authority_file);
}

iotdata::Operations& Service::data() { return parts_->data; }
mqtt::Application& Service::application() { return parts_->application; }
delivery::Target& Service::republish() { return parts_->republish; }
const std::string& Service::authority_pem() const { return parts_->authority.certificate_pem(); }

mqtt::TlsOptions Service::tls() const {
  const Authority::Identity& server = parts_->authority.server();
  return {.certificate_pem = server.certificate_pem, .key_pem = server.key_pem};
}

// Device SDKs add port 8883 themselves, so that the answer is a host alone.
Result<DescribeEndpointOutput> Service::describe_endpoint(const store::ReadTxn&, const wire::Call&,
                                                          const DescribeEndpointInput& in) {
  const std::string type = in.endpoint_type.value_or("iot:Data");
  if (type == "iot:Data" || type == "iot:Data-ATS") {
    return DescribeEndpointOutput{.endpoint_address = parts_->options.endpoint};
  }
  if (type == "iot:CredentialProvider" || type == "iot:Jobs") {
    return errors::invalid_request(fmt::format("The endpoint type {} is not supported here", type));
  }
  return errors::invalid_request("Invalid endpointType: " + type);
}

}  // namespace cloudlet::iot
