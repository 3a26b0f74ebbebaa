// Digests of a text, in lower-case hex.
#include <openssl/evp.h>

#include "base/encoding.h"
#include "services/iot/sql/functions.h"

namespace cloudlet::iot::sql {
namespace {

template <const EVP_MD* (*Kind)()>
Value hash(Frame& frame, Arguments args) {
  const auto text = to_text(args[0], frame.version);
  if (!text || !frame.input.afford(text->size())) return {};
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  const int made = EVP_Digest(text->data(), text->size(), bytes, &size, Kind(), nullptr);
  assert_that(made == 1, "OpenSSL has this digest");
  return Value::of(std::string_view(to_hex({reinterpret_cast<const char*>(bytes), size})));
}

}  // namespace

std::span<const Function> hash_functions() {
  static constexpr Function table[] = {
      {"md5", 1, 1, hash<EVP_md5>},       {"sha1", 1, 1, hash<EVP_sha1>},
      {"sha224", 1, 1, hash<EVP_sha224>}, {"sha256", 1, 1, hash<EVP_sha256>},
      {"sha384", 1, 1, hash<EVP_sha384>}, {"sha512", 1, 1, hash<EVP_sha512>},
  };
  return table;
}

}  // namespace cloudlet::iot::sql
