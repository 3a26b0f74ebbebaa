#include "wire/router_host.h"

#include <algorithm>

namespace cloudlet::wire {
namespace {

std::string lower_without_port(std::string_view host) {
  if (host.starts_with('[')) return {};  // an IPv6 address
  std::string out(host.substr(0, host.find(':')));
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  while (!out.empty() && out.back() == '.') out.pop_back();
  return out;
}

std::vector<std::string_view> labels_of(std::string_view name) {
  std::vector<std::string_view> labels;
  while (!name.empty()) {
    const std::size_t dot = name.find('.');
    labels.push_back(name.substr(0, dot));
    name.remove_prefix(dot == std::string_view::npos ? name.size() : dot + 1);
  }
  return labels;
}

// Labels that name a service where one stands before the domain ("lambda.us-east-1.amazonaws.com",
// "sns.localhost").
bool names_service(std::string_view label) {
  static constexpr std::string_view known[] = {
      "lambda",    "iot",        "iotdata",     "sns",
      "sqs",       "iam",        "sts",         "logs",
      "events",    "monitoring", "states",      "kinesis",
      "dynamodb",  "apigateway", "execute-api", "cloudformation",
      "lambda-url"};
  return std::find(std::begin(known), std::end(known), label) != std::end(known);
}

bool is_s3(std::string_view label) { return label == "s3" || label.starts_with("s3-"); }

}  // namespace

HostHint read_host(std::string_view host, const std::vector<std::string>& domains) {
  const std::string name = lower_without_port(host);
  std::string_view domain;
  for (const std::string& candidate : domains)
    if (candidate.size() > domain.size() && name.size() > candidate.size() &&
        name.ends_with(candidate) && name[name.size() - candidate.size() - 1] == '.')
      domain = candidate;
  if (domain.empty()) return {};
  const std::string_view rest = std::string_view(name).substr(0, name.size() - domain.size() - 1);
  const auto labels = labels_of(rest);
  // The last "s3" counts: a bucket's own name may hold the label too ("my.s3.bucket.s3.us-east-1").
  for (std::size_t i = labels.size(); i-- > 0;) {
    if (!is_s3(labels[i])) continue;
    const auto before = static_cast<std::size_t>(labels[i].data() - rest.data());
    return {.bucket = std::string(rest.substr(0, before == 0 ? 0 : before - 1)), .service = "s3"};
  }
  for (const std::string_view label : labels)
    if (names_service(label)) return {.bucket = {}, .service = std::string(label)};
  if (domain.starts_with("localhost")) return {.bucket = std::string(rest), .service = "s3"};
  return {};
}

}  // namespace cloudlet::wire
