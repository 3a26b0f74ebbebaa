#include "deploy/plan.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "deploy/errors.h"
#include "deploy/sam/transform.h"

namespace cloudlet::deploy {
namespace {

// IAM's part in a template: which capabilities its maker has to acknowledge.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html,
// Capabilities
void note_iam(Prepared& prepared) {
  static constexpr std::pair<std::string_view, std::string_view> types[] = {
      {"AWS::IAM::AccessKey", ""},
      {"AWS::IAM::Group", "GroupName"},
      {"AWS::IAM::InstanceProfile", "InstanceProfileName"},
      {"AWS::IAM::ManagedPolicy", "ManagedPolicyName"},
      {"AWS::IAM::Policy", ""},
      {"AWS::IAM::Role", "RoleName"},
      {"AWS::IAM::User", "UserName"},
      {"AWS::IAM::UserToGroupAddition", ""}};
  for (const auto& resource : prepared.of.resources)
    for (const auto& [type, name] : types)
      if (resource.type == type) {
        prepared.has_iam = true;
        if (!name.empty() && resource.properties.contains(name)) prepared.names_iam = true;
      }
}

// Transforms that are carried out here; others are refused.
Result<Document> transformed(Document document, const ParameterTexts& given, bool& any) {
  const auto* transforms = document.root.if_contains("Transform");
  if (transforms == nullptr) return document;
  json::array names;
  if (const auto* list = transforms->if_array())
    names = *list;
  else
    names.push_back(*transforms);
  for (const auto& name : names) {
    const std::string shown = scalar_text(name).value_or("(an object)");
    if (shown != sam::transform_name && shown != "AWS::LanguageExtensions")
      return invalid_template("No transform named " + shown + " found.");
  }
  any = true;
  if (!sam::wanted(document.root)) return document;
  TRY(document.root, sam::transform(document, given));
  return document;
}

// Fn::Transform anywhere: macros do not run here.
bool has_macro(const json::value& value) {
  if (const auto* list = value.if_array()) {
    for (const auto& element : *list)
      if (has_macro(element)) return true;
    return false;
  }
  const auto* object = value.if_object();
  if (object == nullptr) return false;
  for (const auto& member : *object)
    if (member.key() == "Fn::Transform" || member.key().starts_with("Fn::ForEach") ||
        has_macro(member.value()))
      return true;
  return false;
}

// Works everything out once before anything is made, with stand-ins for what only the work will
// tell: an index beyond the list or a key that a mapping lacks is refused now, not half way
// through.
Result<void> rehearse(const Template& of, Environment in) {
  in.ahead = true;
  in.reference = [](const std::string&) -> Result<json::value> {
    return json::value(unknown_value);
  };
  in.attribute = [](const std::string&, const std::string&) -> Result<json::value> {
    return json::value(unknown_value);
  };
  in.import = [](const std::string&) -> Result<std::string> { return std::string(unknown_value); };
  for (const auto& resource : of.resources)
    if (resource.condition.empty() || in.condition(resource.condition))
      CHECK(evaluate_object(resource.properties, in));
  for (const auto& output : of.outputs) {
    if (!output.condition.empty() && !in.condition(output.condition)) continue;
    CHECK(evaluate(output.value, in));
    CHECK(evaluate(output.export_name, in));
  }
  return {};
}

}  // namespace

Result<Prepared> prepare(const Wish& wish, const Scope& scope, const ResourceTypes& types,
                         Strict strict) {
  Prepared prepared;
  prepared.deployment = {.body = wish.body, .tags = wish.tags, .capabilities = wish.capabilities};
  TRY(Document document, parse_document(wish.body));
  if (has_macro(document.root))
    return invalid_template(
        "Template format error: Fn::Transform and Fn::ForEach are not supported here");
  ParameterTexts given;
  for (const auto& one : wish.parameters) {
    const auto before = wish.previous.find(one.name);
    if (!one.use_previous)
      given[one.name] = one.value;
    else if (before != wish.previous.end())
      given[one.name] = before->second;
  }
  TRY(document, transformed(std::move(document), given, prepared.transforms));
  TRY(prepared.of, read_template(document));
  CHECK(check_references(prepared.of));
  CHECK(types.check(prepared.of, strict));
  TRY(prepared.deployment.parameters,
      resolve_parameters(prepared.of, wish.parameters, wish.previous));
  const std::string later(unknown_value);
  TRY(auto environment,
      make_environment(prepared.of, scope, later, later, prepared.deployment.parameters));
  CHECK(rehearse(prepared.of, std::move(environment)));
  prepared.deployment.processed = json::serialize(document.root);
  if (prepared.deployment.processed.size() > template_bytes_max)
    return invalid_template("Template may not exceed " + std::to_string(template_bytes_max) +
                            " bytes in size.");
  note_iam(prepared);
  return prepared;
}

Result<std::shared_ptr<const Plan>> make_plan(const Stack& stack, const Deployment& deployment) {
  auto plan = std::make_shared<Plan>();
  plan->operation = stack.operation.number;
  TRY(const Document document, parse_document(deployment.processed));
  TRY(plan->target, read_template(document));
  TRY(plan->environment,
      make_environment(plan->target, stack.scope, stack.arn(), stack.name, deployment.parameters));
  plan->tags = deployment.tags;
  for (const auto& parameter : plan->target.parameters)
    plan->secret_parameters |= parameter.no_echo;
  plan->graph = dependencies(plan->target);
  for (const auto& resource : plan->target.resources)
    if (!plan->wants(resource)) {
      plan->graph.erase(resource.id);
      for (auto& [id, waits_for] : plan->graph) waits_for.erase(resource.id);
    }
  return std::shared_ptr<const Plan>(std::move(plan));
}

}  // namespace cloudlet::deploy
