// What the fuzz targets of the protocols share: bytes into a request of any operation, and what was
// read back out again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "wire/object.h"
#include "wire/protocol.h"

namespace cloudlet::wire {

// The first byte chooses the operation, the rest is the body, or target and body apart at the first
// line's end. Whatever was taken must be writable, and read back as it was.
inline void fuzz_request(const Service& service, const std::uint8_t* data, std::size_t size) {
  if (size == 0) return;
  const Operation& operation = service.operations[data[0] % service.operations.size()];
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Exchange exchange{&service, &operation, service.protocols[0], "1.1"};
  Request request;
  request.method = operation.method;
  request.target = "/";
  if (exchange.protocol == Protocol::rest_json || exchange.protocol == Protocol::rest_xml) {
    const std::size_t line = rest.find('\n');
    request.target += rest.substr(0, line);
    rest.remove_prefix(line == std::string_view::npos ? rest.size() : line + 1);
  }
  Object input(*operation.input);
  const bool taken = decode_request(exchange, request, rest, input.data()).has_value();
  if (!taken || streams_input(operation)) return;
  auto again = encode_request(exchange, input.data());
  if (again.has_error()) return;
  Object copy(*operation.input);
  const std::string body = *again->body.whole();
  const auto outcome = decode_request(exchange, *again, body, copy.data());
  assert_that(outcome.has_value(), "what was read could not be written and read again");
}

}  // namespace cloudlet::wire
