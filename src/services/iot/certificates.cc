// Certificates: made with their keys, from a request, or brought along; activated, deactivated,
// revoked, removed.
#include <fmt/core.h>

#include "services/iot/authority.h"
#include "services/iot/find.h"
#include "services/iot/iot.h"
#include "services/iot/keys.h"
#include "services/iot/pages.h"
#include "services/iot/parts.h"

namespace cloudlet::iot {
namespace {

Result<void> store_certificate(store::Txn& tx, const wire::Call& call, const CertificateInfo& info,
                               std::string ca, CertificateStatus status,
                               CertificateMode mode = CertificateMode::default_) {
  if (tx.exists(keys::certificate(info.id))) {
    auto members = std::make_shared<boost::json::object>();
    (*members)["resourceId"] = info.id;
    (*members)["resourceArn"] = certificate_arn(call.scope, info.id);
    return errors::resource_already_exists("The certificate is already provisioned or registered")
        .with(std::move(members));
  }
  const StoredCertificate certificate{.id = info.id,
                                      .scope = call.scope,
                                      .status = status,
                                      .mode = mode,
                                      .pem = info.pem,
                                      .ca_id = std::move(ca),
                                      .created = call.now,
                                      .modified = call.now,
                                      .not_before = info.not_before,
                                      .not_after = info.not_after,
                                      .version = 1,
                                      .generation = call.uuid()};
  tx.put(keys::certificate(info.id), encode(certificate));
  tx.put(keys::certificate_by_date(call.scope, call.now, info.id), "");
  return {};
}

CertificateStatus initial(const std::optional<bool>& set_as_active) {
  return set_as_active.value_or(false) ? CertificateStatus::active : CertificateStatus::inactive;
}

// What a registration may ask for, and an update may set.
Result<void> check_status(CertificateStatus status) {
  if (status == CertificateStatus::active || status == CertificateStatus::inactive ||
      status == CertificateStatus::revoked) {
    return {};
  }
  return errors::invalid_request(
      fmt::format("The certificate status {} cannot be set", to_string(status)));
}

Result<CertificateInfo> read_registered(const std::string& pem) {
  auto info = read_certificate_pem(pem);
  if (info.has_error()) {
    return errors::certificate_validation("The certificate cannot be registered: " +
                                          info.error().message());
  }
  return info;
}

bool any_under(const store::ReadTxn& tx, const store::Key& key) {
  bool any = false;
  tx.scan(store::prefix(key), [&](std::string_view, std::string_view) {
    any = true;
    return false;
  });
  return any;
}

CertificateDescription describe(const StoredCertificate& c) {
  CertificateDescription d;
  d.certificate_arn = certificate_arn(c.scope, c.id);
  d.certificate_id = c.id;
  if (!c.ca_id.empty()) d.ca_certificate_id = c.ca_id;
  d.certificate_mode = c.mode;
  d.certificate_pem = c.pem;
  d.creation_date = c.created;
  d.last_modified_date = c.modified;
  d.customer_version = static_cast<std::int32_t>(c.version);
  d.generation_id = c.generation;
  d.owned_by = c.scope.account;
  d.status = c.status;
  d.validity = CertificateValidity{.not_after = c.not_after, .not_before = c.not_before};
  return d;
}

}  // namespace

// Making an RSA key takes a tenth of a second: on a thread of its own, neither on an I/O thread nor
// inside the transaction.
Task<Result<CreateKeysAndCertificateOutput>> Service::create_keys_and_certificate(
    const wire::Call& call, CreateKeysAndCertificateInput in) {
  KeyTexts keys = co_await parts_->make_rsa_key();
  const NameParts subject{{"CommonName", "AWS IoT Certificate"}};
  CO_TRY(const CertificateInfo info,
         parts_->authority.issue_device(subject, keys.public_pem, call.now));
  const auto body = [&](store::Txn& tx) -> Result<void> {
    return store_certificate(tx, call, info, parts_->authority.certificate_id(),
                             initial(in.set_as_active));
  };
  CO_CHECK(co_await parts_->store.transact(body));
  CreateKeysAndCertificateOutput out;
  out.certificate_arn = certificate_arn(call.scope, info.id);
  out.certificate_id = info.id;
  out.certificate_pem = info.pem;
  out.key_pair =
      KeyPair{.private_key = std::move(keys.private_pem), .public_key = std::move(keys.public_pem)};
  co_return out;
}

Result<CreateCertificateFromCsrOutput> Service::create_certificate_from_csr(
    store::Txn& tx, const wire::Call& call, const CreateCertificateFromCsrInput& in) {
  auto request = read_csr(in.certificate_signing_request);
  if (request.has_error()) {
    return errors::invalid_request("The CSR is not valid: " + request.error().message());
  }
  auto info = parts_->authority.issue_device(request->subject, request->public_pem, call.now);
  if (info.has_error())
    return errors::invalid_request("The CSR is not valid: " + info.error().message());
  CHECK(store_certificate(tx, call, *info, parts_->authority.certificate_id(),
                          initial(in.set_as_active)));
  return CreateCertificateFromCsrOutput{.certificate_arn = certificate_arn(call.scope, info->id),
                                        .certificate_id = info->id,
                                        .certificate_pem = info->pem};
}

// Certificates of our own authority, from a store that knew them. Other authorities cannot be
// registered here.
Result<RegisterCertificateOutput> Service::register_certificate(
    store::Txn& tx, const wire::Call& call, const RegisterCertificateInput& in) {
  TRY(const CertificateInfo info, read_registered(in.certificate_pem));
  if (in.set_as_active && in.status) {
    return errors::invalid_request("setAsActive and status cannot be given together");
  }
  if (in.ca_certificate_pem && !is_signed_by(info.pem, *in.ca_certificate_pem)) {
    return errors::certificate_validation(
        "The certificate is not signed by the given CA certificate");
  }
  if (!is_signed_by(info.pem, parts_->authority.certificate_pem())) {
    return errors::certificate_validation(
        "The CA of this certificate is not registered: use RegisterCertificateWithoutCA");
  }
  const CertificateStatus status = in.status.value_or(initial(in.set_as_active));
  CHECK(check_status(status));
  CHECK(store_certificate(tx, call, info, parts_->authority.certificate_id(), status));
  return RegisterCertificateOutput{.certificate_arn = certificate_arn(call.scope, info.id),
                                   .certificate_id = info.id};
}

Result<RegisterCertificateWithoutCAOutput> Service::register_certificate_without_ca(
    store::Txn& tx, const wire::Call& call, const RegisterCertificateWithoutCAInput& in) {
  TRY(const CertificateInfo info, read_registered(in.certificate_pem));
  const CertificateStatus status = in.status.value_or(CertificateStatus::active);
  CHECK(check_status(status));
  CHECK(store_certificate(tx, call, info, "", status, CertificateMode::sni_only));
  return RegisterCertificateWithoutCAOutput{.certificate_arn = certificate_arn(call.scope, info.id),
                                            .certificate_id = info.id};
}

Result<DescribeCertificateOutput> Service::describe_certificate(
    const store::ReadTxn& tx, const wire::Call& call, const DescribeCertificateInput& in) {
  TRY(const StoredCertificate certificate, find_certificate(tx, call, in.certificate_id));
  return DescribeCertificateOutput{.certificate_description = describe(certificate)};
}

Result<ListCertificatesOutput> Service::list_certificates(const store::ReadTxn& tx,
                                                          const wire::Call& call,
                                                          const ListCertificatesInput& in) {
  const auto direction =
      in.ascending_order.value_or(false) ? store::Direction::forward : store::Direction::backward;
  const PageRequest request{.marker = in.marker, .size = in.page_size, .direction = direction};
  TRY(Page page, read_page(tx, store::prefix(keys::certificates(call.scope)), request));
  ListCertificatesOutput out{.certificates = {}, .next_marker = std::move(page.next)};
  for (const Entry& entry : page.entries) {
    store::KeyReader key(entry.key);
    for (int i = 0; i < 5; ++i) key.skip();
    const auto stored = tx.get(keys::certificate(key.text()));
    assert_that(stored.has_value(), "a listed certificate exists");
    const StoredCertificate c = decode_certificate(*stored);
    out.certificates.push_back({.certificate_arn = certificate_arn(c.scope, c.id),
                                .certificate_id = c.id,
                                .certificate_mode = c.mode,
                                .creation_date = c.created,
                                .status = c.status});
  }
  return out;
}

Result<UpdateCertificateOutput> Service::update_certificate(store::Txn& tx, const wire::Call& call,
                                                            const UpdateCertificateInput& in) {
  TRY(StoredCertificate certificate, find_certificate(tx, call, in.certificate_id));
  CHECK(check_status(in.new_status));
  if (certificate.status == in.new_status) return UpdateCertificateOutput{};
  certificate.status = in.new_status;
  certificate.modified = call.now;
  ++certificate.version;
  tx.put(keys::certificate(certificate.id), encode(certificate));
  return UpdateCertificateOutput{};
}

Result<DeleteCertificateOutput> Service::delete_certificate(store::Txn& tx, const wire::Call& call,
                                                            const DeleteCertificateInput& in) {
  TRY(const StoredCertificate certificate, find_certificate(tx, call, in.certificate_id));
  if (certificate.status == CertificateStatus::active) {
    return errors::certificate_state(fmt::format(
        "Certificate must be deactivated (not ACTIVE) before deletion. Id: {}", certificate.id));
  }
  const std::string arn = certificate_arn(certificate.scope, certificate.id);
  if (any_under(tx, keys::certificate_things(certificate.id))) {
    return errors::delete_conflict(
        fmt::format("Things must be detached before deletion (arn: {})", arn));
  }
  // forceDelete takes what policies are still attached along; otherwise they are in the way.
  std::vector<std::string> policies;
  tx.scan(store::prefix(keys::certificate_policies(certificate.id)),
          [&](std::string_view key, std::string_view) {
            store::KeyReader reader(key);
            for (int i = 0; i < 4; ++i) reader.skip();
            policies.push_back(reader.text());
            return true;
          });
  if (!policies.empty() && !in.force_delete.value_or(false)) {
    return errors::delete_conflict(
        fmt::format("Certificate policies must be detached before deletion (arn: {})", arn));
  }
  for (const std::string& policy : policies) {
    tx.erase(keys::certificate_policy(certificate.id, policy));
    tx.erase(keys::policy_target(certificate.scope, policy, certificate.id));
  }
  tx.erase(keys::certificate_by_date(certificate.scope, certificate.created, certificate.id));
  tx.erase(keys::certificate(certificate.id));
  return DeleteCertificateOutput{};
}

}  // namespace cloudlet::iot
