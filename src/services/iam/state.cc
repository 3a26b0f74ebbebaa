#include "services/iam/state.h"

#include "base/result.h"
#include "store/record.h"

namespace cloudlet::iam {
namespace {

using store::RecordReader;
using store::RecordWriter;

// A tag is one element: the key's length, the key, the value.
std::string tag_text(const std::string& key, const std::string& value) {
  return std::to_string(key.size()) + ":" + key + value;
}

void put_tags(RecordWriter& out, std::uint32_t field, const Tags& tags) {
  for (const auto& [key, value] : tags) out.element(field, tag_text(key, value));
}

void take_tag(std::string_view text, Tags& tags) {
  const std::size_t colon = text.find(':');
  assert_that(colon != std::string_view::npos, "a stored tag has no length");
  const std::size_t size = std::stoul(std::string(text.substr(0, colon)));
  assert_that(colon + 1 + size <= text.size(), "a stored tag is shorter than its key");
  tags.emplace(text.substr(colon + 1, size), text.substr(colon + 1 + size));
}

std::string arn_of(const std::string& account, std::string_view kind, const std::string& path,
                   const std::string& name) {
  return "arn:aws:iam::" + account + ":" + std::string(kind) + path + name;
}

}  // namespace

std::string StoredRole::arn(const std::string& account) const {
  return arn_of(account, "role", path, name);
}
std::string StoredPolicy::arn(const std::string& account) const {
  return arn_of(account, "policy", path, name);
}
std::string StoredProfile::arn(const std::string& account) const {
  return arn_of(account, "instance-profile", path, name);
}
std::string StoredUser::arn(const std::string& account) const {
  return arn_of(account, "user", path, name);
}

std::string encode(const StoredRole& role) {
  assert_that(!role.name.empty() && role.id.starts_with("AROA") && !role.trust.empty(),
              "a role lacks its essentials");
  RecordWriter out;
  out.text(1, role.name)
      .text(2, role.path)
      .text(3, role.id)
      .text(4, role.trust)
      .text(5, role.description);
  out.text(6, role.boundary).number(7, role.session_seconds_max).time(8, role.created);
  put_tags(out, 9, role.tags);
  return out.take();
}

StoredRole decode_role(std::string_view bytes) {
  StoredRole role;
  for (RecordReader in(bytes); in.next();) {
    switch (in.field()) {
      case 1: role.name = in.text(); break;
      case 2: role.path = in.text(); break;
      case 3: role.id = in.text(); break;
      case 4: role.trust = in.text(); break;
      case 5: role.description = in.text(); break;
      case 6: role.boundary = in.text(); break;
      case 7: role.session_seconds_max = in.number(); break;
      case 8: role.created = in.time(); break;
      case 9: take_tag(in.view(), role.tags); break;
      default: break;
    }
  }
  assert_that(!role.name.empty() && !role.trust.empty(), "a stored role lacks its essentials");
  return role;
}

std::string encode(const StoredPolicy& policy) {
  assert_that(!policy.name.empty() && policy.default_version <= policy.last_version,
              "a policy lacks its essentials");
  RecordWriter out;
  out.text(1, policy.name).text(2, policy.path).text(3, policy.id).text(4, policy.description);
  out.number(5, policy.default_version)
      .number(6, policy.last_version)
      .time(7, policy.created)
      .time(8, policy.updated);
  put_tags(out, 9, policy.tags);
  return out.take();
}

StoredPolicy decode_policy(std::string_view bytes) {
  StoredPolicy policy;
  for (RecordReader in(bytes); in.next();) {
    switch (in.field()) {
      case 1: policy.name = in.text(); break;
      case 2: policy.path = in.text(); break;
      case 3: policy.id = in.text(); break;
      case 4: policy.description = in.text(); break;
      case 5: policy.default_version = in.number(); break;
      case 6: policy.last_version = in.number(); break;
      case 7: policy.created = in.time(); break;
      case 8: policy.updated = in.time(); break;
      case 9: take_tag(in.view(), policy.tags); break;
      default: break;
    }
  }
  assert_that(!policy.name.empty(), "a stored policy has no name");
  return policy;
}

std::string encode(const StoredVersion& version) {
  RecordWriter out;
  return out.text(1, version.document).time(2, version.created).take();
}

StoredVersion decode_version(std::string_view bytes) {
  StoredVersion version;
  for (RecordReader in(bytes); in.next();) {
    if (in.field() == 1) version.document = in.text();
    if (in.field() == 2) version.created = in.time();
  }
  assert_that(!version.document.empty(), "a stored policy version has no document");
  return version;
}

std::string encode(const StoredProfile& profile) {
  assert_that(!profile.name.empty() && profile.id.starts_with("AIPA"),
              "an instance profile lacks its essentials");
  RecordWriter out;
  out.text(1, profile.name)
      .text(2, profile.path)
      .text(3, profile.id)
      .text(4, profile.role)
      .time(5, profile.created);
  put_tags(out, 6, profile.tags);
  return out.take();
}

StoredProfile decode_profile(std::string_view bytes) {
  StoredProfile profile;
  for (RecordReader in(bytes); in.next();) {
    switch (in.field()) {
      case 1: profile.name = in.text(); break;
      case 2: profile.path = in.text(); break;
      case 3: profile.id = in.text(); break;
      case 4: profile.role = in.text(); break;
      case 5: profile.created = in.time(); break;
      case 6: take_tag(in.view(), profile.tags); break;
      default: break;
    }
  }
  assert_that(!profile.name.empty(), "a stored instance profile has no name");
  return profile;
}

std::string encode(const StoredUser& user) {
  assert_that(!user.name.empty() && user.id.starts_with("AIDA"), "a user lacks its essentials");
  RecordWriter out;
  out.text(1, user.name)
      .text(2, user.path)
      .text(3, user.id)
      .text(4, user.boundary)
      .time(5, user.created);
  put_tags(out, 6, user.tags);
  return out.take();
}

StoredUser decode_user(std::string_view bytes) {
  StoredUser user;
  for (RecordReader in(bytes); in.next();) {
    switch (in.field()) {
      case 1: user.name = in.text(); break;
      case 2: user.path = in.text(); break;
      case 3: user.id = in.text(); break;
      case 4: user.boundary = in.text(); break;
      case 5: user.created = in.time(); break;
      case 6: take_tag(in.view(), user.tags); break;
      default: break;
    }
  }
  assert_that(!user.name.empty(), "a stored user has no name");
  return user;
}

std::string encode(const StoredKey& key) {
  assert_that(key.id.starts_with("AKIA") && key.secret.size() == 40,
              "an access key lacks its essentials");
  RecordWriter out;
  out.text(1, key.id)
      .text(2, key.secret)
      .text(3, key.user)
      .text(4, key.user_id)
      .text(5, key.user_arn);
  return out.flag(6, key.active).time(7, key.created).take();
}

StoredKey decode_key(std::string_view bytes) {
  StoredKey key{.active = false};
  for (RecordReader in(bytes); in.next();) {
    switch (in.field()) {
      case 1: key.id = in.text(); break;
      case 2: key.secret = in.text(); break;
      case 3: key.user = in.text(); break;
      case 4: key.user_id = in.text(); break;
      case 5: key.user_arn = in.text(); break;
      case 6: key.active = in.flag(); break;
      case 7: key.created = in.time(); break;
      default: break;
    }
  }
  assert_that(!key.id.empty() && !key.secret.empty(), "a stored access key lacks its essentials");
  return key;
}

}  // namespace cloudlet::iam
