// Signatures as clients may write them: header, query, timestamps, paths. Verified in both modes;
// nobody gets in by noise.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "wire/sigv4.h"
#include "wire/sigv4_verify.h"

using namespace cloudlet;
using namespace cloudlet::wire;

namespace {

class Anybody : public Credentials {
 public:
  std::optional<Credential> find(std::string_view) const override {
    return Credential{.secret = "secret", .account = "000000000000"};
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  static Clock clock(from_millis(1'440'938'160'000));
  static const Anybody anybody;
  static const Authenticator enforce({.mode = AuthMode::enforce}, anybody, clock);
  static const Authenticator open({.mode = AuthMode::open}, anybody, clock);
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto dialect = static_cast<Dialect>(data[0] % 4);

  (void)sigv4::parse_timestamp(bytes);
  for (const auto style : {sigv4::PathStyle::s3, sigv4::PathStyle::normalized}) {
    // Canonical forms are made of unreserved characters, slashes and escapes only.
    const std::string path = sigv4::canonical_path(bytes, style);
    if (path.find_first_of(" \r\n?") != std::string::npos) std::abort();
  }
  (void)sigv4::canonical_query(bytes);

  for (const int place : {0, 1}) {
    Request request{
        .method = "PUT", .target = place == 0 ? "/b/k" : "/b/k?" + bytes, .body = Body("x")};
    request.headers.add("Host", "localhost");
    request.headers.add("X-Amz-Date", "20150830T123600Z");
    if (place == 0) request.headers.add("Authorization", "AWS4-HMAC-SHA256 " + bytes);
    Request again{.method = request.method,
                  .target = request.target,
                  .headers = request.headers,
                  .body = Body("x")};
    if (enforce.authenticate(request, {.dialect = dialect}).has_value()) std::abort();
    (void)open.authenticate(again, {.dialect = dialect});
  }
  return 0;
}
