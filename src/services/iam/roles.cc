// Roles: create, read, change, delete, tag.
#include "gen/iam/errors.h"
#include "services/iam/document.h"
#include "services/iam/find.h"
#include "services/iam/iam.h"
#include "services/iam/keys.h"
#include "services/iam/present.h"

namespace cloudlet::iam {
namespace {

constexpr std::size_t trust_size_max = 2048;  // quota "Role trust policy length"

Result<void> check_trust(const std::string& document) {
  if (counted_size(document) > trust_size_max)
    return errors::limit_exceeded("Cannot exceed quota for ACLSizePerRole: " +
                                  std::to_string(trust_size_max));
  return check_document(document, DocumentKind::trust);
}

Result<void> check_boundary(const store::ReadTxn& tx, const std::string& account,
                            const std::string& arn) {
  if (find_policy(tx, account, arn)) return {};
  return errors::no_such_entity("Scope ARN: " + arn + " does not exist or is not attachable.");
}

}  // namespace

Result<CreateRoleOutput> Service::create_role(store::Txn& tx, const wire::Call& call,
                                              const CreateRoleInput& in) {
  const std::string& account = call.scope.account;
  CHECK(check_trust(in.assume_role_policy_document));
  if (tx.exists(keys::role(account, in.role_name)))
    return errors::entity_already_exists("Role with name " + in.role_name + " already exists.");
  if (in.permissions_boundary) CHECK(check_boundary(tx, account, *in.permissions_boundary));
  TRY(Tags tags, read_tags(in.tags));
  const StoredRole role{
      .name = in.role_name,
      .path = in.path.value_or("/"),
      .id = new_id(call.rng(), "AROA"),
      .trust = in.assume_role_policy_document,
      .description = in.description.value_or(""),
      .boundary = in.permissions_boundary.value_or(""),
      .session_seconds_max = static_cast<std::uint64_t>(in.max_session_duration.value_or(3600)),
      .created = call.now,
      .tags = std::move(tags)};
  tx.put(keys::role(account, role.name), encode(role));
  CreateRoleOutput out;
  out.role = present(role, account);
  return out;
}

Result<GetRoleOutput> Service::get_role(const store::ReadTxn& tx, const wire::Call& call,
                                        const GetRoleInput& in) {
  TRY(const StoredRole role, find_role(tx, call.scope.account, in.role_name));
  GetRoleOutput out;
  out.role = present(role, call.scope.account);
  return out;
}

Result<ListRolesOutput> Service::list_roles(const store::ReadTxn& tx, const wire::Call& call,
                                            const ListRolesInput& in) {
  TRY(Page page, Page::open(in.marker, in.max_items));
  ListRolesOutput out;
  page.fill(tx, keys::roles(call.scope.account), [&](std::string_view, std::string_view bytes) {
    const StoredRole role = decode_role(bytes);
    if (!role.path.starts_with(in.path_prefix.value_or("/"))) return false;
    // Lists leave out tags and boundaries (API reference, ListRoles).
    Role shown = present(role, call.scope.account);
    shown.tags.clear();
    shown.permissions_boundary.reset();
    out.roles.push_back(std::move(shown));
    return true;
  });
  out.is_truncated = page.truncated();
  out.marker = page.marker();
  return out;
}

Result<UpdateRoleOutput> Service::update_role(store::Txn& tx, const wire::Call& call,
                                              const UpdateRoleInput& in) {
  TRY(StoredRole role, find_role(tx, call.scope.account, in.role_name));
  if (in.description) role.description = *in.description;
  if (in.max_session_duration)
    role.session_seconds_max = static_cast<std::uint64_t>(*in.max_session_duration);
  tx.put(keys::role(call.scope.account, role.name), encode(role));
  return UpdateRoleOutput{};
}

Result<UpdateAssumeRolePolicyOutput> Service::update_assume_role_policy(
    store::Txn& tx, const wire::Call& call, const UpdateAssumeRolePolicyInput& in) {
  TRY(StoredRole role, find_role(tx, call.scope.account, in.role_name));
  CHECK(check_trust(in.policy_document));
  role.trust = in.policy_document;
  tx.put(keys::role(call.scope.account, role.name), encode(role));
  return UpdateAssumeRolePolicyOutput{};
}

Result<DeleteRoleOutput> Service::delete_role(store::Txn& tx, const wire::Call& call,
                                              const DeleteRoleInput& in) {
  const std::string& account = call.scope.account;
  TRY(const StoredRole role, find_role(tx, account, in.role_name));
  if (any_in(tx, keys::role_profiles(account, role.name)))
    return errors::delete_conflict(
        "Cannot delete entity, must remove roles from instance profile first.");
  if (any_in(tx, keys::role_attachments(account, role.name)))
    return errors::delete_conflict("Cannot delete entity, must detach all policies first.");
  if (any_in(tx, keys::role_policies(account, role.name)))
    return errors::delete_conflict("Cannot delete entity, must delete policies first.");
  tx.erase(keys::role(account, role.name));
  return DeleteRoleOutput{};
}

Result<TagRoleOutput> Service::tag_role(store::Txn& tx, const wire::Call& call,
                                        const TagRoleInput& in) {
  TRY(StoredRole role, find_role(tx, call.scope.account, in.role_name));
  TRY(const Tags added, read_tags(in.tags));
  for (const auto& [key, value] : added) role.tags[key] = value;
  if (role.tags.size() > 50)
    return errors::limit_exceeded("The number of tags has reached the maximum limit.");
  tx.put(keys::role(call.scope.account, role.name), encode(role));
  return TagRoleOutput{};
}

Result<UntagRoleOutput> Service::untag_role(store::Txn& tx, const wire::Call& call,
                                            const UntagRoleInput& in) {
  TRY(StoredRole role, find_role(tx, call.scope.account, in.role_name));
  for (const std::string& key : in.tag_keys) role.tags.erase(key);
  tx.put(keys::role(call.scope.account, role.name), encode(role));
  return UntagRoleOutput{};
}

Result<ListRoleTagsOutput> Service::list_role_tags(const store::ReadTxn& tx, const wire::Call& call,
                                                   const ListRoleTagsInput& in) {
  TRY(const StoredRole role, find_role(tx, call.scope.account, in.role_name));
  const std::size_t max = static_cast<std::size_t>(in.max_items.value_or(100));
  ListRoleTagsOutput out;
  out.is_truncated = false;
  // The marker is the last key shown.
  const auto first = in.marker ? role.tags.upper_bound(*in.marker) : role.tags.begin();
  for (auto tag = first; tag != role.tags.end(); ++tag) {
    if (out.tags.size() == max) {
      out.is_truncated = true;
      out.marker = out.tags.back().key;
      break;
    }
    out.tags.push_back({.key = tag->first, .value = tag->second});
  }
  return out;
}

}  // namespace cloudlet::iam
