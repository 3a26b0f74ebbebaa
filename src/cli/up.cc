// `cloudlet up`: the server in the foreground.
#include "cli/command.h"

namespace cloudlet::cli {

void add_up(CLI::App& app, Context& context, const std::function<int(const UpOptions&)>& up) {
  auto* command = app.add_subcommand("up", "Start the server in the foreground");
  const auto options = std::make_shared<UpOptions>();
  UpOptions& o = *options;
  command->add_option("--data", o.data, "The data folder")
      ->envname("CLOUDLET_DATA")
      ->capture_default_str();
  command->add_option("--port", o.port, "HTTP port; 0: any")
      ->envname("CLOUDLET_PORT")
      ->capture_default_str();
  command->add_option("--mqtt-port", o.mqtt_port, "MQTT port")
      ->envname("CLOUDLET_MQTT_PORT")
      ->capture_default_str();
  command->add_option("--mqtts-port", o.mqtts_port, "MQTT over TLS port")
      ->envname("CLOUDLET_MQTTS_PORT")
      ->capture_default_str();
  command
      ->add_option("--durability", o.durability,
                   "What an acknowledgement means: sync (on disk), interval (written, synced every "
                   "second), memory (nothing is kept)")
      ->check(CLI::IsMember({"sync", "interval", "memory"}))
      ->capture_default_str();
  command
      ->add_option("--smtp", o.smtp,
                   "Where mail goes, smtp://host:port; none: the built-in mailbox")
      ->envname("CLOUDLET_SMTP");
  command
      ->add_option("--auth", o.auth,
                   "open: whoever is let in (loopback only); enforce: signatures are verified")
      ->check(CLI::IsMember({"open", "enforce"}))
      ->envname("CLOUDLET_AUTH")
      ->capture_default_str();
  command->add_option("--default-account", o.account, "The account of credentials that name none")
      ->check(CLI::Validator(
          [](std::string& text) {
            const bool digits =
                text.size() == 12 && text.find_first_not_of("0123456789") == std::string::npos;
            return digits ? std::string() : std::string("an account has 12 digits");
          },
          "ACCOUNT"))
      ->capture_default_str();
  command
      ->add_option("--default-region", o.region,
                   "The region of requests and devices that name none")
      ->envname("AWS_REGION")
      ->capture_default_str();
  command
      ->add_option("--device-host", o.device_host, "The host that devices are told to connect to")
      ->capture_default_str();
  command
      ->add_option("--allow-host", o.hosts,
                   "Another name that this server is reached by, beside localhost and addresses")
      ->envname("CLOUDLET_ALLOW_HOST");
  command
      ->add_option("--allow-origin", o.origins,
                   "A web site whose pages may use the API (CORS), http://localhost:3000; *: any")
      ->envname("CLOUDLET_ALLOW_ORIGIN");
  command->add_flag("--strict", o.strict, "Refuse templates with inert resources");
  command->add_option("--log-level", o.log_level, "debug, info, warning or error")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
      ->capture_default_str();
  command->callback([&context, command, options, up] {
    if (command->count("--data") == 0 && !context.data.empty()) options->data = context.data;
    context.exit_code = up(*options);
  });
}

}  // namespace cloudlet::cli
