// All resource types that there are, by name.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "deploy/resource_type.h"
#include "deploy/template.h"

namespace cloudlet::deploy {

enum class Strict { no, yes };

class ResourceTypes {
 public:
  ResourceTypes();  // the inert types and CloudFormation's own; the rest comes with `add`
  ~ResourceTypes();
  ResourceTypes(ResourceTypes&&) noexcept;

  void add(ResourceTypeList types);
  const ResourceType* find(std::string_view name) const;
  std::vector<std::string> names() const;

  // Every type is known, every attribute asked for exists. With `Strict::yes` inert types are
  // refused.
  Result<void> check(const Template& of, Strict strict) const;

 private:
  std::map<std::string, std::unique_ptr<ResourceType>, std::less<>> types_;
};

// The properties as the type wants them: scalars turned into the right kind, nothing unknown,
// nothing missing. `tags` are the stack's. Errors: ValidationError with the service's sentence
// ("Encountered unsupported property X").
Result<json::object> check_properties(const ResourceType& type, const json::object& given,
                                      const std::map<std::string, std::string>& tags);

}  // namespace cloudlet::deploy
