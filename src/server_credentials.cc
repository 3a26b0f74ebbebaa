#include "server_credentials.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/credentials.h"
#include "services/iam/root_key.h"

namespace cloudlet {

namespace fs = std::filesystem;

Result<void> close_data_folder(const fs::path& data) {
  std::error_code failed;
  const fs::path folder = fs::absolute(data);
  if (!fs::exists(folder, failed)) {
    fs::create_directories(folder.parent_path(), failed);
    if (::mkdir(folder.c_str(), 0700) != 0)
      return invalid("cannot make the data folder " + folder.string() +
                     ": choose another with --data");
    return {};
  }
  const bool ours = fs::exists(folder / "format", failed) || fs::is_empty(folder, failed);
  struct stat facts{};
  if (!ours || ::stat(folder.c_str(), &facts) != 0) return {};
  if ((facts.st_mode & 0007) == 0 || (facts.st_mode & S_ISVTX) != 0) return {};
  if (facts.st_uid == ::geteuid() && ::chmod(folder.c_str(), facts.st_mode & 0770) == 0) return {};
  log::warning("access", "other users of this machine can look into {}", folder.string());
  return {};
}

Result<fs::path> provide_credentials(store::Store& store, const fs::path& data,
                                     const std::string& account, Random& random,
                                     const Clock& clock) {
  const fs::path file = cli::credentials_file(data);
  TRY(const auto kept, cli::read_credentials(file));
  if (kept && iam::is_root_key(*store.snapshot(), account, kept->access_key, kept->secret)) {
    std::error_code failed;  // somebody may have copied it about
    fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write, failed);
    return file;
  }
  const auto renew = [&](store::Txn& tx) -> Result<iam::StoredKey> {
    return iam::renew_root_key(tx, account, random, clock.now());
  };
  TRY(const iam::StoredKey key, store.transact_blocking(renew));
  CHECK(cli::write_credentials(file, {.access_key = key.id, .secret = key.secret}));
  return file;
}

}  // namespace cloudlet
