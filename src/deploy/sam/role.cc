// The execution role that a serverless function gets when it names none.
#include <algorithm>
#include <optional>

#include "base/managed_policies.h"
#include "deploy/sam/parts.h"

namespace cloudlet::deploy::sam {
namespace {

struct Role {
  json::array managed;
  json::array inline_policies;
};

void add_managed(Role& role, json::value arn) {
  if (std::find(role.managed.begin(), role.managed.end(), arn) == role.managed.end())
    role.managed.push_back(std::move(arn));
}

bool no_value(const json::value& value) {
  return value == json::value(json::object{{"Ref", "AWS::NoValue"}});
}

// One inline policy: a statement document, or one policy template.
std::optional<json::value> inline_policy(const Function& function, const json::value& entry,
                                         std::size_t index) {
  const std::string name = function.id + "RolePolicy" + std::to_string(index);
  const auto* object = entry.if_object();
  if (object == nullptr) return std::nullopt;
  if (object->contains("Statement"))
    return json::object{{"PolicyName", name}, {"PolicyDocument", *object}};
  if (object->size() != 1 || !object->begin()->value().is_object()) return std::nullopt;
  json::array statements;
  const std::string of(object->begin()->key());
  switch (policy_template(of, object->begin()->value().get_object(), statements)) {
    case TemplateOutcome::ok: break;
    case TemplateOutcome::unknown: return std::nullopt;
    case TemplateOutcome::not_served:
      function.refuse(
          "The policy template " + of + " is not supported here" +
          function.problems->line_of("/Resources/" + function.id + "/Properties/Policies") + ".");
      return json::value(nullptr);
    case TemplateOutcome::missing_parameter:
      function.refuse("Missing required parameters of the policy template " + of);
      return json::value(nullptr);
  }
  return json::object{{"PolicyName", name},
                      {"PolicyDocument", json::object{{"Statement", std::move(statements)}}}};
}

bool is_managed(const json::value& entry) {
  return entry.is_string() || (is_intrinsic(entry) && !entry.get_object().contains("Fn::If"));
}

// "AmazonS3ReadOnlyAccess": its ARN; other texts stay.
json::value managed(const json::value& entry) {
  const auto* policy = entry.is_string() ? managed_named(entry.get_string()) : nullptr;
  return policy == nullptr ? entry : json::value(managed_arn(*policy));
}

// {"Fn::If": [condition, policy, policy]}: both of one kind, or one of them AWS::NoValue.
bool add_conditional(const Function& function, Role& role, const json::value& entry,
                     std::size_t index) {
  const auto* branches = entry.get_object().at("Fn::If").if_array();
  if (branches == nullptr || branches->size() != 3) return false;
  const json::value& then = (*branches)[1];
  const json::value& otherwise = (*branches)[2];
  if (is_managed(no_value(then) ? otherwise : then)) {
    if (!is_managed(then) || !is_managed(otherwise)) return false;
    add_managed(
        role,
        json::object{{"Fn::If", json::array{(*branches)[0], managed(then), managed(otherwise)}}});
    return true;
  }
  json::array made{(*branches)[0]};
  for (const auto* branch : {&then, &otherwise}) {
    if (no_value(*branch)) {
      made.push_back(*branch);
      continue;
    }
    auto policy = inline_policy(function, *branch, index);
    if (!policy) return false;
    made.push_back(std::move(*policy));
  }
  role.inline_policies.push_back(json::object{{"Fn::If", std::move(made)}});
  return true;
}

bool add_policy(const Function& function, Role& role, const json::value& entry, std::size_t index) {
  if (entry.is_object() && entry.get_object().size() == 1 && entry.get_object().contains("Fn::If"))
    return add_conditional(function, role, entry, index);
  if (is_managed(entry)) {
    add_managed(role, managed(entry));
    return true;
  }
  auto policy = inline_policy(function, entry, index);
  if (!policy) return false;
  if (!policy->is_null()) role.inline_policies.push_back(std::move(*policy));
  return true;
}

// A single policy, a list of them, or a map of policy templates.
json::array entries(const json::value& policies) {
  if (const auto* list = policies.if_array()) return *list;
  const auto* object = policies.if_object();
  if (object == nullptr || object->contains("Statement") || is_intrinsic(policies))
    return {policies};
  json::array list;
  for (const auto& member : *object) list.push_back(json::object{{member.key(), member.value()}});
  return list;
}

json::object assume_role(const Function& function) {
  if (const auto* own = function.properties.if_contains("AssumeRolePolicyDocument");
      own != nullptr && own->is_object())
    return own->get_object();
  const json::object statement{
      {"Action", json::array{"sts:AssumeRole"}},
      {"Effect", "Allow"},
      {"Principal", json::object{{"Service", json::array{"lambda.amazonaws.com"}}}}};
  return {{"Version", "2012-10-17"}, {"Statement", json::array{json::value(statement)}}};
}

}  // namespace

void make_role(const Function& function, const json::array& tags) {
  Role role;
  add_managed(role, "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole");
  if (const auto* tracing = function.properties.if_contains("Tracing"))
    if (function.resolved(*tracing) != "" && function.resolved(*tracing) != "Disabled")
      add_managed(role, "arn:aws:iam::aws:policy/AWSXrayWriteOnlyAccess");
  if (function.properties.contains("VpcConfig"))
    add_managed(role, "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole");
  if (const auto* policies = function.properties.if_contains("Policies")) {
    const json::array list = entries(*policies);
    for (std::size_t i = 0; i < list.size(); ++i)
      if (!add_policy(function, role, list[i], i))
        return function.refuse("Policy at index " + std::to_string(i) +
                               " in the 'Policies' property is not valid");
  }
  if (const auto* queue = function.properties.if_contains("DeadLetterQueue");
      queue != nullptr && queue->is_object()) {
    const bool topic = queue->get_object().contains("Type") &&
                       queue->get_object().at("Type") == json::value("SNS");
    const auto* arn = queue->get_object().if_contains("TargetArn");
    json::object statement{{"Effect", "Allow"},
                           {"Action", topic ? "sns:publish" : "sqs:SendMessage"},
                           {"Resource", arn == nullptr ? json::value("*") : *arn}};
    json::object document{{"Version", "2012-10-17"},
                          {"Statement", json::array{json::value(std::move(statement))}}};
    role.inline_policies.push_back(json::object{{"PolicyName", "DeadLetterQueuePolicy"},
                                                {"PolicyDocument", std::move(document)}});
  }
  json::object properties{{"AssumeRolePolicyDocument", assume_role(function)},
                          {"ManagedPolicyArns", std::move(role.managed)}};
  if (!role.inline_policies.empty())
    properties.emplace("Policies", std::move(role.inline_policies));
  properties.emplace("Tags", tags);
  if (const auto* path = function.properties.if_contains("RolePath"))
    properties.emplace("Path", *path);
  if (const auto* boundary = function.properties.if_contains("PermissionsBoundary"))
    properties.emplace("PermissionsBoundary", *boundary);
  function.emit(function.id + "Role", "AWS::IAM::Role", std::move(properties));
}

}  // namespace cloudlet::deploy::sam
