// Any bytes as a certificate (PEM, DER) or a signing request.
#include <cstddef>
#include <cstdint>

#include "services/iot/x509.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cloudlet::iot;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)read_certificate_der(bytes);
  (void)read_certificate_pem(bytes);
  (void)read_csr(bytes);
  return 0;
}
