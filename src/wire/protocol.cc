// Which walker reads and writes which protocol.
#include "wire/protocol.h"

#include <fmt/format.h>

#include <array>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/value.hpp>

#include "wire/body.h"
#include "wire/form.h"
#include "wire/json.h"
#include "wire/payload.h"
#include "wire/query.h"
#include "wire/rest.h"
#include "wire/xml.h"

namespace cloudlet::wire {
namespace {

bool streams(const Shape& structure) {
  return structure.payload && structure.payload->shape->kind == Kind::stream;
}

Body& stream_of(const Shape& structure, void* target) {
  return *static_cast<Body*>(structure.payload->slot->make(target, *structure.payload));
}

std::string json_type(const Exchange& exchange) {
  return fmt::format("application/x-amz-json-{}", exchange.json_version);
}

// Room for the tree of a small request on the stack.
constexpr std::size_t tree_bytes = 4096;

Result<void> decode_json(Binding& binding, const Shape& shape, std::string_view body,
                         void* target) {
  std::array<unsigned char, tree_bytes> room;
  boost::json::monotonic_resource memory(room.data(), room.size());
  TRY(const boost::json::value tree, parse_json(binding, body, &memory));
  return bind_json(binding, shape, tree, target, Step(), Members::all);
}

Result<void> decode_query(Binding& binding, const Request& request, std::string_view body,
                          const Shape& shape, void* target) {
  std::string both;
  std::string_view text = body.empty() ? request.query() : body;
  if (!body.empty() && !request.query().empty())
    text = both = fmt::format("{}&{}", body, request.query());
  const auto form = FormData::parse(text);
  if (!form) return binding.malformed("The request's form is not valid");
  return bind_query(binding, shape, *form, target);
}

Result<void> decode_rest(Binding& binding, const Exchange& exchange, Request& request,
                         std::string_view body, void* target) {
  CHECK(bind_rest_request(binding, *exchange.operation, request, target));
  const Shape& shape = *exchange.operation->input;
  if (streams(shape)) {
    stream_of(shape, target) = std::move(request.body);
    return {};
  }
  return bind_payload(binding, shape, exchange.protocol, body, target, Members::request);
}

void write_query_answer(std::string& out, const Exchange& exchange, const void* output,
                        std::string_view request_id) {
  const Operation& operation = *exchange.operation;
  fmt::format_to(std::back_inserter(out), "<{}Response", operation.name);
  const std::string_view uri = exchange.service->xml_namespace.uri;
  if (!uri.empty()) fmt::format_to(std::back_inserter(out), " xmlns=\"{}\"", uri);
  out += '>';
  if (operation.has_output) {
    const std::string wrapper(operation.result_wrapper.empty()
                                  ? fmt::format("{}Result", operation.name)
                                  : std::string(operation.result_wrapper));
    write_xml_element(out, wrapper, {}, *operation.output, output, Members::all);
  }
  fmt::format_to(std::back_inserter(out),
                 "<ResponseMetadata><RequestId>{}</RequestId></ResponseMetadata></{}Response>",
                 request_id, operation.name);
}

// The part of a query answer that holds the members: <OpResponse><OpResult>.
pugi::xml_node result_of(const Operation& operation, pugi::xml_node root) {
  const pugi::xml_node wrapped =
      root.child(operation.result_wrapper.empty() ? fmt::format("{}Result", operation.name).c_str()
                                                  : std::string(operation.result_wrapper).c_str());
  return wrapped ? wrapped : root;
}

}  // namespace

bool streams_input(const Operation& operation) { return streams(*operation.input); }
bool streams_output(const Operation& operation) { return streams(*operation.output); }

Result<void> decode_request(const Exchange& exchange, Request& request, std::string_view body,
                            void* input) {
  Binding binding(*exchange.service);
  const Shape& shape = *exchange.operation->input;
  switch (exchange.protocol) {
    case Protocol::json: CHECK(decode_json(binding, shape, body, input)); break;
    case Protocol::query: CHECK(decode_query(binding, request, body, shape, input)); break;
    case Protocol::rest_json:
    case Protocol::rest_xml: CHECK(decode_rest(binding, exchange, request, body, input)); break;
    case Protocol::cbor: return binding.malformed("CBOR is not served");
  }
  return binding.finish();
}

Response encode_response(const Exchange& exchange, void* output, std::string_view request_id) {
  Response response;
  const Operation& operation = *exchange.operation;
  response.status = operation.status;
  std::string body;
  switch (exchange.protocol) {
    case Protocol::json:
    case Protocol::cbor:
      response.headers.add("Content-Type", json_type(exchange));
      write_json(body, *operation.output, output, Members::all);
      break;
    case Protocol::query:
      response.headers.add("Content-Type", "text/xml");
      write_query_answer(body, exchange, output, request_id);
      break;
    case Protocol::rest_json:
    case Protocol::rest_xml:
      write_rest_answer(response, *operation.output, output);
      // What says which range of the whole it is: RFC 9110, 15.3.7.
      if (response.headers.has("Content-Range")) response.status = 206;
      if (streams(*operation.output)) {
        response.body = std::move(stream_of(*operation.output, output));
        if (!response.headers.has("Content-Type"))
          response.headers.add("Content-Type", "application/octet-stream");
      } else {
        write_payload(body, response.headers, *operation.output, output, exchange, Members::answer);
      }
      break;
  }
  const bool s3 = exchange.service->dialect == Dialect::s3;
  response.headers.add(s3 ? "x-amz-request-id" : "x-amzn-RequestId", request_id);
  if (!body.empty() && response.status != 204) response.body = Body(std::move(body));
  return response;
}

Result<Request> encode_request(const Exchange& exchange, void* input) {
  Request request;
  const Operation& operation = *exchange.operation;
  request.method = operation.method;
  request.target = "/";
  std::string body;
  switch (exchange.protocol) {
    case Protocol::json:
    case Protocol::cbor:
      request.headers.add("Content-Type", json_type(exchange));
      request.headers.add("X-Amz-Target",
                          fmt::format("{}.{}", exchange.service->target_prefix, operation.name));
      if (exchange.service->query_compatible) request.headers.add("x-amzn-query-mode", "true");
      write_json(body, *operation.input, input, Members::all);
      break;
    case Protocol::query:
      request.headers.add("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
      body = fmt::format("Action={}&Version={}", operation.name, exchange.service->api_version);
      write_query(body, *operation.input, input);
      break;
    case Protocol::rest_json:
    case Protocol::rest_xml:
      CHECK(write_rest_request(request, operation, input));
      if (streams(*operation.input)) {
        request.body = std::move(stream_of(*operation.input, input));
        return request;
      }
      write_payload(body, request.headers, *operation.input, input, exchange, Members::request);
      break;
  }
  request.body = Body(std::move(body));
  return request;
}

Result<void> decode_response(const Exchange& exchange, Response& response, std::string_view body,
                             void* output) {
  if (response.status >= 300) return decode_error(exchange, response, body);
  Binding binding(*exchange.service, Trust::take);
  const Operation& operation = *exchange.operation;
  const Shape& shape = *operation.output;
  switch (exchange.protocol) {
    case Protocol::json:
    case Protocol::cbor: return decode_json(binding, shape, body, output);
    case Protocol::query: {
      if (body.empty() || !operation.has_output) return {};
      const auto document = parse_xml(body);
      if (!document) return binding.malformed("The answer is not XML");
      return bind_xml(binding, shape, result_of(operation, document->document_element()), output,
                      Step(), Members::all);
    }
    case Protocol::rest_json:
    case Protocol::rest_xml: break;
  }
  CHECK(bind_rest_answer(binding, shape, response, output));
  if (streams(shape)) {
    stream_of(shape, output) = std::move(response.body);
    return {};
  }
  return bind_payload(binding, shape, exchange.protocol, body, output, Members::answer);
}

}  // namespace cloudlet::wire
