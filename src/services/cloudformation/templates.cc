// Templates: kept ones given back, new ones looked at.
#include <boost/json/serialize.hpp>
#include <set>

#include "deploy/document.h"
#include "deploy/references.h"
#include "deploy/sam/transform.h"
#include "gen/cloudformation/errors.h"
#include "services/cloudformation/cloudformation.h"
#include "services/cloudformation/requests.h"

namespace cloudlet::cloudformation {
namespace {

std::optional<std::string> some(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

struct Looked {
  deploy::Template of;
  std::vector<std::string> transforms;
};

// Form and references, without values for parameters.
Result<Looked> look(const std::string& text) {
  TRY(deploy::Document document, deploy::parse_document(text));
  Looked looked;
  if (const auto* transforms = document.root.if_contains("Transform")) {
    if (transforms->is_string()) looked.transforms.emplace_back(transforms->get_string());
    if (const auto* list = transforms->if_array())
      for (const auto& one : *list)
        if (one.is_string()) looked.transforms.emplace_back(one.get_string());
  }
  if (deploy::sam::wanted(document.root)) {
    TRY(document.root, deploy::sam::transform(document));
  }
  TRY(looked.of, deploy::read_template(document));
  CHECK(deploy::check_references(looked.of));
  return looked;
}

std::vector<Capability> capabilities_of(const Looked& looked, std::string& reason) {
  auto capabilities = needed_capabilities(looked.of, reason);
  if (!looked.transforms.empty()) {
    capabilities.push_back(Capability::capability_auto_expand);
    reason.append(reason.empty() ? "" : " ")
        .append("The following transform(s) require capabilities: [");
    for (std::size_t i = 0; i < looked.transforms.size(); ++i)
      reason.append(i == 0 ? "" : ", ").append(looked.transforms[i]);
    reason.append("]");
  }
  return capabilities;
}

}  // namespace

Result<GetTemplateOutput> Service::get_template(const store::ReadTxn& tx, const wire::Call& call,
                                                const GetTemplateInput& in) {
  std::optional<deploy::Stack> stack;
  std::uint64_t number = 0;
  if (in.stack_name) {
    TRY(stack, wanted_stack(tx, call.scope, *in.stack_name));
    number = stack->current != 0 ? stack->current : stack->target;
  }
  if (in.change_set_name) {
    const auto set = find_change_set(tx, call.scope, *in.change_set_name,
                                     stack ? std::optional(stack->uuid) : std::nullopt);
    if (!set)
      return errors::change_set_not_found("ChangeSet [" + *in.change_set_name + "] does not exist");
    stack = deploy::read_stack(tx, call.scope, set->stack);
    number = set->deployment;
  }
  if (!stack)
    return errors::validation_error("One of StackName and ChangeSetName must be specified.");
  const auto deployment = deploy::read_deployment(tx, *stack, number);
  if (!deployment)
    return errors::validation_error("Stack with id " + stack->name + " has no template");
  GetTemplateOutput out;
  out.stages_available = {TemplateStage::original, TemplateStage::processed};
  out.template_body = in.template_stage.value_or(TemplateStage::original) == TemplateStage::original
                          ? deployment->body
                          : deployment->processed;
  return out;
}

Task<Result<ValidateTemplateOutput>> Service::validate_template(const wire::Call& call,
                                                                ValidateTemplateInput in) {
  const Source source{in.template_body, in.template_url};
  CO_TRY(const std::string text, co_await template_text(source, with_.caller, call.scope));
  CO_TRY(const Looked looked, look(text));
  CO_CHECK(with_.engine.types().check(looked.of, with_.strict));
  ValidateTemplateOutput out;
  std::string reason;
  out.capabilities = capabilities_of(looked, reason);
  out.capabilities_reason = some(reason);
  out.declared_transforms = looked.transforms;
  out.description = some(looked.of.description);
  for (const auto& parameter : looked.of.parameters)
    out.parameters.push_back({.default_value = parameter.default_value,
                              .description = some(parameter.description),
                              .no_echo = parameter.no_echo,
                              .parameter_key = parameter.name});
  co_return out;
}

Task<Result<GetTemplateSummaryOutput>> Service::get_template_summary(const wire::Call& call,
                                                                     GetTemplateSummaryInput in) {
  if (in.call_as.value_or(CallAs::self) != CallAs::self)
    co_return errors::validation_error("CallAs is not supported here");
  std::string text;
  if (in.stack_name) {
    const auto now = with_.store.snapshot();
    const GetTemplateInput of{.stack_name = in.stack_name};
    CO_TRY(auto kept, get_template(*now, call, of));
    text = *kept.template_body;
  } else {
    const Source source{in.template_body, in.template_url};
    CO_TRY(text, co_await template_text(source, with_.caller, call.scope));
  }
  CO_TRY(const Looked looked, look(text));
  const bool warn =
      in.template_summary_config &&
      in.template_summary_config->treat_unrecognized_resource_types_as_warnings.value_or(false);
  GetTemplateSummaryOutput out;
  std::set<std::string> types, unknown;
  for (const auto& resource : looked.of.resources) {
    types.insert(resource.type);
    if (with_.engine.types().find(resource.type) == nullptr) unknown.insert(resource.type);
  }
  if (!warn) CO_CHECK(with_.engine.types().check(looked.of, with_.strict));
  if (!unknown.empty())
    out.warnings = Warnings{.unrecognized_resource_types = {unknown.begin(), unknown.end()}};
  std::string reason;
  out.capabilities = capabilities_of(looked, reason);
  out.capabilities_reason = some(reason);
  out.declared_transforms = looked.transforms;
  out.description = some(looked.of.description);
  out.version = "2010-09-09";
  if (!looked.of.metadata.is_null()) out.metadata = deploy::json::serialize(looked.of.metadata);
  out.resource_types.assign(types.begin(), types.end());
  for (const auto& parameter : looked.of.parameters) {
    ParameterDeclaration declared{.default_value = parameter.default_value,
                                  .description = some(parameter.description),
                                  .no_echo = parameter.no_echo,
                                  .parameter_key = parameter.name,
                                  .parameter_type = parameter.type};
    declared.parameter_constraints =
        ParameterConstraints{.allowed_values = parameter.allowed_values};
    out.parameters.push_back(std::move(declared));
  }
  co_return out;
}

}  // namespace cloudlet::cloudformation
