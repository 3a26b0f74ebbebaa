// AWS::IoT::Thing.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iot-thing.html
#include "services/iot/resources_parts.h"

namespace cloudlet::iot {
namespace {

constexpr Property payload[] = {{.name = "Attributes", .kind = Kind::map}};
constexpr Property thing_properties[] = {
    {.name = "ThingName", .update = Update::replace},
    {.name = "AttributePayload", .kind = Kind::object, .members = payload}};
constexpr std::string_view thing_attributes[] = {"Arn", "Id"};
constexpr deploy::TypeFacts thing_facts{.name = "AWS::IoT::Thing",
                                        .properties = thing_properties,
                                        .attributes = thing_attributes,
                                        .name_property = "ThingName",
                                        .style = {.length_max = 128}};

std::map<std::string, std::string> attributes_of(const json::object& properties) {
  return deploy::inner_map(properties, "AttributePayload", "Attributes");
}

class ThingResource : public deploy::DescribedType {
 public:
  ThingResource() : DescribedType(thing_facts) {}

  Task<Result<Made>> create(const Request& request, const json::object& properties) const override {
    Client client(request.caller);
    CreateThingInput input{.thing_name = name_or(properties, "ThingName", request)};
    if (auto attributes = attributes_of(properties); !attributes.empty())
      input.attribute_payload = AttributePayload{.attributes = std::move(attributes)};
    const std::string name = input.thing_name;
    CO_TRY(const auto created, co_await client.create_thing(std::move(input)));
    co_return describe(name, created.thing_arn, created.thing_id);
  }

  Task<Result<std::optional<Made>>> find(const Request& request,
                                         const json::object& properties) const override {
    Client client(request.caller);
    DescribeThingInput input{.thing_name = name_or(properties, "ThingName", request)};
    co_return deploy::seen(co_await client.describe_thing(std::move(input)), described);
  }

  Task<Result<Made>> update(const Request& request, const std::string& name, const json::object&,
                            const json::object& after) const override {
    Client client(request.caller);
    // Without `merge` the attributes become exactly these.
    UpdateThingInput input{
        .attribute_payload = AttributePayload{.attributes = attributes_of(after), .merge = false},
        .thing_name = name};
    CO_CHECK(co_await client.update_thing(std::move(input)));
    DescribeThingInput again{.thing_name = name};
    CO_TRY(const auto got, co_await client.describe_thing(std::move(again)));
    co_return described(got);
  }

  Task<Result<void>> remove(const Request& request, const std::string& name,
                            const json::object&) const override {
    Client client(request.caller);
    DeleteThingInput input{.thing_name = name};
    co_return deploy::gone(co_await client.delete_thing(std::move(input)));
  }

 private:
  static Made described(const DescribeThingOutput& thing) {
    return describe(thing.thing_name.value_or(""), thing.thing_arn, thing.thing_id);
  }
  static Made describe(const std::string& name, const std::optional<std::string>& arn,
                       const std::optional<std::string>& id) {
    return {.physical_id = name,
            .attributes = {{"Arn", arn.value_or("")}, {"Id", id.value_or("")}}};
  }
};

}  // namespace

std::unique_ptr<deploy::ResourceType> thing_resource() { return std::make_unique<ThingResource>(); }

}  // namespace cloudlet::iot
