// Every key that S3 writes. Buckets belong to an account; their names are unique within it
// (accounts are apart, so that parallel users never meet), and are found from every region.
#pragma once

#include "store/key.h"

namespace cloudlet::s3::keys {

using store::Key;
using store::make_key;

inline Key buckets(const std::string& account) { return make_key("s3", account, "bucket"); }
inline Key bucket(const std::string& account, const std::string& name) {
  return make_key("s3", account, "bucket", name);
}
inline Key objects(const std::string& account, const std::string& bucket) {
  return make_key("s3", account, "object", bucket);
}
inline Key object(const std::string& account, const std::string& bucket, const std::string& key) {
  return make_key("s3", account, "object", bucket, key);
}
// The bytes of a piece that is too large for the object's record and too small for a file.
inline Key chunk(std::uint64_t id) { return make_key("s3", "chunk", id); }

inline Key uploads(const std::string& account, const std::string& bucket) {
  return make_key("s3", account, "upload", bucket);
}
inline Key upload(const std::string& account, const std::string& bucket, const std::string& key,
                  const std::string& id) {
  return make_key("s3", account, "upload", bucket, key, id);
}
inline Key parts(const std::string& upload_id) { return make_key("s3", "part", upload_id); }
inline Key part(const std::string& upload_id, std::uint64_t number) {
  return make_key("s3", "part", upload_id, number);
}

}  // namespace cloudlet::s3::keys
