// Tags of functions, by ARN.
#include "gen/lambda/errors.h"
#include "services/lambda/lambda.h"
#include "services/lambda/rules.h"

namespace cloudlet::lambda {
namespace {

struct Tagged {
  FunctionId id;
  StoredFunction function;
};

Result<Tagged> tagged(const store::ReadTxn& tx, const wire::Call& call, const std::string& arn) {
  if (!arn.starts_with("arn:"))
    return errors::invalid_parameter_value("Tags are of resources named by their ARN: " + arn);
  TRY(FunctionId id, parse_name(call.scope, arn, std::nullopt));
  auto function = find_function(tx, id.scope, id.name);
  if (!function) return function_not_found(id);
  return Tagged{.id = std::move(id), .function = *std::move(function)};
}

}  // namespace

Result<ListTagsOutput> Service::list_tags(const store::ReadTxn& tx, const wire::Call& call,
                                          const ListTagsInput& in) {
  TRY(const Tagged it, tagged(tx, call, in.resource));
  return ListTagsOutput{.tags = it.function.tags};
}

Result<TagResourceOutput> Service::tag_resource(store::Txn& tx, const wire::Call& call,
                                                const TagResourceInput& in) {
  TRY(Tagged it, tagged(tx, call, in.resource));
  for (const auto& [name, value] : in.tags) it.function.tags[name] = value;
  CHECK(check_tags(it.function.tags));
  write_function(tx, it.id.scope, it.function);
  return TagResourceOutput{};
}

Result<UntagResourceOutput> Service::untag_resource(store::Txn& tx, const wire::Call& call,
                                                    const UntagResourceInput& in) {
  TRY(Tagged it, tagged(tx, call, in.resource));
  for (const std::string& name : in.tag_keys) it.function.tags.erase(name);
  write_function(tx, it.id.scope, it.function);
  return UntagResourceOutput{};
}

}  // namespace cloudlet::lambda
