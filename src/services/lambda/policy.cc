#include "services/lambda/policy.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "services/lambda/rules.h"

namespace cloudlet::lambda {
namespace {

namespace json = boost::json;

bool is_account(const std::string& text) {
  return text.size() == 12 && text.find_first_not_of("0123456789") == std::string::npos;
}

json::value principal(const std::string& text) {
  if (text == "*") return "*";
  json::object out;
  if (is_account(text))
    out["AWS"] = "arn:aws:iam::" + text + ":root";
  else if (text.starts_with("arn:"))
    out["AWS"] = text;
  else
    out["Service"] = text;
  return out;
}

json::object document(const FunctionId& id, const Statement& s) {
  json::object out;
  out["Sid"] = s.sid;
  out["Effect"] = "Allow";
  out["Principal"] = principal(s.principal);
  out["Action"] = s.action;
  out["Resource"] = id.arn();
  json::object condition;
  if (!s.source_account.empty())
    condition["StringEquals"] = {{"AWS:SourceAccount", s.source_account}};
  if (!s.source_arn.empty()) condition["ArnLike"] = {{"AWS:SourceArn", s.source_arn}};
  if (!condition.empty()) out["Condition"] = condition;
  return out;
}

// '*' any text, '?' any character. Linear: goes back to the last star only.
bool like(std::string_view text, std::string_view pattern) {
  std::size_t t = 0, p = 0, star = std::string_view::npos, from = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*')
      star = p++, from = t;
    else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t]))
      ++p, ++t;
    else if (star != std::string_view::npos)
      p = star + 1, t = ++from;
    else
      return false;
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

// Why a statement does not let the asker in; empty: it does.
std::string objection(const Statement& s, const Asker& asker) {
  if (s.action != "lambda:InvokeFunction" && s.action != "lambda:*" && s.action != "*")
    return "is about " + s.action;
  if (s.principal != "*" && s.principal != asker.principal) return "lets in " + s.principal;
  if (!s.source_arn.empty() && !like(asker.source, s.source_arn))
    return "asks for the source " + s.source_arn;
  if (!s.source_account.empty() && s.source_account != asker.account)
    return "asks for the account " + s.source_account;
  return {};
}

}  // namespace

std::string statement_document(const FunctionId& id, const Statement& statement) {
  return json::serialize(document(id, statement));
}

std::string policy_document(const FunctionId& id, const std::vector<Statement>& statements) {
  json::array all;
  for (const Statement& statement : statements) all.push_back(document(id, statement));
  return json::serialize(
      json::object{{"Version", "2012-10-17"}, {"Id", "default"}, {"Statement", std::move(all)}});
}

Result<void> check_policy(const FunctionId& id, const std::vector<Statement>& statements,
                          const Asker& asker) {
  std::string objections;
  for (const Statement& statement : statements) {
    const std::string why = objection(statement, asker);
    if (why.empty()) return {};
    objections += fmt::format("; statement {} {}", statement.sid, why);
  }
  if (statements.empty()) objections = "; it has no statement";
  return Error(access_denied, fmt::format("the policy of {} does not let {} invoke it for {}{}",
                                          id.arn(), asker.principal, asker.source, objections));
}

}  // namespace cloudlet::lambda
