#include "wire/router.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/encoding.h"
#include "wire/router_host.h"
#include "wire/router_tree.h"
#include "wire/sigv4.h"

namespace cloudlet::wire {
namespace errors {
const ErrorKind unknown_operation{.name = "UnknownOperationException",
                                  .code = "UnknownOperationException"};
const ErrorKind unknown_path{
    .name = "UnknownOperationException", .code = "UnknownOperationException", .status = 404};
const ErrorKind invalid_action{.name = "InvalidAction", .code = "InvalidAction"};
const ErrorKind missing_action{.name = "MissingAction", .code = "MissingAction"};
const ErrorKind method_not_allowed{
    .name = "MethodNotAllowed", .code = "MethodNotAllowed", .status = 405};
const ErrorKind not_implemented{
    .name = "NotImplemented", .code = "NotImplemented", .status = 501, .fault = Fault::server};
}  // namespace errors

Error not_implemented() {
  return {errors::not_implemented,
          "A header you provided implies functionality that is not implemented"};
}

namespace {

// Query parameters that turn a request to a bucket or object into another operation. One that the
// found operation does not speak of means an operation that is not served: refused, never taken for
// its neighbour.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
constexpr std::array<std::string_view, 42> s3_subresources = {"abac",
                                                              "accelerate",
                                                              "acl",
                                                              "analytics",
                                                              "annotation",
                                                              "attributes",
                                                              "cors",
                                                              "delete",
                                                              "encryption",
                                                              "intelligent-tiering",
                                                              "inventory",
                                                              "legal-hold",
                                                              "lifecycle",
                                                              "location",
                                                              "logging",
                                                              "metadataConfiguration",
                                                              "metadataInventoryTable",
                                                              "metadataJournalTable",
                                                              "metadataTable",
                                                              "metrics",
                                                              "notification",
                                                              "object-lock",
                                                              "ownershipControls",
                                                              "partNumber",
                                                              "policy",
                                                              "policyStatus",
                                                              "publicAccessBlock",
                                                              "renameObject",
                                                              "replication",
                                                              "requestPayment",
                                                              "restore",
                                                              "retention",
                                                              "select",
                                                              "select-type",
                                                              "session",
                                                              "tagging",
                                                              "torrent",
                                                              "uploadId",
                                                              "uploads",
                                                              "versioning",
                                                              "versions",
                                                              "website"};

// Operations that nobody signs (wire.md, 4.8; the links in SNS's messages).
struct Public {
  std::string_view service, operation;
};
constexpr Public public_operations[] = {{"sns", "ConfirmSubscription"},
                                        {"sns", "Unsubscribe"},
                                        {"sts", "AssumeRoleWithWebIdentity"},
                                        {"sts", "AssumeRoleWithSAML"}};

bool speaks(const Service& service, Protocol protocol) {
  return std::find(service.protocols.begin(), service.protocols.end(), protocol) !=
         service.protocols.end();
}

bool is_form(const Request& request) {
  return request.method == "POST" &&
         request.headers.get("Content-Type").starts_with("application/x-www-form-urlencoded");
}

std::string query_value(std::string_view query, std::string_view name) {
  std::string found;
  any_query(query, [&](std::string_view key, std::string_view value) {
    if (key != name) return false;
    found = percent_decode(value, Plus::space).value_or("");
    return true;
  });
  return found;
}

// "/2015-03-31/functions": Lambda's paths begin with the date of the API.
bool begins_with_date(std::string_view path) {
  if (path.size() < 12 || path[0] != '/' || path[11] != '/' || path[5] != '-' || path[8] != '-')
    return false;
  return path.substr(1, 4).find_first_not_of("0123456789") == std::string_view::npos &&
         path.substr(6, 2).find_first_not_of("0123456789") == std::string_view::npos;
}

// "iot" for all the names that clients sign it with.
std::string_view family(std::string_view signing_name) {
  return signing_name.starts_with("iot") || signing_name == "execute-api" ? "iot" : signing_name;
}

}  // namespace

struct Router::State {
  struct Rest {
    const Service* service;
    RouteTree tree;
  };

  const Service* query_service(std::string_view scope, std::string_view version,
                               std::string_view action) const;
  Result<void> by_cbor(const Request& request, Exchange& exchange) const;
  Result<void> by_target(std::string_view target, const Request& request, Exchange& exchange) const;
  Result<void> by_action(const Request& request, std::string_view text, std::string_view scope,
                         Exchange& exchange) const;
  Result<void> by_path(Request& request, std::string_view scope, Exchange& exchange) const;
  bool in(const Rest& rest, const Request& request, Exchange& exchange) const;
  Result<void> in_s3(Request& request, const HostHint& host, Exchange& exchange) const;

  std::vector<const Service*> services;
  std::vector<Rest> rest;  // all but S3
  std::optional<Rest> s3;
  RouterOptions options;
};

Router::Router(std::vector<const Service*> services, RouterOptions options)
    : state_(std::make_unique<State>()) {
  state_->options = std::move(options);
  for (const Service* service : services) {
    if (!speaks(*service, Protocol::rest_json) && !speaks(*service, Protocol::rest_xml)) continue;
    State::Rest rest{.service = service};
    for (const Operation& operation : service->operations) rest.tree.add(operation);
    if (service->signing_name == "s3")
      state_->s3 = std::move(rest);
    else
      state_->rest.push_back(std::move(rest));
  }
  state_->services = std::move(services);
}

Router::~Router() = default;

bool Router::needs_whole_body(const Request& request) { return is_form(request); }

Result<void> Router::State::by_cbor(const Request& request, Exchange& exchange) const {
  exchange.protocol = Protocol::cbor;
  // "/service/<target>/operation/<Operation>", perhaps below a prefix.
  const std::string_view path = request.path();
  const std::size_t service_at = path.find("/service/"), operation_at = path.rfind("/operation/");
  if (service_at != std::string_view::npos && operation_at != std::string_view::npos &&
      operation_at > service_at) {
    const std::string_view target = path.substr(service_at + 9, operation_at - service_at - 9);
    for (const Service* service : services) {
      if (service->target_prefix != target || !speaks(*service, Protocol::cbor)) continue;
      exchange.service = service;
      exchange.operation = service->find(path.substr(operation_at + 11));
    }
  }
  if (exchange.operation) return {};
  return Error(errors::unknown_operation, "The operation " + std::string(path) + " is not served.");
}

Result<void> Router::State::by_target(std::string_view target, const Request& request,
                                      Exchange& exchange) const {
  exchange.protocol = Protocol::json;
  exchange.json_version = request.headers.get("Content-Type").ends_with("1.0") ? "1.0" : "1.1";
  const std::size_t dot = target.rfind('.');
  if (dot != std::string_view::npos) {
    for (const Service* service : services) {
      if (service->target_prefix != target.substr(0, dot) || service->target_prefix.empty())
        continue;
      exchange.service = service;
      exchange.operation = service->find(target.substr(dot + 1));
    }
  }
  if (exchange.operation) return {};
  return Error(errors::unknown_operation, {});
}

const Service* Router::State::query_service(std::string_view scope, std::string_view version,
                                            std::string_view action) const {
  for (const Service* service : services)
    if (speaks(*service, Protocol::query) && service->signing_name == scope) return service;
  for (const Service* service : services)
    if (speaks(*service, Protocol::query) && service->api_version == version &&
        service->find(action))
      return service;
  // The links in SNS's mails: neither signed nor with a version.
  if (version.empty())
    for (const Service* service : services)
      if (speaks(*service, Protocol::query) && service->find(action)) return service;
  return nullptr;
}

Result<void> Router::State::by_action(const Request& request, std::string_view text,
                                      std::string_view scope, Exchange& exchange) const {
  exchange.protocol = Protocol::query;
  const std::string action = query_value(text, "Action"), version = query_value(text, "Version");
  exchange.service = query_service(scope, version, action);
  if (action.empty()) return Error(errors::missing_action, "Missing Action");
  if (exchange.service && (version.empty() || version == exchange.service->api_version))
    exchange.operation = exchange.service->find(action);
  if (exchange.operation) return {};
  return Error(errors::invalid_action,
               "Could not find operation " + action + " for version " + version);
}

bool Router::State::in(const Rest& rest, const Request& request, Exchange& exchange) const {
  bool path_known = false;
  const Operation* operation = rest.tree.find(request.path(), request, path_known);
  if (!operation) return false;
  exchange = {.service = rest.service, .operation = operation, .protocol = Protocol::rest_json};
  return true;
}

Result<void> Router::State::in_s3(Request& request, const HostHint& host,
                                  Exchange& exchange) const {
  exchange = {.service = s3->service, .protocol = Protocol::rest_xml};
  const std::string_view path = request.path();
  std::string own;
  if (!host.bucket.empty())
    own = "/" + host.bucket + (path == "/" ? std::string() : std::string(path));
  else if (path.size() > 1 && path.find('/', 1) == path.size() - 1)
    own = path.substr(0, path.size() - 1);  // "/bucket/"
  if (!own.empty()) {
    if (request.target.size() > path.size()) own.append(request.target, path.size());
    request.sent_target = std::exchange(request.target, std::move(own));
  }
  bool path_known = false;
  const Operation* operation = s3->tree.find(request.path(), request, path_known);
  exchange.operation = operation;
  const bool foreign = any_query(request.query(), [&](std::string_view name, std::string_view) {
    const bool subresource =
        std::find(s3_subresources.begin(), s3_subresources.end(), name) != s3_subresources.end();
    return subresource && !(operation && RouteTree::takes_query(*operation, name));
  });
  const bool copies = operation && request.headers.has("x-amz-copy-source") &&
                      !RouteTree::takes_header(*operation, "x-amz-copy-source");
  if (foreign || copies) {
    exchange.operation = nullptr;
    return not_implemented();
  }
  if (operation) return {};
  return Error(errors::method_not_allowed,
               "The specified method is not allowed against this resource.");
}

Result<void> Router::State::by_path(Request& request, std::string_view scope,
                                    Exchange& exchange) const {
  const HostHint host = read_host(request.headers.get("Host"), options.domains);
  if (s3 && (scope == "s3" || (scope.empty() && host.service == "s3")))
    return in_s3(request, host, exchange);
  // What the signature or the host names is asked first; its neighbours may still know the path.
  const std::string_view named = family(scope.empty() ? std::string_view(host.service) : scope);
  for (const bool same : {true, false}) {
    for (const Rest& one : rest)
      if ((family(one.service->signing_name) == named) == same && in(one, request, exchange)) {
        const bool taken = same || begins_with_date(request.path()) || !s3 || !scope.empty();
        if (taken) return {};
        exchange = {};
      }
  }
  const std::string path(request.path());
  for (const Service* service : services) {
    const bool rest_service = speaks(*service, Protocol::rest_json);
    const bool meant = rest_service && begins_with_date(path)
                           ? service->name == "lambda"
                           : family(service->signing_name) == named;
    if (!meant || service->signing_name == "s3") continue;
    exchange = {.service = service,
                .protocol = rest_service ? Protocol::rest_json : service->protocols.front()};
    return Error(rest_service ? errors::unknown_path : errors::unknown_operation,
                 "The path " + path + " is not served.");
  }
  if (!s3 || !scope.empty()) {
    exchange = {.protocol = Protocol::rest_json};
    return Error(errors::unknown_path,
                 "The service " + std::string(named) + " is not served, or not at " + path + ".");
  }
  Result<void> found = in_s3(request, host, exchange);
  if (found.has_value()) return found;
  // Unsigned, and S3 has nothing of that method there: a device's POST /topics/..., say.
  Exchange other;
  for (const Rest& one : rest)
    if (in(one, request, other)) {
      exchange = other;
      return {};
    }
  return found;
}

Result<void> Router::route(Request& request, Exchange& exchange) const {
  if (request.headers.get("smithy-protocol") == "rpc-v2-cbor")
    return state_->by_cbor(request, exchange);
  if (const auto target = request.headers.find("X-Amz-Target"))
    return state_->by_target(*target, request, exchange);
  const std::string scope = sigv4::signing_name(request);
  if (scope != "s3") {
    const auto has_action = [](std::string_view name, std::string_view) {
      return name == "Action";
    };
    if (is_form(request)) {
      const std::string* body = request.body.whole();
      assert_that(body != nullptr, "a form is routed by its whole body");
      if (any_query(*body, has_action)) return state_->by_action(request, *body, scope, exchange);
    }
    if (any_query(request.query(), has_action))
      return state_->by_action(request, request.query(), scope, exchange);
    for (const Service* service : state_->services)
      if (service->signing_name == scope && speaks(*service, Protocol::query))
        return state_->by_action(request, {}, scope, exchange);
  }
  return state_->by_path(request, scope, exchange);
}

Unsigned Router::unsigned_requests(const Exchange& exchange) const {
  for (const Public& one : public_operations)
    if (exchange.service && exchange.operation && exchange.service->name == one.service &&
        exchange.operation->name == one.operation)
      return Unsigned::allowed;
  return Unsigned::refused;
}

}  // namespace cloudlet::wire
