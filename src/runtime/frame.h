// The fast path between an instance and the server: frames over a Unix socket that the instance
// inherits as descriptor 3 (CLOUDLET_CONTROL_FD). A frame is its body's length (32 bits, little
// endian), its kind (8 bits), three zero bytes, and the body. Shared with sdk/cpp, the launcher
// and, in its own words, runtimes/python: free of libraries.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace cloudlet::runtime {

enum class FrameKind : std::uint8_t {
  ready = 1,       // instance: initialised; no body
  invoke = 2,      // server: InvokeHead, then the event
  response = 3,    // instance: request id (36 bytes), then the answer
  error = 4,       // instance: request id (36 bytes), then {"errorMessage": ..., "errorType": ...}
  init_error = 5,  // instance: {"errorMessage": ..., "errorType": ...}; it will end
  log = 6,         // instance: one log event, newlines and all
};

inline constexpr std::size_t frame_head_bytes = 8;
inline constexpr std::size_t request_id_bytes = 36;

inline std::string frame_head(FrameKind kind, std::size_t body_bytes) {
  std::string head(frame_head_bytes, '\0');
  const auto size = static_cast<std::uint32_t>(body_bytes);
  std::memcpy(head.data(), &size, 4);
  head[4] = static_cast<char>(kind);
  return head;
}

// What stands before the event in an invoke frame: six texts (32-bit length, bytes), in this order.
struct InvokeHead {
  std::string_view request_id;
  std::string_view deadline_ms;  // decimal milliseconds since 1970
  std::string_view arn;
  std::string_view trace;
  std::string_view client_context;  // JSON or empty
  std::string_view identity;        // JSON or empty

  template <class Visit>
  void each(Visit visit) {
    for (std::string_view* text :
         {&request_id, &deadline_ms, &arn, &trace, &client_context, &identity})
      visit(*text);
  }
};

inline std::string pack_invoke(InvokeHead head, std::string_view event) {
  std::size_t size = event.size();
  head.each([&](std::string_view text) { size += 4 + text.size(); });
  std::string frame = frame_head(FrameKind::invoke, size);
  frame.reserve(frame.size() + size);
  head.each([&](std::string_view text) {
    const auto length = static_cast<std::uint32_t>(text.size());
    char raw[4];
    std::memcpy(raw, &length, 4);
    frame.append(raw, 4).append(text);
  });
  frame.append(event);
  return frame;
}

// False if the body is not what pack_invoke makes.
inline bool unpack_invoke(std::string_view body, InvokeHead& head, std::string_view& event) {
  bool ok = true;
  head.each([&](std::string_view& text) {
    std::uint32_t length = 0;
    if (!ok || body.size() < 4) return static_cast<void>(ok = false);
    std::memcpy(&length, body.data(), 4);
    if (body.size() - 4 < length) return static_cast<void>(ok = false);
    text = body.substr(4, length);
    body.remove_prefix(4 + length);
  });
  event = body;
  return ok;
}

}  // namespace cloudlet::runtime
