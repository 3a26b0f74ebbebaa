// Where a resource lives, and its Amazon Resource Name.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace cloudlet {

// The part of the world that a request speaks of: part of every key. Never two strings in a row.
struct Scope {
  std::string account;  // 12 digits
  std::string region;   // "eu-west-1"
  auto operator<=>(const Scope&) const = default;
};

// arn:aws:<service>:<region>:<account>:<resource>. Region and account are empty where the service
// says so (S3, IAM).
struct Arn {
  std::string partition = "aws";
  std::string service;
  std::string region;
  std::string account;
  std::string resource;  // "function:alert", "rule/SoilHumidity", "my-topic"; may hold ':' and '/'

  std::string str() const;
  static std::optional<Arn> parse(std::string_view text);
  Scope scope() const { return {.account = account, .region = region}; }
  auto operator<=>(const Arn&) const = default;
};

std::string make_arn(std::string_view service, const Scope& scope, std::string_view resource);

}  // namespace cloudlet
