// Following the commits, and deciding by the policies of a certificate.
#include "services/iot/principals.h"

#include <fmt/core.h>

#include <mutex>

#include "base/log.h"
#include "services/iot/keys.h"

namespace cloudlet::iot {

store::Range Principals::range() const { return store::prefix(keys::auth()); }

void Principals::apply(std::string_view key, std::optional<std::string_view> value) {
  store::KeyReader reader(key);
  reader.skip();
  reader.skip();
  const std::string kind = reader.text();
  std::string changed;
  {
    const std::unique_lock lock(mutex_);
    if (kind == "cert") {
      changed = reader.text();
      apply_certificate(changed, value);
    } else if (kind == "cert-policy") {
      changed = reader.text();
      auto& attached = attached_[changed];
      if (value)
        attached.insert(reader.text());
      else
        attached.erase(reader.text());
      if (attached.empty()) attached_.erase(changed);
    } else if (kind == "policy") {
      Scope scope = reader.scope();
      const PolicyKey policy{std::move(scope), reader.text()};
      if (value)
        policies_[policy].default_version = decode_policy(*value).default_version;
      else
        policies_.erase(policy);
    } else if (kind == "policy-version") {
      Scope scope = reader.scope();
      std::string name = reader.text();
      apply_version({std::move(scope), std::move(name)}, reader.number(), value);
    }
  }
  if (changed_) changed_(changed);
}

void Principals::apply_certificate(const std::string& id, std::optional<std::string_view> value) {
  if (!value) {
    certificates_.erase(id);
    return;
  }
  const StoredCertificate stored = decode_certificate(*value);
  certificates_[id] = {stored.scope, stored.status, stored.not_before, stored.not_after};
}

void Principals::apply_version(PolicyKey policy, std::uint64_t number,
                               std::optional<std::string_view> value) {
  if (!value) {
    const auto found = policies_.find(policy);
    if (found != policies_.end()) found->second.versions.erase(number);
    return;
  }
  auto document = PolicyDocument::parse(decode_policy_version(*value).document);
  if (document.has_error()) {
    // It was checked when it was stored: only a newer cloudlet can have written what this one
    // doesn't understand. A policy without its document allows nothing.
    log::error("iot", "policy {} version {} cannot be read: {}", policy.second, number,
               document.error().message());
    return;
  }
  policies_[std::move(policy)].versions[number] =
      std::make_shared<const PolicyDocument>(*std::move(document));
}

const PolicyDocument* Principals::Policy::current() const {
  const auto found = versions.find(default_version);
  return found == versions.end() ? nullptr : found->second.get();
}

std::optional<Principals::Known> Principals::find(std::string_view certificate) const {
  const std::shared_lock lock(mutex_);
  const auto found = certificates_.find(std::string(certificate));
  if (found == certificates_.end()) return std::nullopt;
  return found->second;
}

Principals::Decision Principals::decide(const Question& question,
                                        const PolicyContext& context) const {
  const std::shared_lock lock(mutex_);
  const auto known = certificates_.find(std::string(question.certificate));
  if (known == certificates_.end()) return {.reason = "the certificate is not registered"};
  if (known->second.status != CertificateStatus::active) {
    return {.reason = fmt::format("the certificate is {}", to_string(known->second.status))};
  }
  const auto attached = attached_.find(known->first);
  if (attached == attached_.end()) return {.reason = "no policy is attached to the certificate"};
  const std::string resource = make_arn("iot", known->second.scope, question.resource);
  bool allowed = false;
  std::string names;
  for (const std::string& name : attached->second) {
    names += (names.empty() ? "" : ", ") + name;
    const auto policy = policies_.find({known->second.scope, name});
    const PolicyDocument* document = policy == policies_.end() ? nullptr : policy->second.current();
    if (!document) continue;
    const auto decision = document->decide(question.action, resource, context);
    if (decision.answer == PolicyDocument::Answer::deny) {
      return {.reason =
                  fmt::format("denied by statement {} of policy {}", decision.statement, name)};
    }
    allowed = allowed || decision.answer == PolicyDocument::Answer::allow;
  }
  if (allowed) return {.allowed = true};
  return {.reason = fmt::format("no statement of policy {} allows {} on {}", names, question.action,
                                question.resource)};
}

}  // namespace cloudlet::iot
