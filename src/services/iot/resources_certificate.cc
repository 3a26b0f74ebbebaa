// AWS::IoT::Certificate, from a certificate signing request or from a certificate that is
// registered without its authority.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iot-certificate.html
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

#include "services/iot/resources_parts.h"

namespace cloudlet::iot {
namespace {

constexpr Property certificate_properties[] = {
    {.name = "CertificateSigningRequest", .update = Update::replace},
    {.name = "CertificatePem", .update = Update::replace},
    {.name = "CertificateMode", .update = Update::replace},
    {.name = "Status", .need = Need::required}};
constexpr std::string_view certificate_attributes[] = {"Arn", "Id"};
constexpr deploy::TypeFacts certificate_facts{.name = "AWS::IoT::Certificate",
                                              .properties = certificate_properties,
                                              .attributes = certificate_attributes};

struct Freed {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_REQ* request) const { X509_REQ_free(request); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Key = std::unique_ptr<EVP_PKEY, Freed>;

Key key_of_certificate(const std::string& pem) {
  const std::unique_ptr<BIO, Freed> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const std::unique_ptr<X509, Freed> certificate(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  return Key(certificate ? X509_get_pubkey(certificate.get()) : nullptr);
}

// Of a signing request, or of a certificate that is registered as it is.
Key wanted_key(const json::object& properties) {
  if (const auto pem = deploy::text_if(properties, "CertificatePem"))
    return key_of_certificate(*pem);
  const std::string csr = deploy::text_of(properties, "CertificateSigningRequest");
  const std::unique_ptr<BIO, Freed> bio(BIO_new_mem_buf(csr.data(), static_cast<int>(csr.size())));
  const std::unique_ptr<X509_REQ, Freed> request(
      PEM_read_bio_X509_REQ(bio.get(), nullptr, nullptr, nullptr));
  return Key(request ? X509_REQ_get_pubkey(request.get()) : nullptr);
}

class CertificateResource : public deploy::DescribedType {
 public:
  CertificateResource() : DescribedType(certificate_facts) {}

  Task<Result<Made>> create(const Request& request, const json::object& properties) const override {
    Client client(request.caller);
    CO_TRY(const CertificateStatus status, status_of(properties));
    if (const auto mode = deploy::text_if(properties, "CertificateMode");
        mode && *mode != "DEFAULT" && *mode != "SNI_ONLY")
      co_return deploy::not_valid("CertificateMode", *mode);
    const auto pem = deploy::text_if(properties, "CertificatePem");
    const auto csr = deploy::text_if(properties, "CertificateSigningRequest");
    if (pem.has_value() == csr.has_value())
      co_return Error(
          cloudlet::errors::invalid_argument,
          "Exactly one of CertificateSigningRequest and CertificatePem must be specified");
    if (pem) {
      RegisterCertificateWithoutCAInput input{.certificate_pem = *pem, .status = status};
      CO_TRY(const auto registered,
             co_await client.register_certificate_without_ca(std::move(input)));
      co_return describe(registered.certificate_id.value_or(""),
                         registered.certificate_arn.value_or(""));
    }
    CreateCertificateFromCsrInput input{.certificate_signing_request = *csr,
                                        .set_as_active = status == CertificateStatus::active};
    CO_TRY(const auto created, co_await client.create_certificate_from_csr(std::move(input)));
    co_return describe(created.certificate_id.value_or(""), created.certificate_arn.value_or(""));
  }

  // The newest certificate for the same key, made since: certificates have no names of the caller's
  // choice.
  Task<Result<std::optional<Made>>> find(const Request& request,
                                         const json::object& properties) const override {
    Client client(request.caller);
    const Key wanted = wanted_key(properties);
    if (!wanted) co_return std::optional<Made>();
    std::optional<Made> newest;
    Time newest_at{};
    std::optional<std::string> marker;
    do {
      ListCertificatesInput list{.marker = marker};
      CO_TRY(const auto page, co_await client.list_certificates(std::move(list)));
      for (const auto& one : page.certificates) {
        if (one.creation_date.value_or(Time{}) < request.since) continue;
        DescribeCertificateInput input{.certificate_id = one.certificate_id.value_or("")};
        auto got = co_await client.describe_certificate(std::move(input));
        if (got.has_error() || !got->certificate_description) continue;
        const Key key =
            key_of_certificate(got->certificate_description->certificate_pem.value_or(""));
        const Time at = one.creation_date.value_or(Time{});
        if (!key || EVP_PKEY_eq(key.get(), wanted.get()) != 1 || (newest && at < newest_at))
          continue;
        newest = describe(one.certificate_id.value_or(""), one.certificate_arn.value_or(""));
        newest_at = at;
      }
      marker = page.next_marker;
    } while (marker);
    co_return newest;
  }

  Task<Result<Made>> update(const Request& request, const std::string& id, const json::object&,
                            const json::object& after) const override {
    Client client(request.caller);
    CO_TRY(const CertificateStatus status, status_of(after));
    UpdateCertificateInput input{.certificate_id = id, .new_status = status};
    CO_CHECK(co_await client.update_certificate(std::move(input)));
    co_return describe(id, make_arn("iot", request.scope, "cert/" + id));
  }

  // An active certificate cannot be deleted: it is made inactive first.
  Task<Result<void>> remove(const Request& request, const std::string& id,
                            const json::object&) const override {
    Client client(request.caller);
    UpdateCertificateInput inactive{.certificate_id = id,
                                    .new_status = CertificateStatus::inactive};
    CO_CHECK(deploy::gone(co_await client.update_certificate(std::move(inactive))));
    DeleteCertificateInput input{.certificate_id = id};
    co_return deploy::gone(co_await client.delete_certificate(std::move(input)));
  }

 private:
  static Made describe(const std::string& id, const std::string& arn) {
    return {.physical_id = id, .attributes = {{"Arn", arn}, {"Id", id}}};
  }
  static Result<CertificateStatus> status_of(const json::object& properties) {
    const std::string text = deploy::text_of(properties, "Status");
    const auto status = parse_certificate_status(text);
    if (status == CertificateStatus::active || status == CertificateStatus::inactive ||
        status == CertificateStatus::revoked)
      return *status;
    return deploy::not_valid("Status", text);
  }
};

}  // namespace

std::unique_ptr<deploy::ResourceType> certificate_resource() {
  return std::make_unique<CertificateResource>();
}

}  // namespace cloudlet::iot
