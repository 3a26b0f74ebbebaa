// Why nothing happened: what is to be said of a topic that no rule takes.
#pragma once

#include <string>
#include <string_view>

#include "services/iot/rule_book.h"

namespace cloudlet::iot {

// A sentence that names what comes nearest: a rule of another account or region that takes the
// topic, rules whose filter differs in one level. `scope` null: the sender showed no credentials.
std::string why_unheard(const RuleSet& rules, std::string_view topic, const Scope* scope);

}  // namespace cloudlet::iot
