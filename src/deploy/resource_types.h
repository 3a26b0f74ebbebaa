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

// Readers for checked properties.
std::string text_of(const json::object& properties, std::string_view name);
std::optional<std::string> text_if(const json::object& properties, std::string_view name);
std::optional<std::int64_t> number_if(const json::object& properties, std::string_view name);
std::optional<bool> flag_if(const json::object& properties, std::string_view name);
std::vector<std::string> texts_of(const json::object& properties, std::string_view name);
const json::object* object_if(const json::object& properties, std::string_view name);
const json::array& list_of(const json::object& properties, std::string_view name);
std::map<std::string, std::string> tags_of(const json::object& properties,
                                           std::string_view name = "Tags");
// The property with that name, or the name that was generated.
std::string name_or(const json::object& properties, std::string_view name, const Request& request);
// Whether an error says that there is no such thing (any more), in any service's words.
bool says_missing(const Error& error);
// What `after` asks for that `before` had not, and the other way round.
struct TagChanges {
  std::map<std::string, std::string> set;
  std::vector<std::string> removed;
};
TagChanges tag_changes(const json::object& before, const json::object& after,
                       std::string_view name = "Tags");
// A policy document as the text that services take.
std::string document_text(const json::object& properties, std::string_view name);

}  // namespace cloudlet::deploy
