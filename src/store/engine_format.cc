#include "store/engine_format.h"

#include <cstring>

#include "store/record.h"

namespace cloudlet::store {
namespace {

constexpr std::uint64_t marker_check =
    0x636c6f75646c6574;  // "cloudlet": beside the number, to notice half of one

}  // namespace

Key state_key() { return make_key("store", "state"); }

std::string encode(const Engine::State& state) {
  return RecordWriter().number(1, state.group).number(2, state.sequence).take();
}

Engine::State decode_state(std::string_view bytes) {
  Engine::State state;
  for (RecordReader reader(bytes); reader.next();) {
    if (reader.field() == 1) state.group = reader.number();
    if (reader.field() == 2) state.sequence = reader.number();
  }
  return state;
}

std::string marker_path(const std::string& folder) { return folder + "/acknowledged"; }

std::string encode_marker(std::uint64_t group) {
  const std::uint64_t words[] = {group, group ^ marker_check};
  return {reinterpret_cast<const char*>(words), sizeof words};
}

std::optional<std::uint64_t> decode_marker(std::string_view bytes) {
  std::uint64_t words[2];
  if (bytes.size() != sizeof words) return std::nullopt;
  std::memcpy(words, bytes.data(), sizeof words);
  if ((words[0] ^ marker_check) != words[1]) return std::nullopt;
  return words[0];
}

}  // namespace cloudlet::store
