#include "deploy/pseudo.h"

namespace cloudlet::deploy {

bool is_pseudo_parameter(std::string_view name) {
  for (const std::string_view known :
       {"AWS::AccountId", "AWS::NotificationARNs", "AWS::NoValue", "AWS::Partition", "AWS::Region",
        "AWS::StackId", "AWS::StackName", "AWS::URLSuffix"})
    if (name == known) return true;
  return false;
}

std::map<std::string, std::string, std::less<>> pseudo_parameters(const Scope& scope,
                                                                  const std::string& stack_id,
                                                                  const std::string& stack_name) {
  return {{"AWS::AccountId", scope.account}, {"AWS::Partition", "aws"},
          {"AWS::Region", scope.region},     {"AWS::StackId", stack_id},
          {"AWS::StackName", stack_name},    {"AWS::URLSuffix", "amazonaws.com"}};
}

std::string availability_zone(std::string_view region, int index) {
  return std::string(region) + static_cast<char>('a' + index);
}

}  // namespace cloudlet::deploy
