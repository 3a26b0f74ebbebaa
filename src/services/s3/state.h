// What S3 keeps: buckets, objects, uploads in progress; and how each is written.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace cloudlet::s3 {

// Bodies up to this size lie in the object's record; up to `chunk_max` under a key of their own;
// larger ones are files.
inline constexpr std::size_t inline_max = 2 * 1024;
inline constexpr std::size_t chunk_max = 64 * 1024;

struct StoredBucket {
  std::string name;
  std::string region;
  Time created;
  std::map<std::string, std::string> tags;

  std::string encode() const;
  static StoredBucket decode(std::string_view bytes);
};

// A part of an object's body: a chunk in the store or a blob. Exactly one of the two is set.
struct Piece {
  std::uint64_t chunk = 0;
  std::string blob;
  std::uint64_t size = 0;

  std::string encode() const;
  static Piece decode(std::string_view bytes);
};

// A checksum that the client asked to be kept beside the ETag.
struct StoredChecksum {
  std::string algorithm;  // "CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"; empty: none
  std::string value;      // base64; of a composite one with "-<parts>" behind
  bool composite = false;
  bool operator==(const StoredChecksum&) const = default;
};

// What a client says about an object and gets back as it was.
struct Description {
  std::string content_type;
  std::string cache_control;
  std::string content_disposition;
  std::string content_encoding;
  std::string content_language;
  std::string expires;
  std::string storage_class;  // empty: STANDARD
  std::map<std::string, std::string> metadata;
};

struct StoredObject {
  std::string key;
  std::uint64_t size = 0;
  std::string etag;  // without quotes
  Time modified;
  Description description;
  StoredChecksum checksum;
  std::string inline_body;                // all of it, if there are no pieces
  std::vector<Piece> pieces;              // otherwise, in order
  std::vector<std::uint64_t> part_sizes;  // of a multipart upload, in order; empty otherwise
  std::string upload_id;                  // of the multipart upload that made it; empty otherwise

  std::string encode() const;
  static StoredObject decode(std::string_view bytes);
};

struct StoredUpload {
  std::string id;
  std::string key;
  Time initiated;
  Description description;
  std::string checksum_algorithm;  // empty: none
  bool checksum_composite = true;

  std::string encode() const;
  static StoredUpload decode(std::string_view bytes);
};

struct StoredPart {
  std::uint64_t number = 0;
  std::uint64_t size = 0;
  std::string etag;
  Time modified;
  StoredChecksum checksum;
  std::string inline_body;
  std::vector<Piece> pieces;

  std::string encode() const;
  static StoredPart decode(std::string_view bytes);
};

}  // namespace cloudlet::s3
