// Users: who signs requests when signatures are verified. Their keys: access_keys.cc.
#include "gen/iam/errors.h"
#include "services/iam/find.h"
#include "services/iam/iam.h"
#include "services/iam/keys.h"
#include "services/iam/present.h"

namespace cloudlet::iam {
namespace {

// Without a name, the caller: a user's own name, found through who signed.
Result<StoredUser> named_or_caller(const store::ReadTxn& tx, const wire::Call& call,
                                   const std::optional<std::string>& name) {
  if (name) return find_user(tx, call.scope.account, *name);
  if (call.principal.kind != wire::Principal::Kind::user)
    return errors::validation_error("Must specify userName when calling with non-User credentials");
  const std::string& arn = call.principal.arn;
  return find_user(tx, call.scope.account, arn.substr(arn.rfind('/') + 1));
}

}  // namespace

Result<CreateUserOutput> Service::create_user(store::Txn& tx, const wire::Call& call,
                                              const CreateUserInput& in) {
  const std::string& account = call.scope.account;
  if (tx.exists(keys::user(account, in.user_name)))
    return errors::entity_already_exists("User with name " + in.user_name + " already exists.");
  if (in.permissions_boundary && !find_policy(tx, account, *in.permissions_boundary))
    return errors::no_such_entity("Scope ARN: " + *in.permissions_boundary +
                                  " does not exist or is not attachable.");
  TRY(Tags tags, read_tags(in.tags));
  const StoredUser user{.name = in.user_name,
                        .path = in.path.value_or("/"),
                        .id = new_id(call.rng(), "AIDA"),
                        .boundary = in.permissions_boundary.value_or(""),
                        .created = call.now,
                        .tags = std::move(tags)};
  tx.put(keys::user(account, user.name), encode(user));
  CreateUserOutput out;
  out.user = present(user, account);
  return out;
}

Result<GetUserOutput> Service::get_user(const store::ReadTxn& tx, const wire::Call& call,
                                        const GetUserInput& in) {
  GetUserOutput out;
  // The root answers for itself.
  if (!in.user_name && call.principal.kind == wire::Principal::Kind::root) {
    out.user.arn = call.principal.arn;
    out.user.user_id = call.scope.account;
    out.user.user_name = call.scope.account;
    out.user.path = "/";
    return out;
  }
  TRY(const StoredUser user, named_or_caller(tx, call, in.user_name));
  out.user = present(user, call.scope.account);
  return out;
}

Result<DeleteUserOutput> Service::delete_user(store::Txn& tx, const wire::Call& call,
                                              const DeleteUserInput& in) {
  const std::string& account = call.scope.account;
  TRY(const StoredUser user, find_user(tx, account, in.user_name));
  if (any_in(tx, keys::access_keys(account, user.name)))
    return errors::delete_conflict("Cannot delete entity, must delete access keys first.");
  tx.erase(keys::user(account, user.name));
  return DeleteUserOutput{};
}

Result<ListUsersOutput> Service::list_users(const store::ReadTxn& tx, const wire::Call& call,
                                            const ListUsersInput& in) {
  TRY(Page page, Page::open(in.marker, in.max_items));
  ListUsersOutput out;
  page.fill(tx, keys::users(call.scope.account), [&](std::string_view, std::string_view bytes) {
    const StoredUser user = decode_user(bytes);
    if (!user.path.starts_with(in.path_prefix.value_or("/"))) return false;
    User shown = present(user, call.scope.account);
    shown.tags.clear();
    shown.permissions_boundary.reset();
    out.users.push_back(std::move(shown));
    return true;
  });
  out.is_truncated = page.truncated();
  out.marker = page.marker();
  return out;
}

}  // namespace cloudlet::iam
