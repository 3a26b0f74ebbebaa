// Access keys, of users and of the account's root: who signs requests when signatures are verified.
#include "gen/iam/errors.h"
#include "services/iam/find.h"
#include "services/iam/iam.h"
#include "services/iam/keys.h"
#include "services/iam/present.h"
#include "services/iam/root_key.h"

namespace cloudlet::iam {
namespace {

constexpr std::size_t keys_max = 2;  // quota "Access keys assigned to an IAM user"

// Whose keys these are. The root has no name.
struct Owner {
  std::string name;
  std::string id;
  std::string arn;
};

// Without a name, the caller: a user, found through who signed, or the root.
Result<Owner> named_or_caller(const store::ReadTxn& tx, const wire::Call& call,
                              const std::optional<std::string>& name) {
  const std::string& account = call.scope.account;
  if (!name && call.principal.kind == wire::Principal::Kind::root)
    return Owner{.name = {}, .id = account, .arn = call.principal.arn};
  if (!name && call.principal.kind != wire::Principal::Kind::user)
    return errors::validation_error("Must specify userName when calling with non-User credentials");
  const std::string& arn = call.principal.arn;
  TRY(const StoredUser user, find_user(tx, account, name ? *name : arn.substr(arn.rfind('/') + 1)));
  return Owner{.name = user.name, .id = user.id, .arn = user.arn(account)};
}

Result<StoredKey> find_key(const store::ReadTxn& tx, const std::string& account, const Owner& owner,
                           const std::string& id) {
  const auto bytes = tx.get(keys::access_key(account, owner.name, id));
  if (!bytes) return errors::no_such_entity("The Access Key with id " + id + " cannot be found.");
  return decode_key(*bytes);
}

StatusType status_of(const StoredKey& key) {
  return key.active ? StatusType::active : StatusType::inactive;
}

}  // namespace

StoredKey new_key(Random& random, Time now) {
  return {
      .id = "AKIA" + random.text(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
      .secret = random.text(40, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"),
      .created = now};
}

Result<CreateAccessKeyOutput> Service::create_access_key(store::Txn& tx, const wire::Call& call,
                                                         const CreateAccessKeyInput& in) {
  const std::string& account = call.scope.account;
  TRY(const Owner owner, named_or_caller(tx, call, in.user_name));
  std::size_t count = 0;
  tx.scan(prefix(keys::access_keys(account, owner.name)), [&](std::string_view, std::string_view) {
    ++count;
    return true;
  });
  if (count >= keys_max)
    return errors::limit_exceeded("Cannot exceed quota for AccessKeysPerUser: " +
                                  std::to_string(keys_max));
  StoredKey key = new_key(call.rng(), call.now);
  key.user = owner.name;
  key.user_id = owner.id;
  key.user_arn = owner.arn;
  tx.put(keys::access_key(account, owner.name, key.id), encode(key));
  CreateAccessKeyOutput out;
  out.access_key.access_key_id = key.id;
  out.access_key.create_date = key.created;
  out.access_key.secret_access_key = key.secret;
  out.access_key.status = StatusType::active;
  out.access_key.user_name = key.user;
  return out;
}

Result<UpdateAccessKeyOutput> Service::update_access_key(store::Txn& tx, const wire::Call& call,
                                                         const UpdateAccessKeyInput& in) {
  const std::string& account = call.scope.account;
  TRY(const Owner owner, named_or_caller(tx, call, in.user_name));
  TRY(StoredKey key, find_key(tx, account, owner, in.access_key_id));
  if (in.status != StatusType::active && in.status != StatusType::inactive)
    return errors::validation_error("Status is Active or Inactive");
  key.active = in.status == StatusType::active;
  tx.put(keys::access_key(account, owner.name, key.id), encode(key));
  return UpdateAccessKeyOutput{};
}

Result<DeleteAccessKeyOutput> Service::delete_access_key(store::Txn& tx, const wire::Call& call,
                                                         const DeleteAccessKeyInput& in) {
  const std::string& account = call.scope.account;
  TRY(const Owner owner, named_or_caller(tx, call, in.user_name));
  TRY(const StoredKey key, find_key(tx, account, owner, in.access_key_id));
  tx.erase(keys::access_key(account, owner.name, key.id));
  return DeleteAccessKeyOutput{};
}

Result<ListAccessKeysOutput> Service::list_access_keys(const store::ReadTxn& tx,
                                                       const wire::Call& call,
                                                       const ListAccessKeysInput& in) {
  TRY(const Owner owner, named_or_caller(tx, call, in.user_name));
  TRY(Page page, Page::open(in.marker, in.max_items));
  ListAccessKeysOutput out;
  page.fill(tx, keys::access_keys(call.scope.account, owner.name),
            [&](std::string_view, std::string_view bytes) {
              const StoredKey key = decode_key(bytes);
              AccessKeyMetadata shown;
              shown.access_key_id = key.id;
              shown.create_date = key.created;
              shown.status = status_of(key);
              if (!key.user.empty()) shown.user_name = key.user;
              out.access_key_metadata.push_back(std::move(shown));
              return true;
            });
  out.is_truncated = page.truncated();
  out.marker = page.marker();
  return out;
}

}  // namespace cloudlet::iam
