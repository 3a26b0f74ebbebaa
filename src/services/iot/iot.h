// AWS IoT Core: things, certificates, policies, topic rules, and what the MQTT broker asks of them.
//
//   iot::Service iot(store, targets, journal, clock, random, options);   // its views watch the
//   store mqtt::Broker broker(broker_options, iot.application(), clock, random); iot.use(broker);
//   targets.add("iot", iot.republish());
//   store.start();
//   iot.start();          // makes or loads the certificate authority
//   broker.start();
//   broker.listen_tls("127.0.0.1", 8883, iot.tls());
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "delivery/target.h"
#include "gen/iot/api.h"
#include "gen/iotdata/api.h"
#include "journal/journal.h"
#include "mqtt/application.h"
#include "mqtt/broker.h"
#include "store/store.h"

namespace cloudlet::iot {

class Authority;
class Principals;

struct Options {
  enum class Access {
    open,     // clients of the plain listener come in without credentials, and may do everything
    enforce,  // only certificates
  };
  Access access = Access::open;
  Scope scope{.account = "000000000000",
              .region = "us-east-1"};  // of clients that show no certificate
  std::string endpoint = "localhost";  // what DescribeEndpoint answers: a host name
  std::vector<std::string> names;      // further names and addresses in the server's certificate
  std::filesystem::path
      authority_file;               // where the authority's certificate is written; empty: nowhere
  std::size_t queue_max = 100'000;  // messages waiting for one persistent session
};

class Service final : public Operations {
 public:
  // All outlive it. Registers its views with the store, which must not have started, and is stopped
  // before the service goes.
  Service(store::Store& store, const delivery::Targets& targets, journal::Journal& journal,
          Clock& clock, Random& random, Options options);
  ~Service() override;

  // Before `start`. The broker outlives all use of the service, or `use(nullptr)` says that it is
  // gone.
  void use(mqtt::Broker* broker);
  void use(mqtt::Broker& broker) { use(&broker); }
  // After Store::start: makes or loads the authority, writes its certificate. Blocks.
  Result<void> start();

  Operations& operations() { return *this; }
  iotdata::Operations& data();
  mqtt::Application& application();
  delivery::Target& republish();
  // For the broker's TLS listener and for HTTPS: server certificate with chain, and key.
  mqtt::TlsOptions tls() const;
  // What clients trust: served at /_cloudlet/ca.pem.
  const std::string& authority_pem() const;

  Result<AttachPolicyOutput> attach_policy(store::Txn&, const wire::Call&,
                                           const AttachPolicyInput&) override;
  Result<AttachPrincipalPolicyOutput> attach_principal_policy(
      store::Txn&, const wire::Call&, const AttachPrincipalPolicyInput&) override;
  Result<AttachThingPrincipalOutput> attach_thing_principal(
      store::Txn&, const wire::Call&, const AttachThingPrincipalInput&) override;
  Result<CreateCertificateFromCsrOutput> create_certificate_from_csr(
      store::Txn&, const wire::Call&, const CreateCertificateFromCsrInput&) override;
  Task<Result<CreateKeysAndCertificateOutput>> create_keys_and_certificate(
      const wire::Call&, CreateKeysAndCertificateInput) override;
  Result<CreatePolicyOutput> create_policy(store::Txn&, const wire::Call&,
                                           const CreatePolicyInput&) override;
  Result<CreatePolicyVersionOutput> create_policy_version(store::Txn&, const wire::Call&,
                                                          const CreatePolicyVersionInput&) override;
  Result<CreateThingOutput> create_thing(store::Txn&, const wire::Call&,
                                         const CreateThingInput&) override;
  Result<CreateThingTypeOutput> create_thing_type(store::Txn&, const wire::Call&,
                                                  const CreateThingTypeInput&) override;
  Result<CreateTopicRuleOutput> create_topic_rule(store::Txn&, const wire::Call&,
                                                  const CreateTopicRuleInput&) override;
  Result<DeleteCertificateOutput> delete_certificate(store::Txn&, const wire::Call&,
                                                     const DeleteCertificateInput&) override;
  Result<DeletePolicyOutput> delete_policy(store::Txn&, const wire::Call&,
                                           const DeletePolicyInput&) override;
  Result<DeletePolicyVersionOutput> delete_policy_version(store::Txn&, const wire::Call&,
                                                          const DeletePolicyVersionInput&) override;
  Result<DeleteThingOutput> delete_thing(store::Txn&, const wire::Call&,
                                         const DeleteThingInput&) override;
  Result<DeleteThingTypeOutput> delete_thing_type(store::Txn&, const wire::Call&,
                                                  const DeleteThingTypeInput&) override;
  Result<DeleteTopicRuleOutput> delete_topic_rule(store::Txn&, const wire::Call&,
                                                  const DeleteTopicRuleInput&) override;
  Result<DeprecateThingTypeOutput> deprecate_thing_type(store::Txn&, const wire::Call&,
                                                        const DeprecateThingTypeInput&) override;
  Result<DescribeCertificateOutput> describe_certificate(const store::ReadTxn&, const wire::Call&,
                                                         const DescribeCertificateInput&) override;
  Result<DescribeEndpointOutput> describe_endpoint(const store::ReadTxn&, const wire::Call&,
                                                   const DescribeEndpointInput&) override;
  Result<DescribeThingOutput> describe_thing(const store::ReadTxn&, const wire::Call&,
                                             const DescribeThingInput&) override;
  Result<DescribeThingTypeOutput> describe_thing_type(const store::ReadTxn&, const wire::Call&,
                                                      const DescribeThingTypeInput&) override;
  Result<DetachPolicyOutput> detach_policy(store::Txn&, const wire::Call&,
                                           const DetachPolicyInput&) override;
  Result<DetachPrincipalPolicyOutput> detach_principal_policy(
      store::Txn&, const wire::Call&, const DetachPrincipalPolicyInput&) override;
  Result<DetachThingPrincipalOutput> detach_thing_principal(
      store::Txn&, const wire::Call&, const DetachThingPrincipalInput&) override;
  Result<DisableTopicRuleOutput> disable_topic_rule(store::Txn&, const wire::Call&,
                                                    const DisableTopicRuleInput&) override;
  Result<EnableTopicRuleOutput> enable_topic_rule(store::Txn&, const wire::Call&,
                                                  const EnableTopicRuleInput&) override;
  Result<GetPolicyOutput> get_policy(const store::ReadTxn&, const wire::Call&,
                                     const GetPolicyInput&) override;
  Result<GetPolicyVersionOutput> get_policy_version(const store::ReadTxn&, const wire::Call&,
                                                    const GetPolicyVersionInput&) override;
  Result<GetTopicRuleOutput> get_topic_rule(const store::ReadTxn&, const wire::Call&,
                                            const GetTopicRuleInput&) override;
  Result<ListAttachedPoliciesOutput> list_attached_policies(
      const store::ReadTxn&, const wire::Call&, const ListAttachedPoliciesInput&) override;
  Result<ListCertificatesOutput> list_certificates(const store::ReadTxn&, const wire::Call&,
                                                   const ListCertificatesInput&) override;
  Result<ListPoliciesOutput> list_policies(const store::ReadTxn&, const wire::Call&,
                                           const ListPoliciesInput&) override;
  Result<ListPolicyPrincipalsOutput> list_policy_principals(
      const store::ReadTxn&, const wire::Call&, const ListPolicyPrincipalsInput&) override;
  Result<ListPolicyVersionsOutput> list_policy_versions(const store::ReadTxn&, const wire::Call&,
                                                        const ListPolicyVersionsInput&) override;
  Result<ListPrincipalPoliciesOutput> list_principal_policies(
      const store::ReadTxn&, const wire::Call&, const ListPrincipalPoliciesInput&) override;
  Result<ListPrincipalThingsOutput> list_principal_things(const store::ReadTxn&, const wire::Call&,
                                                          const ListPrincipalThingsInput&) override;
  Result<ListTagsForResourceOutput> list_tags_for_resource(
      const store::ReadTxn&, const wire::Call&, const ListTagsForResourceInput&) override;
  Result<ListTargetsForPolicyOutput> list_targets_for_policy(
      const store::ReadTxn&, const wire::Call&, const ListTargetsForPolicyInput&) override;
  Result<ListThingPrincipalsOutput> list_thing_principals(const store::ReadTxn&, const wire::Call&,
                                                          const ListThingPrincipalsInput&) override;
  Result<ListThingTypesOutput> list_thing_types(const store::ReadTxn&, const wire::Call&,
                                                const ListThingTypesInput&) override;
  Result<ListThingsOutput> list_things(const store::ReadTxn&, const wire::Call&,
                                       const ListThingsInput&) override;
  Result<ListTopicRulesOutput> list_topic_rules(const store::ReadTxn&, const wire::Call&,
                                                const ListTopicRulesInput&) override;
  Result<RegisterCertificateOutput> register_certificate(store::Txn&, const wire::Call&,
                                                         const RegisterCertificateInput&) override;
  Result<RegisterCertificateWithoutCAOutput> register_certificate_without_ca(
      store::Txn&, const wire::Call&, const RegisterCertificateWithoutCAInput&) override;
  Result<ReplaceTopicRuleOutput> replace_topic_rule(store::Txn&, const wire::Call&,
                                                    const ReplaceTopicRuleInput&) override;
  Result<SetDefaultPolicyVersionOutput> set_default_policy_version(
      store::Txn&, const wire::Call&, const SetDefaultPolicyVersionInput&) override;
  Result<TagResourceOutput> tag_resource(store::Txn&, const wire::Call&,
                                         const TagResourceInput&) override;
  Result<UntagResourceOutput> untag_resource(store::Txn&, const wire::Call&,
                                             const UntagResourceInput&) override;
  Result<UpdateCertificateOutput> update_certificate(store::Txn&, const wire::Call&,
                                                     const UpdateCertificateInput&) override;
  Result<UpdateThingOutput> update_thing(store::Txn&, const wire::Call&,
                                         const UpdateThingInput&) override;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace cloudlet::iot
