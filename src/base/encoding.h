// Texts for bytes: hex, base64 and percent encoding.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cloudlet {

std::string to_hex(std::string_view bytes);                     // lower case
std::optional<std::string> from_hex(std::string_view text);     // either case
std::string to_base64(std::string_view bytes);                  // RFC 4648 section 4, padded
std::optional<std::string> from_base64(std::string_view text);  // padded; nothing else around it

// RFC 3986 unreserved characters stay; with `slash::keep`, '/' stays too (the two encodings of
// SigV4).
enum class Slash { encode, keep };
std::string percent_encode(std::string_view text, Slash slash = Slash::encode);
// '%XX' becomes its byte; with `Plus::space`, '+' becomes a space (forms and query strings).
enum class Plus { keep, space };
std::optional<std::string> percent_decode(std::string_view text, Plus plus = Plus::keep);

bool valid_utf8(std::string_view text);

}  // namespace cloudlet
