#include "services/host/gateway.h"

#include <optional>

#include "wire/form_upload.h"

namespace cloudlet::services {
namespace {

const ErrorKind too_large{
    .name = "RequestEntityTooLargeException", .code = "RequestEntityTooLarge", .status = 413};

// Bodies that are read whole. Lambda takes code packages of 50 MB, in base64.
constexpr std::size_t body_max_default = 10u << 20;

std::size_t body_max(const wire::Service& service) {
  return service.name == "lambda" ? 70u << 20 : body_max_default;
}

// Makes the request's body one that is at hand.
Task<Result<void>> receive(wire::Request& request, std::size_t limit) {
  if (request.body.whole()) co_return Result<void>();
  auto bytes = co_await request.body.read_all(limit);
  if (bytes.has_error() && bytes.error().is(errors::invalid_argument))
    co_return Error(too_large,
                    "Request size exceeded the maximum of " + std::to_string(limit) + " bytes");
  CO_TRY(std::string whole, std::move(bytes));
  request.body = wire::Body(std::move(whole));
  co_return Result<void>();
}

std::string endpoint_of(const wire::Request& request) {
  return (request.secure ? "https://" : "http://") +
         std::string(request.headers.get("Host", "localhost:4566"));
}

// The request id is the trace of what this request sets off, unless it came from inside one.
std::string trace_of(const std::string& request_id) {
  std::string trace;
  for (const char c : request_id)
    if (c != '-') trace.push_back(c);
  return trace;
}

// A form puts an object into the bucket whose address it was sent to, and does nothing else.
Result<void> check_form(const wire::FormUpload& form, const wire::Request& request,
                        const wire::Exchange& exchange) {
  if (exchange.operation->name == "PutObject" && form.names_bucket(request)) return {};
  return Error(wire::errors::method_not_allowed,
               "The specified method is not allowed against this resource.");
}

journal::Outcome outcome_of(const Error& error) {
  if (error.kind().status == 403) return journal::Outcome::denied;
  if (error.kind().status == 429) return journal::Outcome::throttled;
  return journal::Outcome::failed;
}

}  // namespace

// What is known of a request so far: also what an error is answered with.
struct Gateway::Progress {
  wire::Exchange exchange;
  wire::Call call;
  std::uint64_t span = 0;
};

Task<wire::Response> Gateway::handle(wire::Request request) {
  Progress progress;
  progress.call.request_id = parts_.random.uuid();
  if (const Pages::Handler* page = parts_.pages.find(request.path())) {
    const Result<void> admitted = co_await admit(request);
    if (admitted.has_value()) co_return co_await (*page)(std::move(request));
    co_return wire::encode_error(progress.exchange, admitted.error(), progress.call.request_id);
  }
  progress.span = parts_.journal.next_span();
  const std::string resource(request.path());
  Result<wire::Response> answered = co_await answer(request, progress);
  if (answered.has_value()) {
    note(progress, nullptr);
    co_return *std::move(answered);
  }
  const Error error = answered.error();
  note(progress, &error);
  co_return wire::encode_error(progress.exchange, error, progress.call.request_id, resource);
}

// Where signatures are verified, the server's own pages are for those who have keys, too.
Task<Result<void>> Gateway::admit(wire::Request& request) const {
  const bool open = parts_.authenticator.options().mode == wire::AuthMode::open;
  if (open || parts_.pages.is_public(request.path())) co_return Result<void>();
  CO_CHECK(co_await receive(request, body_max_default));
  const wire::AuthAsk ask{.dialect = wire::Dialect::json};
  CO_CHECK(parts_.authenticator.authenticate(request, ask));
  co_return Result<void>();
}

Task<Result<wire::Response>> Gateway::answer(wire::Request& request, Progress& progress) const {
  wire::Call& call = progress.call;
  wire::Exchange& exchange = progress.exchange;

  // Which operation, in which words. A body that does not stream is at hand before anybody looks at
  // it: forms name their operation in it, and signatures speak of its hash.
  if (wire::Router::needs_whole_body(request))
    CO_CHECK(co_await receive(request, body_max_default));
  std::optional<wire::FormUpload> form;
  if (wire::is_form_upload(request)) {
    Result<wire::FormUpload> opened = co_await wire::FormUpload::open(request);
    if (opened.has_error()) {
      // In whose words it is refused: the operation itself is none.
      static_cast<void>(parts_.router.route(request, exchange));
      co_return opened.error();
    }
    form = *std::move(opened);
  }
  CO_CHECK(parts_.router.route(request, exchange));
  if (form) CO_CHECK(check_form(*form, request, exchange));
  const Served* served = parts_.host.find(*exchange.service);
  assert_that(served != nullptr, "the router knows a service that nobody serves");
  const wire::Operation& operation = *exchange.operation;
  const bool streams = wire::streams_input(operation);
  if (!streams) CO_CHECK(co_await receive(request, body_max(*exchange.service)));

  // Who sends it.
  const wire::AuthAsk ask{.dialect = exchange.service->dialect,
                          .signing_name = exchange.service->signing_name,
                          .unsigned_requests = parts_.router.unsigned_requests(exchange)};
  Result<wire::Identity> known =
      form ? parts_.authenticator.authenticate_form(request, form->fields(), ask)
           : parts_.authenticator.authenticate(request, ask);
  CO_TRY(wire::Identity identity, std::move(known));
  call.scope = std::move(identity.scope);
  call.principal = std::move(identity.principal);
  call.now = parts_.clock.now();
  if (form) CO_CHECK(form->check_policy(request, call.now));
  call.endpoint = endpoint_of(request);
  call.source_ip = request.peer;
  call.random = &parts_.random;
  const auto cause = Cause::from_header(request.headers.get("X-Amzn-Trace-Id"));
  call.cause = cause ? *cause : Cause{.trace = trace_of(call.request_id)};

  // What it asks. A body that was aws-chunked streams even when it came whole.
  std::string body;
  if (!streams) {
    CO_CHECK(co_await receive(request, body_max(*exchange.service)));
    body = std::move(*request.body.whole());
  }
  wire::Object input(*operation.input);
  CO_CHECK(wire::decode_request(exchange, request, body, input.data()));

  // The operation itself; what it sets off has this request as its cause.
  wire::Call inner = call;
  inner.cause.span = progress.span;
  CO_TRY(wire::Object output,
         co_await parts_.host.perform(*served, operation, inner, std::move(input)));
  wire::Response response = wire::encode_response(exchange, output.data(), call.request_id);
  if (form) form->answer(response, request, call.endpoint);
  co_return response;
}

void Gateway::note(const Progress& progress, const Error* error) const {
  const wire::Exchange& exchange = progress.exchange;
  if (!exchange.operation) return;
  journal::Span span{
      .cause = progress.call.cause, .id = progress.span, .scope = progress.call.scope};
  span.action =
      std::string(exchange.service->signing_name) + ":" + std::string(exchange.operation->name);
  span.resource = "request/" + progress.call.request_id;
  span.at = progress.call.now;
  span.took = parts_.clock.now() - progress.call.now;
  if (error) {
    span.outcome = outcome_of(*error);
    span.reason = std::string(error->kind().name) + ": " + error->message();
  }
  parts_.journal.record(std::move(span));
}

}  // namespace cloudlet::services
