// XML bodies: REST-XML both ways, and the answers of the query protocol.
// https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html,
// https://smithy.io/2.0/spec/protocol-traits.html#xml-bindings
#pragma once

#include <memory>
#include <pugixml.hpp>
#include <string>
#include <string_view>

#include "wire/bind.h"
#include "wire/json.h"
#include "wire/table.h"

namespace cloudlet::wire {

// Nothing if the text is not well-formed. No document types, no entities of the document's own.
std::unique_ptr<pugi::xml_document> parse_xml(std::string_view text);

// Reads the members of `structure` from the children and attributes of `element`. A null element
// has none.
Result<void> bind_xml(Binding& binding, const Shape& structure, pugi::xml_node element,
                      void* target, const Step& step, Members members);

// The children of an element, and its attributes where the model has some.
void write_xml_content(std::string& out, const Shape& structure, const void* source,
                       Members members);
// "<Name xmlns=...>...</Name>".
void write_xml_element(std::string& out, std::string_view name, const XmlNamespace& space,
                       const Shape& structure, const void* source, Members members);
void write_xml_text(std::string& out, std::string_view text);

}  // namespace cloudlet::wire
