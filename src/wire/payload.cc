// The HTTP body of the REST protocols: one member raw, or all members without another place as JSON
// or XML.
#include "wire/payload.h"

#include <algorithm>
#include <array>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/value.hpp>
#include <cstring>

#include "base/encoding.h"
#include "wire/json.h"
#include "wire/xml.h"

namespace cloudlet::wire {
namespace {

constexpr std::string_view xml_declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
constexpr const char* bad_xml =
    "The XML you provided was not well-formed or did not validate against our published schema";

bool has_body(const Shape& structure, Members members) {
  return std::ranges::any_of(structure.members,
                             [&](const Member& member) { return in_body(member, members); });
}

Result<void> bind_tree(Binding& binding, const Shape& structure, Protocol protocol,
                       std::string_view body, void* target, const Step& step, Members members) {
  if (protocol == Protocol::rest_xml) {
    if (body.empty()) return bind_xml(binding, structure, {}, target, step, members);
    const auto document = parse_xml(body);
    if (!document) return binding.malformed(bad_xml);
    const std::size_t before = binding.broken();
    CHECK(bind_xml(binding, structure, document->document_element(), target, step, members));
    // What breaks a constraint does not fit the published schema: so S3 says, and no more.
    if (binding.checks() && binding.broken() > before) return binding.malformed(bad_xml);
    return {};
  }
  std::array<unsigned char, 4096> room;
  boost::json::monotonic_resource memory(room.data(), room.size());
  TRY(const boost::json::value tree, parse_json(binding, body, &memory));
  return bind_json(binding, structure, tree, target, step, members);
}

// A payload that is the bytes themselves.
Result<void> bind_raw(Binding& binding, const Member& member, std::string_view body, void* target,
                      const Step& step) {
  const Shape& shape = *member.shape;
  if (shape.kind == Kind::enumeration && !find_value(shape, body)) {
    binding.check_text(shape, body, step);
    return {};
  }
  void* value = member.slot->make(target, member);
  if (shape.kind == Kind::enumeration) {
    assign_text(shape, TimeFormat::epoch_seconds, body, value);
    return {};
  }
  static_cast<std::string*>(value)->assign(body);
  if (shape.kind == Kind::blob) {
    binding.check_bytes(shape, body.size(), {}, step);
    return {};
  }
  if (!valid_utf8(body)) return binding.malformed("The body is not UTF-8");
  binding.check_text(shape, body, step);
  return {};
}

std::string_view root_name(const Shape& structure, const Exchange& exchange, Members members) {
  const Operation& operation = *exchange.operation;
  if (members == Members::request && !operation.input_root.empty()) return operation.input_root;
  return structure.wire_name.empty() ? structure.name : structure.wire_name;
}

XmlNamespace root_space(const Shape& structure, const Exchange& exchange, Members members) {
  if (members == Members::request && !exchange.operation->input_namespace.uri.empty())
    return exchange.operation->input_namespace;
  if (!structure.xml_namespace.uri.empty()) return structure.xml_namespace;
  return exchange.service->xml_namespace;
}

void set_type(Headers& headers, std::string_view type) {
  if (!headers.has("Content-Type")) headers.add("Content-Type", type);
}

// One member that is the whole body.
void write_member(std::string& out, Headers& headers, const Member& member, const void* value,
                  const Exchange& exchange) {
  const Shape& shape = *member.shape;
  switch (shape.kind) {
    case Kind::structure:
      if (exchange.protocol == Protocol::rest_xml) {
        set_type(headers, "application/xml");
        out = xml_declaration;
        const std::string_view name = member.named              ? member.wire_name
                                      : shape.wire_name.empty() ? shape.name
                                                                : shape.wire_name;
        XmlNamespace space =
            member.xml_namespace.uri.empty() ? shape.xml_namespace : member.xml_namespace;
        if (space.uri.empty()) space = exchange.service->xml_namespace;
        return write_xml_element(out, name, space, shape, value, Members::all);
      }
      [[fallthrough]];
    case Kind::document:
    case Kind::list:
    case Kind::map:
      set_type(headers, "application/json");
      return write_json_value(out, member, value);
    case Kind::blob:
      set_type(headers, "application/octet-stream");
      out = *static_cast<const std::string*>(value);
      return;
    default:
      set_type(headers, "text/plain");
      return append_text(out, shape, TimeFormat::epoch_seconds, value);
  }
}

}  // namespace

Result<void> bind_payload(Binding& binding, const Shape& structure, Protocol protocol,
                          std::string_view body, void* target, Members members) {
  const Step root;
  if (!structure.payload) {
    if (!has_body(structure, members)) return {};
    return bind_tree(binding, structure, protocol, body, target, root, members);
  }
  const Member& member = *structure.payload;
  const Step step = root.member(member);
  if (body.empty()) {
    if (member.required && member.shape->kind != Kind::blob && member.shape->kind != Kind::string)
      binding.missing(step);
    return {};
  }
  if (member.refused && binding.checks()) return binding.refused(member);
  // What clients send for a structure that is not there (Smithy, restJson1).
  if (!member.required && body == "{}" && member.shape->kind == Kind::structure) return {};
  switch (member.shape->kind) {
    case Kind::structure:
      return bind_tree(binding, *member.shape, protocol, body, member.slot->make(target, member),
                       step, Members::all);
    case Kind::document:
    case Kind::list:
    case Kind::map: {
      TRY(const boost::json::value tree, parse_json(binding, body, {}));
      return bind_json_value(binding, member, tree, member.slot->make(target, member), step);
    }
    default: return bind_raw(binding, member, body, target, step);
  }
}

void write_payload(std::string& out, Headers& headers, const Shape& structure, const void* source,
                   const Exchange& exchange, Members members) {
  const bool client = members == Members::request;
  if (structure.payload) {
    const Member& member = *structure.payload;
    if (const void* value = member.slot->find(source, member)) {
      write_member(out, headers, member, value, exchange);
    } else if (exchange.protocol == Protocol::rest_json && member.shape->kind == Kind::structure) {
      set_type(headers, "application/json");
      out = "{}";
    }
    return;
  }
  const bool body = has_body(structure, members);
  if (exchange.protocol == Protocol::rest_json) {
    // Clients without body members send none (Smithy, restJson1); servers answer an object if there
    // is an output at all.
    if (!body && (client || !exchange.operation->has_output)) return;
    set_type(headers, "application/json");
    return write_json(out, structure, source, members);
  }
  const bool any = std::ranges::any_of(structure.members, [&](const Member& member) {
    return in_body(member, members) && member.slot->find(source, member) != nullptr;
  });
  if (!body || (!any && client)) return;
  set_type(headers, "application/xml");
  out = xml_declaration;
  write_xml_element(out, root_name(structure, exchange, members),
                    root_space(structure, exchange, members), structure, source, members);
}

}  // namespace cloudlet::wire
