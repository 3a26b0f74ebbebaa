// Errors on the wire, both ways. wire.md, 4.7: what clients make of each form.
#include <fmt/format.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "wire/json.h"
#include "wire/payload.h"
#include "wire/xml.h"

namespace cloudlet::wire {
namespace {

namespace json = boost::json;

const Shape* error_shape(const Exchange& exchange, const Error& error) {
  if (!exchange.operation) return nullptr;
  for (const Shape* shape : exchange.operation->errors) {
    if (shape->error && shape->error->name == error.kind().name) return shape;
  }
  return nullptr;
}

const Member* find_member(const Shape* shape, std::string_view name) {
  if (!shape) return nullptr;
  for (const Member& member : shape->members) {
    if (member.name == name) return &member;
  }
  return nullptr;
}

bool is_message(std::string_view name) { return name == "message" || name == "Message"; }

std::string_view message_name(const Shape* shape) {
  return find_member(shape, "Message") ? "Message" : "message";
}

// The names of the wire for the names of the model, all the way down.
json::value renamed(const Shape* shape, const json::value& value) {
  if (!shape || shape->kind != Kind::structure || !value.is_object()) return value;
  json::object out;
  for (const auto& [key, inner] : value.get_object()) {
    const Member* member = find_member(shape, {key.data(), key.size()});
    const std::string_view name =
        member ? member->wire_name : std::string_view(key.data(), key.size());
    out[json::string_view(name.data(), name.size())] =
        renamed(member ? member->shape : nullptr, inner);
  }
  return out;
}

std::string text_of(const json::value& value) {
  return value.is_string() ? std::string(value.get_string().c_str(), value.get_string().size())
                           : json::serialize(value);
}

void write_xml_value(std::string& out, std::string_view name, const json::value& value) {
  out.append("<").append(name).append(">");
  if (value.is_object()) {
    for (const auto& [key, inner] : value.get_object())
      write_xml_value(out, {key.data(), key.size()}, inner);
  } else {
    write_xml_text(out, text_of(value));
  }
  out.append("</").append(name).append(">");
}

// The members beside the message: those that a header holds go there, the others are returned.
json::object other_members(const Shape* shape, const Error& error, Headers& headers) {
  json::object rest;
  if (!error.members()) return rest;
  for (const auto& [key, value] : *error.members()) {
    const std::string_view name(key.data(), key.size());
    const Member* member = find_member(shape, name);
    if (member && member->place == Place::header) {
      headers.set(member->wire_name, text_of(value));
    } else {
      const std::string_view wire_name = member ? member->wire_name : name;
      rest[json::string_view(wire_name.data(), wire_name.size())] =
          renamed(member ? member->shape : nullptr, value);
    }
  }
  return rest;
}

std::string json_error(const Exchange& exchange, const Error& error, Headers& headers) {
  const Shape* shape = error_shape(exchange, error);
  const bool rest = exchange.protocol == Protocol::rest_json;
  json::object others = other_members(shape, error, headers);
  std::string body = "{";
  if (!rest) {
    body += "\"__type\":";
    const std::string_view space =
        exchange.service ? exchange.service->error_namespace : std::string_view();
    write_json_string(body, space.empty() ? std::string(error.kind().name)
                                          : fmt::format("{}#{}", space, error.kind().name));
    body += ',';
  } else if (find_member(shape, "Type") && !others.contains("Type")) {
    // Lambda says whose fault it was in the body.
    others["Type"] = error.kind().fault == Fault::server ? "Service" : "User";
  }
  write_json_string(body, message_name(shape));
  body += ':';
  write_json_string(body, error.message());
  for (const auto& [key, value] : others) {
    const std::string_view name(key.data(), key.size());
    if (is_message(name)) continue;
    body += ',';
    write_json_string(body, name);
    body.append(":").append(json::serialize(value));
  }
  return body + "}";
}

std::string xml_members(const json::object& others) {
  std::string out;
  for (const auto& [key, value] : others) {
    const std::string_view name(key.data(), key.size());
    if (!is_message(name)) write_xml_value(out, name, value);
  }
  return out;
}

std::string escaped(std::string_view text) {
  std::string out;
  write_xml_text(out, text);
  return out;
}

std::string query_error(const Exchange& exchange, const Error& error, Headers& headers,
                        std::string_view request_id) {
  const std::string others =
      xml_members(other_members(error_shape(exchange, error), error, headers));
  const std::string_view space =
      exchange.service ? exchange.service->xml_namespace.uri : std::string_view();
  return fmt::format(
      "<ErrorResponse "
      "xmlns=\"{}\"><Error><Type>{}</Type><Code>{}</Code><Message>{}</Message>{}</Error>"
      "<RequestId>{}</RequestId></ErrorResponse>",
      space, error.kind().fault == Fault::server ? "Receiver" : "Sender", error.kind().code,
      escaped(error.message()), others, request_id);
}

std::string s3_error(const Exchange& exchange, const Error& error, Headers& headers,
                     std::string_view request_id, std::string_view resource) {
  const std::string others =
      xml_members(other_members(error_shape(exchange, error), error, headers));
  const std::string where =
      resource.empty() ? std::string() : fmt::format("<Resource>{}</Resource>", escaped(resource));
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>{}</Message>{}{}"
      "<RequestId>{}</RequestId><HostId>cloudlet</HostId></Error>",
      error.kind().code, escaped(error.message()), others, where, request_id);
}

// "aws.protocoltests.restjson#FooError:http://..." -> "FooError".
std::string_view bare_name(std::string_view name) {
  name = name.substr(0, name.find(':'));
  const std::size_t hash = name.rfind('#');
  return hash == std::string_view::npos ? name : name.substr(hash + 1);
}

std::string member_text(const json::value& body, std::initializer_list<std::string_view> names) {
  if (!body.is_object()) return {};
  for (const std::string_view name : names) {
    const json::value* found =
        body.get_object().if_contains(json::string_view(name.data(), name.size()));
    if (found && found->is_string()) return text_of(*found);
  }
  return {};
}

struct Said {
  std::string code;
  std::string message;
};

Said read_json_error(const Response& response, std::string_view body) {
  json::error_code failed;
  const json::value tree = json::parse(json::string_view(body.data(), body.size()), failed);
  Said said{std::string(response.headers.get("x-amzn-errortype")),
            member_text(tree, {"message", "Message"})};
  if (said.code.empty()) said.code = member_text(tree, {"__type", "code", "Code"});
  said.code = bare_name(said.code);
  return said;
}

Said read_xml_error(std::string_view body) {
  const auto document = parse_xml(body);
  if (!document) return {};
  const pugi::xml_node root = document->document_element();
  const pugi::xml_node error =
      std::string_view(root.name()) == "Error" ? root : root.child("Error");
  return {error.child_value("Code"), error.child_value("Message")};
}

}  // namespace

const ErrorKind unmodelled_error = {"UnmodelledError", "UnmodelledError", 400, Fault::client};

Response encode_error(const Exchange& exchange, const Error& error, std::string_view request_id,
                      std::string_view resource) {
  Response response;
  response.status = error.kind().status;
  Headers& headers = response.headers;
  std::string body;
  switch (exchange.protocol) {
    case Protocol::json:
    case Protocol::cbor:
      headers.add("Content-Type", fmt::format("application/x-amz-json-{}", exchange.json_version));
      headers.add("x-amzn-RequestId", request_id);
      headers.add("x-amzn-ErrorType", error.kind().name);
      if (exchange.service && exchange.service->query_compatible) {
        const bool server = error.kind().fault == Fault::server;
        response.status = server ? 500 : 400;  // the modelled status is the query protocol's
        headers.add("x-amzn-query-error",
                    fmt::format("{};{}", error.kind().code, server ? "Receiver" : "Sender"));
      }
      body = json_error(exchange, error, headers);
      break;
    case Protocol::rest_json:
      headers.add("Content-Type", "application/json");
      headers.add("x-amzn-RequestId", request_id);
      headers.add("x-amzn-ErrorType", error.kind().name);
      body = json_error(exchange, error, headers);
      break;
    case Protocol::query:
      headers.add("Content-Type", "text/xml");
      headers.add("x-amzn-RequestId", request_id);
      body = query_error(exchange, error, headers, request_id);
      break;
    case Protocol::rest_xml:
      headers.add("Content-Type", "application/xml");
      headers.add("x-amz-request-id", request_id);
      body = s3_error(exchange, error, headers, request_id, resource);
      break;
  }
  response.body = Body(std::move(body));
  return response;
}

Error decode_error(const Exchange& exchange, const Response& response, std::string_view body) {
  const bool xml = exchange.protocol == Protocol::query || exchange.protocol == Protocol::rest_xml;
  Said said = xml ? read_xml_error(body) : read_json_error(response, body);
  // HEAD has no body: clients name the error after the status.
  if (said.code.empty())
    said.code = response.status == 404 ? "NotFound" : std::to_string(response.status);
  for (const ErrorKind* kind : exchange.service->errors) {
    if (kind->name == said.code || kind->code == said.code)
      return Error(*kind, std::move(said.message));
  }
  auto members = std::make_shared<json::object>();
  (*members)["Code"] = said.code;
  (*members)["Status"] = response.status;
  return Error(unmodelled_error, std::move(said.message)).with(std::move(members));
}

}  // namespace cloudlet::wire
