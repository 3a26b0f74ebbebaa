// Making, keeping and renewing the authority and the server's certificate.
#include "services/iot/authority.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cctype>
#include <fstream>

#include "base/log.h"
#include "services/iot/keys.h"
#include "store/record.h"

namespace cloudlet::iot {
namespace {

using namespace std::chrono_literals;

constexpr auto authority_life = std::chrono::years(30);
constexpr auto server_life =
    std::chrono::days(825);  // more, and some clients don't take a server's certificate
constexpr auto backdated = std::chrono::hours(24);  // for clients whose clock is behind

struct StoredIdentity {
  Authority::Identity identity;
  Time not_after;
  std::vector<std::string> names;
};

std::string encode(const StoredIdentity& stored) {
  store::RecordWriter w;
  w.text(1, stored.identity.certificate_pem)
      .text(2, stored.identity.key_pem)
      .time(3, stored.not_after);
  for (const std::string& name : stored.names) w.element(4, name);
  return w.take();
}

StoredIdentity decode(std::string_view bytes) {
  StoredIdentity stored;
  for (store::RecordReader r(bytes); r.next();) {
    switch (r.field()) {
      case 1: stored.identity.certificate_pem = r.text(); break;
      case 2: stored.identity.key_pem = r.text(); break;
      case 3: stored.not_after = r.time(); break;
      case 4: stored.names.push_back(r.text()); break;
      default: break;
    }
  }
  assert_that(!stored.identity.certificate_pem.empty() && !stored.identity.key_pem.empty(),
              "an identity is complete");
  return stored;
}

// A name is written into an extension's configuration text: letters, digits, dots, dashes, or an
// address.
bool plain_name(const std::string& name) {
  return !name.empty() && name.size() < 254 &&
         std::all_of(
             name.begin(), name.end(),
             [](unsigned char c) {
               return std::isalnum(c) || c == '.' || c == '-' || c == '_' || c == ':' || c == '*';
             });
}

bool is_address(const std::string& name) {
  boost::system::error_code failed;
  asio::ip::make_address(name, failed);
  return !failed;
}

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "";
}

}  // namespace

Result<Authority::Identity> Authority::make_authority() const {
  const KeyTexts keys = make_ec_key();
  const Issue issue{
      .subject = {{"Organization", "cloudlet"}, {"CommonName", "cloudlet CA " + random_.hex(8)}},
      .public_pem = keys.public_pem,
      .not_before = clock_.now() - backdated,
      .not_after = clock_.now() + authority_life,
      .authority = true};
  TRY(const CertificateInfo info, issue_certificate(issue, {.key_pem = keys.private_pem}, random_));
  return Identity{.certificate_pem = info.pem, .key_pem = keys.private_pem};
}

Result<Authority::Identity> Authority::make_server(const std::vector<std::string>& names) const {
  const KeyTexts keys = make_ec_key();
  Issue issue{.subject = {{"Organization", "cloudlet"}, {"CommonName", "localhost"}},
              .public_pem = keys.public_pem,
              .not_before = clock_.now() - backdated,
              .not_after = clock_.now() + server_life,
              .server = true};
  for (const std::string& name : names)
    (is_address(name) ? issue.addresses : issue.dns_names).push_back(name);
  const Issuer issuer{.certificate_pem = ca_.certificate_pem, .key_pem = ca_.key_pem};
  TRY(const CertificateInfo info, issue_certificate(issue, issuer, random_));
  return Identity{.certificate_pem = info.pem + ca_.certificate_pem, .key_pem = keys.private_pem};
}

Result<void> Authority::start(std::vector<std::string> names) {
  names.insert(names.end(), {"localhost", "127.0.0.1", "::1", host_name()});
  std::erase_if(names, [](const std::string& name) { return !plain_name(name); });
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  const auto load = [&](store::Txn& tx) -> Result<void> {
    const auto stored_ca = tx.get(keys::ca());
    if (stored_ca) {
      ca_ = decode(*stored_ca).identity;
    } else {
      TRY(ca_, make_authority());
      tx.put(keys::ca(), encode({.identity = ca_, .not_after = clock_.now() + authority_life}));
    }
    const auto stored_server = tx.get(keys::server());
    if (stored_server) {
      StoredIdentity server = decode(*stored_server);
      if (server.names == names && clock_.now() + server_life / 2 < server.not_after) {
        server_ = std::move(server.identity);
        return {};
      }
    }
    TRY(server_, make_server(names));
    tx.put(keys::server(),
           encode({.identity = server_, .not_after = clock_.now() + server_life, .names = names}));
    return {};
  };
  CHECK(store_.transact_blocking(load));
  TRY(const CertificateInfo info, read_certificate_pem(ca_.certificate_pem));
  ca_id_ = info.id;
  return {};
}

Result<void> Authority::write_certificate(const std::filesystem::path& file) const {
  std::ofstream out(file, std::ios::trunc);
  out << ca_.certificate_pem;
  out.close();
  if (!out)
    return invalid(
        fmt::format("the authority's certificate cannot be written to {}", file.string()));
  return {};
}

Result<CertificateInfo> Authority::issue_device(const NameParts& subject,
                                                const std::string& public_pem, Time now) const {
  const Time end_of_2049 = from_millis(2'524'607'999'000);
  const Issue issue{.subject = subject,
                    .public_pem = public_pem,
                    .not_before = now - 2min,
                    .not_after = end_of_2049};
  return issue_certificate(issue, {.certificate_pem = ca_.certificate_pem, .key_pem = ca_.key_pem},
                           random_);
}

}  // namespace cloudlet::iot
