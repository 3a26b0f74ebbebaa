// Takes a body in: hashes it as it streams, and keeps it inline, as a chunk or as a blob, by its
// size.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "gen/s3/types.h"
#include "services/s3/state.h"
#include "store/blobs.h"
#include "store/store.h"
#include "wire/body.h"

namespace cloudlet::s3 {

// Which checksum to keep, and what the client said it is (nothing: it comes in a trailer, which the
// HTTP layer checks, or the client leaves it to us).
struct ChecksumWish {
  std::string algorithm;  // "CRC32", ...
  std::string expected;   // base64; empty: just compute
};

// A request's checksum members: at most one of them, of a kind we know; CRC64NVME if there is none,
// as the service does.
template <class Input>
Result<ChecksumWish> checksum_wish(const Input& input);
Result<ChecksumWish> checksum_wish_of(const std::optional<ChecksumAlgorithm>& algorithm,
                                      const std::map<std::string, std::string>& given);

struct TakenBody {
  std::uint64_t size = 0;
  std::string md5;  // raw
  StoredChecksum checksum;
  std::string bytes;  // a small body
  std::string blob;   // or the name of a finished blob
};

struct IntakeRules {
  ChecksumWish checksum;
  std::string content_md5;  // base64, as the client sent it; empty: none
  std::uint64_t size_max = 5ull << 30;
};

// The whole body, checked. A blob that no transaction keeps afterwards is an orphan and goes away.
Task<Result<TakenBody>> take_body(store::Store& store, wire::Body& body, IntakeRules rules);
// The same for a body that is at hand and small.
Result<TakenBody> take_bytes(std::string bytes, const IntakeRules& rules);

// Puts a taken body where `inline_body` and `pieces` of a stored object or part expect it.
template <class Holder>
void place(store::Txn& tx, const TakenBody& body, Holder& holder);
// Removes what `place` made.
void drop_pieces(store::Txn& tx, const std::vector<Piece>& pieces);

// Sets the member of a response that belongs to the checksum's algorithm.
template <class Output>
void show_checksum(const StoredChecksum& checksum, Output& output) {
  if (checksum.algorithm == "CRC32") output.checksum_crc32 = checksum.value;
  if (checksum.algorithm == "CRC32C") output.checksum_crc32c = checksum.value;
  if (checksum.algorithm == "CRC64NVME") output.checksum_crc64nvme = checksum.value;
  if (checksum.algorithm == "SHA1") output.checksum_sha1 = checksum.value;
  if (checksum.algorithm == "SHA256") output.checksum_sha256 = checksum.value;
}

// The checksum members that a request has, by algorithm.
template <class Input>
std::map<std::string, std::string> named_checksums(const Input& input) {
  std::map<std::string, std::string> given;
  if (input.checksum_crc32) given.emplace("CRC32", *input.checksum_crc32);
  if (input.checksum_crc32c) given.emplace("CRC32C", *input.checksum_crc32c);
  if (input.checksum_crc64nvme) given.emplace("CRC64NVME", *input.checksum_crc64nvme);
  if (input.checksum_sha1) given.emplace("SHA1", *input.checksum_sha1);
  if (input.checksum_sha256) given.emplace("SHA256", *input.checksum_sha256);
  return given;
}

template <class Input>
Result<ChecksumWish> checksum_wish(const Input& input) {
  return checksum_wish_of(input.checksum_algorithm, named_checksums(input));
}

void place_bytes(store::Txn& tx, const TakenBody& body, std::string& inline_body,
                 std::vector<Piece>& pieces);

template <class Holder>
void place(store::Txn& tx, const TakenBody& body, Holder& holder) {
  holder.size = body.size;
  holder.checksum = body.checksum;
  place_bytes(tx, body, holder.inline_body, holder.pieces);
}

}  // namespace cloudlet::s3
