// The chunked transfer coding (RFC 9112, 7.1), decoded as it comes. Chunk extensions and trailers
// are read and dropped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cloudlet::wire {

class ChunkedDecoder {
 public:
  enum class State { more, done, bad };

  // Consumes from `in` (removing what it used) and appends data to `out`, at most `room` bytes of
  // it. Goes on where the last call stopped. `more`: give the next bytes, or call again with room.
  // After `done`, what is left of `in` belongs to the next message.
  State decode(std::string_view& in, std::string& out, std::size_t room);

 private:
  enum class Step {
    size,
    extension,
    size_end,
    data,
    data_cr,
    data_lf,
    trailer_start,
    trailer,
    trailer_lf,
    end_lf,
    done,
    bad
  };
  State fail() {
    step_ = Step::bad;
    return State::bad;
  }
  bool step(char c);  // one byte of anything but data; false: malformed

  Step step_ = Step::size;
  std::uint64_t left_ = 0;  // of the current chunk
  int digits_ = 0;
  std::size_t overhead_ = 0;  // bytes of extensions since the last data, and of trailers
};

}  // namespace cloudlet::wire
