#include "services/iam/role_book.h"

#include "services/iam/document.h"
#include "services/iam/find.h"

namespace cloudlet::iam {
namespace {

struct Found {
  StoredRole role;
  std::string account;
};

std::optional<Found> look_up(const store::ReadTxn& tx, std::string_view text) {
  const auto arn = Arn::parse(text);
  if (!arn || arn->service != "iam" || !arn->resource.starts_with("role/")) return std::nullopt;
  const auto role = find_role(tx, arn->account, arn->resource.substr(arn->resource.rfind('/') + 1));
  if (role.has_error() || role->arn(arn->account) != text) return std::nullopt;
  return Found{.role = *role, .account = arn->account};
}

}  // namespace

std::optional<delivery::Role> RoleBook::find(const store::ReadTxn& tx, std::string_view arn) const {
  const auto found = look_up(tx, arn);
  if (!found) return std::nullopt;
  return delivery::Role{.arn = std::string(arn),
                        .id = found->role.id,
                        .name = found->role.name,
                        .account = found->account,
                        .session_max = std::chrono::seconds(found->role.session_seconds_max)};
}

bool RoleBook::trusts(const store::ReadTxn& tx, std::string_view arn, const wire::Principal& who,
                      const std::map<std::string, std::string>& context) const {
  const auto found = look_up(tx, arn);
  return found && trust_allows(found->role.trust, who, "sts:AssumeRole", context);
}

}  // namespace cloudlet::iam
