"""types.h, errors.h, operations.h, client.h, api.h and api.cc: what people include."""
from names import literal


def banner(service, what):
    return (f"// {what}\n// Generated from models/{service.file}.json and models/{service.file}.overlay.json. Do not edit.\n")


def begin(service):
    return f"namespace cloudlet::{service.namespace} {{\n"


def end(service):
    return f"}}  // namespace cloudlet::{service.namespace}\n"


def types_h(service):
    streams = any(m.streams for s in service.types for m in s.members)
    documents = any(s.kind == "document" for s in service.shapes.values())
    out = [banner(service, f"The shapes of {service.metadata['serviceFullName']}."), "#pragma once\n", "#include <cstdint>",
           "#include <map>", "#include <optional>", "#include <string>", "#include <string_view>", "#include <vector>\n"]
    if documents:
        out.append("#include <boost/json/value.hpp>\n")
    out.append('#include "base/clock.h"')
    if streams:
        out.append('#include "wire/body.h"')
    out += ["", begin(service)]
    for shape in service.types:
        out.append(enum_declaration(shape) if shape.enum else struct_declaration(shape))
    types = {shape.cpp for shape in service.types}
    for operation in service.operations:
        for alias, cpp, shape in ((operation.input_alias, operation.input_cpp, operation.input),
                                  (operation.output_alias, operation.output_cpp, operation.output)):
            if shape is None:
                out.append(f"struct {alias} {{\n  bool operator==(const {alias}&) const = default;\n}};\n")
            elif alias != cpp and alias not in types:
                out.append(f"using {alias} = {cpp};\n")
    out.append(end(service))
    return "\n".join(out)


def enum_declaration(shape):
    names = ", ".join(shape.enumerators())
    return (f"enum class {shape.cpp} : std::int32_t {{ {names} }};\nstd::string_view to_string({shape.cpp} value);\n"
            f"std::optional<{shape.cpp}> parse_{snake_type(shape)}(std::string_view text);\n")


def snake_type(shape):
    from names import snake
    return snake(shape.cpp).rstrip("_")


def struct_declaration(shape):
    lines = [f"struct {shape.cpp} {{"]
    movable_only = any(member.streams for member in shape.members)
    for member in shape.members:
        note = "  // required" if member.required else ""
        start = "" if member.streams or member.cpp_type() == "std::string" else "{}"
        lines.append(f"  {member.cpp_type()} {member.cpp}{start};{note}")
    if not movable_only:
        lines.append(f"  bool operator==(const {shape.cpp}&) const = default;")
    lines.append("};\n")
    return "\n".join(lines)


def operations_h(service):
    body = [banner(service, f"What {service.metadata['serviceFullName']} answers. One function per operation in the model: "
                            "a missing one does not compile."), "#pragma once\n", '#include "base/result.h"']
    if any(o.form == "waits" for o in service.operations):
        body.append('#include "base/task.h"')
    body += [f'#include "gen/{service.namespace}/types.h"', '#include "wire/call.h"\n',
             "namespace cloudlet::store {\nclass Txn;\nclass ReadTxn;\n}  // namespace cloudlet::store\n", begin(service),
             "class Operations {\n public:\n  virtual ~Operations() = default;\n"]
    for o in service.operations:
        result = f"Result<{o.output_alias}>"
        if o.form == "waits":
            body.append(f"  virtual Task<{result}> {o.cpp}(const wire::Call& call, {o.input_alias} input) = 0;")
        else:
            txn = "const store::ReadTxn&" if o.form == "reads" else "store::Txn&"
            body.append(f"  virtual {result} {o.cpp}({txn} tx, const wire::Call& call, const {o.input_alias}& input) = 0;")
    body += ["};\n", end(service)]
    return "\n".join(body)


def errors_h(service):
    out = [banner(service, f"The errors of {service.metadata['serviceFullName']}: a constant and a factory each."),
           "#pragma once\n", "#include <string>\n", '#include "base/result.h"\n',
           f"namespace cloudlet::{service.namespace}::errors {{\n", "namespace kinds {"]
    out += [f"extern const ErrorKind {e[0]};" for e in service.errors]
    out.append("}  // namespace kinds\n")
    for cpp, _, name, code, status, _ in service.errors:
        out.append(f"::cloudlet::Error {cpp}(std::string message);  // {status} {code}")
    out.append(f"\n}}  // namespace cloudlet::{service.namespace}::errors\n")
    return "\n".join(out)


def client_h(service):
    out = [banner(service, f"The operations of {service.metadata['serviceFullName']} for callers."), "#pragma once\n",
           '#include "base/result.h"', '#include "base/task.h"', f'#include "gen/{service.namespace}/types.h"',
           '#include "wire/caller.h"', '#include "wire/table.h"\n', begin(service), "extern const wire::Service service;\n",
           "// Refers to `caller`, which outlives it and its tasks.", "class Client {\n public:",
           "  explicit Client(wire::Caller& caller) : caller_(&caller) {}\n"]
    for o in service.operations:
        default = " = {}" if not any(m.required for m in (o.input.members if o.input else [])) else ""
        out.append(f"  Task<Result<{o.output_alias}>> {o.cpp}({o.input_alias} input{default});")
    out += ["\n private:\n  wire::Caller* caller_;\n};\n", end(service)]
    return "\n".join(out)


def api_h(service):
    includes = "\n".join(f'#include "gen/{service.namespace}/{part}.h"' for part in ("client", "errors", "operations", "types"))
    return f"{banner(service, service.metadata['serviceFullName'] + ': shapes, operations, errors, client, tables.')}#pragma once\n\n{includes}\n"


def api_cc(service):
    out = [banner(service, "Errors, enumerations and the client."), f'#include "gen/{service.namespace}/api.h"\n',
           "#include <array>\n", begin(service), "namespace errors {", "namespace kinds {"]
    for cpp, _, name, code, status, fault in service.errors:
        side = "server" if fault else "client"
        out.append(f"const ErrorKind {cpp} = {{{literal(name)}, {literal(code)}, {status}, Fault::{side}}};")
    out.append("}  // namespace kinds\n")
    for error in service.errors:
        out.append(f"::cloudlet::Error {error[0]}(std::string message) {{ return {{kinds::{error[0]}, std::move(message)}}; }}")
    out.append("}  // namespace errors\n")
    for shape in service.types:
        if shape.enum:
            out.append(enum_definition(shape))
    for o in service.operations:
        out.append(f"Task<Result<{o.output_alias}>> Client::{o.cpp}({o.input_alias} input) {{\n"
                   f"  {o.output_alias} output{{}};\n"
                   f"  auto outcome = co_await caller_->call(service, service.operations[{o.index}], &input, &output);\n"
                   f"  if (outcome.has_error()) co_return std::move(outcome).error();\n"
                   f"  co_return output;\n}}\n")
    out.append(end(service))
    return "\n".join(out)


def enum_definition(shape):
    values = ", ".join(literal(value) for value in shape.raw["enum"])
    name = f"{snake_type(shape)}_texts"
    return (f"extern const std::array<std::string_view, {len(shape.raw['enum'])}> {name};\n"
            f"const std::array<std::string_view, {len(shape.raw['enum'])}> {name} = {{{values}}};\n"
            f"std::string_view to_string({shape.cpp} value) {{ return {name}.at(static_cast<std::size_t>(value)); }}\n"
            f"std::optional<{shape.cpp}> parse_{snake_type(shape)}(std::string_view text) {{\n"
            f"  for (std::size_t i = 0; i < {name}.size(); ++i) {{\n"
            f"    if ({name}[i] == text) return static_cast<{shape.cpp}>(i);\n  }}\n  return std::nullopt;\n}}\n")
