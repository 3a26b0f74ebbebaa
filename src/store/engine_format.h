// The few things that the store itself keeps on disk: the `format` file, the `acknowledged` marker,
// the state record.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "store/engine.h"
#include "store/key.h"

namespace cloudlet::store {

constexpr std::string_view format_version = "cloudlet store 1\n";

Key state_key();
std::string encode(const Engine::State& state);
Engine::State decode_state(std::string_view bytes);

// The marker holds the number of the last group that was synced, as far as the file system
// remembers: finding less than that in the store means that acknowledged transactions are gone.
std::string marker_path(const std::string& folder);
std::string encode_marker(std::uint64_t group);
std::optional<std::uint64_t> decode_marker(
    std::string_view bytes);  // nullopt: nothing that can be relied on

}  // namespace cloudlet::store
