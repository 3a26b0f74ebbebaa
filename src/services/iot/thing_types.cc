// Thing types: created, deprecated, and five minutes later removed.
#include <fmt/core.h>

#include "services/iot/find.h"
#include "services/iot/iot.h"
#include "services/iot/keys.h"
#include "services/iot/pages.h"

namespace cloudlet::iot {
namespace {

ThingTypeMetadata metadata(const StoredThingType& type) {
  return {.creation_date = type.created,
          .deprecated = type.deprecated.has_value(),
          .deprecation_date = type.deprecated};
}

ThingTypeProperties properties(const StoredThingType& type) {
  ThingTypeProperties p;
  p.searchable_attributes = type.searchable;
  if (!type.description.empty()) p.thing_type_description = type.description;
  return p;
}

bool used(const store::ReadTxn& tx, const wire::Call& call, std::string_view type) {
  bool found = false;
  tx.scan(store::prefix(keys::things(call.scope)), [&](std::string_view, std::string_view value) {
    found = decode_thing(value).type == type;
    return !found;
  });
  return found;
}

}  // namespace

Result<CreateThingTypeOutput> Service::create_thing_type(store::Txn& tx, const wire::Call& call,
                                                         const CreateThingTypeInput& in) {
  constexpr std::size_t searchable_max = 3;  // AWS IoT quotas
  StoredThingType type{.name = in.thing_type_name, .id = call.uuid(), .created = call.now};
  if (in.thing_type_properties) {
    type.description = in.thing_type_properties->thing_type_description.value_or("");
    type.searchable = in.thing_type_properties->searchable_attributes;
  }
  if (type.searchable.size() > searchable_max) {
    return errors::invalid_request(
        fmt::format("A thing type has at most {} searchable attributes", searchable_max));
  }
  const std::string arn = thing_type_arn(call.scope, type.name);
  if (const auto stored = tx.get(keys::thing_type(call.scope, type.name))) {
    const StoredThingType existing = decode_thing_type(*stored);
    if (existing.description != type.description || existing.searchable != type.searchable) {
      return errors::resource_already_exists(fmt::format(
          "ThingType {} already exists in account with different properties", type.name));
    }
    type = existing;
  } else {
    tx.put(keys::thing_type(call.scope, type.name), encode(type));
    CHECK(put_tags(tx, arn, in.tags));
  }
  return CreateThingTypeOutput{
      .thing_type_arn = arn, .thing_type_id = type.id, .thing_type_name = type.name};
}

Result<DescribeThingTypeOutput> Service::describe_thing_type(const store::ReadTxn& tx,
                                                             const wire::Call& call,
                                                             const DescribeThingTypeInput& in) {
  TRY(const StoredThingType type, find_thing_type(tx, call, in.thing_type_name));
  return DescribeThingTypeOutput{.thing_type_arn = thing_type_arn(call.scope, type.name),
                                 .thing_type_id = type.id,
                                 .thing_type_metadata = metadata(type),
                                 .thing_type_name = type.name,
                                 .thing_type_properties = properties(type)};
}

Result<DeprecateThingTypeOutput> Service::deprecate_thing_type(store::Txn& tx,
                                                               const wire::Call& call,
                                                               const DeprecateThingTypeInput& in) {
  TRY(StoredThingType type, find_thing_type(tx, call, in.thing_type_name));
  if (in.undo_deprecate.value_or(false))
    type.deprecated.reset();
  else if (!type.deprecated)
    type.deprecated = call.now;
  tx.put(keys::thing_type(call.scope, type.name), encode(type));
  return DeprecateThingTypeOutput{};
}

Result<DeleteThingTypeOutput> Service::delete_thing_type(store::Txn& tx, const wire::Call& call,
                                                         const DeleteThingTypeInput& in) {
  constexpr auto wait = std::chrono::minutes(5);
  TRY(const StoredThingType type, find_thing_type(tx, call, in.thing_type_name));
  if (!type.deprecated || *type.deprecated + wait > call.now) {
    return errors::invalid_request(fmt::format(
        "Cannot delete thing type: {}. Please wait for 5 minutes after deprecation and then retry.",
        type.name));
  }
  if (used(tx, call, type.name)) {
    return errors::invalid_request(
        fmt::format("Cannot delete thing type: {}. It is in use.", type.name));
  }
  tx.erase(keys::thing_type(call.scope, type.name));
  drop_tags(tx, thing_type_arn(call.scope, type.name));
  return DeleteThingTypeOutput{};
}

Result<ListThingTypesOutput> Service::list_thing_types(const store::ReadTxn& tx,
                                                       const wire::Call& call,
                                                       const ListThingTypesInput& in) {
  const PageRequest request{.marker = in.next_token, .size = in.max_results};
  const auto take = [&](std::string_view, std::string_view value) {
    return !in.thing_type_name || decode_thing_type(value).name == *in.thing_type_name;
  };
  TRY(Page page, read_page(tx, store::prefix(keys::thing_types(call.scope)), request, take));
  ListThingTypesOutput out{.next_token = std::move(page.next), .thing_types = {}};
  for (const Entry& entry : page.entries) {
    const StoredThingType type = decode_thing_type(entry.value);
    out.thing_types.push_back({.thing_type_arn = thing_type_arn(call.scope, type.name),
                               .thing_type_metadata = metadata(type),
                               .thing_type_name = type.name,
                               .thing_type_properties = properties(type)});
  }
  return out;
}

}  // namespace cloudlet::iot
