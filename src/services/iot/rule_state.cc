// Rules as stored bytes: the payload of CreateTopicRule, with the action kinds that are served.
#include <algorithm>

#include "base/result.h"
#include "services/iot/state.h"
#include "store/record.h"

namespace cloudlet::iot {
namespace {

using store::RecordReader;
using store::RecordWriter;

// One record an action: the first field says its kind.
enum class Kind : std::uint64_t { s3 = 1, lambda = 2, sns = 3, republish = 4 };

std::string encode_action(const Action& action) {
  RecordWriter w;
  if (action.s3) {
    w.number(1, static_cast<std::uint64_t>(Kind::s3))
        .text(2, action.s3->role_arn)
        .text(3, action.s3->bucket_name);
    w.text(4, action.s3->key);
    if (action.s3->canned_acl) w.number(5, static_cast<std::uint64_t>(*action.s3->canned_acl) + 1);
  } else if (action.lambda) {
    w.number(1, static_cast<std::uint64_t>(Kind::lambda)).text(3, action.lambda->function_arn);
  } else if (action.sns) {
    w.number(1, static_cast<std::uint64_t>(Kind::sns))
        .text(2, action.sns->role_arn)
        .text(3, action.sns->target_arn);
    if (action.sns->message_format)
      w.number(5, static_cast<std::uint64_t>(*action.sns->message_format) + 1);
  } else {
    assert_that(action.republish.has_value(), "a stored action is of a kind that is served");
    w.number(1, static_cast<std::uint64_t>(Kind::republish)).text(2, action.republish->role_arn);
    w.text(3, action.republish->topic);
    if (action.republish->qos) w.number(5, static_cast<std::uint64_t>(*action.republish->qos) + 1);
  }
  return w.take();
}

Action decode_action(std::string_view bytes) {
  Kind kind{};
  std::string role, target, key;
  std::uint64_t option = 0;  // 0: not given, else one more than the value
  for (RecordReader r(bytes); r.next();) {
    switch (r.field()) {
      case 1: kind = static_cast<Kind>(r.number()); break;
      case 2: role = r.text(); break;
      case 3: target = r.text(); break;
      case 4: key = r.text(); break;
      case 5: option = r.number(); break;
      default: break;
    }
  }
  Action action;
  switch (kind) {
    case Kind::s3:
      action.s3 = S3Action{.bucket_name = target, .canned_acl = {}, .key = key, .role_arn = role};
      if (option) action.s3->canned_acl = static_cast<CannedAccessControlList>(option - 1);
      return action;
    case Kind::lambda: action.lambda = LambdaAction{.function_arn = target}; return action;
    case Kind::sns:
      action.sns = SnsAction{.message_format = {}, .role_arn = role, .target_arn = target};
      if (option) action.sns->message_format = static_cast<MessageFormat>(option - 1);
      return action;
    case Kind::republish:
      action.republish =
          RepublishAction{.headers = {}, .qos = {}, .role_arn = role, .topic = target};
      if (option) action.republish->qos = static_cast<std::int32_t>(option - 1);
      return action;
  }
  assert_that(false, "a stored action is of a known kind");
  return action;
}

}  // namespace

std::string encode(const StoredRule& rule) {
  assert_that(!rule.name.empty() && !rule.payload.sql.empty(), "a rule has a name and a statement");
  RecordWriter w;
  w.text(1, rule.name).text(2, rule.scope.account).text(3, rule.scope.region).time(4, rule.created);
  w.text(5, rule.payload.sql).flag(8, rule.payload.rule_disabled.value_or(false));
  if (rule.payload.description) w.element(6, *rule.payload.description);
  if (rule.payload.aws_iot_sql_version) w.text(7, *rule.payload.aws_iot_sql_version);
  for (const Action& action : rule.payload.actions) w.element(9, encode_action(action));
  if (rule.payload.error_action) w.element(10, encode_action(*rule.payload.error_action));
  return w.take();
}

StoredRule decode_rule(std::string_view bytes) {
  StoredRule rule;
  rule.payload.rule_disabled = false;
  for (RecordReader r(bytes); r.next();) {
    switch (r.field()) {
      case 1: rule.name = r.text(); break;
      case 2: rule.scope.account = r.text(); break;
      case 3: rule.scope.region = r.text(); break;
      case 4: rule.created = r.time(); break;
      case 5: rule.payload.sql = r.text(); break;
      case 6: rule.payload.description = r.text(); break;
      case 7: rule.payload.aws_iot_sql_version = r.text(); break;
      case 8: rule.payload.rule_disabled = r.flag(); break;
      case 9: rule.payload.actions.push_back(decode_action(r.view())); break;
      case 10: rule.payload.error_action = decode_action(r.view()); break;
      default: break;
    }
  }
  assert_that(!rule.name.empty() && !rule.payload.sql.empty(), "a rule has a name and a statement");
  return rule;
}

}  // namespace cloudlet::iot
