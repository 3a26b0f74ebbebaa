#include "runtime/programs.h"

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

// clang-format off
#define EMBED(name, file)                                   \
  asm(".pushsection .rodata\n"                              \
      ".balign 16\n"                                        \
      "cloudlet_embedded_" name "_begin:\n"                 \
      ".incbin \"" file "\"\n"                              \
      "cloudlet_embedded_" name "_end:\n"                   \
      ".popsection\n")
// clang-format on
EMBED("launcher", LAUNCHER_FILE);
EMBED("zygote", ZYGOTE_FILE);
EMBED("zygote_py", PYTHON_FOLDER "/zygote.py");
EMBED("bootstrap_py", PYTHON_FOLDER "/bootstrap.py");

#define DECLARE(name) \
  extern "C" const char name##_begin[] __asm__("cloudlet_embedded_" #name "_begin"); \
  extern "C" const char name##_end[] __asm__("cloudlet_embedded_" #name "_end")
DECLARE(launcher);
DECLARE(zygote);
DECLARE(zygote_py);
DECLARE(bootstrap_py);

namespace cloudlet::runtime {
namespace {

namespace fs = std::filesystem;

bool same(const fs::path& file, std::string_view bytes) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return false;
  const std::string there{std::istreambuf_iterator<char>(in), {}};
  return there == bytes;
}

bool put(const fs::path& file, std::string_view bytes, bool executable) {
  if (!same(file, bytes)) {
    // A running program's file cannot be written: a new one takes its place.
    const fs::path fresh = file.string() + ".new";
    std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    out.close();
    std::error_code failed;
    if (!out || (fs::rename(fresh, file, failed), failed)) return false;
  }
  std::error_code failed;
  using enum fs::perms;
  const fs::perms readable = owner_read | owner_write | group_read | others_read;
  fs::permissions(file, executable ? readable | owner_exec | group_exec | others_exec : readable,
                  failed);
  return !failed;
}

}  // namespace

Result<void> write_programs(const fs::path& folder) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  fs::permissions(folder, fs::perms(0755), failed);
  const struct {
    const char* name;
    std::string_view bytes;
    bool executable;
  } files[] = {{launcher_program, {launcher_begin, launcher_end}, true},
               {zygote_library, {zygote_begin, zygote_end}, false},
               {"zygote.py", {zygote_py_begin, zygote_py_end}, false},
               {"bootstrap.py", {bootstrap_py_begin, bootstrap_py_end}, false}};
  for (const auto& file : files)
    if (!put(folder / file.name, file.bytes, file.executable))
      return Error(errors::service_unavailable, "cannot write " + (folder / file.name).string());
  return {};
}

}  // namespace cloudlet::runtime
