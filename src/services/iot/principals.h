// Which certificates there are and what their policies allow: a view over ("iot", "auth"), kept
// current by the commit feed and asked for every connect and, by the broker, for every topic that a
// client uses for the first time.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "services/iot/policy_document.h"
#include "services/iot/state.h"
#include "store/view.h"

namespace cloudlet::iot {

class Principals final : public store::View {
 public:
  struct Known {
    Scope scope;
    CertificateStatus status = CertificateStatus::inactive;
    Time not_before;
    Time not_after;
  };

  store::Range range() const override;
  void apply(std::string_view key, std::optional<std::string_view> value) override;

  // The certificate with this fingerprint, whatever its status.
  std::optional<Known> find(std::string_view certificate) const;

  struct Question {
    std::string_view certificate;
    std::string_view action;    // "iot:Publish"
    std::string_view resource;  // "topic/device/soil1": the ARN's last part
  };
  struct Decision {
    bool allowed = false;
    std::string reason;  // "denied by statement 2 of policy x", "no statement of policy x allows
                         // iot:Publish on topic/y"
  };
  Decision decide(const Question& question, const PolicyContext& context) const;

  // Called after each change, on the store's thread: of one certificate, or (empty) of a policy.
  // Set once, before Store::start.
  using Changed = std::function<void(const std::string& certificate)>;
  void on_change(Changed changed) { changed_ = std::move(changed); }

 private:
  struct Policy {
    std::uint64_t default_version = 0;
    std::map<std::uint64_t, std::shared_ptr<const PolicyDocument>> versions;
    const PolicyDocument* current() const;
  };
  using PolicyKey = std::pair<Scope, std::string>;

  void apply_certificate(const std::string& id, std::optional<std::string_view> value);
  void apply_version(PolicyKey policy, std::uint64_t number, std::optional<std::string_view> value);

  mutable std::shared_mutex mutex_;
  std::unordered_map<std::string, Known> certificates_;
  std::unordered_map<std::string, std::set<std::string>>
      attached_;  // certificate -> names of policies
  std::map<PolicyKey, Policy> policies_;
  Changed changed_;
};

}  // namespace cloudlet::iot
