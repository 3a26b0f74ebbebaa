#include "deploy/cloudformation_types.h"

namespace cloudlet::deploy {
namespace {

constexpr Property metadata_properties[] = {{.name = "Analytics"}};

// Exists as a name only.
class NameOnly : public ResourceType {
 public:
  NameOnly(std::string_view type, std::span<const Property> known) : type_(type), known_(known) {}
  std::string_view name() const override { return type_; }
  std::span<const Property> properties() const override { return known_; }
  Task<Result<Made>> create(const Request& request, const json::object&) const override {
    co_return Made{.physical_id = request.name};
  }
  Task<Result<Made>> update(const Request&, const std::string& physical_id, const json::object&,
                            const json::object&) const override {
    co_return Made{.physical_id = physical_id};
  }
  Task<Result<void>> remove(const Request&, const std::string&,
                            const json::object&) const override {
    co_return Result<void>();
  }

 private:
  std::string_view type_;
  std::span<const Property> known_;
};

}  // namespace

ResourceTypeList cloudformation_types() {
  ResourceTypeList types;
  types.push_back(std::make_unique<NameOnly>("AWS::CDK::Metadata", metadata_properties));
  types.push_back(std::make_unique<NameOnly>("AWS::CloudFormation::WaitConditionHandle",
                                             std::span<const Property>()));
  return types;
}

}  // namespace cloudlet::deploy
