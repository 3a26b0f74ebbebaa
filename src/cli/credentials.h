// The file with the keys of a server that verifies signatures, in the form of the AWS tools
// (~/.aws/credentials): `cloudlet up --auth enforce` writes it, the other commands read it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"

namespace cloudlet::cli {

struct KeyPair {
  std::string access_key;
  std::string secret;
};

// DATA/credentials.
std::filesystem::path credentials_file(const std::filesystem::path& data);

// None: there is no such file, or no keys in its section [default]. An error, in a sentence: it
// cannot be read.
Result<std::optional<KeyPair>> read_credentials(const std::filesystem::path& file);

// In the place of what was there, readable by its owner alone from its first byte, and on disk when
// this returns.
Result<void> write_credentials(const std::filesystem::path& file, const KeyPair& keys);

}  // namespace cloudlet::cli
