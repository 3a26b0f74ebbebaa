#include "services/cloudformation/requests.h"

#include <algorithm>
#include <cctype>

#include "base/encoding.h"
#include "gen/cloudformation/errors.h"
#include "gen/s3/api.h"
#include "store/txn.h"

namespace cloudlet::cloudformation {

std::optional<deploy::Stack> find_stack(const store::ReadTxn& tx, const Scope& scope,
                                        const std::string& name_or_arn) {
  if (const auto arn = Arn::parse(name_or_arn)) {
    const auto slash = arn->resource.rfind('/');
    if (arn->scope() != scope || !arn->resource.starts_with("stack/") || slash == std::string::npos)
      return std::nullopt;
    return deploy::read_stack(tx, scope, arn->resource.substr(slash + 1));
  }
  const auto uuid = tx.get(deploy::keys::name(scope, name_or_arn));
  return uuid ? deploy::read_stack(tx, scope, *uuid) : std::nullopt;
}

Result<deploy::Stack> wanted_stack(const store::ReadTxn& tx, const Scope& scope,
                                   const std::string& name_or_arn) {
  if (auto stack = find_stack(tx, scope, name_or_arn)) return std::move(*stack);
  return errors::validation_error("Stack with id " + name_or_arn + " does not exist");
}

Result<void> check_stack_name(const std::string& name) {
  const bool letters = !name.empty() && std::isalpha(static_cast<unsigned char>(name[0])) &&
                       std::all_of(name.begin(), name.end(), [](unsigned char c) {
                         return c < 128 && (std::isalnum(c) || c == '-');
                       });
  if (letters && name.size() <= 128) return {};
  const std::string constraint =
      letters ? "Member must have length less than or equal to 128"
              : "Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*";
  return errors::validation_error("1 validation error detected: Value '" + name +
                                  "' at 'stackName' failed to satisfy constraint: " + constraint);
}

std::optional<std::pair<std::string, std::string>> object_of_url(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return std::nullopt;
  std::string_view rest = url.substr(scheme + 3);
  rest = rest.substr(0, rest.find_first_of("?#"));
  const auto slash = rest.find('/');
  if (slash == std::string_view::npos || slash + 1 == rest.size()) return std::nullopt;
  const std::string_view host = rest.substr(0, slash);
  const auto path = percent_decode(rest.substr(slash + 1));
  if (!path) return std::nullopt;
  if (url.starts_with("s3://")) return std::pair(std::string(host), *path);
  // bucket.s3.region.amazonaws.com, bucket.s3-region..., bucket.s3.localhost, bucket.localhost
  for (const std::string_view mark : {".s3.", ".s3-", ".localhost"})
    if (const auto at = host.find(mark);
        at != std::string_view::npos && at > 0 && host.substr(0, at) != "s3")
      return std::pair(std::string(host.substr(0, at)), *path);
  const auto next = path->find('/');
  if (next == 0 || next == std::string::npos || next + 1 == path->size()) return std::nullopt;
  return std::pair(path->substr(0, next), path->substr(next + 1));
}

Task<Result<std::string>> template_text(const Source& source, const deploy::CallerFor& caller,
                                        const Scope& scope) {
  if (source.body.has_value() == source.url.has_value())
    co_return errors::validation_error("Either Template URL or Template Body must be specified.");
  if (source.body) {
    if (source.body->size() > deploy::inline_bytes_max)
      co_return errors::validation_error("1 validation error detected: Value '" +
                                         source.body->substr(0, 100) +
                                         "...' at 'templateBody' failed to satisfy constraint: "
                                         "Member must have length less than or "
                                         "equal to 51200");
    co_return *source.body;
  }
  const auto object = object_of_url(*source.url);
  if (!object) co_return errors::validation_error("TemplateURL must be a supported URL.");
  const auto with = caller(scope);
  s3::Client client(*with);
  s3::GetObjectInput input{.bucket = object->first, .key = object->second};
  auto got = co_await client.get_object(std::move(input));
  if (got.has_error()) co_return errors::validation_error("S3 error: " + got.error().message());
  auto text = co_await got->body.read_all(deploy::template_bytes_max);
  if (text.has_error())
    co_return errors::validation_error("Template may not exceed 1048576 bytes in size.");
  co_return std::move(*text);
}

std::vector<deploy::GivenParameter> given_parameters(const std::vector<Parameter>& parameters) {
  std::vector<deploy::GivenParameter> given;
  for (const auto& one : parameters)
    given.push_back({.name = one.parameter_key.value_or(""),
                     .value = one.parameter_value.value_or(""),
                     .use_previous = one.use_previous_value.value_or(false)});
  return given;
}

Result<std::map<std::string, std::string>> given_tags(const std::vector<Tag>& tags) {
  std::map<std::string, std::string> given;
  if (tags.size() > 50)
    return errors::validation_error("Number of tags must be less than or equal to 50.");
  for (const auto& tag : tags) {
    if (tag.key.starts_with("aws:"))
      return errors::validation_error(
          "aws: prefixed tag key names are not allowed for external use.");
    if (!given.emplace(tag.key, tag.value).second)
      return errors::validation_error("Duplicate tag keys found.");
  }
  return given;
}

std::vector<std::string> capability_texts(const std::vector<Capability>& capabilities) {
  std::vector<std::string> texts;
  for (const auto one : capabilities) texts.emplace_back(to_string(one));
  return texts;
}

Result<void> check_capabilities(const deploy::Prepared& prepared, Expansion expansion) {
  const auto& given = prepared.deployment.capabilities;
  const auto has = [&](std::string_view name) {
    return std::find(given.begin(), given.end(), name) != given.end();
  };
  std::string missing;
  if (prepared.names_iam && !has("CAPABILITY_NAMED_IAM"))
    missing = "CAPABILITY_NAMED_IAM";
  else if (prepared.has_iam && !has("CAPABILITY_IAM") && !has("CAPABILITY_NAMED_IAM"))
    missing = "CAPABILITY_IAM";
  if (prepared.transforms && expansion == Expansion::must_be_acknowledged &&
      !has("CAPABILITY_AUTO_EXPAND"))
    missing.append(missing.empty() ? "" : ", ").append("CAPABILITY_AUTO_EXPAND");
  if (missing.empty()) return {};
  return errors::insufficient_capabilities("Requires capabilities : [" + missing + "]");
}

std::vector<Capability> needed_capabilities(const deploy::Template& of, std::string& reason) {
  bool iam = false, named = false;
  std::string types;
  for (const auto& resource : of.resources) {
    if (!resource.type.starts_with("AWS::IAM::")) continue;
    iam = true;
    for (const std::string_view name :
         {"RoleName", "ManagedPolicyName", "UserName", "GroupName", "InstanceProfileName"})
      named = named || (resource.type != "AWS::IAM::Policy" && resource.properties.contains(name));
    if (types.find(resource.type) == std::string::npos)
      types.append(types.empty() ? "" : ", ").append(resource.type);
  }
  if (!iam) return {};
  reason = "The following resource(s) require capabilities: [" + types + "]";
  return {named ? Capability::capability_named_iam : Capability::capability_iam};
}

Result<void> check_rollback(const std::optional<RollbackConfiguration>& configuration) {
  if (!configuration) return {};
  if (configuration->rollback_triggers.empty() &&
      configuration->monitoring_time_in_minutes.value_or(0) == 0)
    return {};
  return errors::validation_error(
      "RollbackConfiguration with triggers is not supported here: alarms are not watched");
}

Result<void> check_updatable(const deploy::Stack& stack) {
  for (const std::string_view fine :
       {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"})
    if (stack.status == fine) return {};
  if (stack.status == "CREATE_FAILED")
    return errors::validation_error(
        "This stack is currently in a non-terminal [CREATE_FAILED] state. To update the stack from "
        "this state, please use the disable-rollback parameter with update-stack API. To rollback "
        "to the last known good state, use the rollback-stack API (neither is served here: delete "
        "the stack and create it again)");
  return errors::validation_error("Stack:" + stack.arn() + " is in " + stack.status +
                                  " state and can not be updated.");
}

std::string page_token(std::string_view key) { return to_base64(key); }

Result<void> apply_token(store::Range& range, const std::optional<std::string>& token,
                         bool backward) {
  if (!token) return {};
  const auto key = from_base64(*token);
  if (!key || *key < range.from || *key >= range.to)
    return errors::validation_error("The specified NextToken is not valid");
  if (backward)
    range.to = *key;
  else
    range = store::after(range, store::Key::from_bytes(*key));
  return {};
}

}  // namespace cloudlet::cloudformation
