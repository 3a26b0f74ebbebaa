#include "deploy/inert.h"

#include "base/digest.h"
#include "base/encoding.h"

namespace cloudlet::deploy {
namespace {

constexpr InertAttribute instance[] = {
    {"AvailabilityZone", "%region%a"},
    {"InstanceId", "%id%"},
    {"PrivateDnsName", "ip-10-0-0-%octet%.%region%.compute.internal"},
    {"PrivateIp", "10.0.0.%octet%"},
    {"PublicDnsName", "ec2-192-0-2-%octet%.%region%.compute.amazonaws.com"},
    {"PublicIp", "192.0.2.%octet%"}};
constexpr InertAttribute security_group[] = {
    {"GroupId", "%id%"}, {"Id", "%id%"}, {"VpcId", "vpc-00000000000000000"}};
constexpr InertAttribute vpc[] = {{"VpcId", "%id%"},
                                  {"CidrBlock", "10.0.0.0/16"},
                                  {"DefaultSecurityGroup", "sg-00000000000000000"}};
constexpr InertAttribute subnet[] = {
    {"SubnetId", "%id%"}, {"AvailabilityZone", "%region%a"}, {"VpcId", "vpc-00000000000000000"}};
constexpr InertAttribute gateway[] = {{"InternetGatewayId", "%id%"}};
constexpr InertAttribute route_table[] = {{"RouteTableId", "%id%"}};
constexpr InertAttribute address[] = {{"AllocationId", "eipalloc-%digits%"},
                                      {"PublicIp", "192.0.2.%octet%"}};
constexpr InertAttribute association[] = {{"Id", "%id%"}};
constexpr InertAttribute launch_template[] = {
    {"DefaultVersionNumber", "1"}, {"LatestVersionNumber", "1"}, {"LaunchTemplateId", "%id%"}};
constexpr InertAttribute key_pair[] = {{"KeyPairId", "key-%digits%"},
                                       {"KeyFingerprint", "00:00:00:00"}};

// AWS::CDK::Metadata and a wait condition's handle carry nothing at AWS either; they stand in
// cloudformation_types.cc.
constexpr InertKind kinds[] = {
    {"AWS::EC2::EIP", "", address},
    {"AWS::EC2::EIPAssociation", "eipassoc-", association},
    {"AWS::EC2::Instance", "i-", instance},
    {"AWS::EC2::InternetGateway", "igw-", gateway},
    {"AWS::EC2::KeyPair", "", key_pair},
    {"AWS::EC2::LaunchTemplate", "lt-", launch_template},
    {"AWS::EC2::Route", "", {}},
    {"AWS::EC2::RouteTable", "rtb-", route_table},
    {"AWS::EC2::SecurityGroup", "sg-", security_group},
    {"AWS::EC2::SecurityGroupEgress", "", association},
    {"AWS::EC2::SecurityGroupIngress", "", association},
    {"AWS::EC2::Subnet", "subnet-", subnet},
    {"AWS::EC2::SubnetRouteTableAssociation", "rtbassoc-", association},
    {"AWS::EC2::VPC", "vpc-", vpc},
    {"AWS::EC2::VPCGatewayAttachment", "", {}},
};

std::string filled(std::string_view pattern, const Request& request, const std::string& id) {
  const std::string hash = sha256(id);
  const std::string octet = std::to_string(1 + static_cast<unsigned char>(hash[0]) % 254);
  const std::pair<std::string_view, std::string> names[] = {
      {"%region%", request.scope.region},
      {"%account%", request.scope.account},
      {"%id%", id},
      {"%digits%", to_hex(hash).substr(0, 17)},
      {"%octet%", octet}};
  std::string text(pattern);
  for (const auto& [name, value] : names)
    for (auto at = text.find(name); at != std::string::npos;
         at = text.find(name, at + value.size()))
      text.replace(at, name.size(), value);
  return text;
}

class Inert : public ResourceType {
 public:
  explicit Inert(const InertKind& kind)
      : kind_(kind),
        warning_("inert: " + std::string(kind.type) +
                 " has no counterpart here; nothing was started, its properties have no effect") {
    for (const auto& attribute : kind.attributes) attributes_.push_back(attribute.name);
  }
  std::string_view name() const override { return kind_.type; }
  std::span<const Property> properties() const override { return {}; }
  std::span<const std::string_view> attributes() const override { return attributes_; }
  std::string_view warning() const override { return warning_; }

  Task<Result<Made>> create(const Request& request, const json::object&) const override {
    Made made;
    // From the generated name, so that every attempt gives the same.
    made.physical_id = kind_.id_prefix.empty()
                           ? request.name
                           : std::string(kind_.id_prefix) +
                                 to_hex(sha256(request.name + request.stack_id)).substr(0, 17);
    fill(request, made);
    co_return made;
  }
  Task<Result<Made>> update(const Request& request, const std::string& physical_id,
                            const json::object&, const json::object&) const override {
    Made made{.physical_id = physical_id};
    fill(request, made);
    co_return made;
  }
  Task<Result<void>> remove(const Request&, const std::string&,
                            const json::object&) const override {
    co_return Result<void>();
  }

 private:
  void fill(const Request& request, Made& made) const {
    for (const auto& attribute : kind_.attributes)
      made.attributes.emplace(attribute.name, filled(attribute.value, request, made.physical_id));
  }

  const InertKind& kind_;
  std::string warning_;
  std::vector<std::string_view> attributes_;
};

}  // namespace

std::span<const InertKind> inert_kinds() { return kinds; }

std::unique_ptr<ResourceType> inert_type(const InertKind& kind) {
  return std::make_unique<Inert>(kind);
}

bool is_inert(std::string_view type) {
  for (const auto& kind : kinds)
    if (kind.type == type) return true;
  return false;
}

}  // namespace cloudlet::deploy
