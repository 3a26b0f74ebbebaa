"""dispatch.h and dispatch.cc: from an operation's number to the function of `Operations`, for services/host."""
from faces import banner, begin, end


def dispatch_h(service):
    return "\n".join([
        banner(service, f"How services/host reaches {service.metadata['serviceFullName']}."), "#pragma once\n",
        f'#include "gen/{service.namespace}/operations.h"', '#include "services/dispatch.h"\n', begin(service),
        "// Refers to `operations`, which outlives the result.", "services::Served serve(Operations& operations);\n",
        end(service)])


def dispatch_cc(service):
    waits = any(o.form == "waits" for o in service.operations)
    out = [banner(service, "The table behind serve()."), f'#include "gen/{service.namespace}/dispatch.h"\n',
           "#include <array>\n", f'#include "gen/{service.namespace}/client.h"', "",
           begin(service), "namespace {\n",
           "Operations& self(void* operations) { return *static_cast<Operations*>(operations); }\n",
           "template <class Output>\nResult<wire::Object> wrap(std::size_t index, Result<Output> answer) {\n"
           "  if (answer.has_error()) return std::move(answer).error();\n"
           "  return wire::Object(*service.operations[index].output, *std::move(answer));\n}\n"]
    for o in service.operations:
        out.append(thunk(o))
    entries = ",\n    ".join(f"services::Entry{{.{o.form[:-1]} = &{o.cpp}_entry}}" for o in service.operations)
    out += [f"constexpr std::array<services::Entry, {len(service.operations)}> entries = {{\n    {entries}}};\n",
            "}  // namespace\n",
            "services::Served serve(Operations& operations) {\n"
            "  return {.service = &service, .entries = entries, .operations = &operations};\n}\n", end(service)]
    return "\n".join(out)


def thunk(o):
    if o.form == "waits":
        return (f"Task<Result<wire::Object>> {o.cpp}_entry(void* operations, const wire::Call& call, wire::Object input) {{\n"
                f"  auto answer = co_await self(operations).{o.cpp}(call, std::move(input.as<{o.input_alias}>()));\n"
                f"  co_return wrap({o.index}, std::move(answer));\n}}\n")
    txn = "const store::ReadTxn&" if o.form == "reads" else "store::Txn&"
    return (f"Result<wire::Object> {o.cpp}_entry(void* operations, {txn} tx, const wire::Call& call, const wire::Object& input) "
            f"{{\n  return wrap({o.index}, self(operations).{o.cpp}(tx, call, input.as<{o.input_alias}>()));\n}}\n")
