#include "services/s3/target.h"

#include <boost/json/value.hpp>

#include "base/encoding.h"
#include "services/s3/intake.h"
#include "services/s3/keys.h"
#include "services/s3/rules.h"
#include "services/s3/write.h"
#include "store/txn.h"

namespace cloudlet::s3 {
namespace {

std::string parameter(const delivery::Address& to, std::string_view name) {
  const auto* value = to.parameters.if_contains(name);
  return value && value->is_string() ? std::string(value->as_string()) : std::string();
}

}  // namespace

Result<void> Target::deliver(store::Txn& tx, const delivery::Address& to,
                             const delivery::Event& event) {
  const std::string bucket = parameter(to, "bucket"), key = parameter(to, "key");
  const std::string acl = parameter(to, "canned_acl");
  if (key.empty()) return errors::invalid_argument("The object's key is empty");
  CHECK(check_key(key));
  if (!acl.empty()) {
    const auto known = parse_object_canned_acl(acl);
    if (!known) return errors::invalid_argument("Unknown canned ACL " + acl);
    CHECK(check_acl(known));
  }
  const Place place{.account = event.scope.account, .bucket = bucket};
  CHECK(find_bucket(tx, place.account, bucket));
  TRY(const TakenBody taken,
      take_bytes(event.payload,
                 IntakeRules{.checksum = {.algorithm = "CRC64NVME", .expected = {}}}));
  StoredObject object{.key = key, .etag = to_hex(taken.md5), .modified = event.now};
  object.description.content_type = "application/octet-stream";
  s3::place(tx, taken, object);
  write_object(tx, place, current_object(tx, place, key), object);
  return {};
}

}  // namespace cloudlet::s3
