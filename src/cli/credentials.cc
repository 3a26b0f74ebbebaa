#include "cli/credentials.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace cloudlet::cli {
namespace {

Error cannot(const std::string& what, const std::filesystem::path& file) {
  return invalid("cannot " + what + " " + file.string() + ": " + std::strerror(errno));
}

std::string trimmed(std::string_view text) {
  const std::size_t from = text.find_first_not_of(" \t\r");
  if (from == std::string_view::npos) return {};
  return std::string(text.substr(from, text.find_last_not_of(" \t\r") - from + 1));
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fsync(fd) == 0;
}

}  // namespace

std::filesystem::path credentials_file(const std::filesystem::path& data) {
  return std::filesystem::absolute(data) / "credentials";
}

Result<std::optional<KeyPair>> read_credentials(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) {
    if (errno == ENOENT) return std::optional<KeyPair>();
    return cannot("read", file);
  }
  KeyPair keys;
  bool ours = false;
  for (std::string line; std::getline(in, line);) {
    line = trimmed(line);
    if (line.starts_with('[')) ours = line == "[default]";
    const std::size_t equals = line.find('=');
    if (!ours || line.starts_with('#') || equals == std::string::npos) continue;
    const std::string name = trimmed(std::string_view(line).substr(0, equals));
    const std::string value = trimmed(std::string_view(line).substr(equals + 1));
    if (name == "aws_access_key_id") keys.access_key = value;
    if (name == "aws_secret_access_key") keys.secret = value;
  }
  if (keys.access_key.empty() || keys.secret.empty()) return std::optional<KeyPair>();
  return std::optional(std::move(keys));
}

Result<void> write_credentials(const std::filesystem::path& file, const KeyPair& keys) {
  const std::filesystem::path fresh = file.string() + ".new";
  ::unlink(fresh.c_str());
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return cannot("write", fresh);
  const bool written = write_all(
      fd,
      "# The keys of this cloudlet's root (`cloudlet up --auth enforce`). Without this file, or\n"
      "# when its key is not known, the next start makes new ones and forgets the old.\n"
      "[default]\naws_access_key_id = " +
          keys.access_key + "\naws_secret_access_key = " + keys.secret + "\n");
  ::close(fd);
  if (!written || ::rename(fresh.c_str(), file.c_str()) != 0) {
    const Error error = cannot("write", file);
    ::unlink(fresh.c_str());
    return error;
  }
  const int folder = ::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return cannot("open", file.parent_path());
  const bool synced = ::fsync(folder) == 0;
  ::close(folder);
  return synced ? Result<void>() : cannot("sync", file.parent_path());
}

}  // namespace cloudlet::cli
