// AssumeRole: the trust policy decides, a session with a temporary key comes of it.
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "gen/sts/errors.h"
#include "services/sts/keys.h"
#include "services/sts/session.h"
#include "services/sts/sts.h"

namespace cloudlet::sts {
namespace {

const ErrorKind access_denied{.name = "AccessDenied", .code = "AccessDenied", .status = 403};

constexpr Duration default_duration = std::chrono::hours(1);
constexpr Duration chained_max = std::chrono::hours(1);
// An ended session stays known for so long, so that its key is said to have expired, not to be
// unknown.
constexpr Duration remembered = std::chrono::hours(24);
constexpr std::size_t packed_max = 2048;  // characters of session policies and tags together
constexpr std::string_view key_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::string_view secret_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

Result<Duration> duration_of(const AssumeRoleInput& in, const wire::Call& call,
                             const delivery::Role& role) {
  const Duration wanted =
      in.duration_seconds ? Duration(std::chrono::seconds(*in.duration_seconds)) : default_duration;
  if (wanted > Duration(role.session_max))
    return errors::validation_error(
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  if (call.principal.kind == wire::Principal::Kind::assumed_role && wanted > chained_max)
    return errors::validation_error(
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role "
        "chaining");
  return wanted;
}

// What could only be kept and ignored is refused.
Result<void> check_unserved(const AssumeRoleInput& in) {
  if (in.serial_number || in.token_code)
    return Error(access_denied,
                 "MultiFactorAuthentication failed with invalid MFA one time pass code. ");
  if (!in.provided_contexts.empty())
    return errors::invalid_parameter_value("ProvidedContexts is not supported here.");
  if (!in.transitive_tag_keys.empty())
    return errors::invalid_parameter_value("TransitiveTagKeys is not supported here.");
  return {};
}

Result<void> check_session_policy(const std::optional<std::string>& policy) {
  if (!policy) return {};
  boost::json::error_code error;
  const boost::json::value document = boost::json::parse(*policy, error);
  if (error) return errors::malformed_policy_document("This policy contains invalid Json");
  if (!document.is_object() || !document.get_object().contains("Statement"))
    return errors::malformed_policy_document("Syntax errors in policy.");
  return {};
}

std::size_t packed_size(const AssumeRoleInput& in) {
  std::size_t size = in.policy ? in.policy->size() : 0;
  for (const PolicyDescriptorType& policy : in.policy_arns) size += policy.arn.value_or("").size();
  for (const Tag& tag : in.tags) size += tag.key.size() + tag.value.size();
  return size;
}

std::map<std::string, std::string> context_of(const AssumeRoleInput& in, const wire::Call& call) {
  std::map<std::string, std::string> context{{"sts:RoleSessionName", in.role_session_name},
                                             {"aws:PrincipalArn", call.principal.arn},
                                             {"aws:userid", call.principal.id},
                                             {"aws:SourceIp", call.source_ip}};
  if (call.principal.kind == wire::Principal::Kind::service)
    context["aws:SourceAccount"] = call.scope.account;
  else
    context["aws:PrincipalAccount"] = call.scope.account;
  if (in.external_id) context["sts:ExternalId"] = *in.external_id;
  if (in.source_identity) context["sts:SourceIdentity"] = *in.source_identity;
  for (const Tag& tag : in.tags) context["aws:RequestTag/" + tag.key] = tag.value;
  return context;
}

}  // namespace

Result<AssumeRoleOutput> Service::assume_role(store::Txn& tx, const wire::Call& call,
                                              const AssumeRoleInput& in) {
  CHECK(check_unserved(in));
  CHECK(check_session_policy(in.policy));
  const auto role = roles_.find(tx, in.role_arn);
  // A role that is not there is not told from one that does not trust the caller.
  if (!role || !roles_.trusts(tx, in.role_arn, call.principal, context_of(in, call)))
    return Error(access_denied,
                 "User: " + call.principal.arn +
                     " is not authorized to perform: sts:AssumeRole on resource: " + in.role_arn);
  TRY(const Duration duration, duration_of(in, call, *role));
  const std::size_t packed = packed_size(in);
  if (packed > packed_max)
    return errors::packed_policy_too_large("Packed policy consumes " +
                                           std::to_string(packed * 100 / packed_max) +
                                           "% of allotted space, please use smaller policy.");

  StoredSession session{.access_key = "ASIA" + call.rng().text(16, key_alphabet),
                        .secret = call.rng().text(40, secret_alphabet),
                        .token = call.rng().text(256, secret_alphabet),
                        .arn = "arn:aws:sts::" + role->account + ":assumed-role/" + role->name +
                               "/" + in.role_session_name,
                        .id = role->id + ":" + in.role_session_name,
                        .expires = call.now + duration,
                        .source_identity = in.source_identity.value_or(""),
                        .policy = in.policy.value_or("")};
  for (const PolicyDescriptorType& policy : in.policy_arns)
    if (policy.arn) session.policy_arns.push_back(*policy.arn);
  for (const Tag& tag : in.tags) session.tags[tag.key] = tag.value;
  const store::Key key = keys::session(role->account, session.access_key);
  tx.put(key, encode(session));
  tx.at(session.expires + remembered, "sts.forget", key.bytes());

  AssumeRoleOutput out;
  out.assumed_role_user.emplace();
  out.assumed_role_user->arn = session.arn;
  out.assumed_role_user->assumed_role_id = session.id;
  out.credentials.emplace();
  out.credentials->access_key_id = session.access_key;
  out.credentials->secret_access_key = session.secret;
  out.credentials->session_token = session.token;
  out.credentials->expiration = session.expires;
  out.source_identity = in.source_identity;
  if (packed > 0)
    out.packed_policy_size =
        static_cast<std::int32_t>((packed * 100 + packed_max - 1) / packed_max);
  return out;
}

}  // namespace cloudlet::sts
