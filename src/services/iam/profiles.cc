// Instance profiles: names for a role that a host would take. No host is served; templates declare
// them all the same.
#include "gen/iam/errors.h"
#include "services/iam/find.h"
#include "services/iam/iam.h"
#include "services/iam/keys.h"
#include "services/iam/present.h"

namespace cloudlet::iam {

Result<CreateInstanceProfileOutput> Service::create_instance_profile(
    store::Txn& tx, const wire::Call& call, const CreateInstanceProfileInput& in) {
  const std::string& account = call.scope.account;
  if (tx.exists(keys::profile(account, in.instance_profile_name)))
    return errors::entity_already_exists("Instance Profile " + in.instance_profile_name +
                                         " already exists.");
  TRY(Tags tags, read_tags(in.tags));
  const StoredProfile profile{.name = in.instance_profile_name,
                              .path = in.path.value_or("/"),
                              .id = new_id(call.rng(), "AIPA"),
                              .created = call.now,
                              .tags = std::move(tags)};
  tx.put(keys::profile(account, profile.name), encode(profile));
  CreateInstanceProfileOutput out;
  out.instance_profile = present(profile, tx, account);
  return out;
}

Result<GetInstanceProfileOutput> Service::get_instance_profile(const store::ReadTxn& tx,
                                                               const wire::Call& call,
                                                               const GetInstanceProfileInput& in) {
  TRY(const StoredProfile profile, find_profile(tx, call.scope.account, in.instance_profile_name));
  GetInstanceProfileOutput out;
  out.instance_profile = present(profile, tx, call.scope.account);
  return out;
}

Result<DeleteInstanceProfileOutput> Service::delete_instance_profile(
    store::Txn& tx, const wire::Call& call, const DeleteInstanceProfileInput& in) {
  TRY(const StoredProfile profile, find_profile(tx, call.scope.account, in.instance_profile_name));
  if (!profile.role.empty())
    return errors::delete_conflict(
        "Cannot delete entity, must remove roles from instance profile first.");
  tx.erase(keys::profile(call.scope.account, profile.name));
  return DeleteInstanceProfileOutput{};
}

Result<AddRoleToInstanceProfileOutput> Service::add_role_to_instance_profile(
    store::Txn& tx, const wire::Call& call, const AddRoleToInstanceProfileInput& in) {
  const std::string& account = call.scope.account;
  TRY(StoredProfile profile, find_profile(tx, account, in.instance_profile_name));
  TRY(const StoredRole role, find_role(tx, account, in.role_name));
  if (!profile.role.empty())
    return errors::limit_exceeded("Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1");
  profile.role = role.name;
  tx.put(keys::profile(account, profile.name), encode(profile));
  tx.put(keys::role_profile(account, role.name, profile.name), profile.name);
  return AddRoleToInstanceProfileOutput{};
}

Result<RemoveRoleFromInstanceProfileOutput> Service::remove_role_from_instance_profile(
    store::Txn& tx, const wire::Call& call, const RemoveRoleFromInstanceProfileInput& in) {
  const std::string& account = call.scope.account;
  TRY(StoredProfile profile, find_profile(tx, account, in.instance_profile_name));
  TRY(const StoredRole role, find_role(tx, account, in.role_name));
  if (profile.role != role.name)
    return errors::no_such_entity("The role with name " + role.name +
                                  " cannot be found in the instance profile.");
  profile.role.clear();
  tx.put(keys::profile(account, profile.name), encode(profile));
  tx.erase(keys::role_profile(account, role.name, profile.name));
  return RemoveRoleFromInstanceProfileOutput{};
}

Result<ListInstanceProfilesOutput> Service::list_instance_profiles(
    const store::ReadTxn& tx, const wire::Call& call, const ListInstanceProfilesInput& in) {
  TRY(Page page, Page::open(in.marker, in.max_items));
  ListInstanceProfilesOutput out;
  page.fill(tx, keys::profiles(call.scope.account), [&](std::string_view, std::string_view bytes) {
    const StoredProfile profile = decode_profile(bytes);
    if (!profile.path.starts_with(in.path_prefix.value_or("/"))) return false;
    out.instance_profiles.push_back(present(profile, tx, call.scope.account));
    return true;
  });
  out.is_truncated = page.truncated();
  out.marker = page.marker();
  return out;
}

Result<ListInstanceProfilesForRoleOutput> Service::list_instance_profiles_for_role(
    const store::ReadTxn& tx, const wire::Call& call, const ListInstanceProfilesForRoleInput& in) {
  const std::string& account = call.scope.account;
  TRY(const StoredRole role, find_role(tx, account, in.role_name));
  TRY(Page page, Page::open(in.marker, in.max_items));
  ListInstanceProfilesForRoleOutput out;
  page.fill(tx, keys::role_profiles(account, role.name),
            [&](std::string_view, std::string_view name) {
              const auto profile = find_profile(tx, account, std::string(name));
              assert_that(profile.has_value(), "a role stands in an instance profile that is gone");
              out.instance_profiles.push_back(present(*profile, tx, account));
              return true;
            });
  out.is_truncated = page.truncated();
  out.marker = page.marker();
  return out;
}

}  // namespace cloudlet::iam
