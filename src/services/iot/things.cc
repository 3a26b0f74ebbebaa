// The registry: things with their attributes.
#include <fmt/core.h>

#include "services/iot/find.h"
#include "services/iot/iot.h"
#include "services/iot/keys.h"
#include "services/iot/pages.h"

namespace cloudlet::iot {
namespace {

// AWS IoT quotas: attributes of a thing without and with a type.
Result<void> check_attributes(const StoredThing& thing) {
  const std::size_t most = thing.type.empty() ? 3 : 50;
  if (thing.attributes.size() <= most) return {};
  return errors::invalid_request(
      fmt::format("A thing {} has at most {} attributes",
                  thing.type.empty() ? "without a thing type" : "with a thing type", most));
}

Result<void> check_type(const store::ReadTxn& tx, const wire::Call& call, const std::string& type) {
  TRY(const StoredThingType found, find_thing_type(tx, call, type));
  if (found.deprecated) {
    return errors::invalid_request(
        fmt::format("Can not create new thing with deprecated thing type: {}", type));
  }
  return {};
}

bool attached(const store::ReadTxn& tx, const wire::Call& call, std::string_view thing) {
  bool any = false;
  tx.scan(store::prefix(keys::thing_principals(call.scope, thing)),
          [&](std::string_view, std::string_view) {
            any = true;
            return false;
          });
  return any;
}

Error version_conflict(const std::string& thing) {
  return errors::version_conflict(
      fmt::format("The version for thing {} does not match the expected version.", thing));
}

bool wanted(const StoredThing& thing, const ListThingsInput& in) {
  if (in.thing_type_name && thing.type != *in.thing_type_name) return false;
  if (!in.attribute_name) return true;
  const auto attribute = thing.attributes.find(*in.attribute_name);
  if (attribute == thing.attributes.end()) return false;
  if (!in.attribute_value) return true;
  if (in.use_prefix_attribute_value.value_or(false))
    return attribute->second.starts_with(*in.attribute_value);
  return attribute->second == *in.attribute_value;
}

}  // namespace

// Creating the same thing again answers as the first time; another one of the same name is refused.
Result<CreateThingOutput> Service::create_thing(store::Txn& tx, const wire::Call& call,
                                                const CreateThingInput& in) {
  StoredThing thing{
      .name = in.thing_name, .id = call.uuid(), .type = in.thing_type_name.value_or("")};
  if (in.attribute_payload) thing.attributes = in.attribute_payload->attributes;
  std::erase_if(thing.attributes, [](const auto& attribute) { return attribute.second.empty(); });
  if (!thing.type.empty()) CHECK(check_type(tx, call, thing.type));
  CHECK(check_attributes(thing));
  if (const auto stored = tx.get(keys::thing(call.scope, thing.name))) {
    const StoredThing existing = decode_thing(*stored);
    if (existing.type != thing.type || existing.attributes != thing.attributes) {
      auto members = std::make_shared<boost::json::object>();
      (*members)["resourceId"] = existing.id;
      (*members)["resourceArn"] = thing_arn(call.scope, existing.name);
      return errors::resource_already_exists(
                 fmt::format("Thing {} already exists in account with different attributes",
                             thing.name))
          .with(std::move(members));
    }
    thing = existing;
  } else {
    tx.put(keys::thing(call.scope, thing.name), encode(thing));
  }
  return CreateThingOutput{.thing_arn = thing_arn(call.scope, thing.name),
                           .thing_id = thing.id,
                           .thing_name = thing.name};
}

Result<DescribeThingOutput> Service::describe_thing(const store::ReadTxn& tx,
                                                    const wire::Call& call,
                                                    const DescribeThingInput& in) {
  TRY(StoredThing thing, find_thing(tx, call, in.thing_name));
  DescribeThingOutput out;
  out.attributes = std::move(thing.attributes);
  out.default_client_id = thing.name;
  out.thing_arn = thing_arn(call.scope, thing.name);
  out.thing_id = thing.id;
  out.thing_name = thing.name;
  if (!thing.type.empty()) out.thing_type_name = thing.type;
  out.version = static_cast<std::int64_t>(thing.version);
  return out;
}

Result<UpdateThingOutput> Service::update_thing(store::Txn& tx, const wire::Call& call,
                                                const UpdateThingInput& in) {
  TRY(StoredThing thing, find_thing(tx, call, in.thing_name));
  if (in.expected_version && *in.expected_version != static_cast<std::int64_t>(thing.version)) {
    return version_conflict(thing.name);
  }
  if (in.thing_type_name && in.remove_thing_type.value_or(false)) {
    return errors::invalid_request("thingTypeName and removeThingType cannot be given together");
  }
  if (in.remove_thing_type.value_or(false)) thing.type.clear();
  if (in.thing_type_name) {
    CHECK(check_type(tx, call, *in.thing_type_name));
    thing.type = *in.thing_type_name;
  }
  if (in.attribute_payload) {
    if (!in.attribute_payload->merge.value_or(false)) thing.attributes.clear();
    for (const auto& [name, value] : in.attribute_payload->attributes)
      thing.attributes[name] = value;
    std::erase_if(thing.attributes, [](const auto& attribute) { return attribute.second.empty(); });
  }
  CHECK(check_attributes(thing));
  ++thing.version;
  tx.put(keys::thing(call.scope, thing.name), encode(thing));
  return UpdateThingOutput{};
}

// Deleting what isn't there succeeds.
Result<DeleteThingOutput> Service::delete_thing(store::Txn& tx, const wire::Call& call,
                                                const DeleteThingInput& in) {
  const auto stored = tx.get(keys::thing(call.scope, in.thing_name));
  if (!stored) return DeleteThingOutput{};
  const StoredThing thing = decode_thing(*stored);
  if (in.expected_version && *in.expected_version != static_cast<std::int64_t>(thing.version)) {
    return version_conflict(thing.name);
  }
  if (attached(tx, call, thing.name)) {
    return errors::invalid_request(fmt::format(
        "Cannot delete. Thing {} is still attached to one or more principals", thing.name));
  }
  tx.erase(keys::thing(call.scope, thing.name));
  return DeleteThingOutput{};
}

Result<ListThingsOutput> Service::list_things(const store::ReadTxn& tx, const wire::Call& call,
                                              const ListThingsInput& in) {
  const PageRequest request{.marker = in.next_token, .size = in.max_results};
  const auto take = [&](std::string_view, std::string_view value) {
    return wanted(decode_thing(value), in);
  };
  TRY(Page page, read_page(tx, store::prefix(keys::things(call.scope)), request, take));
  ListThingsOutput out{.next_token = std::move(page.next), .things = {}};
  for (const Entry& entry : page.entries) {
    StoredThing thing = decode_thing(entry.value);
    ThingAttribute& listed = out.things.emplace_back();
    listed.attributes = std::move(thing.attributes);
    listed.thing_arn = thing_arn(call.scope, thing.name);
    listed.thing_name = thing.name;
    if (!thing.type.empty()) listed.thing_type_name = thing.type;
    listed.version = static_cast<std::int64_t>(thing.version);
  }
  return out;
}

}  // namespace cloudlet::iot
