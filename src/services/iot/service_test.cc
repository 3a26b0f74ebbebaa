// The control plane against a store in memory: certificates, policies, things, rules, and the
// errors the service gives.
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "services/iot/iot_fixture.h"
#include "services/iot/x509.h"

namespace cloudlet::iot {
namespace {

const std::string allow_all =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]})";
const std::string role = "arn:aws:iam::123456789012:role/archive";

template <class T>
std::string refusal(const Result<T>& result) {
  if (result.has_value()) return "fine";
  return std::string(result.error().kind().name) + ": " + result.error().message();
}

class ServiceTest : public IotFixture {
 protected:
  void SetUp() override { start(); }

  void make_policy(const std::string& name) {
    ASSERT_EQ(refusal(write(&Service::create_policy,
                            {.policy_document = allow_all, .policy_name = name})),
              "fine");
  }
  static TopicRulePayload s3_rule(std::string sql) {
    Action action;
    action.s3 =
        S3Action{.bucket_name = "archive", .key = "${topic()}/${timestamp()}", .role_arn = role};
    TopicRulePayload payload;
    payload.actions = {action};
    payload.aws_iot_sql_version = "2016-03-23";
    payload.sql = std::move(sql);
    return payload;
  }
};

TEST_F(ServiceTest, ACertificateIsNamedByItsFingerprintAndSignedByOurAuthority) {
  const auto made = make_certificate();
  const auto info = read_certificate_pem(*made.certificate_pem);
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->id, *made.certificate_id);
  EXPECT_EQ(*made.certificate_arn, "arn:aws:iot:eu-west-1:123456789012:cert/" + info->id);
  EXPECT_TRUE(is_signed_by(*made.certificate_pem, service->authority_pem()));
  EXPECT_NE(made.key_pair->private_key->find("RSA PRIVATE KEY"), std::string::npos);

  const auto described = read(&Service::describe_certificate, {.certificate_id = info->id});
  ASSERT_TRUE(described.has_value());
  EXPECT_EQ(described->certificate_description->status, CertificateStatus::active);
  EXPECT_EQ(described->certificate_description->certificate_pem, info->pem);
  EXPECT_EQ(described->certificate_description->validity->not_after,
            from_millis(2'524'607'999'000));
}

TEST_F(ServiceTest, TheAuthoritySurvivesARestartOfTheService) {
  const std::string before = service->authority_pem();
  const std::string server = service->tls().certificate_pem;
  ASSERT_TRUE(service->start().has_value());
  EXPECT_EQ(service->authority_pem(), before);
  EXPECT_EQ(service->tls().certificate_pem, server);
  clock.advance(std::chrono::days(600));
  ASSERT_TRUE(service->start().has_value());
  EXPECT_EQ(service->authority_pem(), before);
  EXPECT_NE(service->tls().certificate_pem, server) << "less than half of its time is left";
  EXPECT_TRUE(is_signed_by(service->tls().certificate_pem, before));
}

TEST_F(ServiceTest, ADeletedCertificateMustBeInactiveAndDetached) {
  const auto made = make_certificate();
  const std::string id = *made.certificate_id, arn = *made.certificate_arn;
  make_policy("p");
  ASSERT_EQ(refusal(write(&Service::attach_policy, {.policy_name = "p", .target = arn})), "fine");
  EXPECT_EQ(refusal(write(&Service::delete_certificate, {.certificate_id = id})),
            "CertificateStateException: Certificate must be deactivated (not ACTIVE) before "
            "deletion. Id: " +
                id);
  ASSERT_EQ(refusal(write(&Service::update_certificate,
                          {.certificate_id = id, .new_status = CertificateStatus::inactive})),
            "fine");
  EXPECT_EQ(
      refusal(write(&Service::delete_certificate, {.certificate_id = id})),
      "DeleteConflictException: Certificate policies must be detached before deletion (arn: " +
          arn + ")");
  EXPECT_EQ(refusal(write(&Service::delete_policy, {.policy_name = "p"})),
            "DeleteConflictException: The policy cannot be deleted as the policy is attached to "
            "one or more principals "
            "(name=p)");
  ASSERT_EQ(refusal(write(&Service::detach_policy, {.policy_name = "p", .target = arn})), "fine");
  EXPECT_EQ(refusal(write(&Service::delete_certificate, {.certificate_id = id})), "fine");
  EXPECT_EQ(
      refusal(read(&Service::describe_certificate, {.certificate_id = id})),
      "ResourceNotFoundException: The certificate given in the request does not exist. ID: " + id);
  EXPECT_TRUE(read(&Service::list_certificates, {})->certificates.empty());
}

TEST_F(ServiceTest, ForceDeleteTakesPoliciesAlongButNotThings) {
  const auto made = make_certificate(false);
  make_policy("p");
  ASSERT_EQ(refusal(write(&Service::create_thing, {.thing_name = "t"})), "fine");
  ASSERT_EQ(refusal(write(&Service::attach_policy,
                          {.policy_name = "p", .target = *made.certificate_arn})),
            "fine");
  ASSERT_EQ(refusal(write(&Service::attach_thing_principal,
                          {.principal = *made.certificate_arn, .thing_name = "t"})),
            "fine");
  const DeleteCertificateInput force{.certificate_id = *made.certificate_id, .force_delete = true};
  EXPECT_EQ(refusal(write(&Service::delete_certificate, force)),
            "DeleteConflictException: Things must be detached before deletion (arn: " +
                *made.certificate_arn + ")");
  ASSERT_EQ(refusal(write(&Service::detach_thing_principal,
                          {.principal = *made.certificate_arn, .thing_name = "t"})),
            "fine");
  EXPECT_EQ(refusal(write(&Service::delete_certificate, force)), "fine");
  EXPECT_EQ(refusal(write(&Service::delete_policy, {.policy_name = "p"})), "fine");
}

TEST_F(ServiceTest, RegistrationChecksWhoSigned) {
  const auto own = make_certificate();
  EXPECT_EQ(
      refusal(write(&Service::register_certificate, {.certificate_pem = *own.certificate_pem})),
      "ResourceAlreadyExistsException: The certificate is already provisioned or registered");
  // A foreign, self-signed certificate.
  const KeyTexts keys = make_ec_key();
  const auto foreign = issue_certificate({.subject = {{"CommonName", "x"}},
                                          .public_pem = keys.public_pem,
                                          .not_before = clock.now(),
                                          .not_after = clock.now() + std::chrono::days(30)},
                                         {.key_pem = keys.private_pem}, *random);
  ASSERT_TRUE(foreign.has_value());
  EXPECT_EQ(refusal(write(&Service::register_certificate, {.certificate_pem = foreign->pem})),
            "CertificateValidationException: The CA of this certificate is not registered: use "
            "RegisterCertificateWithoutCA");
  const auto registered =
      write(&Service::register_certificate_without_ca, {.certificate_pem = foreign->pem});
  ASSERT_TRUE(registered.has_value());
  EXPECT_EQ(registered->certificate_id, foreign->id);
  EXPECT_EQ(
      refusal(write(&Service::register_certificate_without_ca, {.certificate_pem = "nonsense"})),
      "CertificateValidationException: The certificate cannot be registered: it is not a "
      "certificate in PEM form");
}

std::string make_csr(EVP_PKEY* key, const std::string& name) {
  X509_REQ* request = X509_REQ_new();
  X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_REQ_set_pubkey(request, key);
  X509_REQ_sign(request, key, EVP_sha256());
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509_REQ(bio, request);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string pem(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  X509_REQ_free(request);
  return pem;
}

TEST_F(ServiceTest, ACsrGivesItsKeyAndItsSubject) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  const auto made =
      write(&Service::create_certificate_from_csr,
            {.certificate_signing_request = make_csr(key, "soil1"), .set_as_active = true});
  EVP_PKEY_free(key);
  ASSERT_TRUE(made.has_value()) << made.error().message();
  const auto info = read_certificate_pem(*made->certificate_pem);
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->subject, (NameParts{{"CommonName", "soil1"}}));
  EXPECT_EQ(info->id, *made->certificate_id);
  EXPECT_TRUE(is_signed_by(*made->certificate_pem, service->authority_pem()));

  EVP_PKEY* weak = EVP_RSA_gen(1024U);
  EXPECT_EQ(refusal(write(&Service::create_certificate_from_csr,
                          {.certificate_signing_request = make_csr(weak, "x")})),
            "InvalidRequestException: The CSR is not valid: its key has 1024 bits");
  EVP_PKEY_free(weak);
}

TEST_F(ServiceTest, ACsrMustBeOne) {
  EXPECT_EQ(
      refusal(write(&Service::create_certificate_from_csr, {.certificate_signing_request = "x"})),
      "InvalidRequestException: The CSR is not valid: it is not a certificate signing request in "
      "PEM form");
}

TEST_F(ServiceTest, ListsComeInPages) {
  for (int i = 0; i < 7; ++i) make_policy("p" + std::to_string(i));
  std::vector<std::string> names;
  std::optional<std::string> marker;
  int pages = 0;
  do {
    const auto page = read(&Service::list_policies, {.marker = marker, .page_size = 3});
    ASSERT_TRUE(page.has_value());
    for (const Policy& policy : page->policies) names.push_back(*policy.policy_name);
    marker = page->next_marker;
    ++pages;
  } while (marker);
  EXPECT_EQ(names, (std::vector<std::string>{"p0", "p1", "p2", "p3", "p4", "p5", "p6"}));
  EXPECT_EQ(pages, 3);
  const auto backward = read(&Service::list_policies, {.ascending_order = false, .page_size = 2});
  EXPECT_EQ(backward->policies[0].policy_name, "p6");
  const auto rest =
      read(&Service::list_policies, {.ascending_order = false, .marker = backward->next_marker});
  EXPECT_EQ(rest->policies.size(), 5U);
  EXPECT_EQ(refusal(read(&Service::list_policies, {.marker = "!"})),
            "InvalidRequestException: The marker is not valid");
}

TEST_F(ServiceTest, PolicyVersionsAreFiveAtMostAndNeverNumberedAgain) {
  make_policy("p");
  for (int i = 2; i <= 5; ++i) {
    const auto made =
        write(&Service::create_policy_version, {.policy_document = allow_all, .policy_name = "p"});
    ASSERT_TRUE(made.has_value());
    EXPECT_EQ(made->policy_version_id, std::to_string(i));
  }
  const CreatePolicyVersionInput more{
      .policy_document = allow_all, .policy_name = "p", .set_as_default = true};
  EXPECT_EQ(refusal(write(&Service::create_policy_version, more)),
            "VersionsLimitExceededException: The policy p already has the maximum number of "
            "versions (5)");
  ASSERT_EQ(refusal(write(&Service::delete_policy_version,
                          {.policy_name = "p", .policy_version_id = "5"})),
            "fine");
  EXPECT_EQ(write(&Service::create_policy_version, more)->policy_version_id, "6");
  EXPECT_EQ(read(&Service::get_policy, {.policy_name = "p"})->default_version_id, "6");
  EXPECT_EQ(refusal(write(&Service::delete_policy_version,
                          {.policy_name = "p", .policy_version_id = "6"})),
            "DeleteConflictException: Cannot delete the default version of a policy");
  EXPECT_EQ(refusal(write(&Service::delete_policy, {.policy_name = "p"})),
            "DeleteConflictException: Cannot delete the policy because it has one or more policy "
            "versions attached to it "
            "(name=p)");
  ASSERT_EQ(refusal(write(&Service::set_default_policy_version,
                          {.policy_name = "p", .policy_version_id = "1"})),
            "fine");
  EXPECT_EQ(read(&Service::list_policy_versions, {.policy_name = "p"})->policy_versions.size(), 5U);
}

TEST_F(ServiceTest, ThingsAreUpdatedUnderTheirVersion) {
  CreateThingInput in{.attribute_payload = AttributePayload{.attributes = {{"a", "1"}}},
                      .thing_name = "t"};
  const auto first = write(&Service::create_thing, in);
  const auto again = write(&Service::create_thing, in);
  EXPECT_EQ(first->thing_id, again->thing_id);
  in.attribute_payload->attributes["a"] = "2";
  EXPECT_EQ(refusal(write(&Service::create_thing, in)),
            "ResourceAlreadyExistsException: Thing t already exists in account with different "
            "attributes");

  UpdateThingInput update{
      .attribute_payload = AttributePayload{.attributes = {{"b", "2"}}, .merge = true},
      .expected_version = 1,
      .thing_name = "t"};
  ASSERT_EQ(refusal(write(&Service::update_thing, update)), "fine");
  EXPECT_EQ(
      refusal(write(&Service::update_thing, update)),
      "VersionConflictException: The version for thing t does not match the expected version.");
  const auto described = read(&Service::describe_thing, {.thing_name = "t"});
  EXPECT_EQ(described->version, 2);
  EXPECT_EQ(described->attributes, (std::map<std::string, std::string>{{"a", "1"}, {"b", "2"}}));

  const auto found = read(&Service::list_things, {.attribute_name = "b", .attribute_value = "2"});
  EXPECT_EQ(found->things.size(), 1U);
  EXPECT_TRUE(
      read(&Service::list_things, {.attribute_name = "b", .attribute_value = "3"})->things.empty());
  EXPECT_EQ(refusal(write(&Service::delete_thing, {.thing_name = "t"})), "fine");
  EXPECT_EQ(refusal(write(&Service::delete_thing, {.thing_name = "t"})), "fine");
  EXPECT_EQ(refusal(read(&Service::describe_thing, {.thing_name = "t"})),
            "ResourceNotFoundException: Thing t not found");
}

TEST_F(ServiceTest, ThingTypesGoFiveMinutesAfterTheirDeprecation) {
  ASSERT_EQ(refusal(write(&Service::create_thing_type, {.thing_type_name = "soil"})), "fine");
  ASSERT_EQ(refusal(write(&Service::deprecate_thing_type, {.thing_type_name = "soil"})), "fine");
  EXPECT_EQ(refusal(write(&Service::create_thing, {.thing_name = "t", .thing_type_name = "soil"})),
            "InvalidRequestException: Can not create new thing with deprecated thing type: soil");
  EXPECT_EQ(refusal(write(&Service::delete_thing_type, {.thing_type_name = "soil"})),
            "InvalidRequestException: Cannot delete thing type: soil. Please wait for 5 minutes "
            "after deprecation and then "
            "retry.");
  clock.advance(std::chrono::minutes(5));
  EXPECT_EQ(refusal(write(&Service::delete_thing_type, {.thing_type_name = "soil"})), "fine");
}

TEST_F(ServiceTest, RulesComeBackAsTheyWereGiven) {
  CreateTopicRuleInput in{.rule_name = "Archive",
                          .tags = "team=soil&purpose=a%20b",
                          .topic_rule_payload = s3_rule("SELECT * FROM 'device/+/devicePayload'")};
  in.topic_rule_payload.description = "";
  in.topic_rule_payload.actions.resize(4);
  in.topic_rule_payload.actions[1].lambda =
      LambdaAction{.function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:alert"};
  in.topic_rule_payload.actions[2].sns =
      SnsAction{.message_format = MessageFormat::json,
                .role_arn = role,
                .target_arn = "arn:aws:sns:eu-west-1:123456789012:alerts"};
  in.topic_rule_payload.actions[3].republish =
      RepublishAction{.qos = 0, .role_arn = role, .topic = "copy/${topic()}"};
  in.topic_rule_payload.error_action = in.topic_rule_payload.actions[0];
  in.topic_rule_payload.error_action->s3->canned_acl = CannedAccessControlList::public_read;
  ASSERT_EQ(refusal(write(&Service::create_topic_rule, in)), "fine");
  EXPECT_EQ(refusal(write(&Service::create_topic_rule, in)),
            "ResourceAlreadyExistsException: Rule with name Archive already exists");

  const auto got = read(&Service::get_topic_rule, {.rule_name = "Archive"});
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->rule->actions, in.topic_rule_payload.actions);
  EXPECT_EQ(got->rule->error_action, in.topic_rule_payload.error_action);
  EXPECT_EQ(got->rule->description, "");
  EXPECT_EQ(got->rule_arn, "arn:aws:iot:eu-west-1:123456789012:rule/Archive");
  EXPECT_EQ(read(&Service::list_tags_for_resource, {.resource_arn = *got->rule_arn})->tags.size(),
            2U);

  ASSERT_EQ(refusal(write(&Service::disable_topic_rule, {.rule_name = "Archive"})), "fine");
  EXPECT_EQ(read(&Service::list_topic_rules, {.rule_disabled = true})->rules.size(), 1U);
  EXPECT_EQ(read(&Service::list_topic_rules, {.topic = "device/x/devicePayload"})->rules.size(),
            1U);
  EXPECT_TRUE(read(&Service::list_topic_rules, {.topic = "device/x"})->rules.empty());
  EXPECT_EQ(refusal(write(&Service::delete_topic_rule, {.rule_name = "Archive"})), "fine");
  EXPECT_EQ(refusal(read(&Service::get_topic_rule, {.rule_name = "Archive"})),
            "UnauthorizedException: Access to TopicRule 'Archive' was denied");
}

TEST_F(ServiceTest, RulesThatCannotRunAreRefused) {
  const auto create = [&](const TopicRulePayload& payload) {
    return refusal(
        write(&Service::create_topic_rule, {.rule_name = "r", .topic_rule_payload = payload}));
  };
  EXPECT_EQ(create(s3_rule("SELECT * FORM 'a'")),
            "SqlParseException: expected the end of the statement but found 'FORM' at position 10");
  EXPECT_EQ(create(s3_rule("SELECT get_dynamodb('a') AS x FROM 'a'")),
            "SqlParseException: the function get_dynamodb is not supported here");
  TopicRulePayload payload = s3_rule("SELECT * FROM 'a'");
  payload.actions[0].s3->key = "${nope(}";
  EXPECT_EQ(create(payload).substr(0, 18), "SqlParseException:");
  payload = s3_rule("SELECT * FROM 'a'");
  payload.actions[0].s3->role_arn = "me";
  EXPECT_EQ(create(payload), "InvalidRequestException: s3: 'me' is not the ARN of a role");
  payload = s3_rule("SELECT * FROM 'a'");
  payload.actions[0].lambda =
      LambdaAction{.function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:f"};
  EXPECT_EQ(create(payload),
            "InvalidRequestException: An action must be exactly one of s3, sns, lambda and "
            "republish, the kinds served");
  payload = s3_rule("SELECT * FROM 'a'");
  payload.aws_iot_sql_version = "beta";
  EXPECT_EQ(create(payload),
            "InvalidRequestException: awsIotSqlVersion must be 2015-10-08 or 2016-03-23; beta is "
            "not supported");
}

TEST_F(ServiceTest, OneAccountDoesNotSeeAnothers) {
  const auto made = make_certificate();
  make_policy("p");
  scope.account = "999999999999";
  EXPECT_EQ(refusal(read(&Service::describe_certificate, {.certificate_id = *made.certificate_id}))
                .substr(0, 26),
            "ResourceNotFoundException:");
  EXPECT_TRUE(read(&Service::list_policies, {})->policies.empty());
  EXPECT_TRUE(read(&Service::list_certificates, {})->certificates.empty());
  EXPECT_EQ(refusal(write(&Service::attach_policy,
                          {.policy_name = "p", .target = *made.certificate_arn})),
            "InvalidRequestException: " + *made.certificate_arn +
                " belongs to another account or region");
}

TEST_F(ServiceTest, EndpointIsAHostName) {
  EXPECT_EQ(read(&Service::describe_endpoint, {.endpoint_type = "iot:Data-ATS"})->endpoint_address,
            "localhost");
  EXPECT_EQ(refusal(read(&Service::describe_endpoint, {.endpoint_type = "iot:Jobs"})),
            "InvalidRequestException: The endpoint type iot:Jobs is not supported here");
}

}  // namespace
}  // namespace cloudlet::iot
