// Tags of policies, thing types and rules.
#include <fmt/core.h>

#include "services/iot/find.h"
#include "services/iot/iot.h"
#include "services/iot/keys.h"
#include "services/iot/pages.h"

namespace cloudlet::iot {
namespace {

// ResourceNotFoundException unless the ARN names something of the caller's that can have tags.
Result<void> check_taggable(const store::ReadTxn& tx, const wire::Call& call,
                            const std::string& text) {
  const auto arn = Arn::parse(text);
  if (!arn || arn->service != "iot")
    return errors::invalid_request(fmt::format("Invalid resource ARN: {}", text));
  const std::size_t slash = arn->resource.find('/');
  const std::string kind = arn->resource.substr(0, slash);
  const std::string name = slash == std::string::npos ? "" : arn->resource.substr(slash + 1);
  const auto exists = [&](const store::Key& key) {
    return arn->scope() == call.scope && tx.exists(key);
  };
  if (kind == "policy" && exists(keys::policy(call.scope, name))) return {};
  if (kind == "thingtype" && exists(keys::thing_type(call.scope, name))) return {};
  if (kind == "rule" && exists(keys::rule(call.scope, name))) return {};
  if (kind != "policy" && kind != "thingtype" && kind != "rule") {
    return errors::invalid_request(fmt::format("{} cannot have tags", text));
  }
  return errors::resource_not_found(fmt::format("The resource {} does not exist", text));
}

}  // namespace

Result<TagResourceOutput> Service::tag_resource(store::Txn& tx, const wire::Call& call,
                                                const TagResourceInput& in) {
  CHECK(check_taggable(tx, call, in.resource_arn));
  CHECK(put_tags(tx, in.resource_arn, in.tags));
  return TagResourceOutput{};
}

Result<UntagResourceOutput> Service::untag_resource(store::Txn& tx, const wire::Call& call,
                                                    const UntagResourceInput& in) {
  CHECK(check_taggable(tx, call, in.resource_arn));
  for (const std::string& key : in.tag_keys) tx.erase(keys::tag(in.resource_arn, key));
  return UntagResourceOutput{};
}

Result<ListTagsForResourceOutput> Service::list_tags_for_resource(
    const store::ReadTxn& tx, const wire::Call& call, const ListTagsForResourceInput& in) {
  CHECK(check_taggable(tx, call, in.resource_arn));
  const PageRequest request{.marker = in.next_token, .size = 50};
  TRY(Page page, read_page(tx, store::prefix(keys::tags(in.resource_arn)), request));
  ListTagsForResourceOutput out{.next_token = std::move(page.next), .tags = {}};
  for (const Entry& entry : page.entries) {
    store::KeyReader key(entry.key);
    for (int i = 0; i < 3; ++i) key.skip();
    out.tags.push_back({.key = key.text(), .value = entry.value});
  }
  return out;
}

}  // namespace cloudlet::iot
