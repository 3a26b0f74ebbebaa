// Compiling rules, and what the service refuses at their creation.
#include "services/iot/compiled_rule.h"

#include <fmt/core.h>

#include "gen/iot/errors.h"
#include "mqtt/topic.h"

namespace cloudlet::iot {
namespace {

constexpr std::size_t actions_max = 10;  // the model says so too

// The service's own error for whatever the SQL compiler says.
template <class T>
Result<T> as_sql_error(Result<T> result) {
  if (result.has_error()) return errors::sql_parse(result.error().message());
  return result;
}

// The real service also asks IAM whether it may assume the role; here the ARN must be well-formed.
Result<void> check_role(const std::string& text, std::string_view action) {
  const auto arn = Arn::parse(text);
  if (arn && arn->service == "iam" && arn->resource.starts_with("role/") &&
      arn->account.size() == 12)
    return {};
  return errors::invalid_request(fmt::format("{}: '{}' is not the ARN of a role", action, text));
}

Result<void> check_arn(const sql::Template& text, std::string_view service,
                       std::string_view action) {
  if (!text.constant()) return {};
  const auto arn = Arn::parse(text.text());
  if (arn && arn->service == service) return {};
  return errors::invalid_request(
      fmt::format("{}: '{}' is not an ARN of {}", action, text.text(), service));
}

// "$$aws/..." stands for a reserved topic, since a single dollar begins a template.
std::string unescaped(std::string topic) {
  if (topic.starts_with("$$")) topic.erase(0, 1);
  return topic;
}

}  // namespace

Result<CompiledAction> CompiledAction::compile(const Action& action, const sql::Statement& sql) {
  const auto compiled = [&](const std::string& text) {
    return as_sql_error(sql::Template::compile(text, sql.version(), sql.variables()));
  };
  const int kinds = int{action.s3.has_value()} + int{action.sns.has_value()} +
                    int{action.lambda.has_value()} + int{action.republish.has_value()};
  if (kinds != 1) {
    return errors::invalid_request(
        "An action must be exactly one of s3, sns, lambda and republish, the kinds served");
  }
  CompiledAction made;
  if (action.s3) {
    made.kind_ = "s3";
    made.name_ = "S3Action";
    CHECK(check_role(action.s3->role_arn, "s3"));
    TRY(made.target_, compiled(action.s3->bucket_name));
    TRY(made.key_, compiled(action.s3->key));
    if (action.s3->bucket_name.empty() || action.s3->key.empty()) {
      return errors::invalid_request("s3: bucketName and key must not be empty");
    }
    if (action.s3->canned_acl) made.option_ = to_string(*action.s3->canned_acl);
  } else if (action.sns) {
    made.kind_ = "sns";
    made.name_ = "SnsAction";
    CHECK(check_role(action.sns->role_arn, "sns"));
    TRY(made.target_, compiled(action.sns->target_arn));
    CHECK(check_arn(made.target_, "sns", "sns"));
    made.option_ = to_string(action.sns->message_format.value_or(MessageFormat::raw));
  } else if (action.lambda) {
    made.kind_ = "lambda";
    made.name_ = "LambdaAction";
    TRY(made.target_, compiled(action.lambda->function_arn));
    CHECK(check_arn(made.target_, "lambda", "lambda"));
  } else {
    made.kind_ = "iot";
    made.name_ = "RepublishAction";
    CHECK(check_role(action.republish->role_arn, "republish"));
    TRY(made.target_, compiled(action.republish->topic));
    const std::int32_t qos = action.republish->qos.value_or(0);
    if (qos != 0 && qos != 1) return errors::invalid_request("republish: qos must be 0 or 1");
    if (made.target_.constant() && !mqtt::valid_topic(unescaped(made.target_.text()), {})) {
      return errors::invalid_request(
          fmt::format("republish: '{}' is not a topic", made.target_.text()));
    }
    made.option_ = std::to_string(qos);
  }
  return made;
}

delivery::Address CompiledAction::address(sql::Input& input) const {
  delivery::Address to{.kind = kind_, .arn = {}, .parameters = {}};
  std::string target = target_.expand(input);
  if (kind_ == "s3") {
    to.arn = "arn:aws:s3:::" + target;
    to.parameters["bucket"] = std::move(target);
    to.parameters["key"] = key_.expand(input);
    if (!option_.empty()) to.parameters["canned_acl"] = option_;
  } else if (kind_ == "sns") {
    to.arn = std::move(target);
    to.parameters["message_format"] = option_;
  } else if (kind_ == "iot") {
    to.parameters["topic"] = unescaped(std::move(target));
    to.parameters["qos"] = option_ == "1" ? 1 : 0;
  } else {
    to.arn = std::move(target);
  }
  return to;
}

std::string CompiledAction::resource(const delivery::Address& address) {
  const char* key = address.kind == "s3" ? "bucket" : address.kind == "iot" ? "topic" : nullptr;
  const auto* value = key ? address.parameters.if_contains(key) : nullptr;
  return value && value->is_string() ? std::string(value->get_string()) : address.arn;
}

Result<std::shared_ptr<const CompiledRule>> compile_rule(const StoredRule& rule) {
  // What CreateTopicRule assumes when no version is named.
  const std::string version_text = rule.payload.aws_iot_sql_version.value_or("2015-10-08");
  const auto version = sql::parse_version(version_text);
  if (!version) {
    return errors::invalid_request(fmt::format(
        "awsIotSqlVersion must be 2015-10-08 or 2016-03-23; {} is not supported", version_text));
  }
  if (rule.payload.actions.size() > actions_max) {
    return errors::invalid_request(fmt::format("A rule has at most {} actions", actions_max));
  }
  TRY(sql::Statement statement, as_sql_error(sql::Statement::compile(rule.payload.sql, *version)));
  auto made = std::make_shared<CompiledRule>(
      CompiledRule{.name = rule.name,
                   .scope = rule.scope,
                   .arn = rule_arn(rule.scope, rule.name),
                   .disabled = rule.payload.rule_disabled.value_or(false),
                   .statement = std::move(statement)});
  for (const Action& action : rule.payload.actions) {
    TRY(CompiledAction compiled, CompiledAction::compile(action, made->statement));
    made->actions.push_back(std::move(compiled));
  }
  if (rule.payload.error_action) {
    TRY(CompiledAction compiled,
        CompiledAction::compile(*rule.payload.error_action, made->statement));
    made->error_action = std::move(compiled);
  }
  return std::shared_ptr<const CompiledRule>(std::move(made));
}

}  // namespace cloudlet::iot
