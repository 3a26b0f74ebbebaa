// From an XML tree into a structure.
#include <fmt/format.h>

#include "wire/xml.h"

namespace cloudlet::wire {
namespace {

// "xsi:type" -> "type".
std::string_view local(std::string_view name) {
  const std::size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

bool named(pugi::xml_node node, std::string_view name) {
  return node.type() == pugi::node_element && (node.name() == name || local(node.name()) == name);
}

pugi::xml_node child(pugi::xml_node parent, std::string_view name) {
  for (pugi::xml_node node : parent) {
    if (named(node, name)) return node;
  }
  return {};
}

pugi::xml_attribute attribute(pugi::xml_node element, std::string_view name) {
  for (pugi::xml_attribute found : element.attributes()) {
    if (found.name() == name || local(found.name()) == local(name)) return found;
  }
  return {};
}

// Comments may split the text of an element.
std::string text_of(pugi::xml_node element) {
  std::string text;
  for (pugi::xml_node part : element) {
    if (part.type() == pugi::node_pcdata || part.type() == pugi::node_cdata) text += part.value();
  }
  return text;
}

class Walk {
 public:
  explicit Walk(Binding& binding) : binding_(binding) {}

  Result<void> structure(const Shape& shape, pugi::xml_node element, void* target, const Step& step,
                         Members members) {
    if (step.depth > depth_max) return binding_.malformed(message);
    for (const Member& member : shape.members) {
      if (!in_body(member, members)) continue;
      const Step at = step.member(member);
      bool found = false;
      CHECK(this->member(member, element, target, at, found));
      if (!found && member.required) binding_.missing(at);
    }
    return {};
  }

 private:
  static constexpr const char* message =
      "The XML you provided was not well-formed or did not validate against our published schema";

  Result<void> member(const Member& member, pugi::xml_node element, void* target, const Step& step,
                      bool& found) {
    const Shape& shape = *member.shape;
    if (member.attribute) {
      const pugi::xml_attribute value = attribute(element, member.wire_name);
      found = !value.empty();
      return found ? scalar(member, value.value(), target, step) : Result<void>();
    }
    if (member.text) {
      const std::string text = text_of(element);
      found = !text.empty();
      return found ? scalar(member, text, target, step) : Result<void>();
    }
    const pugi::xml_node first = child(element, member.wire_name);
    found = !first.empty();
    if (!found) return {};
    if (member.refused && binding_.checks()) return binding_.refused(member);
    if (shape.container) {
      const bool flattened = member.flattened || shape.flattened;
      return container(shape, flattened ? element : first,
                       flattened ? member.wire_name : std::string_view(),
                       member.slot->make(target, member), step);
    }
    if (shape.kind == Kind::structure)
      return structure(shape, first, member.slot->make(target, member), step, Members::all);
    return scalar(member, text_of(first), target, step);
  }

  Result<void> scalar(const Member& member, const std::string& text, void* target,
                      const Step& step) {
    const Shape& shape = *member.shape;
    if (shape.kind == Kind::enumeration && !find_value(shape, text)) {
      binding_.check_text(shape, text, step);
      return {};
    }
    void* value = member.slot->make(target, member);
    if (!assign_text(shape, TimeFormat::iso8601, text, value)) return binding_.malformed(message);
    if (shape.kind == Kind::string) binding_.check_text(shape, text, step);
    if (shape.limits.has_min || shape.limits.has_max) check_size(shape, text, value, step);
    return {};
  }

  void check_size(const Shape& shape, const std::string& text, const void* value,
                  const Step& step) {
    if (shape.kind == Kind::blob) {
      binding_.check_bytes(shape, static_cast<const std::string*>(value)->size(), text, step);
    } else if (shape.kind != Kind::string) {
      binding_.check_number(shape, std::strtod(text.c_str(), nullptr), text, step);
    }
  }

  // `flat`: the name of the siblings that are the elements; empty: they stand in an element of
  // their own.
  Result<void> container(const Shape& shape, pugi::xml_node parent, std::string_view flat,
                         void* target, const Step& step) {
    const std::string_view name = !flat.empty() ? flat
                                  : shape.key   ? std::string_view("entry")
                                                : shape.element->wire_name;
    shape.container->create(target, 0);
    Binding::Group keys, values;
    std::size_t count = 0;
    for (pugi::xml_node node : parent) {
      if (!named(node, name)) continue;
      if (!shape.key) {
        CHECK(element(shape, {}, node, target, step.element(++count), values));
        continue;
      }
      const std::string key = text_of(child(node, shape.key->wire_name));
      if (binding_.checks() && !Binding::conforms(*shape.key->shape, key)) keys.broken = true;
      CHECK(element(shape, key, child(node, shape.element->wire_name), target, step.entry(key),
                    values));
    }
    if (shape.key)
      binding_.check_group(keys, Binding::Part::key, *shape.key->shape, target, shape, step);
    binding_.check_group(values, shape.key ? Binding::Part::value : Binding::Part::element,
                         *shape.element->shape, target, shape, step);
    binding_.check_count(shape, target, step);
    return {};
  }

  Result<void> element(const Shape& container_shape, std::string_view key, pugi::xml_node node,
                       void* target, const Step& step, Binding::Group& group) {
    if (step.depth > depth_max) return binding_.malformed(message);
    const Shape& shape = *container_shape.element->shape;
    const auto add = [&] { return container_shape.container->add(target, container_shape, key); };
    if (shape.container) return container(shape, node, {}, add(), step);
    if (shape.kind == Kind::structure) return structure(shape, node, add(), step, Members::all);
    const std::string text = text_of(node);
    if (shape.kind == Kind::enumeration && !find_value(shape, text)) {
      group.add_unknown(step.index - 1, text);
      return {};
    }
    if (!assign_text(shape, TimeFormat::iso8601, text, add())) return binding_.malformed(message);
    if (binding_.checks() && shape.kind == Kind::string && !Binding::conforms(shape, text))
      group.broken = true;
    return {};
  }

  Binding& binding_;
};

}  // namespace

std::unique_ptr<pugi::xml_document> parse_xml(std::string_view text) {
  auto document = std::make_unique<pugi::xml_document>();
  const auto parsed = document->load_buffer(text.data(), text.size(),
                                            pugi::parse_default | pugi::parse_ws_pcdata_single);
  if (!parsed || !document->document_element()) return nullptr;
  return document;
}

Result<void> bind_xml(Binding& binding, const Shape& structure, pugi::xml_node element,
                      void* target, const Step& step, Members members) {
  return Walk(binding).structure(structure, element, target, step, members);
}

}  // namespace cloudlet::wire
