#include "services/lambda/state.h"

#include "base/encoding.h"
#include "base/result.h"
#include "services/lambda/keys.h"
#include "store/record.h"

namespace cloudlet::lambda {

using store::RecordReader;
using store::RecordWriter;

namespace {

std::string encode_pair(const std::string& name, const std::string& value) {
  RecordWriter w;
  w.text(1, name).text(2, value);
  return w.take();
}

void decode_pair(std::string_view bytes, std::map<std::string, std::string>& into) {
  std::string name, value;
  for (RecordReader r(bytes); r.next();) (r.field() == 1 ? name : value) = r.text();
  into[name] = value;
}

std::string encode_statement(const Statement& s) {
  RecordWriter w;
  w.text(1, s.sid)
      .text(2, s.action)
      .text(3, s.principal)
      .text(4, s.source_arn)
      .text(5, s.source_account);
  return w.take();
}

Statement decode_statement(std::string_view bytes) {
  Statement s;
  for (RecordReader r(bytes); r.next();) {
    switch (r.field()) {
      case 1: s.sid = r.text(); break;
      case 2: s.action = r.text(); break;
      case 3: s.principal = r.text(); break;
      case 4: s.source_arn = r.text(); break;
      case 5: s.source_account = r.text(); break;
    }
  }
  return s;
}

// Optional numbers are stored one higher, so that none is nothing.
std::string encode_event_config(const EventConfig& c) {
  RecordWriter w;
  w.time(1, c.modified).text(4, c.on_success).text(5, c.on_failure);
  if (c.age_seconds_max) w.number(2, static_cast<std::uint64_t>(*c.age_seconds_max) + 1);
  if (c.retries) w.number(3, static_cast<std::uint64_t>(*c.retries) + 1);
  return w.take();
}

EventConfig decode_event_config(std::string_view bytes) {
  EventConfig c;
  for (RecordReader r(bytes); r.next();) {
    switch (r.field()) {
      case 1: c.modified = r.time(); break;
      case 2: c.age_seconds_max = static_cast<int>(r.number()) - 1; break;
      case 3: c.retries = static_cast<int>(r.number()) - 1; break;
      case 4: c.on_success = r.text(); break;
      case 5: c.on_failure = r.text(); break;
    }
  }
  return c;
}

}  // namespace

std::string StoredFunction::arn(const Scope& scope) const {
  return FunctionId{.scope = scope, .name = name}.arn();
}

std::string StoredFunction::package() const { return to_hex(code_sha256); }

std::string encode(const StoredFunction& f) {
  assert_that(!f.name.empty() && f.code_sha256.size() == 32, "a function has a name and code");
  RecordWriter w;
  w.text(1, f.name).text(2, f.runtime).text(3, f.role).text(4, f.handler).text(5, f.description);
  w.number(6, static_cast<std::uint64_t>(f.timeout_seconds))
      .number(7, static_cast<std::uint64_t>(f.memory_mb));
  w.number(8, static_cast<std::uint64_t>(f.tmp_mb)).text(10, f.architecture).flag(11, f.traced);
  w.text(12, f.dead_letter).text(13, f.log_group).text(14, f.code.name).text(15, f.code_sha256);
  w.number(16, f.code_bytes).text(17, f.revision).time(18, f.modified).text(21, f.policy_revision);
  for (const auto& [name, value] : f.environment) w.element(9, encode_pair(name, value));
  for (const auto& [name, value] : f.tags) w.element(19, encode_pair(name, value));
  for (const Statement& statement : f.policy) w.element(20, encode_statement(statement));
  if (f.reserved) w.number(22, static_cast<std::uint64_t>(*f.reserved) + 1);
  if (f.event_config) w.element(23, encode_event_config(*f.event_config));
  return w.take();
}

StoredFunction decode_function(std::string_view bytes) {
  StoredFunction f;
  for (RecordReader r(bytes); r.next();) {
    switch (r.field()) {
      case 1: f.name = r.text(); break;
      case 2: f.runtime = r.text(); break;
      case 3: f.role = r.text(); break;
      case 4: f.handler = r.text(); break;
      case 5: f.description = r.text(); break;
      case 6: f.timeout_seconds = static_cast<int>(r.number()); break;
      case 7: f.memory_mb = static_cast<int>(r.number()); break;
      case 8: f.tmp_mb = static_cast<int>(r.number()); break;
      case 9: decode_pair(r.view(), f.environment); break;
      case 10: f.architecture = r.text(); break;
      case 11: f.traced = r.flag(); break;
      case 12: f.dead_letter = r.text(); break;
      case 13: f.log_group = r.text(); break;
      case 14: f.code.name = r.text(); break;
      case 15: f.code_sha256 = r.text(); break;
      case 16: f.code_bytes = r.number(); break;
      case 17: f.revision = r.text(); break;
      case 18: f.modified = r.time(); break;
      case 19: decode_pair(r.view(), f.tags); break;
      case 20: f.policy.push_back(decode_statement(r.view())); break;
      case 21: f.policy_revision = r.text(); break;
      case 22: f.reserved = static_cast<int>(r.number()) - 1; break;
      case 23: f.event_config = decode_event_config(r.view()); break;
    }
  }
  assert_that(!f.name.empty() && f.code_sha256.size() == 32,
              "a stored function has a name and code");
  return f;
}

std::string encode(const StoredInvocation& i) {
  assert_that(i.request_id.size() == 36, "an invocation has a request id");
  RecordWriter w;
  w.text(1, i.request_id)
      .text(2, i.payload)
      .text(3, i.source)
      .text(4, i.cause.trace)
      .number(5, i.cause.span);
  w.number(6, static_cast<std::uint64_t>(i.cause.hops)).time(7, i.accepted);
  w.number(8, static_cast<std::uint64_t>(i.attempts))
      .number(9, static_cast<std::uint64_t>(i.throttles));
  return w.take();
}

StoredInvocation decode_invocation(std::string_view bytes) {
  StoredInvocation i;
  for (RecordReader r(bytes); r.next();) {
    switch (r.field()) {
      case 1: i.request_id = r.text(); break;
      case 2: i.payload = r.text(); break;
      case 3: i.source = r.text(); break;
      case 4: i.cause.trace = r.text(); break;
      case 5: i.cause.span = r.number(); break;
      case 6: i.cause.hops = static_cast<int>(r.number()); break;
      case 7: i.accepted = r.time(); break;
      case 8: i.attempts = static_cast<int>(r.number()); break;
      case 9: i.throttles = static_cast<int>(r.number()); break;
    }
  }
  assert_that(i.request_id.size() == 36, "a stored invocation has a request id");
  return i;
}

std::optional<StoredFunction> find_function(const store::ReadTxn& tx, const Scope& scope,
                                            const std::string& name) {
  const auto bytes = tx.get(keys::function(scope, name));
  if (!bytes) return std::nullopt;
  return decode_function(*bytes);
}

void write_function(store::Txn& tx, const Scope& scope, const StoredFunction& function) {
  tx.put(keys::function(scope, function.name), encode(function));
}

}  // namespace cloudlet::lambda
