#include "services/iam/present.h"

#include "base/encoding.h"
#include "gen/iam/errors.h"
#include "services/iam/keys.h"

namespace cloudlet::iam {
namespace {

constexpr std::size_t tags_max = 50;

std::optional<AttachedPermissionsBoundary> boundary_of(const std::string& arn) {
  if (arn.empty()) return std::nullopt;
  AttachedPermissionsBoundary boundary;
  boundary.permissions_boundary_arn = arn;
  boundary.permissions_boundary_type =
      PermissionsBoundaryAttachmentType::permissions_boundary_policy;
  return boundary;
}

}  // namespace

std::string present_document(std::string_view document) { return percent_encode(document); }

std::vector<Tag> present(const Tags& tags) {
  std::vector<Tag> out;
  for (const auto& [key, value] : tags) out.push_back({.key = key, .value = value});
  return out;
}

Role present(const StoredRole& role, const std::string& account) {
  Role out;
  out.arn = role.arn(account);
  out.assume_role_policy_document = present_document(role.trust);
  out.create_date = role.created;
  if (!role.description.empty()) out.description = role.description;
  out.max_session_duration = static_cast<std::int32_t>(role.session_seconds_max);
  out.path = role.path;
  out.permissions_boundary = boundary_of(role.boundary);
  out.role_id = role.id;
  out.role_name = role.name;
  out.tags = present(role.tags);
  return out;
}

User present(const StoredUser& user, const std::string& account) {
  User out;
  out.arn = user.arn(account);
  out.create_date = user.created;
  out.path = user.path;
  out.permissions_boundary = boundary_of(user.boundary);
  out.tags = present(user.tags);
  out.user_id = user.id;
  out.user_name = user.name;
  return out;
}

InstanceProfile present(const StoredProfile& profile, const store::ReadTxn& tx,
                        const std::string& account) {
  InstanceProfile out;
  out.arn = profile.arn(account);
  out.create_date = profile.created;
  out.instance_profile_id = profile.id;
  out.instance_profile_name = profile.name;
  out.path = profile.path;
  if (!profile.role.empty()) {
    const auto role = find_role(tx, account, profile.role);
    assert_that(role.has_value(), "an instance profile holds a role that is gone");
    out.roles.push_back(present(*role, account));
  }
  out.tags = present(profile.tags);
  return out;
}

Policy present(const FoundPolicy& found, const store::ReadTxn& tx, const std::string& account) {
  Policy out;
  out.arn = found.arn;
  out.attachment_count = static_cast<std::int32_t>(count_uses(tx, account, found.arn));
  out.create_date = found.policy.created;
  out.default_version_id = "v" + std::to_string(found.policy.default_version);
  if (!found.policy.description.empty()) out.description = found.policy.description;
  out.is_attachable = true;
  out.path = found.policy.path;
  out.permissions_boundary_usage_count = 0;
  out.policy_id = found.policy.id;
  out.policy_name = found.policy.name;
  out.tags = present(found.policy.tags);
  out.update_date = found.policy.updated;
  return out;
}

Result<Tags> read_tags(const std::vector<Tag>& tags) {
  Tags out;
  for (const Tag& tag : tags)
    if (!out.emplace(tag.key, tag.value).second)
      return errors::invalid_input(
          "Duplicate tag keys found. Please note that Tag keys are case insensitive.");
  if (out.size() > tags_max)
    return errors::limit_exceeded("The number of tags has reached the maximum limit.");
  return out;
}

Result<Page> Page::open(const std::optional<std::string>& marker,
                        const std::optional<std::int32_t>& max_items) {
  Page page;
  if (max_items) page.max_ = static_cast<std::size_t>(*max_items);
  if (!marker) return page;
  const auto bytes = from_base64(*marker);
  if (!bytes || bytes->empty()) return errors::validation_error("Invalid Marker.");
  page.after_ = *bytes;
  return page;
}

store::Range Page::rest_of(const store::Key& key) const {
  const store::Range all = prefix(key);
  if (after_.empty() || after_ < all.from) return all;
  return after(all, store::Key::from_bytes(after_));
}

std::optional<std::string> Page::marker() const {
  if (!truncated_) return std::nullopt;
  return to_base64(last_);
}

}  // namespace cloudlet::iam
