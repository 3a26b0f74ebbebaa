#include "services/s3/intake.h"

#include "base/digest.h"
#include "base/encoding.h"
#include "services/s3/keys.h"
#include "services/s3/rules.h"

namespace cloudlet::s3 {
namespace {

std::optional<Algorithm> algorithm_named(std::string_view name) {
  if (name == "CRC32") return Algorithm::crc32;
  if (name == "CRC32C") return Algorithm::crc32c;
  if (name == "CRC64NVME") return Algorithm::crc64nvme;
  if (name == "SHA1") return Algorithm::sha1;
  if (name == "SHA256") return Algorithm::sha256;
  return std::nullopt;
}

// Both digests of one body.
class Digests {
 public:
  explicit Digests(const ChecksumWish& wish)
      : md5_(Algorithm::md5), checksum_(*algorithm_named(wish.algorithm)) {}
  void update(std::string_view bytes) {
    md5_.update(bytes);
    checksum_.update(bytes);
  }
  Result<void> finish(const IntakeRules& rules, TakenBody& taken) {
    taken.md5 = md5_.finish();
    taken.checksum = {.algorithm = rules.checksum.algorithm,
                      .value = to_base64(checksum_.finish())};
    if (!rules.checksum.expected.empty() && rules.checksum.expected != taken.checksum.value)
      return errors::bad_digest("The " + rules.checksum.algorithm +
                                " you specified did not match the calculated checksum.");
    if (!rules.content_md5.empty()) {
      const auto expected = from_base64(rules.content_md5);
      if (!expected || expected->size() != 16)
        return errors::invalid_digest("The Content-MD5 you specified was invalid.");
      if (*expected != taken.md5)
        return errors::bad_digest("The Content-MD5 you specified did not match what we received.");
    }
    return {};
  }

 private:
  Hasher md5_;
  Hasher checksum_;
};

Error too_large() {
  return errors::entity_too_large("Your proposed upload exceeds the maximum allowed size");
}

}  // namespace

Result<ChecksumWish> checksum_wish_of(const std::optional<ChecksumAlgorithm>& algorithm,
                                      const std::map<std::string, std::string>& given) {
  if (given.size() > 1)
    return errors::invalid_request(
        "Expecting a single x-amz-checksum- header. Multiple checksum Types are not "
        "allowed.");
  ChecksumWish wish{.algorithm = "CRC64NVME", .expected = {}};
  if (algorithm) wish.algorithm = std::string(to_string(*algorithm));
  if (!given.empty()) {
    if (algorithm && given.begin()->first != wish.algorithm)
      return errors::invalid_request("Value for x-amz-sdk-checksum-algorithm header is invalid.");
    wish = {.algorithm = given.begin()->first, .expected = given.begin()->second};
  }
  if (!algorithm_named(wish.algorithm))
    return errors::invalid_request(
        "Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
        "[CRC32, CRC32C, CRC64NVME, SHA1, SHA256]");
  return wish;
}

Result<TakenBody> take_bytes(std::string bytes, const IntakeRules& rules) {
  if (bytes.size() > rules.size_max) return too_large();
  TakenBody taken;
  taken.size = bytes.size();
  Digests digests(rules.checksum);
  digests.update(bytes);
  CHECK(digests.finish(rules, taken));
  taken.bytes = std::move(bytes);
  return taken;
}

Task<Result<TakenBody>> take_body(store::Store& store, wire::Body& body, IntakeRules rules) {
  if (body.size() && *body.size() > rules.size_max) co_return too_large();
  if (std::string* whole = body.whole(); whole && whole->size() <= chunk_max)
    co_return take_bytes(std::move(*whole), rules);
  TakenBody taken;
  Digests digests(rules.checksum);
  std::unique_ptr<store::BlobWriter> blob;
  for (;;) {
    CO_TRY(std::string piece, co_await body.read());
    if (piece.empty()) break;
    digests.update(piece);
    taken.size += piece.size();
    if (taken.size > rules.size_max) co_return too_large();
    if (!blob && taken.size <= chunk_max) {
      taken.bytes += piece;
      continue;
    }
    if (!blob) {
      blob = store.blobs().create();
      std::string before = std::exchange(taken.bytes, {});
      if (!before.empty()) CO_CHECK(co_await blob->write(std::move(before)));
    }
    CO_CHECK(co_await blob->write(std::move(piece)));
  }
  CO_CHECK(digests.finish(rules, taken));
  if (blob) {
    CO_TRY(store::BlobId id, co_await blob->finish());
    taken.blob = std::move(id.name);
  }
  co_return taken;
}

void place_bytes(store::Txn& tx, const TakenBody& body, std::string& inline_body,
                 std::vector<Piece>& pieces) {
  if (!body.blob.empty()) {
    tx.keep_blob(store::BlobId{body.blob});
    pieces.push_back(Piece{.chunk = 0, .blob = body.blob, .size = body.size});
  } else if (body.size <= inline_max) {
    inline_body = body.bytes;
  } else {
    // One chunk; several only for what came whole and larger (a rule's payload of up to 128 KiB).
    for (std::size_t at = 0; at < body.bytes.size(); at += chunk_max) {
      const std::string_view bytes = std::string_view(body.bytes).substr(at, chunk_max);
      const std::uint64_t id = tx.next_sequence();
      tx.put(keys::chunk(id), bytes);
      pieces.push_back(Piece{.chunk = id, .blob = {}, .size = bytes.size()});
    }
  }
}

void drop_pieces(store::Txn& tx, const std::vector<Piece>& pieces) {
  for (const Piece& piece : pieces) {
    if (piece.chunk != 0)
      tx.erase(keys::chunk(piece.chunk));
    else
      tx.drop_blob(store::BlobId{piece.blob});
  }
}

}  // namespace cloudlet::s3
