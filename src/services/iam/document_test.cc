// Proves which documents are refused and with which sentence, and whom trust policies let in.
#include "services/iam/document.h"

#include <gtest/gtest.h>

namespace cloudlet::iam {
namespace {

std::string identity(const std::string& statement) {
  return R"({"Version":"2012-10-17","Statement":[)" + statement + "]}";
}

std::string refusal(const std::string& text, DocumentKind kind) {
  const auto checked = check_document(text, kind);
  return checked.has_error() ? checked.error().message() : "";
}

TEST(PolicyDocument, GoodOnesPass) {
  for (
      const char* statement :
      {R"({"Effect":"Allow","Action":"*","Resource":"*"})",
       R"({"Sid":"A","Effect":"Deny","NotAction":["s3:Get*"],"NotResource":"arn:aws:s3:::b"})",
       R"({"Effect":"Allow","Action":["sns:Publish"],"Resource":["arn:aws:sns:*:*:t"],"Condition":{"StringEquals":{"aws:x":["a"]}}})"})
    EXPECT_EQ(refusal(identity(statement), DocumentKind::managed), "") << statement;
}

TEST(PolicyDocument, BadOnesAreRefusedInAwssWords) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "Syntax errors in policy."},
      {"[]", "Syntax errors in policy."},
      {"{}", "Policy document must be version 2012-10-17 or greater."},
      {R"({"Version":"2012-10-17"})", "Syntax errors in policy."},
      {R"({"Version":"2012-10-17","Statement":[]})", "Syntax errors in policy."},
      {R"({"Version":"2012-10-17","Statement":[],"Extra":1})", "Syntax errors in policy."},
      {R"({"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}})",
       "Policy document must be version 2012-10-17 or greater."},
      {identity(R"({"Effect":"allow","Action":"*","Resource":"*"})"), "Syntax errors in policy."},
      {identity(R"({"Effect":"Allow","Resource":"*"})"), "Policy statement must contain actions."},
      {identity(R"({"Effect":"Allow","Action":[],"Resource":"*"})"),
       "Policy statement must contain actions."},
      {identity(R"({"Effect":"Allow","Action":"*"})"), "Policy statement must contain resources."},
      {identity(R"({"Effect":"Allow","Action":"Publish","Resource":"*"})"),
       "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."},
      {identity(R"({"Effect":"Allow","Action":"s 3:Get","Resource":"*"})"),
       "Vendor s 3 is not valid"},
      {identity(R"({"Effect":"Allow","Action":"*","Resource":"bucket"})"),
       R"(Resource bucket must be in ARN format or "*".)"},
      {identity(R"({"Effect":"Allow","Action":"*","Resource":"*","Principal":"*"})"),
       "Policy document should not specify a principal."},
      {identity(
           R"({"Sid":"A","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"A","Effect":"Allow","Action":"*","Resource":"*"})"),
       "Statement IDs (SID) in a single policy must be unique."},
      {identity(
           R"({"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":"x"}})"),
       "Syntax errors in policy."},
      {identity(R"({"Effect":"Allow","Action":"*","Resource":"*","Colour":"red"})"),
       "Syntax errors in policy."},
  };
  for (const auto& [text, sentence] : cases)
    EXPECT_EQ(refusal(text, DocumentKind::managed), sentence) << text;
}

TEST(PolicyDocument, InlineOnesNeedNoVersion) {
  const std::string statement =
      R"({"Statement":[{"Effect":"Allow","Action":"sns:Publish","Resource":"*"}]})";
  EXPECT_EQ(refusal(statement, DocumentKind::inlined), "");
  EXPECT_NE(refusal(statement, DocumentKind::managed), "");
}

TEST(TrustPolicy, BadOnesAreRefusedInAwssWords) {
  const std::pair<std::string, std::string> cases[] = {
      {"{", "This policy contains invalid Json"},
      {R"({"Statement":{"Effect":"Allow","Action":"sts:AssumeRole"}})",
       "Missing required field Principal"},
      {R"({"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":"*","Resource":"*"}})",
       "Has prohibited field Resource"},
      {R"({"Statement":{"Effect":"Allow","Action":"s3:Get","Principal":"*"}})",
       "AssumeRole policy may only specify STS AssumeRole actions."},
      {R"({"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"nobody"}}})",
       R"(Invalid principal in policy: "AWS":"nobody")"},
      {R"({"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda"}}})",
       R"(Invalid principal in policy: "Service":"lambda")"},
      {R"({"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Who":"x"}}})",
       "Syntax errors in policy."},
  };
  for (const auto& [text, sentence] : cases)
    EXPECT_EQ(refusal(text, DocumentKind::trust), sentence) << text;
}

wire::Principal user(const std::string& arn) {
  return {.kind = wire::Principal::Kind::user, .arn = arn};
}

bool allows(const std::string& statements, const wire::Principal& who,
            const std::map<std::string, std::string>& context = {}) {
  const std::string document = R"({"Version":"2012-10-17","Statement":[)" + statements + "]}";
  EXPECT_EQ(refusal(document, DocumentKind::trust), "") << statements;
  return trust_allows(document, who, "sts:AssumeRole", context);
}

std::string allow(const std::string& principal, const std::string& more = "") {
  return R"({"Effect":"Allow","Action":"sts:AssumeRole","Principal":)" + principal + more + "}";
}

TEST(TrustPolicy, LetsInWhomItNames) {
  const wire::Principal ann = user("arn:aws:iam::111122223333:user/ann");
  EXPECT_TRUE(allows(allow(R"("*")"), ann));
  EXPECT_TRUE(allows(allow(R"({"AWS":"*"})"), ann));
  EXPECT_TRUE(allows(allow(R"({"AWS":"111122223333"})"), ann));
  EXPECT_TRUE(
      allows(allow(R"({"AWS":["arn:aws:iam::1:root","arn:aws:iam::111122223333:root"]})"), ann));
  EXPECT_TRUE(allows(allow(R"({"AWS":"arn:aws:iam::111122223333:user/ann"})"), ann));
  EXPECT_FALSE(allows(allow(R"({"AWS":"arn:aws:iam::111122223333:user/bob"})"), ann));
  EXPECT_FALSE(allows(allow(R"({"AWS":"444455556666"})"), ann));
  EXPECT_FALSE(allows(allow(R"({"Service":"lambda.amazonaws.com"})"), ann));
}

TEST(TrustPolicy, ServicesAndSessions) {
  const wire::Principal lambda{.kind = wire::Principal::Kind::service,
                               .arn = "lambda.amazonaws.com"};
  EXPECT_TRUE(allows(allow(R"({"Service":["iot.amazonaws.com","lambda.amazonaws.com"]})"), lambda));
  EXPECT_FALSE(allows(allow(R"({"AWS":"*"})"), lambda));
  const wire::Principal session{.kind = wire::Principal::Kind::assumed_role,
                                .arn = "arn:aws:sts::111122223333:assumed-role/reader/me"};
  EXPECT_TRUE(allows(allow(R"({"AWS":"arn:aws:iam::111122223333:role/path/reader"})"), session));
  EXPECT_FALSE(allows(allow(R"({"AWS":"arn:aws:iam::111122223333:role/writer"})"), session));
  EXPECT_FALSE(allows(allow(R"({"AWS":"arn:aws:iam::999922223333:role/reader"})"), session));
}

TEST(TrustPolicy, ADenyWinsAndDoubtLetsNobodyIn) {
  const wire::Principal ann = user("arn:aws:iam::111122223333:user/ann");
  const std::string deny =
      R"({"Effect":"Deny","Action":"sts:*","Principal":{"AWS":"arn:aws:iam::111122223333:user/ann"}})";
  EXPECT_FALSE(allows(allow(R"("*")") + "," + deny, ann));
  EXPECT_FALSE(allows(
      allow(R"("*")", R"(,"Condition":{"DateLessThan":{"aws:CurrentTime":"2100-01-01"}})"), ann));
}

TEST(TrustPolicy, ConditionsAreAsked) {
  const wire::Principal ann = user("arn:aws:iam::111122223333:user/ann");
  const auto with = [&](const std::string& condition,
                        const std::map<std::string, std::string>& context) {
    return allows(allow(R"("*")", R"(,"Condition":)" + condition), ann, context);
  };
  EXPECT_TRUE(with(R"({"StringEquals":{"sts:ExternalId":["a","b"]}})", {{"sts:ExternalId", "b"}}));
  EXPECT_FALSE(with(R"({"StringEquals":{"sts:ExternalId":"a"}})", {{"sts:ExternalId", "b"}}));
  EXPECT_FALSE(with(R"({"StringEquals":{"sts:ExternalId":"a"}})", {}));
  EXPECT_TRUE(with(R"({"StringNotEquals":{"sts:ExternalId":"a"}})", {}));
  EXPECT_TRUE(with(R"({"StringEqualsIfExists":{"sts:ExternalId":"a"}})", {}));
  EXPECT_TRUE(with(R"({"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/a*"}})",
                   {{"aws:PrincipalArn", ann.arn}}));
  EXPECT_FALSE(with(R"({"Bool":{"aws:MultiFactorAuthPresent":"true"}})", {}));
  EXPECT_TRUE(with(R"({"Null":{"sts:ExternalId":"true"}})", {}));
}

TEST(Wildcards, Match) {
  EXPECT_TRUE(matches_wildcard("a*c?e", "abbbcde"));
  EXPECT_FALSE(matches_wildcard("a*c?e", "abbbce"));
  EXPECT_TRUE(matches_wildcard("*", ""));
  EXPECT_FALSE(matches_wildcard("", "x"));
  // Linear on hostile patterns.
  EXPECT_FALSE(matches_wildcard(std::string(200, '*') + "b", std::string(20'000, 'a')));
}

}  // namespace
}  // namespace cloudlet::iam
