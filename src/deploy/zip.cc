#include "deploy/zip.h"

#include <zip.h>

#include <algorithm>
#include <fstream>
#include <memory>

namespace cloudlet::deploy {
namespace {

constexpr std::uintmax_t bytes_max = 262'144'000;  // 250 MB
constexpr mode_t regular_file = 0100000;

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_source_t* source) const { zip_source_free(source); }
};

Error zip_error(const std::string& what) {
  return Error(errors::internal_failure, "cannot make the package: " + what);
}

Result<void> add(zip_t* archive, const ZipEntry& entry) {
  zip_source_t* content = zip_source_buffer(archive, entry.bytes.data(), entry.bytes.size(), 0);
  if (content == nullptr) return zip_error(zip_strerror(archive));
  const zip_int64_t index = zip_file_add(archive, entry.name.c_str(), content, ZIP_FL_ENC_UTF_8);
  if (index < 0) {
    zip_source_free(content);
    return zip_error(zip_strerror(archive));
  }
  const auto at = static_cast<zip_uint64_t>(index);
  zip_file_set_external_attributes(archive, at, 0, ZIP_OPSYS_UNIX,
                                   (regular_file | entry.mode) << 16);
  zip_set_file_compression(archive, at, ZIP_CM_DEFLATE, 9);
  // The oldest moment that a zip can name.
  zip_file_set_dostime(archive, at, 0, (1 << 5) | 1, 0);
  return {};
}

}  // namespace

Result<std::string> make_zip(std::vector<ZipEntry> entries) {
  std::sort(entries.begin(), entries.end(),
            [](const ZipEntry& a, const ZipEntry& b) { return a.name < b.name; });
  zip_error_t error;
  zip_error_init(&error);
  std::unique_ptr<zip_source_t, Discard> target(zip_source_buffer_create(nullptr, 0, 0, &error));
  if (!target) return zip_error(zip_error_strerror(&error));
  zip_source_keep(target.get());  // closing the archive lets go of one reference
  std::unique_ptr<zip_t, Discard> archive(zip_open_from_source(target.get(), ZIP_TRUNCATE, &error));
  if (!archive) {
    zip_source_free(target.get());
    return zip_error(zip_error_strerror(&error));
  }
  for (const auto& entry : entries) CHECK(add(archive.get(), entry));
  if (zip_close(archive.get()) != 0) return zip_error(zip_strerror(archive.get()));
  archive.release();
  if (zip_source_open(target.get()) != 0) return zip_error("its bytes cannot be read");
  std::string bytes;
  char piece[65536];
  for (zip_int64_t count; (count = zip_source_read(target.get(), piece, sizeof piece)) > 0;)
    bytes.append(piece, static_cast<std::size_t>(count));
  zip_source_close(target.get());
  return bytes;
}

Result<std::vector<ZipEntry>> read_folder(const std::filesystem::path& path) {
  namespace fs = std::filesystem;
  std::error_code ec;
  std::vector<ZipEntry> entries;
  std::uintmax_t total = 0;
  const auto read = [&](const fs::path& file, std::string name) -> Result<void> {
    const auto size = fs::file_size(file, ec);
    if (ec) return invalid("cannot read " + file.string() + ": " + ec.message());
    if ((total += size) > bytes_max)
      return invalid(path.string() + " is larger than 250 MB, the limit of a function's package");
    std::ifstream stream(file, std::ios::binary);
    std::string bytes(size, '\0');
    if (!stream.read(bytes.data(), static_cast<std::streamsize>(size)))
      return invalid("cannot read " + file.string());
    const auto permissions = static_cast<std::uint32_t>(fs::status(file, ec).permissions()) & 0777;
    // What may be run stays so; everything else depends on nobody's umask.
    entries.push_back({.name = std::move(name),
                       .bytes = std::move(bytes),
                       .mode = (permissions & 0111) != 0 ? 0755u : 0644u});
    return {};
  };
  if (fs::is_regular_file(path, ec)) {
    CHECK(read(path, path.filename().string()));
    return entries;
  }
  if (!fs::is_directory(path, ec)) return invalid("there is no file or folder " + path.string());
  const fs::path root = fs::canonical(path, ec);
  fs::recursive_directory_iterator walk(root, ec), end;
  if (ec) return invalid("cannot read " + path.string() + ": " + ec.message());
  for (; walk != end; walk.increment(ec)) {
    if (ec) return invalid("cannot read " + path.string() + ": " + ec.message());
    if (!walk->is_regular_file(ec)) continue;
    if (walk->is_symlink(ec)) {
      const auto inside = fs::relative(fs::canonical(walk->path(), ec), root, ec).generic_string();
      if (inside.empty() || inside.starts_with(".."))
        return invalid(walk->path().string() + " points out of the package");
    }
    CHECK(read(walk->path(), fs::relative(walk->path(), root, ec).generic_string()));
  }
  if (entries.empty()) return invalid(path.string() + " is empty");
  return entries;
}

}  // namespace cloudlet::deploy
