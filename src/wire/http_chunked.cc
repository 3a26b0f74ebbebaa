#include "wire/http_chunked.h"

#include <algorithm>

namespace cloudlet::wire {
namespace {

// An extension or trailer beyond this is an attack, not a message.
constexpr std::size_t overhead_max = 16 * 1024;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

bool ChunkedDecoder::step(char c) {
  switch (step_) {
    case Step::size:
      if (const int digit = hex_digit(c); digit >= 0) {
        if (++digits_ > 15) return false;
        left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
        return true;
      }
      if (digits_ == 0) return false;
      step_ = c == '\r' ? Step::size_end : Step::extension;
      return c == '\r' || c == ';' || c == ' ' || c == '\t';
    case Step::extension:
      if (c == '\r') step_ = Step::size_end;
      return c != '\n' && ++overhead_ <= overhead_max;
    case Step::size_end: step_ = left_ > 0 ? Step::data : Step::trailer_start; return c == '\n';
    case Step::data_cr: step_ = Step::data_lf; return c == '\r';
    case Step::data_lf:
      step_ = Step::size;
      digits_ = 0;
      return c == '\n';
    case Step::trailer_start: step_ = c == '\r' ? Step::end_lf : Step::trailer; return c != '\n';
    case Step::trailer:
      if (c == '\r') step_ = Step::trailer_lf;
      return c != '\n' && ++overhead_ <= overhead_max;
    case Step::trailer_lf: step_ = Step::trailer_start; return c == '\n';
    case Step::end_lf: step_ = Step::done; return c == '\n';
    case Step::data:
    case Step::done:
    case Step::bad: break;
  }
  return false;
}

ChunkedDecoder::State ChunkedDecoder::decode(std::string_view& in, std::string& out,
                                             std::size_t room) {
  while (!in.empty() && step_ != Step::done) {
    if (step_ == Step::bad) return State::bad;
    if (step_ != Step::data) {
      const char c = in.front();
      in.remove_prefix(1);
      if (!step(c)) return fail();
      continue;
    }
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>({left_, in.size(), room}));
    if (count == 0) return State::more;
    out.append(in.substr(0, count));
    in.remove_prefix(count);
    room -= count;
    left_ -= count;
    overhead_ = 0;
    if (left_ == 0) step_ = Step::data_cr;
  }
  if (step_ == Step::bad) return State::bad;
  return step_ == Step::done ? State::done : State::more;
}

}  // namespace cloudlet::wire
