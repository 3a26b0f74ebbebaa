// Who may connect: certificates that are registered, active, in time, and allowed by their
// policies.
#include <fmt/core.h>

#include "services/iot/keys.h"
#include "services/iot/mqtt_application.h"
#include "services/iot/x509.h"

namespace cloudlet::iot {

namespace {

Error refused(std::string why) { return Error(mqtt::errors::not_authorized, std::move(why)); }

void set_names(PolicyContext& context, std::string_view whose, const NameParts& parts) {
  // The first of several equal parts also goes by the plain name ("CommonName" and "CommonName.1").
  std::map<std::string, int> seen;
  for (const auto& [part, value] : parts) {
    const int number = ++seen[part];
    const std::string key = fmt::format("iot:Certificate.{}.{}", whose, part);
    if (number == 1) context.set(key, value);
    context.set(fmt::format("{}.{}", key, number), value);
  }
}

}  // namespace

void MqttApplication::authenticate(const mqtt::ConnectRequest& request, Authenticated done) {
  done(decide(request));
}

Result<mqtt::Grant> MqttApplication::decide(const mqtt::ConnectRequest& request) const {
  if (request.certificate) return decide_certificate(request);
  if (request.listener == mqtt::Listener::tls) return refused("the client showed no certificate");
  if (needs_.options.access == Options::Access::enforce) {
    return refused("only clients with a certificate may connect (mode enforce)");
  }
  return mqtt::Grant{.policy = open_, .principal = {}};
}

Result<mqtt::Grant> MqttApplication::decide_certificate(const mqtt::ConnectRequest& request) const {
  const std::string& id = request.certificate->fingerprint;
  const auto known = needs_.principals.find(id);
  if (!known) return refused(fmt::format("the certificate {} is not registered", id));
  if (known->status != CertificateStatus::active) {
    return refused(fmt::format("the certificate {} is {}", id, to_string(known->status)));
  }
  const Time now = needs_.clock.now();
  if (now < known->not_before)
    return refused(fmt::format("the certificate {} is not valid yet", id));
  if (now > known->not_after) return refused(fmt::format("the certificate {} has expired", id));
  CertificateClient client{.certificate = id, .scope = known->scope, .context = {}};
  fill_context(request, known->scope, client.context);
  const std::string resource = "client/" + request.client_id;
  const auto decision = needs_.principals.decide(
      {.certificate = id, .action = "iot:Connect", .resource = resource}, client.context);
  if (!decision.allowed) return refused(decision.reason);
  auto policy = certificate_policy(needs_.principals, std::move(client));
  // A will is a publish made in advance: what the client may not say itself, it may not leave
  // behind.
  if (request.will) {
    const auto verdict = policy->may_publish(request.will->topic, request.will->retain);
    if (!verdict.allowed) return refused(verdict.reason);
  }
  // Client ids are unique in an account and region. Those of the default ones share a space with
  // the clients that show no credentials.
  const Scope& scope = known->scope;
  return mqtt::Grant{
      .policy = std::move(policy),
      .principal = id,
      .space = scope == needs_.options.scope ? "" : scope.account + "/" + scope.region};
}

// https://docs.aws.amazon.com/iot/latest/developerguide/iot-policy-variables.html. Thing variables
// are known when a thing named as the client id has the certificate attached.
void MqttApplication::fill_context(const mqtt::ConnectRequest& request, const Scope& scope,
                                   PolicyContext& context) const {
  context.set("iot:ClientId", request.client_id);
  context.set("aws:SourceIp", request.address);
  context.set("aws:SecureTransport", request.listener == mqtt::Listener::tls ? "true" : "false");
  if (!request.certificate->server_name.empty())
    context.set("iot:DomainName", request.certificate->server_name);
  std::vector<std::string> attributes;
  if (request.persistent) attributes.emplace_back("PersistentConnect");
  if (request.will) attributes.emplace_back("LastWill");
  context.set("iot:ConnectAttributes", std::move(attributes));
  if (request.will) context.set("iot:LastWillTopic", request.will->topic);
  if (const auto info = read_certificate_der(request.certificate->der)) {
    set_names(context, "Subject", info->subject);
    set_names(context, "Issuer", info->issuer);
    context.set("iot:Certificate.SerialNumber", info->serial);
  }
  const auto snapshot = needs_.store.snapshot();
  const bool attached = snapshot->exists(
      keys::certificate_thing(request.certificate->fingerprint, request.client_id));
  context.set("iot:Connection.Thing.IsAttached", attached ? "true" : "false");
  if (!attached) return;
  context.set("iot:Connection.Thing.ThingName", request.client_id);
  const auto stored = snapshot->get(keys::thing(scope, request.client_id));
  if (!stored) return;
  const StoredThing thing = decode_thing(*stored);
  if (!thing.type.empty()) context.set("iot:Connection.Thing.ThingTypeName", thing.type);
  for (const auto& [name, value] : thing.attributes) {
    context.set(fmt::format("iot:Connection.Thing.Attributes[{}]", name), value);
  }
}

}  // namespace cloudlet::iot
