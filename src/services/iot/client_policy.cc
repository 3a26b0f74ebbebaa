// Publish, subscribe and receive, decided.
#include "services/iot/client_policy.h"

namespace cloudlet::iot {
namespace {

constexpr std::string_view ingest = "$aws/rules/";

// Basic Ingest goes to rules only, whoever subscribes to it.
mqtt::Verdict ingest_denied() {
  return {.allowed = false, .reason = "Basic Ingest messages have no subscribers"};
}

class OpenPolicy final : public ClientPolicy {
 public:
  explicit OpenPolicy(std::optional<Scope> scope) : scope_(std::move(scope)) {}
  mqtt::Verdict may_publish(std::string_view, bool) const override { return {}; }
  mqtt::Verdict may_subscribe(std::string_view) const override { return {}; }
  mqtt::Verdict may_receive(std::string_view topic) const override {
    return topic.starts_with(ingest) ? ingest_denied() : mqtt::Verdict{};
  }
  const Scope* scope() const override { return scope_ ? &*scope_ : nullptr; }

 private:
  std::optional<Scope> scope_;
};

class CertificatePolicy final : public ClientPolicy {
 public:
  CertificatePolicy(const Principals& principals, CertificateClient client)
      : principals_(principals), client_(std::move(client)) {}

  mqtt::Verdict may_publish(std::string_view topic, bool retain) const override {
    mqtt::Verdict verdict = ask("iot:Publish", "topic/", topic);
    if (verdict.allowed && retain) verdict = ask("iot:RetainPublish", "topic/", topic);
    return verdict;
  }
  mqtt::Verdict may_subscribe(std::string_view filter) const override {
    return ask("iot:Subscribe", "topicfilter/", filter);
  }
  mqtt::Verdict may_receive(std::string_view topic) const override {
    return topic.starts_with(ingest) ? ingest_denied() : ask("iot:Receive", "topic/", topic);
  }
  const Scope* scope() const override { return &client_.scope; }

 private:
  mqtt::Verdict ask(std::string_view action, std::string_view kind, std::string_view name) const {
    const std::string resource = std::string(kind).append(name);
    Principals::Decision decision = principals_.decide(
        {.certificate = client_.certificate, .action = action, .resource = resource},
        client_.context);
    return {.allowed = decision.allowed, .reason = std::move(decision.reason)};
  }

  const Principals& principals_;
  const CertificateClient client_;
};

}  // namespace

std::shared_ptr<const ClientPolicy> open_policy(std::optional<Scope> scope) {
  return std::make_shared<OpenPolicy>(std::move(scope));
}

std::shared_ptr<const ClientPolicy> certificate_policy(const Principals& principals,
                                                       CertificateClient client) {
  return std::make_shared<CertificatePolicy>(principals, std::move(client));
}

}  // namespace cloudlet::iot
