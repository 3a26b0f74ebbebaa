// Resource types that carry nothing here: created with a visible warning, so that templates which
// also declare a host or a network deploy and do the rest of their job. Refused when strictness is
// asked for. docs/templates.md lists them.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "deploy/resource_type.h"

namespace cloudlet::deploy {

struct InertAttribute {
  std::string_view name;
  // What Fn::GetAtt gives: "%region%", "%account%", "%id%" and "%digits%" (stable, from the
  // physical id) are filled in.
  std::string_view value;
};

struct InertKind {
  std::string_view type;
  std::string_view id_prefix;  // "i-": the physical id is this and 17 hexadecimal digits; empty: a
                               // generated name
  std::span<const InertAttribute> attributes;
};

std::span<const InertKind> inert_kinds();
std::unique_ptr<ResourceType> inert_type(const InertKind& kind);
bool is_inert(std::string_view type);

}  // namespace cloudlet::deploy
