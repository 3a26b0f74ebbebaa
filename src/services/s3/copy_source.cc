#include "services/s3/copy_source.h"

#include "base/encoding.h"

namespace cloudlet::s3 {

Result<CopySource> parse_copy_source(std::string_view text) {
  const std::size_t query = text.find("?versionId=");
  if (query != std::string_view::npos) {
    if (text.substr(query + 11) != "null")
      return errors::no_such_version("The specified version does not exist.");
    text = text.substr(0, query);
  }
  const auto decoded = percent_decode(text);
  if (!decoded)
    return errors::invalid_argument("Copy Source must mention the source bucket and key");
  std::string_view path = *decoded;
  if (path.starts_with('/')) path.remove_prefix(1);
  const std::size_t slash = path.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == path.size())
    return errors::invalid_argument(
        "Copy Source must mention the source bucket and key: sourcebucket/sourcekey");
  return CopySource{.bucket = std::string(path.substr(0, slash)),
                    .key = std::string(path.substr(slash + 1))};
}

Result<StoredObject> find_copy_source(const store::ReadTxn& tx, const std::string& account,
                                      const CopySource& source, const ReadConditions& conditions) {
  TRY(StoredObject object, find_object(tx, account, source.bucket, source.key));
  const auto usable = check_read(conditions, object);
  if (usable.has_error()) return precondition_failed("x-amz-copy-source-If");
  return object;
}

Result<void> check_copy_size(std::uint64_t size) {
  if (size <= copy_source_max) return {};
  return errors::invalid_request(
      "The specified copy source is larger than the maximum allowable size for a copy source: " +
      std::to_string(copy_source_max));
}

}  // namespace cloudlet::s3
