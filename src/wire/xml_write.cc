// From a structure to XML text.
#include <fmt/format.h>

#include "wire/xml.h"

namespace cloudlet::wire {
namespace {

void open(std::string& out, std::string_view name, const XmlNamespace& space) {
  out.append("<").append(name);
  if (space.uri.empty()) return;
  out += " xmlns";
  if (!space.prefix.empty()) out.append(":").append(space.prefix);
  out += "=\"";
  write_xml_text(out, space.uri);
  out += '"';
}

void close(std::string& out, std::string_view name) { out.append("</").append(name).append(">"); }

const XmlNamespace& space_of(const Member& member) {
  return member.xml_namespace.uri.empty() ? member.shape->xml_namespace : member.xml_namespace;
}

void write_member(std::string& out, const Member& member, std::string_view name, const void* value,
                  bool flattened);

struct Entries {
  std::string* out;
  const Shape* shape;
  std::string_view flat;  // the member's name, if the elements stand for themselves
  const XmlNamespace* flat_space = nullptr;
};

bool write_entry(void* context, std::string_view key, const void* value) {
  const auto& entries = *static_cast<Entries*>(context);
  std::string& out = *entries.out;
  const Member& element = *entries.shape->element;
  if (!entries.shape->key) {
    if (entries.flat.empty()) {
      write_member(out, element, element.wire_name, value, element.shape->flattened);
    } else {
      Member named = element;
      if (named.xml_namespace.uri.empty()) named.xml_namespace = *entries.flat_space;
      write_member(out, named, entries.flat, value, element.shape->flattened);
    }
    return true;
  }
  const std::string_view level = entries.flat.empty() ? std::string_view("entry") : entries.flat;
  open(out, level, entries.flat.empty() ? XmlNamespace() : *entries.flat_space);
  out += '>';
  open(out, entries.shape->key->wire_name, space_of(*entries.shape->key));
  out += '>';
  write_xml_text(out, key);
  close(out, entries.shape->key->wire_name);
  write_member(out, element, element.wire_name, value, element.shape->flattened);
  close(out, level);
  return true;
}

void write_scalar(std::string& out, const Member& member, const void* value) {
  const TimeFormat format = time_format(member, TimeFormat::iso8601);
  if (member.shape->kind == Kind::string)
    return write_xml_text(out, *static_cast<const std::string*>(value));
  std::string text;
  append_text(text, *member.shape, format, value);
  write_xml_text(out, text);
}

void write_member(std::string& out, const Member& member, std::string_view name, const void* value,
                  bool flattened) {
  const Shape& shape = *member.shape;
  if (shape.container && flattened) {
    Entries entries{&out, &shape, name, &space_of(member)};
    return shape.container->each(value, &entries, &write_entry);
  }
  if (shape.kind == Kind::structure) {
    return write_xml_element(out, name, space_of(member), shape, value, Members::all);
  }
  open(out, name, space_of(member));
  out += '>';
  if (shape.container) {
    Entries entries{&out, &shape, {}};
    shape.container->each(value, &entries, &write_entry);
  } else {
    write_scalar(out, member, value);
  }
  close(out, name);
}

void write_attributes(std::string& out, const Shape& structure, const void* source) {
  for (const Member& member : structure.members) {
    if (!member.attribute) continue;
    const void* value = member.slot->find(source, member);
    if (!value) continue;
    out.append(" ").append(member.wire_name).append("=\"");
    write_scalar(out, member, value);
    out += '"';
  }
}

}  // namespace

void write_xml_text(std::string& out, std::string_view text) {
  std::size_t done = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string_view escaped;
    char reference[8];
    switch (text[i]) {
      case '&': escaped = "&amp;"; break;
      case '<': escaped = "&lt;"; break;
      case '>': escaped = "&gt;"; break;
      case '"': escaped = "&quot;"; break;
      default:
        // Control characters as S3 sends them, carriage returns so that parsers keep them.
        if (static_cast<unsigned char>(text[i]) >= 0x20 || text[i] == '\t' || text[i] == '\n')
          continue;
        escaped = {reference, static_cast<std::size_t>(
                                  fmt::format_to(reference, "&#x{:X};", text[i]) - reference)};
    }
    out.append(text, done, i - done).append(escaped);
    done = i + 1;
  }
  out.append(text, done);
}

void write_xml_content(std::string& out, const Shape& structure, const void* source,
                       Members members) {
  for (const Member& member : structure.members) {
    if (member.attribute || !in_body(member, members)) continue;
    const void* value = member.slot->find(source, member);
    if (!value) continue;
    if (member.text) {
      write_scalar(out, member, value);
    } else {
      write_member(out, member, member.wire_name, value,
                   member.flattened || member.shape->flattened);
    }
  }
}

void write_xml_element(std::string& out, std::string_view name, const XmlNamespace& space,
                       const Shape& structure, const void* source, Members members) {
  open(out, name, space);
  write_attributes(out, structure, source);
  out += '>';
  write_xml_content(out, structure, source, members);
  close(out, name);
}

}  // namespace cloudlet::wire
