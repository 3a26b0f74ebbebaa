// `cloudlet device remove`: takes a device's certificate back, with all that `device add` attached
// to it, and its files.
#include <filesystem>
#include <iostream>

#include "base/digest.h"
#include "base/encoding.h"
#include "cli/command.h"
#include "gen/iot/api.h"

namespace cloudlet::cli {
namespace {

struct RemoveOptions {
  std::string folder;
  std::string thing;
};

// A certificate is named by the SHA-256 of its DER form. Nothing: the file holds none.
std::optional<std::string> id_of(std::string_view pem) {
  constexpr std::string_view head = "-----BEGIN CERTIFICATE-----";
  const auto begin = pem.find(head);
  const auto end = pem.find("-----END CERTIFICATE-----");
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin)
    return std::nullopt;
  std::string text(pem.substr(begin + head.size(), end - begin - head.size()));
  std::erase_if(text, [](unsigned char c) { return c <= ' '; });
  const auto der = from_base64(text);
  return der ? std::optional(to_hex(sha256(*der))) : std::nullopt;
}

Task<Result<void>> detach_all(iot::Client& client, const std::string& arn) {
  iot::ListAttachedPoliciesInput attached{.target = arn};
  CO_TRY(const auto policies, co_await client.list_attached_policies(std::move(attached)));
  for (const auto& policy : policies.policies) {
    iot::DetachPolicyInput detach{.policy_name = policy.policy_name.value_or(""), .target = arn};
    CO_CHECK(co_await client.detach_policy(std::move(detach)));
  }
  for (;;) {
    iot::ListPrincipalThingsInput look{.principal = arn};
    CO_TRY(const auto found, co_await client.list_principal_things(std::move(look)));
    if (found.things.empty()) co_return Result<void>{};
    for (const auto& thing : found.things) {
      iot::DetachThingPrincipalInput detach{.principal = arn, .thing_name = thing};
      CO_CHECK(co_await client.detach_thing_principal(std::move(detach)));
    }
  }
}

Task<Result<void>> take_back(wire::Caller& caller, const std::string& id,
                             const std::string& thing) {
  iot::Client client(caller);
  iot::DescribeCertificateInput look{.certificate_id = id};
  CO_TRY(const auto known, co_await client.describe_certificate(std::move(look)));
  const auto& certificate = known.certificate_description;
  const std::string arn = certificate ? certificate->certificate_arn.value_or("") : "";
  // From here on the device is out, whatever happens to the rest.
  iot::UpdateCertificateInput out{.certificate_id = id,
                                  .new_status = iot::CertificateStatus::inactive};
  CO_CHECK(co_await client.update_certificate(std::move(out)));
  CO_CHECK(co_await detach_all(client, arn));
  iot::DeleteCertificateInput gone{.certificate_id = id};
  CO_CHECK(co_await client.delete_certificate(std::move(gone)));
  if (!thing.empty()) {
    iot::DeleteThingInput last{.thing_name = thing};
    CO_CHECK(co_await client.delete_thing(std::move(last)));
  }
  co_return Result<void>{};
}

int remove(Context& context, const RemoveOptions& o) {
  const std::filesystem::path folder(o.folder);
  const auto id = id_of(read_file((folder / "certificate.pem").string()));
  if (!id)
    return refuse((folder / "certificate.pem").string() + " holds no certificate",
                  "name a folder that `cloudlet device add` made");
  const auto taken = context.remote().wait(take_back(context.remote().caller(), *id, o.thing));
  if (taken.has_error())
    return refuse(taken.error(), taken.error().is(iot::errors::kinds::resource_not_found)
                                     ? "aws iot list-certificates shows what there is"
                                     : "");
  std::error_code ignored;
  for (const char* file : {"certificate.pem", "private.key", "ca.pem"})
    std::filesystem::remove(folder / file, ignored);
  if (context.json)
    print_json({{"certificateId", *id}, {"folder", folder.string()}});
  else
    std::cout << "certificate " << *id << " is gone, and its files in " << folder.string() << "\n";
  return exit_done;
}

}  // namespace

void add_device_remove(CLI::App& device, Context& context) {
  const auto options = std::make_shared<RemoveOptions>();
  auto* sub = device.add_subcommand(
      "remove", "Take a certificate back: deactivate, detach and delete it, and its files");
  sub->add_option("folder", options->folder, "The folder that `device add` left the files in")
      ->required();
  sub->add_option("--thing", options->thing, "Delete this thing, too");
  sub->callback([&context, options] { context.exit_code = remove(context, *options); });
}

}  // namespace cloudlet::cli
