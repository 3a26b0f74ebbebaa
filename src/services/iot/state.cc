// Encoding and decoding of certificates, policies and things. Rules: rule_state.cc.
#include "services/iot/state.h"

#include "base/result.h"
#include "store/record.h"

namespace cloudlet::iot {
namespace {

using store::RecordReader;
using store::RecordWriter;

void assert_valid(const StoredCertificate& c) {
  assert_that(c.id.size() == 64, "a certificate id has 64 hex digits");
  assert_that(c.scope.account.size() == 12, "a certificate belongs to an account");
  assert_that(!c.pem.empty(), "a certificate has its PEM");
}

void assert_valid(const StoredPolicy& p) {
  assert_that(!p.name.empty(), "a policy has a name");
  assert_that(p.default_version >= 1 && p.default_version <= p.last_version,
              "the default version exists");
}

void assert_valid(const StoredThing& t) {
  assert_that(!t.name.empty() && t.version >= 1, "a thing has name and version");
}

}  // namespace

std::string encode(const StoredCertificate& c) {
  assert_valid(c);
  RecordWriter w;
  w.text(1, c.id)
      .text(2, c.scope.account)
      .text(3, c.scope.region)
      .number(4, static_cast<std::uint64_t>(c.status) + 1);  // 0 would be left out
  w.number(5, static_cast<std::uint64_t>(c.mode))
      .text(6, c.pem)
      .text(7, c.ca_id)
      .time(8, c.created)
      .time(9, c.modified);
  w.time(10, c.not_before).time(11, c.not_after).number(12, c.version).text(13, c.generation);
  return w.take();
}

StoredCertificate decode_certificate(std::string_view bytes) {
  StoredCertificate c;
  for (RecordReader r(bytes); r.next();) {
    switch (r.field()) {
      case 1: c.id = r.text(); break;
      case 2: c.scope.account = r.text(); break;
      case 3: c.scope.region = r.text(); break;
      case 4: c.status = static_cast<CertificateStatus>(r.number() - 1); break;
      case 5: c.mode = static_cast<CertificateMode>(r.number()); break;
      case 6: c.pem = r.text(); break;
      case 7: c.ca_id = r.text(); break;
      case 8: c.created = r.time(); break;
      case 9: c.modified = r.time(); break;
      case 10: c.not_before = r.time(); break;
      case 11: c.not_after = r.time(); break;
      case 12: c.version = r.number(); break;
      case 13: c.generation = r.text(); break;
      default: break;
    }
  }
  assert_valid(c);
  return c;
}

std::string encode(const StoredPolicy& p) {
  assert_valid(p);
  RecordWriter w;
  w.text(1, p.name)
      .number(2, p.default_version)
      .number(3, p.last_version)
      .time(4, p.created)
      .time(5, p.modified);
  return w.text(6, p.generation).take();
}

StoredPolicy decode_policy(std::string_view bytes) {
  StoredPolicy p;
  for (RecordReader r(bytes); r.next();) {
    switch (r.field()) {
      case 1: p.name = r.text(); break;
      case 2: p.default_version = r.number(); break;
      case 3: p.last_version = r.number(); break;
      case 4: p.created = r.time(); break;
      case 5: p.modified = r.time(); break;
      case 6: p.generation = r.text(); break;
      default: break;
    }
  }
  assert_valid(p);
  return p;
}

std::string encode(const StoredPolicyVersion& v) {
  assert_that(v.number >= 1 && !v.document.empty(), "a policy version has a number and a document");
  return RecordWriter().number(1, v.number).text(2, v.document).time(3, v.created).take();
}

StoredPolicyVersion decode_policy_version(std::string_view bytes) {
  StoredPolicyVersion v;
  for (RecordReader r(bytes); r.next();) {
    switch (r.field()) {
      case 1: v.number = r.number(); break;
      case 2: v.document = r.text(); break;
      case 3: v.created = r.time(); break;
      default: break;
    }
  }
  assert_that(v.number >= 1 && !v.document.empty(), "a policy version has a number and a document");
  return v;
}

std::string encode(const StoredThing& t) {
  assert_valid(t);
  RecordWriter w;
  w.text(1, t.name).text(2, t.id).text(3, t.type).number(4, t.version);
  for (const auto& [name, value] : t.attributes) w.element(5, name).element(6, value);
  return w.take();
}

StoredThing decode_thing(std::string_view bytes) {
  StoredThing t;
  std::string attribute;
  for (RecordReader r(bytes); r.next();) {
    switch (r.field()) {
      case 1: t.name = r.text(); break;
      case 2: t.id = r.text(); break;
      case 3: t.type = r.text(); break;
      case 4: t.version = r.number(); break;
      case 5: attribute = r.text(); break;
      case 6: t.attributes[attribute] = r.text(); break;
      default: break;
    }
  }
  assert_valid(t);
  return t;
}

std::string encode(const StoredThingType& t) {
  assert_that(!t.name.empty(), "a thing type has a name");
  RecordWriter w;
  w.text(1, t.name).text(2, t.id).text(3, t.description).time(4, t.created);
  if (t.deprecated) w.time(5, *t.deprecated);
  for (const std::string& attribute : t.searchable) w.element(6, attribute);
  return w.take();
}

StoredThingType decode_thing_type(std::string_view bytes) {
  StoredThingType t;
  for (RecordReader r(bytes); r.next();) {
    switch (r.field()) {
      case 1: t.name = r.text(); break;
      case 2: t.id = r.text(); break;
      case 3: t.description = r.text(); break;
      case 4: t.created = r.time(); break;
      case 5: t.deprecated = r.time(); break;
      case 6: t.searchable.push_back(r.text()); break;
      default: break;
    }
  }
  assert_that(!t.name.empty(), "a thing type has a name");
  return t;
}

std::string certificate_arn(const Scope& scope, std::string_view id) {
  return make_arn("iot", scope, "cert/" + std::string(id));
}
std::string policy_arn(const Scope& scope, std::string_view name) {
  return make_arn("iot", scope, "policy/" + std::string(name));
}
std::string thing_arn(const Scope& scope, std::string_view name) {
  return make_arn("iot", scope, "thing/" + std::string(name));
}
std::string thing_type_arn(const Scope& scope, std::string_view name) {
  return make_arn("iot", scope, "thingtype/" + std::string(name));
}
std::string rule_arn(const Scope& scope, std::string_view name) {
  return make_arn("iot", scope, "rule/" + std::string(name));
}

}  // namespace cloudlet::iot
