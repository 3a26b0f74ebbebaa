// The key pair that signs what HTTP endpoints, functions and e-mail-json readers get, and its
// certificate. https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace cloudlet::store {
class Store;
}

namespace cloudlet::sns {

enum class SignatureVersion { sha1 = 1, sha256 = 2 };

// Thread-safe.
class Signer {
 public:
  // The one that the store keeps; made (RSA, 2048 bits) and kept at the first start. After
  // Store::start; blocks.
  static Result<std::unique_ptr<Signer>> open(store::Store& store, const Clock& clock);
  ~Signer();

  std::string sign(std::string_view text, SignatureVersion version) const;  // base64
  const std::string& certificate() const { return certificate_; }           // PEM

  static constexpr const char* certificate_path = "/_cloudlet/sns/cert.pem";

 private:
  struct Key;
  Signer(std::unique_ptr<Key> key, std::string certificate);
  std::unique_ptr<Key> key_;
  std::string certificate_;
};

}  // namespace cloudlet::sns
