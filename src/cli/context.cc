// Which server a command talks to, and as whom.
#include <cstdlib>
#include <iostream>

#include "cli/command.h"
#include "cli/credentials.h"
#include "wire/http_client.h"

namespace cloudlet::cli {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

bool is_account(const std::string& key) {
  return key.size() == 12 && key.find_first_not_of("0123456789") == std::string::npos;
}

}  // namespace

Remote& Context::remote() {
  if (!remote_) connect(Shell::heard);
  need_keys();
  return *remote_;
}

const Scope& Context::scope() {
  if (!remote_) connect(Shell::heard);
  need_keys();
  return scope_;
}

const wire::SigningKeys& Context::keys_for_shell() {
  connect(Shell::ignored);
  need_keys();
  return keys_;
}

const Context::Lack* Context::lacks_keys() {
  if (!remote_) connect(Shell::heard);
  return lack_ ? &*lack_ : nullptr;
}

const ServerFacts& Context::facts() {
  if (!remote_) connect(Shell::heard);
  return facts_;
}

void Context::need_keys() const {
  if (!lack_) return;
  refuse(lack_->what, lack_->next);
  throw CLI::RuntimeError(exit_refused);
}

void Context::check_endpoint() const {
  const auto parsed = wire::parse_endpoint(endpoint);
  if (parsed.has_error()) throw CLI::ValidationError("--endpoint", parsed.error().message());
}

void Context::connect(Shell shell) {
  check_endpoint();
  const std::string key = variable("AWS_ACCESS_KEY_ID");
  std::string asked = account;
  if (asked.empty() && shell == Shell::heard && is_account(key)) asked = key;
  keys_ = {.access_key = asked.empty() ? "000000000000" : asked, .secret = "cloudlet"};
  const std::string region_asked = region.empty() ? "us-east-1" : region;
  remote_ = std::make_unique<Remote>(
      RemoteOptions{.endpoint = endpoint, .region = region_asked, .keys = keys_});
  const auto told = remote_->facts();
  if (told.has_error() && told.error().message().ends_with("is no cloudlet server"))
    throw CLI::RuntimeError(refuse(told.error()));
  const ServerFacts& facts = facts_ = told.has_value() ? *told : ServerFacts{};
  lack_.reset();
  if (facts.verifies && !account.empty() && account != facts.account) {
    refuse(endpoint + " verifies signatures: its keys say which account, --account cannot",
           "export the AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of a user of " + account);
    throw CLI::RuntimeError(exit_refused);
  }
  scope_ = {.account = asked.empty() && !facts.account.empty() ? facts.account : keys_.access_key,
            .region = region.empty() && !facts.region.empty() ? facts.region : region_asked};
  keys_.access_key = scope_.account;
  // A chosen account is one that has no keys: that is for servers that verify none.
  const bool known = keys_of_data() || (shell == Shell::heard && keys_of_shell());
  if (!known && facts.verifies && !lack_) keys_of_server();
  remote_ = std::make_unique<Remote>(RemoteOptions{
      .endpoint = endpoint, .region = scope_.region, .keys = keys_, .ahead = facts.ahead});
}

// Those of the data folder that was named. Whoever names one wants no others.
bool Context::keys_of_data() {
  if (data.empty()) return false;
  const auto file = credentials_file(data);
  const auto found = read_credentials(file);
  if (found.has_error()) {
    refuse(found.error().message(), "run it as the user who runs `cloudlet up`");
    throw CLI::RuntimeError(exit_refused);
  }
  if (*found) {
    keys_ = {.access_key = (*found)->access_key, .secret = (*found)->secret};
    return true;
  }
  if (facts_.verifies)
    lack_ = Lack{endpoint + " verifies signatures, and there are no keys in " + file.string(),
                 "name the server's own folder, --data " + facts_.data +
                     ", or leave --data (CLOUDLET_DATA) out to act with the shell's keys"};
  return facts_.verifies;
}

// The shell's keys, as every AWS tool takes them.
bool Context::keys_of_shell() {
  const std::string access = variable("AWS_ACCESS_KEY_ID"),
                    secret = variable("AWS_SECRET_ACCESS_KEY");
  if (access.empty() || secret.empty() || is_account(access) || !account.empty()) return false;
  keys_ = {.access_key = access, .secret = secret, .session_token = variable("AWS_SESSION_TOKEN")};
  return true;
}

// Those that the server wrote for whoever may read its data folder.
void Context::keys_of_server() {
  const auto file = credentials_file(facts_.data);
  const auto found = read_credentials(file);
  if (found.has_value() && *found) {
    keys_ = {.access_key = (*found)->access_key, .secret = (*found)->secret};
    return;
  }
  lack_ = Lack{endpoint + " verifies signatures, and its keys cannot be had: " +
                   (found.has_error() ? found.error().message() : "there is no " + file.string()),
               "run it as the user who runs `cloudlet up`, or export the AWS_ACCESS_KEY_ID and "
               "AWS_SECRET_ACCESS_KEY of a user"};
}

}  // namespace cloudlet::cli
