#include "services/sts/session.h"

#include "base/result.h"
#include "store/record.h"

namespace cloudlet::sts {

std::string encode(const StoredSession& session) {
  assert_that(
      session.access_key.starts_with("ASIA") && !session.secret.empty() && !session.token.empty(),
      "a session lacks its key");
  store::RecordWriter out;
  out.text(1, session.access_key)
      .text(2, session.secret)
      .text(3, session.token)
      .text(4, session.arn)
      .text(5, session.id);
  out.time(6, session.expires).text(7, session.source_identity).text(8, session.policy);
  for (const std::string& arn : session.policy_arns) out.element(9, arn);
  // A tag is two elements: key, then value.
  for (const auto& [key, value] : session.tags) out.element(10, key).element(11, value);
  return out.take();
}

StoredSession decode_session(std::string_view bytes) {
  StoredSession session;
  std::string tag;
  for (store::RecordReader in(bytes); in.next();) {
    switch (in.field()) {
      case 1: session.access_key = in.text(); break;
      case 2: session.secret = in.text(); break;
      case 3: session.token = in.text(); break;
      case 4: session.arn = in.text(); break;
      case 5: session.id = in.text(); break;
      case 6: session.expires = in.time(); break;
      case 7: session.source_identity = in.text(); break;
      case 8: session.policy = in.text(); break;
      case 9: session.policy_arns.push_back(in.text()); break;
      case 10: tag = in.text(); break;
      case 11: session.tags[tag] = in.text(); break;
      default: break;
    }
  }
  assert_that(!session.access_key.empty() && !session.secret.empty(),
              "a stored session lacks its key");
  return session;
}

}  // namespace cloudlet::sts
