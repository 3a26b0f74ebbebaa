// Proves IAM over a store in memory: what is made can be read, what is in use cannot go, quotas and
// names hold, and keys are known to the verifier as long as they are there.
#include "services/iam/iam.h"

#include <gtest/gtest.h>

#include <set>

#include "base/encoding.h"
#include "base/managed_policies.h"
#include "gen/iam/errors.h"
#include "services/iam/credentials.h"
#include "services/iam/document.h"
#include "services/iam/role_book.h"
#include "services/iam/root_key.h"
#include "store/store.h"

namespace cloudlet::iam {
namespace {

constexpr const char* lambda_trust =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},)"
    R"("Action":"sts:AssumeRole"}]})";
constexpr const char* read_all =
    R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}})";
constexpr const char* account = "000000000000";

class IamTest : public testing::Test {
 protected:
  IamTest() {
    store_ =
        store::Store::open({.durability = store::Durability::memory}, clock_, *random_).value();
    store_->watch(keys_);
    store_->start();
  }
  ~IamTest() override { store_->stop(); }

  wire::Call call() {
    wire::Call call;
    call.scope = {.account = account, .region = "us-east-1"};
    call.principal = {.arn = "arn:aws:iam::000000000000:root", .id = account};
    call.now = clock_.now();
    call.random = random_.get();
    return call;
  }
  template <class Out, class In>
  Result<Out> write(Result<Out> (Service::*operation)(store::Txn&, const wire::Call&, const In&),
                    const In& in) {
    const wire::Call by = call();
    return store_->transact_blocking(
        [&](store::Txn& tx) { return (service_.*operation)(tx, by, in); });
  }
  template <class Out, class In>
  Result<Out> read(Result<Out> (Service::*operation)(const store::ReadTxn&, const wire::Call&,
                                                     const In&),
                   const In& in) {
    return (service_.*operation)(*store_->snapshot(), call(), in);
  }
  Result<CreateRoleOutput> create_role(const std::string& name,
                                       const std::string& trust = lambda_trust) {
    CreateRoleInput in;
    in.role_name = name;
    in.assume_role_policy_document = trust;
    return write(&Service::create_role, in);
  }
  Result<AttachRolePolicyOutput> attach(const std::string& role, const std::string& arn) {
    AttachRolePolicyInput in;
    in.role_name = role;
    in.policy_arn = arn;
    return write(&Service::attach_role_policy, in);
  }
  Result<CreatePolicyOutput> create_policy(const std::string& name) {
    CreatePolicyInput in;
    in.policy_name = name;
    in.policy_document = read_all;
    return write(&Service::create_policy, in);
  }
  Result<DeleteRoleOutput> delete_role(const std::string& name) {
    DeleteRoleInput in;
    in.role_name = name;
    return write(&Service::delete_role, in);
  }

  Clock clock_{from_millis(1'600'000'000'000)};
  std::unique_ptr<Random> random_ = seeded_random(1);
  AccessKeys keys_;
  std::unique_ptr<store::Store> store_;
  Service service_;
};

TEST_F(IamTest, ARoleIsWhatWasAsked) {
  CreateRoleInput in;
  in.role_name = "Reader";
  in.path = "/service-role/";
  in.assume_role_policy_document = lambda_trust;
  in.description = "reads";
  in.tags = {{.key = "team", .value = "soil"}};
  ASSERT_TRUE(write(&Service::create_role, in).has_value());
  GetRoleInput get;
  get.role_name = "Reader";
  const Role role = read(&Service::get_role, get)->role;
  EXPECT_EQ(role.arn, "arn:aws:iam::000000000000:role/service-role/Reader");
  EXPECT_EQ(role.role_id.size(), 21u);
  EXPECT_EQ(role.max_session_duration, 3600);
  EXPECT_EQ(percent_decode(*role.assume_role_policy_document), lambda_trust);
  EXPECT_EQ(role.tags.at(0).value, "soil");
  EXPECT_EQ(create_role("reader").error().message(), "Role with name reader already exists.");
  get.role_name = "reader";
  EXPECT_EQ(read(&Service::get_role, get).error().message(),
            "The role with name reader cannot be found.");
}

TEST_F(IamTest, ARoleInUseStays) {
  ASSERT_TRUE(create_role("r").has_value());
  ASSERT_TRUE(
      attach("r", "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole").has_value());
  EXPECT_EQ(delete_role("r").error().message(),
            "Cannot delete entity, must detach all policies first.");
  DetachRolePolicyInput detach;
  detach.role_name = "r";
  detach.policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
  ASSERT_TRUE(write(&Service::detach_role_policy, detach).has_value());
  EXPECT_EQ(write(&Service::detach_role_policy, detach).error().kind().code, "NoSuchEntity");
  PutRolePolicyInput put;
  put.role_name = "r";
  put.policy_name = "p";
  put.policy_document = read_all;
  ASSERT_TRUE(write(&Service::put_role_policy, put).has_value());
  EXPECT_EQ(delete_role("r").error().message(),
            "Cannot delete entity, must delete policies first.");
  DeleteRolePolicyInput remove;
  remove.role_name = "r";
  remove.policy_name = "p";
  ASSERT_TRUE(write(&Service::delete_role_policy, remove).has_value());
  EXPECT_TRUE(delete_role("r").has_value());
  EXPECT_EQ(delete_role("r").error().kind().status, 404);
}

TEST_F(IamTest, ManagedPoliciesOfAwsAreTheKnownOnes) {
  ASSERT_TRUE(create_role("r").has_value());
  EXPECT_TRUE(attach("r", "arn:aws:iam::aws:policy/service-role/AmazonEC2RoleforSSM").has_value());
  EXPECT_EQ(attach("r", "arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole").error().message(),
            "Policy arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole does not exist or is not "
            "attachable.");
  for (const ManagedPolicy& policy : managed_policies())
    EXPECT_TRUE(check_document(managed_document(policy), DocumentKind::managed).has_value())
        << policy.name;
  DeletePolicyInput remove;
  remove.policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess";
  EXPECT_TRUE(write(&Service::delete_policy, remove).has_error());
  ListAttachedRolePoliciesInput list;
  list.role_name = "r";
  const auto attached = read(&Service::list_attached_role_policies, list);
  ASSERT_EQ(attached->attached_policies.size(), 1u);
  EXPECT_EQ(attached->attached_policies[0].policy_name, "AmazonEC2RoleforSSM");
}

TEST_F(IamTest, PolicyVersionsHaveADefaultAndAQuota) {
  const std::string arn = *create_policy("p")->policy->arn;
  EXPECT_EQ(arn, "arn:aws:iam::000000000000:policy/p");
  EXPECT_EQ(create_policy("P").error().kind().code, "EntityAlreadyExists");
  CreatePolicyVersionInput next;
  next.policy_arn = arn;
  next.policy_document = read_all;
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(write(&Service::create_policy_version, next).has_value());
  EXPECT_EQ(write(&Service::create_policy_version, next).error().kind().code, "LimitExceeded");
  DeletePolicyVersionInput drop;
  drop.policy_arn = arn;
  drop.version_id = "v1";
  EXPECT_EQ(write(&Service::delete_policy_version, drop).error().message(),
            "Cannot delete the default version of a policy.");
  SetDefaultPolicyVersionInput set;
  set.policy_arn = arn;
  set.version_id = "v5";
  ASSERT_TRUE(write(&Service::set_default_policy_version, set).has_value());
  EXPECT_TRUE(write(&Service::delete_policy_version, drop).has_value());
  next.set_as_default = true;
  EXPECT_EQ(write(&Service::create_policy_version, next)->policy_version->version_id, "v6");
  GetPolicyInput get;
  get.policy_arn = arn;
  EXPECT_EQ(read(&Service::get_policy, get)->policy->default_version_id, "v6");
  DeletePolicyInput remove;
  remove.policy_arn = arn;
  EXPECT_EQ(write(&Service::delete_policy, remove).error().kind().code, "DeleteConflict");
  ListPolicyVersionsInput list;
  list.policy_arn = arn;
  EXPECT_EQ(read(&Service::list_policy_versions, list)->versions.size(), 5u);
}

TEST_F(IamTest, AnAttachedPolicyStays) {
  ASSERT_TRUE(create_role("r").has_value());
  const std::string arn = *create_policy("p")->policy->arn;
  ASSERT_TRUE(attach("r", arn).has_value());
  ASSERT_TRUE(attach("r", arn).has_value());  // again: nothing happens
  GetPolicyInput get;
  get.policy_arn = arn;
  EXPECT_EQ(read(&Service::get_policy, get)->policy->attachment_count, 1);
  DeletePolicyInput remove;
  remove.policy_arn = arn;
  EXPECT_EQ(write(&Service::delete_policy, remove).error().message(),
            "Cannot delete a policy attached to entities.");
}

TEST_F(IamTest, QuotasHold) {
  ASSERT_TRUE(create_role("r").has_value());
  for (int i = 0; i < 10; ++i)
    ASSERT_TRUE(attach("r", *create_policy("p" + std::to_string(i))->policy->arn).has_value());
  EXPECT_EQ(attach("r", *create_policy("p10")->policy->arn).error().message(),
            "Cannot exceed quota for PoliciesPerRole: 10");
  PutRolePolicyInput put;
  put.role_name = "r";
  put.policy_name = "big";
  put.policy_document =
      R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::)" +
      std::string(10'240, 'x') + R"("}})";
  EXPECT_EQ(write(&Service::put_role_policy, put).error().message(),
            "Maximum policy size of 10240 bytes exceeded for role r");
}

TEST_F(IamTest, InstanceProfilesHoldOneRole) {
  ASSERT_TRUE(create_role("r").has_value());
  CreateInstanceProfileInput create;
  create.instance_profile_name = "host";
  ASSERT_TRUE(write(&Service::create_instance_profile, create).has_value());
  AddRoleToInstanceProfileInput add;
  add.instance_profile_name = "host";
  add.role_name = "r";
  ASSERT_TRUE(write(&Service::add_role_to_instance_profile, add).has_value());
  EXPECT_EQ(write(&Service::add_role_to_instance_profile, add).error().kind().code,
            "LimitExceeded");
  EXPECT_EQ(delete_role("r").error().kind().code, "DeleteConflict");
  ListInstanceProfilesForRoleInput list;
  list.role_name = "r";
  const auto profiles = read(&Service::list_instance_profiles_for_role, list);
  ASSERT_EQ(profiles->instance_profiles.size(), 1u);
  EXPECT_EQ(profiles->instance_profiles[0].roles.at(0).role_name, "r");
  RemoveRoleFromInstanceProfileInput remove;
  remove.instance_profile_name = "host";
  remove.role_name = "r";
  ASSERT_TRUE(write(&Service::remove_role_from_instance_profile, remove).has_value());
  EXPECT_TRUE(delete_role("r").has_value());
}

TEST_F(IamTest, AccessKeysAreKnownToTheVerifierWhileTheyExist) {
  CreateUserInput user;
  user.user_name = "ann";
  ASSERT_TRUE(write(&Service::create_user, user).has_value());
  CreateAccessKeyInput create;
  create.user_name = "ann";
  const AccessKey key = write(&Service::create_access_key, create)->access_key;
  EXPECT_EQ(key.access_key_id.size(), 20u);
  EXPECT_EQ(key.secret_access_key.size(), 40u);
  const auto found = keys_.find(key.access_key_id);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->secret, key.secret_access_key);
  EXPECT_EQ(found->account, account);
  EXPECT_EQ(found->principal.arn, "arn:aws:iam::000000000000:user/ann");
  ASSERT_TRUE(write(&Service::create_access_key, create).has_value());
  EXPECT_EQ(write(&Service::create_access_key, create).error().message(),
            "Cannot exceed quota for AccessKeysPerUser: 2");
  DeleteUserInput remove_user;
  remove_user.user_name = "ann";
  EXPECT_EQ(write(&Service::delete_user, remove_user).error().kind().code, "DeleteConflict");
  DeleteAccessKeyInput remove;
  remove.user_name = "ann";
  remove.access_key_id = key.access_key_id;
  ASSERT_TRUE(write(&Service::delete_access_key, remove).has_value());
  EXPECT_FALSE(keys_.find(key.access_key_id));
}

TEST_F(IamTest, AnInactiveKeyIsNobodysUntilItIsActiveAgain) {
  CreateUserInput user;
  user.user_name = "ann";
  ASSERT_TRUE(write(&Service::create_user, user).has_value());
  CreateAccessKeyInput create;
  create.user_name = "ann";
  const std::string id = write(&Service::create_access_key, create)->access_key.access_key_id;
  UpdateAccessKeyInput update;
  update.user_name = "ann";
  update.access_key_id = id;
  update.status = StatusType::inactive;
  ASSERT_TRUE(write(&Service::update_access_key, update).has_value());
  EXPECT_FALSE(keys_.find(id));
  ListAccessKeysInput list;
  list.user_name = "ann";
  EXPECT_EQ(read(&Service::list_access_keys, list)->access_key_metadata.at(0).status,
            StatusType::inactive);
  update.status = StatusType::active;
  ASSERT_TRUE(write(&Service::update_access_key, update).has_value());
  EXPECT_TRUE(keys_.find(id));
  update.access_key_id = "AKIAAAAAAAAAAAAAAAAA";
  EXPECT_EQ(write(&Service::update_access_key, update).error().kind().code, "NoSuchEntity");
}

TEST_F(IamTest, TheRootHasKeysOfItsOwnAndANewOneEndsTheOld) {
  const AccessKey made = write(&Service::create_access_key, CreateAccessKeyInput())->access_key;
  const auto found = keys_.find(made.access_key_id);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->principal.kind, wire::Principal::Kind::root);
  EXPECT_EQ(found->principal.arn, "arn:aws:iam::000000000000:root");
  const auto renewed = store_->transact_blocking([&](store::Txn& tx) -> Result<StoredKey> {
    return renew_root_key(tx, account, *random_, clock_.now());
  });
  ASSERT_TRUE(renewed.has_value());
  EXPECT_FALSE(keys_.find(made.access_key_id));
  EXPECT_EQ(keys_.find(renewed->id)->principal.kind, wire::Principal::Kind::root);
  EXPECT_TRUE(is_root_key(*store_->snapshot(), account, renewed->id, renewed->secret));
  EXPECT_FALSE(is_root_key(*store_->snapshot(), account, renewed->id, made.secret_access_key));
  EXPECT_FALSE(is_root_key(*store_->snapshot(), "111111111111", renewed->id, renewed->secret));
  EXPECT_EQ(read(&Service::list_access_keys, ListAccessKeysInput())->access_key_metadata.size(),
            1u);
}

TEST_F(IamTest, ListsComeInPages) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(create_role("role-" + std::to_string(i)).has_value());
  ListRolesInput list;
  list.max_items = 2;
  std::vector<std::string> names;
  for (int page = 0; page < 10; ++page) {
    const auto out = read(&Service::list_roles, list);
    ASSERT_TRUE(out.has_value());
    for (const Role& role : out->roles) names.push_back(role.role_name);
    if (!*out->is_truncated) break;
    list.marker = out->marker;
  }
  EXPECT_EQ(names, (std::vector<std::string>{"role-0", "role-1", "role-2", "role-3", "role-4"}));
  list.marker = "no marker!";
  EXPECT_EQ(read(&Service::list_roles, list).error().kind().code, "ValidationError");
}

TEST_F(IamTest, AllPoliciesArePagedAcrossTheAccountsAndAwss) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(create_policy("p" + std::to_string(i)).has_value());
  ListPoliciesInput list;
  list.max_items = 7;
  std::set<std::string> arns;
  for (int page = 0; page < 100; ++page) {
    const auto out = read(&Service::list_policies, list);
    for (const Policy& policy : out->policies) EXPECT_TRUE(arns.insert(*policy.arn).second);
    if (!*out->is_truncated) break;
    list.marker = out->marker;
  }
  EXPECT_EQ(arns.size(), managed_policies().size() + 3);
  list = {};
  list.scope = PolicyScopeType::local;
  EXPECT_EQ(read(&Service::list_policies, list)->policies.size(), 3u);
}

TEST_F(IamTest, RolesAreFoundByTheirArnByOtherServices) {
  ASSERT_TRUE(create_role("r").has_value());
  const RoleBook book;
  const auto snapshot = store_->snapshot();
  const std::string arn = "arn:aws:iam::000000000000:role/r";
  ASSERT_TRUE(book.find(*snapshot, arn));
  EXPECT_FALSE(book.find(*snapshot, "arn:aws:iam::000000000000:role/other/r"));
  EXPECT_FALSE(book.find(*snapshot, "nonsense"));
  const wire::Principal lambda{.kind = wire::Principal::Kind::service,
                               .arn = "lambda.amazonaws.com"};
  const wire::Principal iot{.kind = wire::Principal::Kind::service, .arn = "iot.amazonaws.com"};
  EXPECT_TRUE(book.trusts(*snapshot, arn, lambda, {}));
  EXPECT_FALSE(book.trusts(*snapshot, arn, iot, {}));
}

}  // namespace
}  // namespace cloudlet::iam
