"""tables.cc: shapes, members, constraints, HTTP bindings and names per protocol, as constants."""
import re

from faces import banner, begin, end, snake_type
from model import Trouble
from names import literal
from patterns import to_re2

PROTOCOLS = {"json": "json", "query": "query", "rest-json": "rest_json", "rest-xml": "rest_xml", "smithy-rpc-v2-cbor": "cbor"}
TIME_FORMATS = {"unixTimestamp": "epoch_seconds", "iso8601": "iso8601", "rfc822": "http_date"}


def identifier(name):
    return re.sub(r"\W", "_", name)


def fields(pairs):
    """Braces and designated initializers of what differs from the default."""
    return "{" + ", ".join(f".{key} = {value}" for key, value in pairs if value is not None) + "}"


def flag(value):
    return "true" if value else None


def text(value):
    return literal(value) if value else None


def namespace(raw):
    if not raw:
        return None
    if isinstance(raw, str):
        raw = {"uri": raw}
    return fields([("uri", literal(raw["uri"])), ("prefix", text(raw.get("prefix")))])


def time_format(raw):
    return f"TimeFormat::{TIME_FORMATS[raw['timestampFormat']]}" if "timestampFormat" in raw else None


def always_shown(member):
    """Answers show their own lists also when they are empty: clients index them without asking."""
    flattened = member.raw.get("flattened") or member.shape.raw.get("flattened")
    return member.owner.is_output and member.place == "body" and not flattened


def slot(member):
    if member.owner.error:
        return None
    if not member.plain:
        value = member.shape.cpp_type()
        return f"&optional_slot<{value}>"
    if member.shape.kind in ("list", "map") and not member.required and not always_shown(member):
        return "&container_slot"
    return "&plain_slot"


def member_row(member):
    raw = member.raw
    offset = None if member.owner.error else f"offsetof({member.owner.cpp}, {member.cpp})"
    return fields([
        ("name", literal(member.name)), ("wire_name", literal(raw.get("locationName", member.name))),
        ("path", literal(member.path)),
        ("shape", "&stream_shape" if member.streams else f"&shape_{identifier(member.shape.name)}"),
        ("offset", offset), ("slot", slot(member)), ("place", f"Place::{member.place}" if member.place != "body" else None),
        ("time_format", time_format(raw)), ("required", flag(member.required)), ("flattened", flag(raw.get("flattened"))),
        ("attribute", flag(raw.get("xmlAttribute"))), ("text", flag(raw.get("xmlText"))), ("payload", flag(member.payload)),
        ("json_text", flag(raw.get("jsonvalue"))), ("idempotency_token", flag(raw.get("idempotencyToken"))),
        ("refused", flag(member.refused)), ("named", flag("locationName" in raw)),
        ("xml_namespace", namespace(raw.get("xmlNamespace"))),
    ])


def part_row(raw, fallback):
    """A list's element or a map's key or value."""
    return fields([("name", literal(fallback)), ("wire_name", literal(raw.get("locationName", fallback))),
                   ("path", literal("member")), ("shape", f"&shape_{identifier(raw['shape'])}"),
                   ("named", flag("locationName" in raw)), ("xml_namespace", namespace(raw.get("xmlNamespace")))])


def limits(raw):
    if "min" not in raw and "max" not in raw:
        return None
    return fields([("has_min", flag("min" in raw)), ("has_max", flag("max" in raw)),
                   ("min", number(raw.get("min"))), ("max", number(raw.get("max")))])


def number(value):
    if value is None:
        return None
    return repr(float(value))


class Tables:
    def __init__(self, service):
        self.service, self.before, self.shapes = service, [], []

    def shape(self, shape):
        name, raw = identifier(shape.name), shape.raw
        rows = [("name", literal(shape.name)), ("kind", f"Kind::{shape.kind}"), ("union_", flag(raw.get("union"))),
                ("flattened", flag(raw.get("flattened"))), ("sensitive", flag(raw.get("sensitive"))),
                ("time_format", time_format(raw)), ("limits", limits(raw)), ("pattern", self.pattern(shape))]
        if shape.kind == "structure":
            rows += self.structure(shape, name)
        elif shape.kind == "list":
            self.before.append(f"const Member element_{name} = {part_row(raw['member'], 'member')};")
            rows += [("element", f"&element_{name}"), ("container", f"&list_container<{shape.element.cpp_type()}>")]
        elif shape.kind == "map":
            self.before.append(f"const Member key_{name} = {part_row(raw['key'], 'key')};")
            self.before.append(f"const Member element_{name} = {part_row(raw['value'], 'value')};")
            rows += [("element", f"&element_{name}"), ("key", f"&key_{name}"),
                     ("container", f"&map_container<{shape.element.cpp_type()}>")]
        elif shape.enum:
            rows.append(("values", f"{snake_type(shape)}_texts"))
        rows += [("wire_name", text(raw.get("locationName"))), ("xml_namespace", namespace(raw.get("xmlNamespace")))]
        self.shapes.append((name, fields(rows)))

    def structure(self, shape, name):
        rows = []
        if shape.members:
            members = ",\n    ".join(member_row(m) for m in shape.members)
            self.before.append(f"const std::array<Member, {len(shape.members)}> members_{name} = {{{{\n    {members}}}}};")
            rows.append(("members", f"members_{name}"))
            for i, member in enumerate(shape.members):
                if member.payload:
                    rows.append(("payload", f"&members_{name}[{i}]"))
        if not shape.error:
            rows.append(("lifetime", f"&lifetime<{shape.cpp}>"))
        for cpp, error, *_ in self.service.errors:
            if error is shape:
                rows.append(("error", f"&errors::kinds::{cpp}"))
        return rows

    def pattern(self, shape):
        overlay = self.service.overlay.get("patterns", {}).get(shape.name, {})
        if "pattern" not in shape.raw or shape.type != "string" or shape.enum or "skip" in overlay:
            return None
        try:
            expression = overlay.get("re2") or to_re2(shape.raw["pattern"])
        except ValueError as error:
            raise Trouble(f"pattern of {shape.name}: {error}: give RE2's form or a reason to skip it under \"patterns\"")
        self.before.append(f"const Pattern pattern_{identifier(shape.name)}({literal(shape.raw['pattern'])}, {literal(expression)});")
        return f"&pattern_{identifier(shape.name)}"


def operation_rows(service, out):
    for o in service.operations:
        if o.errors:
            errors = ", ".join(f"&shape_{identifier(e.name)}" for e in o.errors)
            out.append(f"const std::array<const Shape*, {len(o.errors)}> errors_{o.cpp} = {{{errors}}};")
    rows = []
    for o in service.operations:
        root = o.raw.get("input", {})
        rows.append(fields([
            ("name", literal(o.name)), ("index", o.index), ("method", literal(o.http.get("method", "POST"))),
            ("uri", literal(o.http.get("requestUri", "/"))), ("status", o.http.get("responseCode", 200)),
            ("input", f"&shape_{identifier(o.input.name)}" if o.input else f"&input_{o.cpp}"),
            ("output", f"&shape_{identifier(o.output.name)}" if o.output else f"&output_{o.cpp}"),
            ("has_input", None if o.input else "false"), ("has_output", None if o.output else "false"),
            ("errors", f"errors_{o.cpp}" if o.errors else None), ("form", f"Form::{o.form}"),
            ("idempotent", flag(o.raw.get("idempotent"))),
            ("result_wrapper", text(o.raw.get("output", {}).get("resultWrapper"))),
            ("input_root", text(root.get("locationName"))), ("input_namespace", namespace(root.get("xmlNamespace"))),
        ]))
    out.append(f"const std::array<Operation, {len(rows)}> operations = {{{{\n    " + ",\n    ".join(rows) + "}};\n")


def service_row(service):
    m = service.metadata
    protocols = m.get("protocols", [m["protocol"]])
    kinds = {use: f"&errors::kinds::{cpp}" for use, cpp in service.kind_names().items()}
    row = fields([
        ("name", literal(service.file)), ("id", literal(m["serviceId"])),
        ("signing_name", literal(m.get("signingName", m["endpointPrefix"]))), ("endpoint_prefix", literal(m["endpointPrefix"])),
        ("target_prefix", text(m.get("targetPrefix"))), ("json_version", text(m.get("jsonVersion"))),
        ("api_version", literal(m["apiVersion"])),
        ("error_namespace", text(m.get("errorNamespace"))), ("xml_namespace", namespace(m.get("xmlNamespace"))),
        ("protocols", "protocols"), ("query_compatible", flag("awsQueryCompatible" in m)),
        ("dialect", f"Dialect::{service.dialect}"), ("operations", "operations"), ("errors", "all_errors"),
        ("validation_error", kinds["validation"]), ("malformed_error", kinds["malformed"]),
        ("unsupported_error", kinds["unsupported"])])
    names = ", ".join(f"Protocol::{PROTOCOLS[p]}" for p in protocols)
    errors = ", ".join(f"&errors::kinds::{e[0]}" for e in service.errors)
    return (f"const std::array<Protocol, {len(protocols)}> protocols = {{{names}}};\n"
            f"const std::array<const ErrorKind*, {len(service.errors)}> all_errors = {{{errors}}};\n}}  // namespace\n\n"
            f"const wire::Service service = {row};\n")


def tables_cc(service):
    tables = Tables(service)
    streamed = {m.shape.name for s in service.shapes.values() for m in s.members if m.streams}
    used = {name for s in service.shapes.values() for name in s.used_names()}
    for shape in service.shapes.values():
        if shape.name in used or shape.name not in streamed:
            tables.shape(shape)
    out = [banner(service, "The tables."), f'#include "gen/{service.namespace}/api.h"\n', "#include <array>",
           "#include <cstddef>\n", '#include "wire/pattern.h"', '#include "wire/shape.h"\n',
           "// offsetof of structs that are not standard-layout: conditionally supported, and right on our compilers.",
           '#pragma GCC diagnostic ignored "-Winvalid-offsetof"\n', begin(service)]
    out += [f"extern const std::array<std::string_view, {len(s.raw['enum'])}> {snake_type(s)}_texts;"
            for s in service.types if s.enum]
    out += ["namespace {\n", "using namespace ::cloudlet::wire;\n"]
    out += [f"extern const Shape shape_{name};" for name, _ in tables.shapes]
    if any(m.streams for s in service.shapes.values() for m in s.members):
        out.append('const Shape stream_shape = {.name = "Body", .kind = Kind::stream};')
    out += tables.before + [f"const Shape shape_{name} = {row};" for name, row in tables.shapes]
    for o in service.operations:
        for shape, part, cpp in ((o.input, "input", o.input_cpp), (o.output, "output", o.output_cpp)):
            if shape is None:
                out.append(f"const Shape {part}_{o.cpp} = {{.name = {literal(cpp)}, .kind = Kind::structure, "
                           f".lifetime = &lifetime<{cpp}>}};")
    operation_rows(service, out)
    out += [service_row(service), end(service)]
    return "\n".join(out)
