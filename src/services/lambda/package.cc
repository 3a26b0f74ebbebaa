#include "services/lambda/package.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gen/lambda/errors.h"

namespace cloudlet::lambda {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t name_bytes_max = 1024;
constexpr std::size_t part_bytes_max = 255;
constexpr std::size_t link_bytes_max = 4096;

struct CloseZip {
  void operator()(zip_t* zip) const { zip_discard(zip); }
};
struct CloseFile {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
using Zip = std::unique_ptr<zip_t, CloseZip>;
using File = std::unique_ptr<zip_file_t, CloseFile>;

enum class Kind { folder, file, link };

struct Entry {
  zip_uint64_t index = 0;
  Kind kind = Kind::file;
  std::string name;  // clean: no leading, trailing or double slash
  std::uint64_t bytes = 0;
  bool executable = false;
  std::string target;  // of a link
};

Error refused(const std::string& why) {
  return errors::invalid_parameter_value("The package is refused: " + why);
}
Error damaged() {
  return errors::invalid_parameter_value(
      "Could not unzip uploaded file. Please check your file, then try to upload again.");
}

// The name without a final slash and without "./"; an error if it could lead out of the folder.
Result<std::string> clean_name(std::string_view name) {
  const auto bad = [&](const char* why) {
    return refused(fmt::format("the name '{}' {}", name, why));
  };
  if (name.empty() || name.size() > name_bytes_max) return bad("is empty or too long");
  if (name.front() == '/') return bad("is absolute");
  if (name.find_first_of(std::string_view("\\\0", 2)) != std::string_view::npos)
    return bad("holds a backslash or a zero");
  std::string clean;
  while (!name.empty()) {
    const std::size_t end = std::min(name.find('/'), name.size());
    const std::string_view part = name.substr(0, end);
    name.remove_prefix(std::min(end + 1, name.size()));
    if (part == "..") return bad("leads out of the package");
    if (part.size() > part_bytes_max) return bad("has a part that is too long");
    if (part.empty() || part == ".") continue;
    clean += (clean.empty() ? "" : "/") + std::string(part);
  }
  return clean;
}

// A link's target must be relative and stay inside.
bool stays_inside(const std::string& link, const std::string& target) {
  if (target.empty() || target.front() == '/' || target.size() > link_bytes_max) return false;
  int depth = static_cast<int>(std::count(link.begin(), link.end(), '/'));
  std::string_view rest = target;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (part == "..")
      --depth;
    else if (!part.empty() && part != ".")
      ++depth;
    if (depth < 0) return false;
  }
  return true;
}

Result<std::string> read_small(zip_t* zip, zip_uint64_t index, std::size_t limit) {
  const File file(zip_fopen_index(zip, index, 0));
  if (!file) return damaged();
  std::string text(limit + 1, '\0');
  const zip_int64_t size = zip_fread(file.get(), text.data(), text.size());
  if (size < 0 || static_cast<std::size_t>(size) > limit) return damaged();
  text.resize(static_cast<std::size_t>(size));
  return text;
}

Result<Entry> look_at(zip_t* zip, zip_uint64_t index) {
  zip_stat_t about;
  zip_stat_init(&about);
  constexpr zip_uint64_t wanted = ZIP_STAT_NAME | ZIP_STAT_SIZE;
  if (zip_stat_index(zip, index, 0, &about) != 0 || (about.valid & wanted) != wanted)
    return damaged();
  Entry entry{.index = index, .bytes = about.size};
  TRY(entry.name, clean_name(about.name));
  if ((about.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && about.encryption_method != ZIP_EM_NONE)
    return refused(fmt::format("'{}' is encrypted", entry.name));
  zip_uint8_t system = 0;
  zip_uint32_t attributes = 0;
  if (zip_file_get_external_attributes(zip, index, 0, &system, &attributes) != 0) return damaged();
  const bool says_mode = system == ZIP_OPSYS_UNIX && (attributes >> 16) != 0;
  const mode_t mode = attributes >> 16;
  if (std::string_view(about.name).ends_with('/') || (says_mode && S_ISDIR(mode)))
    entry.kind = Kind::folder;
  else if (says_mode && S_ISLNK(mode))
    entry.kind = Kind::link;
  else if (says_mode && (mode & S_IFMT) != 0 && !S_ISREG(mode))
    return refused(fmt::format("'{}' is a special file", entry.name));
  // Zips made where there are no modes say nothing: then everything may be executed.
  entry.executable = !says_mode || (mode & 0111) != 0;
  if (entry.kind == Kind::link) {
    TRY(entry.target, read_small(zip, index, link_bytes_max));
    if (!stays_inside(entry.name, entry.target))
      return refused(fmt::format("the link '{}' points outside the package", entry.name));
  }
  return entry;
}

// No name twice, nothing below what is not a folder: then no entry can write through another.
Result<void> check_names(const std::vector<Entry>& entries) {
  std::map<std::string, Kind> seen;
  for (const Entry& entry : entries) {
    const auto [at, fresh] = seen.emplace(entry.name, entry.kind);
    if (!fresh && !(entry.kind == Kind::folder && at->second == Kind::folder))
      return refused(fmt::format("'{}' is there twice", entry.name));
  }
  for (const Entry& entry : entries) {
    for (std::size_t slash = entry.name.find('/'); slash != std::string::npos;
         slash = entry.name.find('/', slash + 1)) {
      const auto parent = seen.find(entry.name.substr(0, slash));
      if (parent != seen.end() && parent->second != Kind::folder)
        return refused(fmt::format("'{}' lies below something that is not a folder", entry.name));
    }
  }
  return {};
}

Result<std::vector<Entry>> look_at_all(zip_t* zip, const PackageLimits& limits) {
  const zip_int64_t count = zip_get_num_entries(zip, 0);
  if (count <= 0) return errors::invalid_parameter_value("Uploaded file must be a non-empty zip");
  if (static_cast<std::uint64_t>(count) > limits.entries) return refused("it has too many entries");
  std::vector<Entry> entries;
  std::uint64_t bytes = 0;
  for (zip_uint64_t index = 0; index < static_cast<zip_uint64_t>(count); ++index) {
    TRY(Entry entry, look_at(zip, index));
    if (entry.name.empty()) continue;  // "./"
    bytes += entry.bytes;
    if (entry.bytes > limits.bytes || bytes > limits.bytes)
      return errors::invalid_parameter_value(
          fmt::format("Unzipped size must be smaller than {} bytes", limits.bytes));
    entries.push_back(std::move(entry));
  }
  CHECK(check_names(entries));
  return entries;
}

Result<void> write_file(zip_t* zip, const Entry& entry, const fs::path& path) {
  const File file(zip_fopen_index(zip, entry.index, 0));
  if (!file) return damaged();
  const int out = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (out < 0) return Error(cloudlet::errors::service_unavailable, "cannot write " + path.string());
  std::uint64_t written = 0;
  char buffer[65536];
  zip_int64_t size = 0;
  bool stored = true;
  while (stored && (size = zip_fread(file.get(), buffer, sizeof buffer)) > 0 &&
         written <= entry.bytes) {
    stored = ::write(out, buffer, static_cast<std::size_t>(size)) == size;
    written += static_cast<std::uint64_t>(size);
  }
  ::fchmod(out, entry.executable ? 0755 : 0644);
  ::close(out);
  if (!stored) return Error(cloudlet::errors::service_unavailable, "cannot write " + path.string());
  if (size < 0 || written != entry.bytes) return damaged();  // its size or checksum was a lie
  return {};
}

Result<void> write_all(zip_t* zip, const std::vector<Entry>& entries, const fs::path& folder) {
  std::error_code failed;
  const auto make_folder = [&](const fs::path& path) {
    fs::create_directories(path, failed);
    return !failed;
  };
  if (!make_folder(folder))
    return Error(cloudlet::errors::service_unavailable, "cannot make " + folder.string());
  for (const Entry& entry : entries) {
    const fs::path path = folder / entry.name;
    if (!make_folder(entry.kind == Kind::folder ? path : path.parent_path()))
      return Error(cloudlet::errors::service_unavailable, "cannot make " + path.string());
    if (entry.kind == Kind::file) CHECK(write_file(zip, entry, path));
  }
  for (const Entry& entry : entries) {
    if (entry.kind != Kind::link) continue;
    fs::create_symlink(entry.target, folder / entry.name, failed);
    if (failed) return Error(cloudlet::errors::service_unavailable, "cannot make " + entry.name);
  }
  for (const auto& at : fs::recursive_directory_iterator(folder, failed))
    if (at.is_directory() && !at.is_symlink()) fs::permissions(at.path(), fs::perms(0755), failed);
  fs::permissions(folder, fs::perms(0755), failed);
  return {};
}

// On disk before it gets its name: a folder with the name is a whole one.
Result<void> put_in_place(const fs::path& fresh, const fs::path& folder) {
  const int fd = ::open(fresh.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0) {
    ::syncfs(fd);
    ::close(fd);
  }
  std::error_code failed;
  fs::rename(fresh, folder, failed);
  if (failed && !fs::exists(folder))
    return Error(cloudlet::errors::service_unavailable, "cannot make " + folder.string());
  return {};
}

}  // namespace

Result<void> unpack(const fs::path& path, const fs::path& folder, const PackageLimits& limits) {
  int code = 0;
  // Without ZIP_CHECKCONS: it calls inconsistent what libarchive (bsdtar, cmake -E tar) writes.
  // What matters is checked entry by entry, CRCs included, as they are read.
  const Zip zip(zip_open(path.c_str(), ZIP_RDONLY, &code));
  if (!zip)
    return code == ZIP_ER_OPEN
               ? Error(cloudlet::errors::service_unavailable, "cannot read the package")
               : damaged();
  TRY(const std::vector<Entry> entries, look_at_all(zip.get(), limits));
  std::string fresh = folder.string() + ".XXXXXX";
  if (::mkdtemp(fresh.data()) == nullptr)
    return Error(cloudlet::errors::service_unavailable, "cannot make a folder");
  Result<void> done = write_all(zip.get(), entries, fresh);
  if (done.has_value()) done = put_in_place(fresh, folder);
  std::error_code ignored;
  fs::remove_all(fresh, ignored);
  return done;
}

}  // namespace cloudlet::lambda
