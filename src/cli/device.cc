// `cloudlet device add`: a thing, a certificate with its key, the policy attached; files ready for
// a device.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>

#include "cli/command.h"
#include "gen/iot/api.h"

namespace cloudlet::cli {
namespace {

struct DeviceOptions {
  std::string thing;
  std::string policy;
  std::string out = ".";
};

Task<Result<iot::CreateKeysAndCertificateOutput>> issue(wire::Caller& caller,
                                                        const DeviceOptions& o) {
  iot::Client client(caller);
  // What may be refused comes first: a certificate without its files is of no use to anybody.
  if (!o.policy.empty()) {
    iot::GetPolicyInput look{.policy_name = o.policy};
    CO_CHECK(co_await client.get_policy(std::move(look)));
  }
  if (!o.thing.empty()) {
    iot::CreateThingInput thing{.thing_name = o.thing};
    const auto created = co_await client.create_thing(std::move(thing));
    // A thing that is there already, perhaps with attributes from a template, is just used.
    const bool there =
        created.has_error() && created.error().is(iot::errors::kinds::resource_already_exists);
    if (!there) CO_CHECK(created);
  }
  iot::CreateKeysAndCertificateInput create{.set_as_active = true};
  CO_TRY(auto made, co_await client.create_keys_and_certificate(std::move(create)));
  const std::string arn = made.certificate_arn.value_or("");
  if (!o.policy.empty()) {
    iot::AttachPolicyInput attach{.policy_name = o.policy, .target = arn};
    CO_CHECK(co_await client.attach_policy(std::move(attach)));
  }
  if (!o.thing.empty()) {
    iot::AttachThingPrincipalInput attach{.principal = arn, .thing_name = o.thing};
    CO_CHECK(co_await client.attach_thing_principal(std::move(attach)));
  }
  co_return made;
}

// The private key is for its owner's eyes from its first byte.
bool write(const std::filesystem::path& path, const std::string& text, mode_t mode) {
  const mode_t before = umask(mode == 0600 ? 077 : 022);
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  umask(before);
  file << text;
  return static_cast<bool>(file.flush());
}

int add(Context& context, const DeviceOptions& o) {
  auto ca = context.remote().get("/_cloudlet/ca.pem");
  if (ca.has_error()) return refuse(ca.error());
  const std::filesystem::path out(o.out);
  std::error_code failed;
  std::filesystem::create_directories(out, failed);
  if (access(out.c_str(), W_OK | X_OK) != 0)
    return refuse("cannot write into " + out.string(), "choose another folder with --out");
  auto made = context.remote().wait(issue(context.remote().caller(), o));
  if (made.has_error())
    return refuse(made.error(), made.error().is(iot::errors::kinds::resource_not_found)
                                    ? "aws iot list-policies shows the policies there are"
                                    : "");
  const auto& pair = made->key_pair;
  const bool written =
      write(out / "private.key", pair ? pair->private_key.value_or("") : "", 0600) &&
      write(out / "ca.pem", std::string(ca->as_string()), 0644) &&
      write(out / "certificate.pem", made->certificate_pem.value_or(""), 0644);
  if (!written)
    return refuse("cannot write into " + out.string(), "choose another folder with --out");
  if (context.json) {
    print_json({{"certificateArn", made->certificate_arn.value_or("")},
                {"certificateId", made->certificate_id.value_or("")},
                {"folder", out.string()}});
  } else {
    std::cout << "certificate " << made->certificate_id.value_or("") << "\nfiles in "
              << out.string() << ": certificate.pem private.key ca.pem\n";
  }
  return exit_done;
}

}  // namespace

void add_device(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("device", "Devices and their certificates");
  command->require_subcommand(1);
  const auto options = std::make_shared<DeviceOptions>();
  auto* sub = command->add_subcommand("add", "Issue a certificate and leave its files in a folder");
  sub->add_option("--thing", options->thing,
                  "Attach it to this thing (created if it is not there)");
  sub->add_option("--policy", options->policy,
                  "Attach this IoT policy: without one it may do nothing");
  sub->add_option("--out", options->out, "The folder for the files")->capture_default_str();
  sub->callback([&context, options] { context.exit_code = add(context, *options); });
  add_device_remove(*command, context);
}

}  // namespace cloudlet::cli
