// Proves who may take on a role, what comes of it, and that it ends.
#include "services/sts/sts.h"

#include <gtest/gtest.h>

#include "services/sts/sessions.h"
#include "store/timers.h"

namespace cloudlet::sts {
namespace {

// One role that trusts one ARN, if the external id is right.
class OneRole : public delivery::Roles {
 public:
  std::optional<delivery::Role> find(const store::ReadTxn&, std::string_view arn) const override {
    if (arn != "arn:aws:iam::000000000000:role/reader") return std::nullopt;
    return delivery::Role{.arn = std::string(arn),
                          .id = "AROAREADER",
                          .name = "reader",
                          .account = "000000000000",
                          .session_max = std::chrono::hours(2)};
  }
  bool trusts(const store::ReadTxn&, std::string_view, const wire::Principal& who,
              const std::map<std::string, std::string>& context) const override {
    const auto id = context.find("sts:ExternalId");
    return who.arn == "arn:aws:iam::000000000000:root" &&
           (id == context.end() || id->second == "right");
  }
};

class StsTest : public testing::Test {
 protected:
  StsTest() {
    store_ =
        store::Store::open({.durability = store::Durability::memory}, clock_, *random_).value();
    service_ = std::make_unique<Service>(*store_, roles_);
    store_->watch(sessions_);
    store_->start();
  }
  ~StsTest() override { store_->stop(); }

  wire::Call call() {
    wire::Call call;
    call.scope = {.account = "000000000000", .region = "us-east-1"};
    call.principal = {.arn = "arn:aws:iam::000000000000:root", .id = "000000000000"};
    call.now = clock_.now();
    call.random = random_.get();
    return call;
  }
  Result<AssumeRoleOutput> assume(const AssumeRoleInput& in, const wire::Call& by) {
    return store_->transact_blocking(
        [&](store::Txn& tx) { return service_->assume_role(tx, by, in); });
  }
  static AssumeRoleInput reader() {
    AssumeRoleInput in;
    in.role_arn = "arn:aws:iam::000000000000:role/reader";
    in.role_session_name = "me";
    return in;
  }

  Clock clock_{from_millis(1'600'000'000'000)};
  std::unique_ptr<Random> random_ = seeded_random(1);
  OneRole roles_;
  Sessions sessions_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Service> service_;
};

TEST_F(StsTest, CallerIdentityIsWhoeverSigned) {
  wire::Call by = call();
  by.principal = {.kind = wire::Principal::Kind::user,
                  .arn = "arn:aws:iam::000000000000:user/ann",
                  .id = "AIDAANN"};
  const auto who = service_->get_caller_identity(*store_->snapshot(), by, {});
  EXPECT_EQ(who->arn, "arn:aws:iam::000000000000:user/ann");
  EXPECT_EQ(who->user_id, "AIDAANN");
  EXPECT_EQ(who->account, "000000000000");
}

TEST_F(StsTest, ATrustedCallerGetsAKeyThatIsTheRole) {
  const auto out = assume(reader(), call());
  ASSERT_TRUE(out.has_value()) << out.error().message();
  EXPECT_EQ(out->assumed_role_user->arn, "arn:aws:sts::000000000000:assumed-role/reader/me");
  EXPECT_EQ(out->assumed_role_user->assumed_role_id, "AROAREADER:me");
  EXPECT_EQ(out->credentials->access_key_id.size(), 20u);
  EXPECT_EQ(out->credentials->expiration, clock_.now() + std::chrono::hours(1));
  const auto found = sessions_.find(out->credentials->access_key_id);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->secret, out->credentials->secret_access_key);
  EXPECT_EQ(found->session_token, out->credentials->session_token);
  EXPECT_EQ(found->principal.kind, wire::Principal::Kind::assumed_role);
  EXPECT_EQ(found->principal.arn, out->assumed_role_user->arn);
}

TEST_F(StsTest, OthersAndUnknownRolesAreDeniedAlike) {
  wire::Call other = call();
  other.principal.arn = "arn:aws:iam::999999999999:root";
  AssumeRoleInput unknown = reader();
  unknown.role_arn = "arn:aws:iam::000000000000:role/nobody";
  AssumeRoleInput wrong_id = reader();
  wrong_id.external_id = "wrong";
  EXPECT_EQ(assume(reader(), other).error().message(),
            "User: arn:aws:iam::999999999999:root is not authorized to perform: sts:AssumeRole on "
            "resource: "
            "arn:aws:iam::000000000000:role/reader");
  EXPECT_EQ(assume(unknown, call()).error().kind().name, "AccessDenied");
  EXPECT_EQ(assume(wrong_id, call()).error().kind().status, 403);
  wrong_id.external_id = "right";
  EXPECT_TRUE(assume(wrong_id, call()).has_value());
}

TEST_F(StsTest, DurationsHaveTheirLimits) {
  AssumeRoleInput in = reader();
  in.duration_seconds = 7200;
  EXPECT_EQ(assume(in, call())->credentials->expiration, clock_.now() + std::chrono::hours(2));
  wire::Call chained = call();
  chained.principal.kind = wire::Principal::Kind::assumed_role;
  EXPECT_EQ(assume(in, chained).error().kind().code, "ValidationError");
  in.duration_seconds = 7201;
  EXPECT_EQ(assume(in, call()).error().message(),
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
}

TEST_F(StsTest, WhatIsNotServedIsRefused) {
  AssumeRoleInput mfa = reader();
  mfa.serial_number = "arn:aws:iam::000000000000:mfa/me";
  EXPECT_EQ(assume(mfa, call()).error().kind().name, "AccessDenied");
  AssumeRoleInput policy = reader();
  policy.policy = "{";
  EXPECT_EQ(assume(policy, call()).error().kind().code, "MalformedPolicyDocument");
  policy.policy = "{\"Statement\":\"" + std::string(3000, 'x') + "\"}";
  EXPECT_EQ(assume(policy, call()).error().kind().code, "PackedPolicyTooLarge");
}

TEST_F(StsTest, SessionsExpireAndAreForgottenADayLater) {
  const std::string key = assume(reader(), call())->credentials->access_key_id;
  clock_.advance(std::chrono::hours(2));
  ASSERT_TRUE(sessions_.find(key));
  EXPECT_LT(*sessions_.find(key)->expires, clock_.now());
  clock_.advance(std::chrono::hours(24));
  // The timer runs in a transaction of its own: later ones see that it is gone.
  for (int i = 0; i < 1000 && store_->timers().size() > 0; ++i)
    (void)store_->transact_blocking([](store::Txn&) -> Result<void> { return {}; });
  EXPECT_FALSE(sessions_.find(key));
}

}  // namespace
}  // namespace cloudlet::sts
