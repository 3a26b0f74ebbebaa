// Zips for tests, good and bad.
#pragma once

#include <zip.h>

#include <string>
#include <vector>

namespace cloudlet::lambda::testing_zips {

struct File {
  std::string name;
  std::string text;
  unsigned mode = 0100644;  // with its kind; 0: made where there are no modes
};

inline std::string make_zip(const std::vector<File>& files) {
  zip_source_t* source = zip_source_buffer_create(nullptr, 0, 0, nullptr);
  zip_t* zip = zip_open_from_source(source, ZIP_TRUNCATE, nullptr);
  zip_source_keep(source);
  for (const File& file : files) {
    zip_source_t* text = zip_source_buffer(zip, file.text.data(), file.text.size(), 0);
    const zip_int64_t index = zip_file_add(zip, file.name.c_str(), text, ZIP_FL_ENC_UTF_8);
    const zip_uint8_t system = file.mode == 0 ? ZIP_OPSYS_DOS : ZIP_OPSYS_UNIX;
    zip_file_set_external_attributes(zip, static_cast<zip_uint64_t>(index), 0, system,
                                     file.mode << 16);
  }
  zip_close(zip);
  zip_source_open(source);
  zip_source_seek(source, 0, SEEK_END);
  std::string bytes(static_cast<std::size_t>(zip_source_tell(source)), '\0');
  zip_source_seek(source, 0, SEEK_SET);
  zip_source_read(source, bytes.data(), bytes.size());
  zip_source_close(source);
  zip_source_free(source);
  return bytes;
}

}  // namespace cloudlet::lambda::testing_zips
