// One kind of resource that templates can declare: how it is made, changed and removed, and what is
// known of its properties.
//
// A service's folder holds its types (resources.cc); main.cc hands them all to the engine. A type
// talks to its service only through the generated client, as a user does. Steps may be carried out
// more than once (the process died in between): `create` is asked again only after `find` said that
// the earlier attempt left nothing; what `find` gives is completed by an `update` from no
// properties; `update` and `remove` do not mind a second time.
#pragma once

#include <boost/json/object.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/arn.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"

namespace cloudlet::wire {
class Caller;
}

namespace cloudlet::deploy {

namespace json = boost::json;

// What a property's value may be. Scalars are turned into the wanted one ("60" -> 60, 8080 ->
// "8080").
enum class Kind {
  text,
  number,
  flag,
  object,   // with `members`
  objects,  // a list of such
  texts,    // a list of texts
  map,      // names of the template's own, with texts
  tags,     // [{Key, Value}]; the stack's tags are merged in
  document  // anything: policies, filter policies
};

// What a change of it asks for.
enum class Update { in_place, replace };
enum class Need { optional, required };

struct Property {
  std::string_view name;
  Kind kind = Kind::text;
  Update update = Update::in_place;
  Need need = Need::optional;
  std::span<const Property> members{};  // of an object, or of each object in a list
};

// Whom a step speaks for.
struct Request {
  wire::Caller& caller;  // in process, as the stack's account, in its region
  Scope scope;
  std::string stack_id;
  std::string stack_name;
  std::string logical_id;
  Time since;  // when its creation was decided: what is older is not what an earlier attempt made
  std::string name;  // the physical name where the template gives none; the same at every attempt
};

// A resource that is there.
struct Made {
  std::string physical_id;  // what Ref gives, unless `reference` does
  json::object attributes;  // what Fn::GetAtt gives, by attribute name
  // It exists, but something about it failed: it will be rolled back, and this is why.
  std::optional<std::string> failure;
};

// How a generated name is written.
struct NameStyle {
  std::size_t length_max = 255;
  bool lower_case = false;  // buckets
  std::string_view separator = "-";
};

class ResourceType {
 public:
  virtual ~ResourceType() = default;

  virtual std::string_view name() const = 0;  // "AWS::SNS::Topic"
  virtual std::span<const Property> properties() const = 0;
  virtual std::span<const std::string_view> attributes() const { return {}; }
  // The property that names the physical resource; empty if none does.
  virtual std::string_view name_property() const { return {}; }
  virtual NameStyle name_style() const { return {}; }
  // Said in the event of its creation: "inert: ...".
  virtual std::string_view warning() const { return {}; }

  virtual Task<Result<Made>> create(const Request& request,
                                    const json::object& properties) const = 0;
  // The one that `create` would make or run into; nothing if there is none, or if `create` itself
  // minds what is there.
  virtual Task<Result<std::optional<Made>>> find(const Request& request,
                                                 const json::object& properties) const {
    (void)request, (void)properties;
    co_return std::optional<Made>();
  }
  // Only properties that are `Update::in_place` differ. `before` is empty where it is not known how
  // far a creation came.
  virtual Task<Result<Made>> update(const Request& request, const std::string& physical_id,
                                    const json::object& before,
                                    const json::object& after) const = 0;
  // Success if there is none (any more).
  virtual Task<Result<void>> remove(const Request& request, const std::string& physical_id,
                                    const json::object& properties) const = 0;
};

// A type whose facts stand in a table.
struct TypeFacts {
  std::string_view name;
  std::span<const Property> properties;
  std::span<const std::string_view> attributes{};
  std::string_view name_property{};
  NameStyle style{};
};

class DescribedType : public ResourceType {
 public:
  explicit DescribedType(const TypeFacts& facts) : facts_(facts) {}
  std::string_view name() const override { return facts_.name; }
  std::span<const Property> properties() const override { return facts_.properties; }
  std::span<const std::string_view> attributes() const override { return facts_.attributes; }
  std::string_view name_property() const override { return facts_.name_property; }
  NameStyle name_style() const override { return facts_.style; }

 private:
  const TypeFacts& facts_;
};

using ResourceTypeList = std::vector<std::unique_ptr<ResourceType>>;

}  // namespace cloudlet::deploy
