// Subscription filter policies, compiled once and then asked for every message.
// https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
#pragma once

#include <boost/json/value.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "gen/sns/types.h"

namespace cloudlet::sns {

enum class FilterScope { attributes, body };
inline FilterScope filter_scope(std::string_view text) {
  return text == "MessageBody" ? FilterScope::body : FilterScope::attributes;
}

using MessageAttributes = std::map<std::string, MessageAttributeValue>;

// What filters look at: parsed at most once a message, however many subscriptions ask. Borrows its
// texts.
class FilterInput {
 public:
  FilterInput(std::string_view message, const MessageAttributes& attributes)
      : message_(message), attributes_(attributes) {}
  const boost::json::object* body() const;  // null: the message is no JSON object
  const MessageAttributes& attributes() const { return attributes_; }

 private:
  std::string_view message_;
  const MessageAttributes& attributes_;
  mutable bool parsed_ = false;
  mutable boost::json::value body_;
};

class Filter {
 public:
  // The error's message is what the service says after "Invalid parameter: ".
  static Result<Filter> compile(std::string_view policy, FilterScope scope);

  struct Answer {
    bool matches = true;
    std::string reason;  // if not: which key, and why
  };
  Answer match(const FilterInput& input) const;

  struct Node;

 private:
  Filter(FilterScope scope, std::shared_ptr<const Node> root)
      : scope_(scope), root_(std::move(root)) {}
  FilterScope scope_;
  std::shared_ptr<const Node> root_;
};

}  // namespace cloudlet::sns
