#include "services/iam/document.h"

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "gen/iam/errors.h"

namespace cloudlet::iam {
namespace {

namespace json = boost::json;

Error malformed(std::string text) { return errors::malformed_policy_document(std::move(text)); }
Error syntax() { return malformed("Syntax errors in policy."); }

// A text or a list of texts; anything else: false.
template <class Visit>
bool each_text(const json::value& value, Visit visit) {
  if (value.is_string()) {
    visit(std::string_view(value.get_string()));
    return true;
  }
  if (!value.is_array()) return false;
  for (const json::value& one : value.get_array()) {
    if (!one.is_string()) return false;
    visit(std::string_view(one.get_string()));
  }
  return true;
}

bool known_field(std::string_view name, std::initializer_list<std::string_view> known) {
  return std::find(known.begin(), known.end(), name) != known.end();
}

Result<void> check_action(std::string_view action, DocumentKind kind) {
  if (kind == DocumentKind::trust) {
    static constexpr std::string_view trusted[] = {"sts:AssumeRole",
                                                   "sts:AssumeRoleWithSAML",
                                                   "sts:AssumeRoleWithWebIdentity",
                                                   "sts:TagSession",
                                                   "sts:SetSourceIdentity",
                                                   "sts:SetContext",
                                                   "sts:*",
                                                   "*"};
    if (std::find(std::begin(trusted), std::end(trusted), action) != std::end(trusted)) return {};
    return malformed("AssumeRole policy may only specify STS AssumeRole actions.");
  }
  if (action == "*") return {};
  const std::size_t colon = action.find(':');
  if (colon == std::string_view::npos || colon == 0)
    return malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
  const std::string_view vendor = action.substr(0, colon);
  for (const char c : vendor)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'))
      return malformed("Vendor " + std::string(vendor) + " is not valid");
  if (action.substr(colon + 1).find(':') != std::string_view::npos || colon + 1 == action.size())
    return malformed("Actions/Condition can contain only one colon.");
  return {};
}

Result<void> check_resource(std::string_view resource) {
  if (resource == "*" || resource.starts_with("arn:") || resource.starts_with("${") ||
      resource.starts_with("*"))
    return {};
  return malformed("Resource " + std::string(resource) + " must be in ARN format or \"*\".");
}

Result<void> check_principal(const json::value& principal) {
  if (principal.is_string()) {
    if (principal.get_string() == "*") return {};
    return syntax();
  }
  if (!principal.is_object() || principal.get_object().empty()) return syntax();
  for (const auto& [kind, names] : principal.get_object()) {
    if (!known_field(kind, {"AWS", "Service", "Federated", "CanonicalUser"})) return syntax();
    Result<void> found;
    const bool texts = each_text(names, [&](std::string_view name) {
      const bool account =
          name.size() == 12 && name.find_first_not_of("0123456789") == std::string_view::npos;
      const bool good = kind == "AWS"       ? name == "*" || account || name.starts_with("arn:")
                        : kind == "Service" ? name.find('.') != std::string_view::npos
                                            : !name.empty();
      if (!good && found.has_value())
        found = malformed("Invalid principal in policy: \"" + std::string(kind) + "\":\"" +
                          std::string(name) + "\"");
    });
    if (!texts) return syntax();
    CHECK(found);
  }
  return {};
}

Result<void> check_condition(const json::value& condition) {
  if (!condition.is_object()) return syntax();
  for (const auto& [test, keys] : condition.get_object()) {
    if (!keys.is_object()) return syntax();
    for (const auto& [key, values] : keys.get_object()) {
      const bool scalar = values.is_string() || values.is_bool() || values.is_number();
      const bool list = values.is_array() &&
                        std::all_of(values.get_array().begin(), values.get_array().end(),
                                    [](const json::value& one) { return !one.is_structured(); });
      if (!scalar && !list) return syntax();
    }
  }
  return {};
}

// Action or NotAction, exactly one; likewise Resource and NotResource.
Result<const json::value*> one_of(const json::object& statement, std::string_view name,
                                  std::string_view negated, std::string_view missing) {
  const json::value* found = statement.if_contains(name);
  const json::value* other = statement.if_contains(negated);
  if (found && other) return syntax();
  if (!found && !other) return malformed(std::string(missing));
  return found ? found : other;
}

Result<void> check_statement(const json::value& value, DocumentKind kind,
                             std::set<std::string>& sids) {
  if (!value.is_object()) return syntax();
  const json::object& statement = value.get_object();
  for (const auto& [name, field] : statement)
    if (!known_field(name, {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource",
                            "Principal", "NotPrincipal", "Condition"}))
      return syntax();
  const json::value* effect = statement.if_contains("Effect");
  if (!effect || !effect->is_string() ||
      (effect->get_string() != "Allow" && effect->get_string() != "Deny"))
    return syntax();
  if (const json::value* sid = statement.if_contains("Sid")) {
    if (!sid->is_string()) return syntax();
    const std::string text(sid->get_string());
    if (!text.empty() && !sids.insert(text).second)
      return malformed("Statement IDs (SID) in a single policy must be unique.");
  }
  TRY(const json::value* actions,
      one_of(statement, "Action", "NotAction", "Policy statement must contain actions."));
  Result<void> found;
  bool any = false;
  const bool texts = each_text(*actions, [&](std::string_view action) {
    any = true;
    if (found.has_value()) found = check_action(action, kind);
  });
  if (!texts) return syntax();
  if (!any) return malformed("Policy statement must contain actions.");
  CHECK(found);
  if (const json::value* condition = statement.if_contains("Condition"))
    CHECK(check_condition(*condition));
  if (kind == DocumentKind::trust) {
    if (statement.contains("Resource") || statement.contains("NotResource"))
      return malformed("Has prohibited field Resource");
    if (statement.contains("NotPrincipal")) return malformed("Has prohibited field NotPrincipal");
    const json::value* principal = statement.if_contains("Principal");
    if (!principal) return malformed("Missing required field Principal");
    return check_principal(*principal);
  }
  if (statement.contains("Principal") || statement.contains("NotPrincipal"))
    return malformed("Policy document should not specify a principal.");
  TRY(const json::value* resources,
      one_of(statement, "Resource", "NotResource", "Policy statement must contain resources."));
  any = false;
  const bool arns = each_text(*resources, [&](std::string_view resource) {
    any = true;
    if (found.has_value()) found = check_resource(resource);
  });
  if (!arns) return syntax();
  if (!any) return malformed("Policy statement must contain resources.");
  return found;
}

json::value parse(std::string_view text, bool& good) {
  json::error_code error;
  json::parse_options options;
  options.max_depth = 16;
  json::value value = json::parse(json::string_view(text.data(), text.size()), error, {}, options);
  good = !error;
  return value;
}

}  // namespace

Result<void> check_document(std::string_view text, DocumentKind kind) {
  bool good = false;
  const json::value value = parse(text, good);
  if (!good)
    return malformed(kind == DocumentKind::trust ? "This policy contains invalid Json"
                                                 : "Syntax errors in policy.");
  if (!value.is_object()) return syntax();
  const json::object& document = value.get_object();
  for (const auto& [name, field] : document)
    if (!known_field(name, {"Version", "Id", "Statement"})) return syntax();
  const json::value* version = document.if_contains("Version");
  const bool newest = version && *version == json::value("2012-10-17");
  if (version && !newest && *version != json::value("2008-10-17")) return syntax();
  // Without a Version, AWS takes the older one: so do inline policies of serverless templates.
  if (kind == DocumentKind::managed && !newest)
    return malformed("Policy document must be version 2012-10-17 or greater.");
  const json::value* statements = document.if_contains("Statement");
  if (!statements) return syntax();
  std::set<std::string> sids;
  if (statements->is_object()) return check_statement(*statements, kind, sids);
  if (!statements->is_array() || statements->get_array().empty()) return syntax();
  for (const json::value& statement : statements->get_array())
    CHECK(check_statement(statement, kind, sids));
  return {};
}

Result<void> check_managed_document(std::string_view text) {
  constexpr std::size_t size_max = 6144;  // quota "Managed policy length"
  if (counted_size(text) > size_max)
    return errors::limit_exceeded("Cannot exceed quota for PolicySize: 6144");
  return check_document(text, DocumentKind::managed);
}

std::size_t counted_size(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return c != ' ' && c != '\t' && c != '\n' && c != '\r';
  }));
}

}  // namespace cloudlet::iam
