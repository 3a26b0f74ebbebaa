// What an operation works from: the template that is to be, with its values, read once and then
// only looked at.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "deploy/functions.h"
#include "deploy/references.h"
#include "deploy/resource_types.h"
#include "deploy/state.h"
#include "deploy/template.h"

namespace cloudlet::deploy {

// Never changes after `make_plan`; shared by the steps of an operation.
struct Plan {
  std::uint64_t operation = 0;
  Template target;
  Environment environment;  // lookups of resources are set by whoever evaluates
  Graph graph;              // without resources whose condition does not hold
  std::map<std::string, std::string> tags;
  bool secret_parameters = false;

  bool wants(const Resource& resource) const {
    return resource.condition.empty() || environment.condition(resource.condition);
  }
};

Result<std::shared_ptr<const Plan>> make_plan(const Stack& stack, const Deployment& deployment);

// What a template turns out to need and to be, before a stack exists.
struct Prepared {
  Deployment deployment;
  Template of;
  bool names_iam = false;   // CAPABILITY_NAMED_IAM
  bool has_iam = false;     // CAPABILITY_IAM
  bool transforms = false;  // CAPABILITY_AUTO_EXPAND
};

struct Wish {
  std::string body;
  std::vector<GivenParameter> parameters;
  ParameterTexts previous;
  std::map<std::string, std::string> tags;
  std::vector<std::string> capabilities;
};

// Text -> transforms -> checks -> parameters. Errors: ValidationError; a failed transform's begins
// with "Transform ".
Result<Prepared> prepare(const Wish& wish, const Scope& scope, const ResourceTypes& types,
                         Strict strict);

// The tag that asks for strictness: a stack with it has no inert resources.
inline constexpr std::string_view strict_tag = "cloudlet:strict";

// One line of a change set.
struct Change {
  enum class Action { add, modify, remove };
  enum class Replacement { no, yes, conditional };
  struct Detail {
    std::string attribute;  // "Properties", "DeletionPolicy", "Metadata", ...
    std::string property;   // if `attribute` is "Properties"
    Update update = Update::in_place;
  };
  Action action = Action::add;
  std::string id, type, physical_id;
  Replacement replacement = Replacement::no;
  std::vector<Detail> details;
};

struct Changes {
  std::vector<Change> resources;
  bool outputs = false;
  bool tags = false;
  bool any() const { return !resources.empty() || outputs || tags; }
};

// What applying `next` would do to a stack. Values that only the work will tell count as changed if
// they may change.
Result<Changes> compare(const Stack& stack, const std::map<std::string, StackResource>& resources,
                        const Deployment* before, const Deployment& next,
                        const ResourceTypes& types);

}  // namespace cloudlet::deploy
