// AWS Identity and Access Management: roles, managed and inline policies, instance profiles, users
// and their access keys. https://docs.aws.amazon.com/IAM/latest/APIReference/welcome.html
//
// Documents are checked and kept; what they allow is not asked yet when operations are called,
// except who may assume a role.
#pragma once

#include "gen/iam/operations.h"

namespace cloudlet::iam {

class Service : public Operations {
 public:
  // roles.cc
  Result<CreateRoleOutput> create_role(store::Txn&, const wire::Call&,
                                       const CreateRoleInput&) override;
  Result<GetRoleOutput> get_role(const store::ReadTxn&, const wire::Call&,
                                 const GetRoleInput&) override;
  Result<ListRolesOutput> list_roles(const store::ReadTxn&, const wire::Call&,
                                     const ListRolesInput&) override;
  Result<UpdateRoleOutput> update_role(store::Txn&, const wire::Call&,
                                       const UpdateRoleInput&) override;
  Result<UpdateAssumeRolePolicyOutput> update_assume_role_policy(
      store::Txn&, const wire::Call&, const UpdateAssumeRolePolicyInput&) override;
  Result<DeleteRoleOutput> delete_role(store::Txn&, const wire::Call&,
                                       const DeleteRoleInput&) override;
  Result<TagRoleOutput> tag_role(store::Txn&, const wire::Call&, const TagRoleInput&) override;
  Result<UntagRoleOutput> untag_role(store::Txn&, const wire::Call&,
                                     const UntagRoleInput&) override;
  Result<ListRoleTagsOutput> list_role_tags(const store::ReadTxn&, const wire::Call&,
                                            const ListRoleTagsInput&) override;
  // role_policies.cc: inline and attached
  Result<PutRolePolicyOutput> put_role_policy(store::Txn&, const wire::Call&,
                                              const PutRolePolicyInput&) override;
  Result<GetRolePolicyOutput> get_role_policy(const store::ReadTxn&, const wire::Call&,
                                              const GetRolePolicyInput&) override;
  Result<DeleteRolePolicyOutput> delete_role_policy(store::Txn&, const wire::Call&,
                                                    const DeleteRolePolicyInput&) override;
  Result<ListRolePoliciesOutput> list_role_policies(const store::ReadTxn&, const wire::Call&,
                                                    const ListRolePoliciesInput&) override;
  Result<AttachRolePolicyOutput> attach_role_policy(store::Txn&, const wire::Call&,
                                                    const AttachRolePolicyInput&) override;
  Result<DetachRolePolicyOutput> detach_role_policy(store::Txn&, const wire::Call&,
                                                    const DetachRolePolicyInput&) override;
  Result<ListAttachedRolePoliciesOutput> list_attached_role_policies(
      const store::ReadTxn&, const wire::Call&, const ListAttachedRolePoliciesInput&) override;
  // policies.cc
  Result<CreatePolicyOutput> create_policy(store::Txn&, const wire::Call&,
                                           const CreatePolicyInput&) override;
  Result<GetPolicyOutput> get_policy(const store::ReadTxn&, const wire::Call&,
                                     const GetPolicyInput&) override;
  Result<DeletePolicyOutput> delete_policy(store::Txn&, const wire::Call&,
                                           const DeletePolicyInput&) override;
  Result<ListPoliciesOutput> list_policies(const store::ReadTxn&, const wire::Call&,
                                           const ListPoliciesInput&) override;
  // policy_versions.cc
  Result<CreatePolicyVersionOutput> create_policy_version(store::Txn&, const wire::Call&,
                                                          const CreatePolicyVersionInput&) override;
  Result<GetPolicyVersionOutput> get_policy_version(const store::ReadTxn&, const wire::Call&,
                                                    const GetPolicyVersionInput&) override;
  Result<DeletePolicyVersionOutput> delete_policy_version(store::Txn&, const wire::Call&,
                                                          const DeletePolicyVersionInput&) override;
  Result<SetDefaultPolicyVersionOutput> set_default_policy_version(
      store::Txn&, const wire::Call&, const SetDefaultPolicyVersionInput&) override;
  Result<ListPolicyVersionsOutput> list_policy_versions(const store::ReadTxn&, const wire::Call&,
                                                        const ListPolicyVersionsInput&) override;
  // profiles.cc
  Result<CreateInstanceProfileOutput> create_instance_profile(
      store::Txn&, const wire::Call&, const CreateInstanceProfileInput&) override;
  Result<GetInstanceProfileOutput> get_instance_profile(const store::ReadTxn&, const wire::Call&,
                                                        const GetInstanceProfileInput&) override;
  Result<DeleteInstanceProfileOutput> delete_instance_profile(
      store::Txn&, const wire::Call&, const DeleteInstanceProfileInput&) override;
  Result<AddRoleToInstanceProfileOutput> add_role_to_instance_profile(
      store::Txn&, const wire::Call&, const AddRoleToInstanceProfileInput&) override;
  Result<RemoveRoleFromInstanceProfileOutput> remove_role_from_instance_profile(
      store::Txn&, const wire::Call&, const RemoveRoleFromInstanceProfileInput&) override;
  Result<ListInstanceProfilesOutput> list_instance_profiles(
      const store::ReadTxn&, const wire::Call&, const ListInstanceProfilesInput&) override;
  Result<ListInstanceProfilesForRoleOutput> list_instance_profiles_for_role(
      const store::ReadTxn&, const wire::Call&, const ListInstanceProfilesForRoleInput&) override;
  // users.cc
  Result<CreateUserOutput> create_user(store::Txn&, const wire::Call&,
                                       const CreateUserInput&) override;
  Result<GetUserOutput> get_user(const store::ReadTxn&, const wire::Call&,
                                 const GetUserInput&) override;
  Result<DeleteUserOutput> delete_user(store::Txn&, const wire::Call&,
                                       const DeleteUserInput&) override;
  Result<ListUsersOutput> list_users(const store::ReadTxn&, const wire::Call&,
                                     const ListUsersInput&) override;
  // access_keys.cc
  Result<CreateAccessKeyOutput> create_access_key(store::Txn&, const wire::Call&,
                                                  const CreateAccessKeyInput&) override;
  Result<UpdateAccessKeyOutput> update_access_key(store::Txn&, const wire::Call&,
                                                  const UpdateAccessKeyInput&) override;
  Result<DeleteAccessKeyOutput> delete_access_key(store::Txn&, const wire::Call&,
                                                  const DeleteAccessKeyInput&) override;
  Result<ListAccessKeysOutput> list_access_keys(const store::ReadTxn&, const wire::Call&,
                                                const ListAccessKeysInput&) override;
};

}  // namespace cloudlet::iam
