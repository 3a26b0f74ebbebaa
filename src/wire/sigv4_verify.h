// Who sends a request: reads its signature, verifies it where that is asked, and puts a body in its
// place that is decoded and held to what was signed about it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "wire/call.h"
#include "wire/form_upload.h"
#include "wire/http.h"
#include "wire/table.h"

namespace cloudlet::wire {

// What an access key stands for.
struct Credential {
  std::string secret;
  std::string session_token;    // empty: a long-term key
  std::optional<Time> expires;  // temporary keys only
  std::string account;
  Principal principal;  // its `access_key` is filled in by the verifier
};

// Where keys are looked up: the IAM store (services/iam/credentials.h). Thread-safe; must not
// block.
class Credentials {
 public:
  virtual ~Credentials() = default;
  virtual std::optional<Credential> find(std::string_view access_key) const = 0;
};

// Several, asked in order: users' keys, then temporary ones.
class CredentialChain : public Credentials {
 public:
  explicit CredentialChain(std::vector<const Credentials*> links) : links_(std::move(links)) {}
  std::optional<Credential> find(std::string_view access_key) const override {
    for (const Credentials* link : links_)
      if (auto found = link->find(access_key)) return found;
    return std::nullopt;
  }

 private:
  std::vector<const Credentials*> links_;
};

enum class AuthMode {
  open,     // whoever: no signature is verified. A key that cloudlet issued is its owner, 12 digits
            // are the account's root, any other key is the default account's root. For loopback
  enforce,  // every signature is verified
};

struct AuthOptions {
  AuthMode mode = AuthMode::open;
  std::string default_account = "000000000000";
  std::string default_region = "us-east-1";
};

enum class Unsigned { refused, allowed };

// What the router knows of the request: how to say no, and whether an unsigned request may pass.
struct AuthAsk {
  Dialect dialect = Dialect::query;
  std::string_view signing_name;  // which service the signature must be for; empty: any
  Unsigned unsigned_requests =
      Unsigned::refused;  // under `enforce`; the principal is then anonymous
};

struct Identity {
  Scope scope;
  Principal principal;
  std::string signing_name;  // as signed; empty if unsigned
};

// Thread-safe.
class Authenticator {
 public:
  Authenticator(AuthOptions options, const Credentials& credentials, const Clock& clock);
  ~Authenticator();

  const AuthOptions& options() const { return options_; }

  // Bodies: a request that does not say its payload's hash (everything but S3) must have its body
  // whole; others may stream. On success `request.body` is decoded (aws-chunked), verified or
  // verifying, and Content-Encoding no longer says aws-chunked.
  Result<Identity> authenticate(Request& request, const AuthAsk& ask) const;
  // Who sends a browser's form: its policy is what is signed. `request` is the PUT it became.
  Result<Identity> authenticate_form(Request& request, const FormFields& fields,
                                     const AuthAsk& ask) const;

 private:
  class KeyCache;
  // The identity of an access key; nullopt of `credential`: a key that nobody issued.
  Result<Identity> identity_of(std::string_view access_key,
                               const std::optional<Credential>& credential,
                               const AuthAsk& ask) const;
  // Puts the decoded body in its place, held to what the headers promise of it.
  Result<void> open_body(Request& request, const AuthAsk& ask) const;
  AuthOptions options_;
  const Credentials& credentials_;
  const Clock& clock_;
  std::unique_ptr<KeyCache> keys_;

  friend class Verification;
};

}  // namespace cloudlet::wire
