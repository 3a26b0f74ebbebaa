// The policies of a role: inline ones, and managed ones that are attached.
#include "gen/iam/errors.h"
#include "services/iam/document.h"
#include "services/iam/find.h"
#include "services/iam/iam.h"
#include "services/iam/keys.h"
#include "services/iam/present.h"

namespace cloudlet::iam {
namespace {

// Quotas of https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
constexpr std::size_t inline_size_max = 10'240;  // all inline policies of a role together
constexpr std::size_t attachments_max = 10;

std::string last_text(std::string_view key) {
  store::KeyReader reader(key);
  std::string text;
  while (!reader.done()) text = reader.text();
  return text;
}

}  // namespace

Result<PutRolePolicyOutput> Service::put_role_policy(store::Txn& tx, const wire::Call& call,
                                                     const PutRolePolicyInput& in) {
  const std::string& account = call.scope.account;
  TRY(const StoredRole role, find_role(tx, account, in.role_name));
  CHECK(check_document(in.policy_document, DocumentKind::inlined));
  std::size_t size = counted_size(in.policy_document);
  tx.scan(prefix(keys::role_policies(account, role.name)),
          [&](std::string_view key, std::string_view document) {
            if (last_text(key) != in.policy_name) size += counted_size(document);
            return true;
          });
  if (size > inline_size_max)
    return errors::limit_exceeded("Maximum policy size of " + std::to_string(inline_size_max) +
                                  " bytes exceeded for role " + role.name);
  tx.put(keys::role_policy(account, role.name, in.policy_name), in.policy_document);
  return PutRolePolicyOutput{};
}

Result<GetRolePolicyOutput> Service::get_role_policy(const store::ReadTxn& tx,
                                                     const wire::Call& call,
                                                     const GetRolePolicyInput& in) {
  TRY(const StoredRole role, find_role(tx, call.scope.account, in.role_name));
  const auto document = tx.get(keys::role_policy(call.scope.account, role.name, in.policy_name));
  if (!document)
    return errors::no_such_entity("The role policy with name " + in.policy_name +
                                  " cannot be found.");
  GetRolePolicyOutput out;
  out.policy_document = present_document(*document);
  out.policy_name = in.policy_name;
  out.role_name = role.name;
  return out;
}

Result<DeleteRolePolicyOutput> Service::delete_role_policy(store::Txn& tx, const wire::Call& call,
                                                           const DeleteRolePolicyInput& in) {
  TRY(const StoredRole role, find_role(tx, call.scope.account, in.role_name));
  const store::Key key = keys::role_policy(call.scope.account, role.name, in.policy_name);
  if (!tx.exists(key))
    return errors::no_such_entity("The role policy with name " + in.policy_name +
                                  " cannot be found.");
  tx.erase(key);
  return DeleteRolePolicyOutput{};
}

Result<ListRolePoliciesOutput> Service::list_role_policies(const store::ReadTxn& tx,
                                                           const wire::Call& call,
                                                           const ListRolePoliciesInput& in) {
  TRY(const StoredRole role, find_role(tx, call.scope.account, in.role_name));
  TRY(Page page, Page::open(in.marker, in.max_items));
  ListRolePoliciesOutput out;
  page.fill(tx, keys::role_policies(call.scope.account, role.name),
            [&](std::string_view key, std::string_view) {
              out.policy_names.push_back(last_text(key));
              return true;
            });
  out.is_truncated = page.truncated();
  out.marker = page.marker();
  return out;
}

Result<AttachRolePolicyOutput> Service::attach_role_policy(store::Txn& tx, const wire::Call& call,
                                                           const AttachRolePolicyInput& in) {
  const std::string& account = call.scope.account;
  TRY(const StoredRole role, find_role(tx, account, in.role_name));
  const auto policy = find_policy(tx, account, in.policy_arn);
  if (!policy)
    return errors::no_such_entity("Policy " + in.policy_arn +
                                  " does not exist or is not attachable.");
  const store::Key key = keys::role_attachment(account, role.name, in.policy_arn);
  if (tx.exists(key)) return AttachRolePolicyOutput{};
  std::size_t attached = 0;
  tx.scan(prefix(keys::role_attachments(account, role.name)),
          [&](std::string_view, std::string_view) {
            ++attached;
            return true;
          });
  if (attached >= attachments_max)
    return errors::limit_exceeded("Cannot exceed quota for PoliciesPerRole: " +
                                  std::to_string(attachments_max));
  tx.put(key, policy->policy.name);
  tx.put(keys::policy_user(account, in.policy_arn, role.name), role.name);
  return AttachRolePolicyOutput{};
}

Result<DetachRolePolicyOutput> Service::detach_role_policy(store::Txn& tx, const wire::Call& call,
                                                           const DetachRolePolicyInput& in) {
  const std::string& account = call.scope.account;
  TRY(const StoredRole role, find_role(tx, account, in.role_name));
  const store::Key key = keys::role_attachment(account, role.name, in.policy_arn);
  if (!tx.exists(key)) return errors::no_such_entity("Policy " + in.policy_arn + " was not found.");
  tx.erase(key);
  tx.erase(keys::policy_user(account, in.policy_arn, role.name));
  return DetachRolePolicyOutput{};
}

Result<ListAttachedRolePoliciesOutput> Service::list_attached_role_policies(
    const store::ReadTxn& tx, const wire::Call& call, const ListAttachedRolePoliciesInput& in) {
  TRY(const StoredRole role, find_role(tx, call.scope.account, in.role_name));
  TRY(Page page, Page::open(in.marker, in.max_items));
  ListAttachedRolePoliciesOutput out;
  page.fill(tx, keys::role_attachments(call.scope.account, role.name),
            [&](std::string_view key, std::string_view name) {
              const std::string arn = last_text(key);
              const auto found = find_policy(tx, call.scope.account, arn);
              assert_that(found.has_value(), "a role has a policy that is gone");
              if (!found->policy.path.starts_with(in.path_prefix.value_or("/"))) return false;
              AttachedPolicy attached;
              attached.policy_arn = arn;
              attached.policy_name = std::string(name);
              out.attached_policies.push_back(std::move(attached));
              return true;
            });
  out.is_truncated = page.truncated();
  out.marker = page.marker();
  return out;
}

}  // namespace cloudlet::iam
