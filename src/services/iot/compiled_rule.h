// A topic rule ready to run: statement and templates compiled, addresses prepared.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "delivery/target.h"
#include "services/iot/sql/statement.h"
#include "services/iot/sql/template.h"
#include "services/iot/state.h"

namespace cloudlet::iot {

// One action: what is fixed about its address, and what is filled in per message.
//
//   s3        parameters {"bucket", "key", "canned_acl"?}          S3Action
//   sns       arn: the topic; parameters {"message_format"}        SnsAction
//   lambda    arn: the function                                    LambdaAction
//   iot       parameters {"topic", "qos"}: republish               RepublishAction
class CompiledAction {
 public:
  static Result<CompiledAction> compile(const Action& action, const sql::Statement& sql);

  delivery::Address address(sql::Input& input) const;
  // As error messages name it: "S3Action", and the resource: the bucket, the topic, the function.
  const std::string& name() const { return name_; }
  static std::string resource(const delivery::Address& address);

 private:
  std::string kind_;
  std::string name_;
  sql::Template target_;  // bucket, topic ARN, function ARN, topic
  sql::Template key_;     // S3
  std::string option_;    // canned ACL, message format, QoS
};

struct CompiledRule {
  std::string name;
  Scope scope;
  std::string arn;
  bool disabled = false;
  sql::Statement statement;
  std::vector<CompiledAction> actions;
  std::optional<CompiledAction> error_action;
};

// Checks everything that the service checks: SqlParseException for the statement and the templates,
// InvalidRequestException for actions.
Result<std::shared_ptr<const CompiledRule>> compile_rule(const StoredRule& rule);

}  // namespace cloudlet::iot
