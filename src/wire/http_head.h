// The head of an HTTP/1.1 request, parsed (RFC 9112). Strict where leniency lets two readers
// disagree about where a message ends: bare line feeds, folded lines, Transfer-Encoding beside
// Content-Length are refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "wire/http.h"

namespace cloudlet::wire {

// Finds where a head ends, looking at each byte once however slowly they come.
class HeadScanner {
 public:
  enum class State { incomplete, complete, bad };
  // `bytes`: all received so far of this head. Once complete, `size()` is the head with its empty
  // line.
  State scan(std::string_view bytes);
  std::size_t size() const { return scanned_; }

 private:
  std::size_t scanned_ = 0;
  std::size_t line_ = 0;  // where the current line begins
};

struct HeadLimits {
  std::size_t fields_max = 200;
  std::size_t target_max = 16 * 1024;
};

// How the body is delimited (RFC 9112, 6.3).
struct Framing {
  enum class Kind { none, length, chunked };
  Kind kind = Kind::none;
  std::uint64_t length = 0;
};

struct RequestHead {
  std::string method;
  std::string
      target;  // origin form; an absolute form has become Host and origin form (RFC 9112, 3.2.2)
  Headers headers;
  Framing framing;
  int minor = 1;  // HTTP/1.<minor>
  bool keep_alive = true;
  bool expect_continue = false;
};

// What is wrong with a message: the status to answer and a sentence.
struct HeadFault {
  int status = 0;  // 0: nothing
  std::string_view why;
  explicit operator bool() const { return status != 0; }
};

// `head` ends with its empty line. Fills `out` or says what is wrong: 400, 414, 417, 431, 501 or
// 505.
HeadFault parse_request_head(std::string_view head, const HeadLimits& limits, RequestHead& out);

// The head of a response, for clients. `out.framing` does not know about HEAD, 204 and 304.
struct ResponseHead {
  int status = 0;
  Headers headers;
  Framing framing;
  bool until_close = false;  // neither length nor chunked: the body ends with the connection
  bool keep_alive = true;
};
HeadFault parse_response_head(std::string_view head, const HeadLimits& limits, ResponseHead& out);

}  // namespace cloudlet::wire
