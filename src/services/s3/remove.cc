// DeleteObject and DeleteObjects.
#include <boost/json/object.hpp>

#include "services/s3/intake.h"
#include "services/s3/keys.h"
#include "services/s3/rules.h"
#include "services/s3/s3.h"
#include "services/s3/write.h"

namespace cloudlet::s3 {
namespace {

constexpr std::size_t batch_max = 1000;

struct Removal {
  std::string key;
  std::optional<std::string> version;
  std::optional<std::string> if_match;
  std::optional<Time> if_modified_time;
  std::optional<std::int64_t> if_size;
};

// Removing what is not there is a success, as in the service.
Result<void> remove(store::Txn& tx, const Place& place, const Removal& removal) {
  CHECK(check_key(removal.key));
  if (removal.version && *removal.version != "null")
    return errors::no_such_version("The specified version does not exist.");
  const auto current = current_object(tx, place, removal.key);
  CHECK(check_write({.if_match = removal.if_match}, removal.key, current));
  if (!current) return {};
  if (removal.if_size && static_cast<std::uint64_t>(*removal.if_size) != current->size)
    return precondition_failed("x-amz-if-match-size");
  if (removal.if_modified_time &&
      std::chrono::floor<std::chrono::seconds>(current->modified) !=
          std::chrono::floor<std::chrono::seconds>(*removal.if_modified_time))
    return precondition_failed("x-amz-if-match-last-modified-time");
  drop_pieces(tx, current->pieces);
  tx.erase(keys::object(place.account, place.bucket, removal.key));
  return {};
}

}  // namespace

Result<DeleteObjectOutput> Service::delete_object(store::Txn& tx, const wire::Call& call,
                                                  const DeleteObjectInput& in) {
  CHECK(check_owner(in.expected_bucket_owner, call.scope.account));
  CHECK(find_bucket(tx, call.scope.account, in.bucket));
  const Removal removal{.key = in.key,
                        .version = in.version_id,
                        .if_match = in.if_match,
                        .if_modified_time = in.if_match_last_modified_time,
                        .if_size = in.if_match_size};
  CHECK(remove(tx, {.account = call.scope.account, .bucket = in.bucket}, removal));
  return DeleteObjectOutput{};
}

Result<DeleteObjectsOutput> Service::delete_objects(store::Txn& tx, const wire::Call& call,
                                                    const DeleteObjectsInput& in) {
  CHECK(check_owner(in.expected_bucket_owner, call.scope.account));
  CHECK(find_bucket(tx, call.scope.account, in.bucket));
  if (in.delete_.objects.empty() || in.delete_.objects.size() > batch_max)
    return errors::malformed_xml(
        "The XML you provided was not well-formed or did not validate against our published "
        "schema");
  DeleteObjectsOutput out;
  for (const ObjectIdentifier& object : in.delete_.objects) {
    const Removal removal{.key = object.key,
                          .version = object.version_id,
                          .if_match = object.etag,
                          .if_modified_time = object.last_modified_time,
                          .if_size = object.size};
    const auto removed = remove(tx, {.account = call.scope.account, .bucket = in.bucket}, removal);
    if (removed.has_error()) {
      out.errors.push_back({.code = std::string(removed.error().kind().code),
                            .key = object.key,
                            .message = removed.error().message(),
                            .version_id = object.version_id});
    } else if (!in.delete_.quiet.value_or(false)) {
      out.deleted.push_back({.key = object.key, .version_id = object.version_id});
    }
  }
  return out;
}

}  // namespace cloudlet::s3
