#include "wire/post_policy.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <memory>
#include <set>

#include "base/encoding.h"
#include "wire/times.h"

namespace cloudlet::wire {
namespace {

namespace json = boost::json;
using Fields = std::map<std::string, std::string, std::less<>>;

const ErrorKind invalid_policy{.name = "InvalidPolicyDocument", .code = "InvalidPolicyDocument"};
const ErrorKind denied{.name = "AccessDenied", .code = "AccessDenied", .status = 403};
const ErrorKind too_large{.name = "EntityTooLarge", .code = "EntityTooLarge"};
const ErrorKind too_small{.name = "EntityTooSmall", .code = "EntityTooSmall"};

Error refuse(const std::string& why) { return {denied, "Invalid according to Policy: " + why}; }

Error failed(const json::value& condition) {
  return refuse("Policy Condition failed: " + json::serialize(condition));
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

std::optional<std::uint64_t> whole(const json::value& value) {
  if (const auto* number = value.if_int64(); number && *number >= 0)
    return static_cast<std::uint64_t>(*number);
  if (const auto* number = value.if_uint64()) return *number;
  return std::nullopt;
}

class Check {
 public:
  explicit Check(const Fields& fields) : fields_(fields) {}

  Result<void> condition(const json::value& condition) {
    if (const json::object* exact = condition.if_object()) {
      for (const auto& [name, value] : *exact) {
        const json::value shown = json::array{"eq", "$" + std::string(name), value};
        if (!value.is_string()) return failed(shown);
        CHECK(compare(std::string(name), value.get_string(), Match::exact, shown));
      }
      return {};
    }
    const json::array* parts = condition.if_array();
    if (!parts || parts->size() != 3 || !(*parts)[0].is_string()) return failed(condition);
    const std::string match = lower((*parts)[0].get_string());
    if (match == "content-length-range") {
      const auto min = whole((*parts)[1]), max = whole((*parts)[2]);
      if (!min || !max) return failed(condition);
      range_ = range_ ? SizeRange{std::max(range_->min, *min), std::min(range_->max, *max)}
                      : SizeRange{*min, *max};
      return {};
    }
    if (!(*parts)[1].is_string() || !(*parts)[2].is_string()) return failed(condition);
    const json::string& name = (*parts)[1].get_string();
    if (!name.starts_with('$') || (match != "eq" && match != "starts-with"))
      return failed(condition);
    return compare(std::string(name.subview(1)), (*parts)[2].get_string(),
                   match == "eq" ? Match::exact : Match::prefix, condition);
  }

  // Fields that no condition speaks of, but for those that cannot be in it.
  Result<void> nothing_else() const {
    static const std::set<std::string, std::less<>> free = {"policy", "x-amz-signature",
                                                            "signature", "awsaccesskeyid", "file"};
    for (const auto& [name, value] : fields_)
      if (!covered_.contains(name) && !free.contains(name) && !name.starts_with("x-ignore-"))
        return refuse("Extra input fields: " + name);
    return {};
  }
  std::optional<SizeRange> range() const { return range_; }

 private:
  enum class Match { exact, prefix };
  Result<void> compare(const std::string& name, std::string_view wanted, Match match,
                       const json::value& shown) {
    const std::string field = lower(name);
    covered_.insert(field);
    const auto found = fields_.find(field);
    const std::string_view value =
        found == fields_.end() ? std::string_view() : std::string_view(found->second);
    const bool holds = match == Match::exact ? found != fields_.end() && value == wanted
                                             : value.starts_with(wanted);
    if (!holds) return failed(shown);
    return {};
  }

  const Fields& fields_;
  std::set<std::string, std::less<>> covered_;
  std::optional<SizeRange> range_;
};

Error wrong_size(const ErrorKind& kind, const char* message, const char* bound,
                 std::uint64_t allowed, std::uint64_t size) {
  auto members = std::make_shared<json::object>();
  members->emplace("ProposedSize", size);
  members->emplace(bound, allowed);
  return Error(kind, message).with(std::move(members));
}

}  // namespace

Result<std::optional<SizeRange>> check_post_policy(std::string_view policy, const Fields& fields,
                                                   Time now) {
  const auto text = from_base64(policy);
  json::error_code error;
  json::parse_options options;
  options.max_depth = 8;
  const json::value document = text ? json::parse(*text, error, {}, options) : json::value();
  const json::object* object = document.if_object();
  if (error || !object) return Error(invalid_policy, "Invalid Policy: Invalid JSON.");
  const json::value* expiration = object->if_contains("expiration");
  const json::value* conditions = object->if_contains("conditions");
  if (!expiration || !expiration->is_string())
    return Error(invalid_policy, "Invalid Policy: Policy missing expiration.");
  const auto until = parse_time(expiration->get_string());
  if (!until) return Error(invalid_policy, "Invalid Policy: Invalid 'expiration' value.");
  if (!conditions || !conditions->is_array())
    return Error(invalid_policy, "Invalid Policy: Policy missing conditions.");
  if (now >= *until) return refuse("Policy expired.");
  Check check(fields);
  for (const json::value& condition : conditions->get_array()) CHECK(check.condition(condition));
  CHECK(check.nothing_else());
  return check.range();
}

Error entity_too_large(const SizeRange& range, std::uint64_t size) {
  return wrong_size(too_large, "Your proposed upload exceeds the maximum allowed size",
                    "MaxSizeAllowed", range.max, size);
}

Error entity_too_small(const SizeRange& range, std::uint64_t size) {
  return wrong_size(too_small, "Your proposed upload is smaller than the minimum allowed size",
                    "MinSizeAllowed", range.min, size);
}

}  // namespace cloudlet::wire
