"""A service's model and its overlay, joined, with the decisions that all generated files share."""
import json
import re

from names import RESERVED, lower_camel, pascal, snake, unique

SCALARS = {"string": "std::string", "character": "std::string", "blob": "std::string", "boolean": "bool",
           "integer": "std::int32_t", "long": "std::int64_t", "float": "float", "double": "double", "timestamp": "Time"}
PLACES = {"uri": "uri", "querystring": "query", "header": "header", "headers": "prefixed_headers", "statusCode": "status"}
OVERLAY_KEYS = {"waits", "reads", "errors", "rename", "presence", "open_enums", "refused", "accepted", "accepted_by", "patterns", "patch",
                "patch_operations", "metadata", "dialect", "error_kinds", "errors_reason"}

# Which errors answer broken constraints, unreadable requests and refused members, unless the overlay says otherwise.
DEFAULT_KINDS = {
    "query": {"validation": "ValidationError", "malformed": "MalformedInput", "unsupported": "InvalidParameterValue"},
    "json": {"validation": "ValidationException", "malformed": "SerializationException", "unsupported": "ValidationException"},
    "rest-json": {"validation": "ValidationException", "malformed": "SerializationException",
                  "unsupported": "ValidationException"},
    "rest-xml": {"validation": "InvalidRequest", "malformed": "MalformedXML", "unsupported": "NotImplemented"},
    "smithy-rpc-v2-cbor": {"validation": "ValidationException", "malformed": "SerializationException",
                           "unsupported": "ValidationException"},
}


class Trouble(Exception):
    """The model and the overlay do not fit together; the message says where."""


class Member:
    def __init__(self, service, owner, name, raw):
        self.raw, self.name, self.owner = raw, name, owner
        self.shape = service.shapes[raw["shape"]]
        self.key = f"{owner.name}.{name}"
        self.required = name in owner.raw.get("required", [])
        self.cpp = ""
        self.streams = bool(raw.get("streaming") or self.shape.raw.get("streaming"))
        self.presence = self.key in service.overlay.get("presence", {})
        self.refused = self.key in service.overlay.get("refused", {})
        self.place = PLACES[raw["location"]] if "location" in raw else "body"
        self.payload = owner.raw.get("payload") == name
        self.path = raw.get("path", lower_camel(name))

    @property
    def plain(self):
        """Held without std::optional."""
        if self.streams:
            return True
        return self.required or (self.shape.kind in ("list", "map") and not self.presence)

    def cpp_type(self):
        value = "wire::Body" if self.streams else self.shape.cpp_type()
        return value if self.plain else f"std::optional<{value}>"


class Shape:
    def __init__(self, name, raw):
        self.name, self.raw = name, raw
        self.type = raw["type"]
        self.is_output = False
        self.members = []

    def connect(self, service):
        self.service = service
        renamed = service.overlay.get("rename", {}).get(self.name)
        self.cpp = pascal(renamed["to"] if renamed else self.name)
        self.enum = self.type == "string" and "enum" in self.raw and self.name not in service.overlay.get("open_enums", {})
        if self.raw.get("document"):
            self.kind = "document"
        elif self.enum:
            self.kind = "enumeration"
        else:
            self.kind = {"character": "string", "long": "long_integer", "float": "float_number",
                         "double": "double_number"}.get(self.type, self.type)
        self.members = [Member(service, self, name, raw) for name, raw in self.raw.get("members", {}).items()]
        for member, cpp in zip(self.members, unique([snake(m.name) for m in self.members])):
            member.cpp = cpp
        part = self.raw.get("member") or self.raw.get("value")
        self.element = service.shapes[part["shape"]] if part else None
        self.error = bool(self.raw.get("exception") or self.raw.get("error"))
        self.is_type = self.enum or self.kind == "structure"
        if self.is_type and self.cpp in RESERVED:
            raise Trouble(f"{self.name} hides a name of cloudlet's: give it another under \"rename\"")

    def enumerators(self):
        return unique([snake(value) for value in self.raw["enum"]])

    def cpp_type(self):
        if self.kind == "document":
            return "boost::json::value"
        if self.is_type:
            return self.cpp
        if self.kind == "list":
            if self.element.kind == "boolean":
                raise Trouble(f"{self.name}: std::vector<bool> has no elements to point at")
            return f"std::vector<{self.element.cpp_type()}>"
        if self.kind == "map":
            return f"std::map<std::string, {self.element.cpp_type()}>"
        return SCALARS[self.type]

    def used_names(self):
        """Names of the shapes whose tables this one's table points at."""
        for member in self.members:
            if not member.streams:
                yield member.shape.name
        for part in ("member", "key", "value"):
            if part in self.raw:
                yield self.raw[part]["shape"]

    def value_uses(self):
        """Types that must be complete before this one."""
        for member in self.members:
            shape = member.shape
            while shape.kind in ("list", "map"):
                shape = shape.element
            if shape.is_type:
                yield shape


class Operation:
    def __init__(self, service, index, name, raw):
        self.name, self.raw, self.index = name, raw, index
        self.cpp = snake(name)
        self.http = raw.get("http", {})
        self.input = service.shapes.get(raw["input"]["shape"]) if "input" in raw else None
        self.output = service.shapes.get(raw["output"]["shape"]) if "output" in raw else None
        self.errors = [service.shapes[error["shape"]] for error in raw.get("errors", [])]
        overlay = service.overlay
        self.form = "waits" if name in overlay.get("waits", []) else "reads" if name in overlay.get("reads", []) else "writes"
        self.input_cpp = self.input.cpp if self.input else f"{name}Input"
        self.output_cpp = self.output.cpp if self.output else f"{name}Output"
        self.input_alias, self.output_alias = f"{name}Input", f"{name}Output"


class Service:
    def __init__(self, model_path, overlay_path, namespace):
        model = json.loads(model_path.read_text())
        self.overlay = json.loads(overlay_path.read_text()) if overlay_path.exists() else {}
        self.file, self.namespace = model_path.stem, namespace
        unknown = set(self.overlay) - OVERLAY_KEYS
        if unknown:
            raise Trouble(f"{overlay_path.name}: unknown {', '.join(sorted(unknown))}")
        self.metadata = {**model["metadata"], **{k: v for k, v in self.overlay.get("metadata", {}).items() if k != "reason"}}
        self.patch(model)
        self.shapes = {name: Shape(name, raw) for name, raw in model["shapes"].items()}
        for shape in self.shapes.values():
            shape.connect(self)
        names = sorted(model["operations"])
        self.operations = [Operation(self, i, name, model["operations"][name]) for i, name in enumerate(names)]
        inputs = {operation.input for operation in self.operations}
        for operation in self.operations:
            if operation.output and operation.output not in inputs:
                operation.output.is_output = True
        self.types = self.ordered_types()
        self.errors = self.all_errors()
        self.check()

    def patch(self, model):
        """What the overlay knows better: merged into the model's shapes and operations, member by member."""
        def merge(into, change):
            for key, value in change.items():
                if isinstance(value, dict) and isinstance(into.get(key), dict):
                    merge(into[key], value)
                elif value is None:
                    into.pop(key, None)
                else:
                    into[key] = value
        for name, change in self.overlay.get("patch", {}).items():
            merge(model["shapes"].setdefault(name, {}), {k: v for k, v in change.items() if k != "reason"})
        for name, change in self.overlay.get("patch_operations", {}).items():
            merge(model["operations"][name], {k: v for k, v in change.items() if k != "reason"})

    def ordered_types(self):
        """Every enum, then every struct after those that it holds."""
        enums = [shape for shape in self.shapes.values() if shape.enum]
        done, structs = set(), []

        def visit(shape, path):
            if shape.name in done:
                return
            if shape.name in path:
                raise Trouble(f"{shape.name} holds itself: the generator has no box for that yet")
            for used in shape.value_uses():
                if used.kind == "structure":
                    visit(used, path + [shape.name])
            done.add(shape.name)
            structs.append(shape)
        for shape in self.shapes.values():
            if shape.kind == "structure" and not shape.error:
                visit(shape, [])
        return enums + structs

    def all_errors(self):
        """(cpp name, shape or None, name, code, status, fault), by C++ name."""
        found = {}
        for shape in self.shapes.values():
            if shape.error:
                error = shape.raw.get("error", {})
                fault = bool(shape.raw.get("fault") or error.get("fault")) or error.get("httpStatusCode", 400) >= 500
                found[shape.name] = (shape, shape.name, error.get("code", shape.name),
                                     error.get("httpStatusCode", 500 if fault else 400), fault)
        extras = [{"name": name} for name in self.kinds().values() if name not in found]
        for extra in extras + self.overlay.get("errors", []):
            shape = self.shapes.get(extra["name"])
            status = extra.get("status", 400)
            found[extra["name"]] = (shape, extra["name"], extra.get("code", extra["name"]), status, status >= 500)
        short = {name: snake(re.sub(r"Exception$", "", name)) for name in found}
        taken = list(short.values())
        return sorted((snake(name) if taken.count(short[name]) > 1 else short[name], *entry) for name, entry in found.items())

    def kind_names(self):
        """C++ names of the errors for broken constraints, unreadable requests and refused members."""
        return {use: next(e[0] for e in self.errors if e[2] == name) for use, name in self.kinds().items()}

    def kinds(self):
        return {**DEFAULT_KINDS[self.metadata["protocol"]], **self.overlay.get("error_kinds", {})}

    @property
    def dialect(self):
        default = {"query": "query", "rest-json": "rest_json", "rest-xml": "s3"}.get(self.metadata["protocol"], "json")
        return self.overlay.get("dialect", default)

    def check(self):
        names = {operation.name for operation in self.operations}
        for key in ("reads", "waits"):
            for name in self.overlay.get(key, []):
                if name not in names:
                    raise Trouble(f"overlay: {key} names {name}, which is not served")
        members = {member.key for shape in self.shapes.values() for member in shape.members}
        for key in ("presence", "refused", "accepted"):
            for name in self.overlay.get(key, {}):
                if name not in members:
                    raise Trouble(f"overlay: {key} names {name}, which is no member")
        for name in self.overlay.get("accepted_by", {}):
            if name.split(" ")[0] not in names or name.split(" ")[-1] not in members:
                raise Trouble(f"overlay: accepted_by names {name}, which is no operation and member")
        types = {}
        for shape in self.types:
            if types.setdefault(shape.cpp, shape) is not shape:
                raise Trouble(f"{shape.name} and {types[shape.cpp].name} have the same C++ name")
        for operation in self.operations:
            for alias, meant in ((operation.input_alias, operation.input), (operation.output_alias, operation.output)):
                if alias in types and types[alias] is not meant:
                    raise Trouble(f"{alias} is the name of another shape")
