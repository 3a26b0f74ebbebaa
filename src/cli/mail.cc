// `cloudlet mail`: the built-in mailbox.
#include <chrono>
#include <iostream>
#include <thread>

#include "base/encoding.h"
#include "cli/command.h"

namespace cloudlet::cli {
namespace {

struct MailOptions {
  std::string id;
  std::string to;
  std::string subject;
  std::size_t limit = 50;
  int timeout_s = 30;
};

std::string text(const boost::json::value& value, const char* name) {
  const auto* member = value.as_object().if_contains(name);
  return member && member->is_string() ? std::string(member->as_string()) : std::string();
}

std::string path_of(const MailOptions& options) {
  std::string path = "/_cloudlet/mail?limit=" + std::to_string(options.limit);
  if (!options.to.empty()) path += "&to=" + percent_encode(options.to);
  if (!options.subject.empty()) path += "&subject=" + percent_encode(options.subject);
  return path;
}

int list(Context& context, const MailOptions& options) {
  auto answer = context.remote().get(path_of(options));
  if (answer.has_error()) return refuse(answer.error());
  const auto& mails = answer->as_object().at("messages").as_array();
  if (context.json) {
    print_json(mails);
    return exit_done;
  }
  std::vector<std::vector<std::string>> rows{{"ID", "RECEIVED", "TO", "SUBJECT"}};
  for (const auto& mail : mails)
    rows.push_back(
        {text(mail, "id"), text(mail, "received"), text(mail, "to"), text(mail, "subject")});
  print_table(rows);
  return exit_done;
}

int show(Context& context, const MailOptions& options) {
  auto answer = context.remote().get("/_cloudlet/mail/" + percent_encode(options.id));
  if (answer.has_error()) return refuse(answer.error(), "cloudlet mail list");
  if (context.json) {
    print_json(*answer);
    return exit_done;
  }
  std::cout << "From: " << text(*answer, "from") << "\nTo: " << text(*answer, "to")
            << "\nDate: " << text(*answer, "received") << "\nSubject: " << text(*answer, "subject")
            << "\n\n"
            << text(*answer, "body") << "\n";
  return exit_done;
}

// Polls: the one who waits here is a person or a script, outside the server.
int wait(Context& context, const MailOptions& options) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(options.timeout_s);
  for (;;) {
    auto answer = context.remote().get(path_of(options));
    if (answer.has_error()) return refuse(answer.error());
    const auto& mails = answer->as_object().at("messages").as_array();
    if (!mails.empty()) {
      MailOptions newest = options;
      const auto& id = mails.front().as_object().at("id");
      newest.id = id.is_string() ? std::string(id.as_string()) : boost::json::serialize(id);
      return show(context, newest);
    }
    if (std::chrono::steady_clock::now() > deadline)
      return refuse("no such message arrived within " + std::to_string(options.timeout_s) + " s",
                    "cloudlet trace last shows what happened");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

int click(Context& context, const MailOptions& options) {
  auto answer = context.remote().post("/_cloudlet/mail/" + percent_encode(options.id) + "/click");
  if (answer.has_error()) return refuse(answer.error(), "cloudlet mail list");
  if (context.json) {
    print_json(*answer);
  } else {
    std::cout << "followed " << text(*answer, "link") << "\n";
  }
  return exit_done;
}

// Where a browser begins: the mailbox, or the link that signs it in first.
int open_page(Context& context) {
  auto answer = context.remote().post("/_cloudlet/invite");
  if (answer.has_error()) return refuse(answer.error());
  if (context.json)
    print_json(*answer);
  else
    std::cout << text(*answer, "url") << std::endl;
  return exit_done;
}

void add_id(CLI::App* command, MailOptions& options) {
  command->add_option("id", options.id, "The message's id, a number")
      ->required()
      ->check(CLI::Validator(
          [](std::string& id) {
            return id.find_first_not_of("0123456789") == std::string::npos
                       ? std::string()
                       : "'" + id + "' is not a number: `cloudlet mail list` shows them";
          },
          ""));
}

}  // namespace

void add_mail(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("mail", "The built-in mailbox");
  command->require_subcommand(1);
  const auto options = std::make_shared<MailOptions>();
  auto* list_command = command->add_subcommand("list", "List messages, newest first");
  list_command->add_option("--to", options->to, "Only to this address");
  list_command->add_option("--subject", options->subject, "Only subjects that hold this text");
  list_command->add_option("--limit", options->limit, "At most so many")->capture_default_str();
  list_command->callback([&context, options] { context.exit_code = list(context, *options); });
  auto* show_command = command->add_subcommand("show", "Show one message");
  add_id(show_command, *options);
  show_command->callback([&context, options] { context.exit_code = show(context, *options); });
  auto* wait_command = command->add_subcommand("wait", "Wait for a message, then show it");
  wait_command->add_option("--to", options->to, "Only to this address");
  wait_command->add_option("--subject", options->subject, "Only subjects that hold this text");
  wait_command->add_option("--timeout", options->timeout_s, "Seconds to wait at most")
      ->capture_default_str();
  wait_command->callback([&context, options] { context.exit_code = wait(context, *options); });
  command
      ->add_subcommand("open",
                       "Print the mailbox page's address; with --auth enforce a link, good once, "
                       "that signs the browser in")
      ->callback([&context] { context.exit_code = open_page(context); });
  auto* click_command =
      command->add_subcommand("click", "Follow a message's confirmation or opt-out link");
  add_id(click_command, *options);
  click_command->callback([&context, options] { context.exit_code = click(context, *options); });
}

}  // namespace cloudlet::cli
