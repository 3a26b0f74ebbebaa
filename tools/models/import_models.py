#!/usr/bin/env python3
"""Trims public service models to what cloudlet serves: models/operations.json names the operations, SOURCE holds the models.

SOURCE is a folder of <service>.json files, or botocore's own data folder (<service>/<version>/service-2.json[.gz]).
What is written to models/<service>.json: the named operations, the shapes they reach, no documentation.
"""
import argparse
import gzip
import json
import pathlib
import sys

METADATA = ("apiVersion", "awsQueryCompatible", "endpointPrefix", "globalEndpoint", "jsonVersion", "protocol", "protocols",
            "serviceAbbreviation", "serviceFullName", "serviceId", "signatureVersion", "signingName", "targetPrefix", "uid",
            "xmlNamespace")
DROPPED = {"documentation", "documentationUrl", "contextParam", "staticContextParams", "operationContextParams", "endpoint",
           "deprecatedMessage", "deprecatedSince", "authtype", "auth"}
WIDTH = 120


def load(source, service):
    """The public model of one service, from either layout."""
    flat = source / f"{service}.json"
    if flat.exists():
        return json.loads(flat.read_text())
    found = sorted((source / service).glob("*/service-2.json*"))
    if not found:
        sys.exit(f"no model of {service} in {source}")
    raw = found[-1].read_bytes()
    return json.loads(gzip.decompress(raw) if found[-1].suffix == ".gz" else raw)


def without_texts(node):
    """A copy without documentation and what only a client's endpoint rules read."""
    if isinstance(node, dict):
        return {key: without_texts(value) for key, value in node.items() if key not in DROPPED or is_member(value)}
    if isinstance(node, list):
        return [without_texts(value) for value in node]
    return node


def is_member(value):
    """A member may be called `documentation` or `endpoint`: members refer to a shape."""
    return isinstance(value, dict) and "shape" in value and "hostPrefix" not in value


def references(shape):
    for member in shape.get("members", {}).values():
        yield member["shape"]
    for part in ("member", "key", "value"):
        if part in shape:
            yield shape[part]["shape"]


def reached(model, operations):
    """The names of all shapes that these operations touch."""
    todo = []
    for operation in operations.values():
        todo += [operation[part]["shape"] for part in ("input", "output") if part in operation]
        todo += [error["shape"] for error in operation.get("errors", [])]
    seen = set()
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += references(model["shapes"][name])
    return seen


def trim(model, wanted):
    missing = [name for name in wanted if name not in model["operations"]]
    if missing:
        sys.exit(f"{model['metadata']['serviceId']} has no operation {', '.join(missing)}")
    operations = {name: model["operations"][name] for name in sorted(wanted)}
    names = reached(model, operations)
    return {
        "metadata": {key: model["metadata"][key] for key in METADATA if key in model["metadata"]},
        "operations": {name: without_texts(operation) for name, operation in operations.items()},
        "shapes": {name: without_texts(model["shapes"][name]) for name in sorted(names)},
    }


def dump(node, indent=0):
    """JSON for people: what fits in a line stays on one."""
    flat = json.dumps(node, ensure_ascii=False)
    if indent + len(flat) <= WIDTH or not isinstance(node, (dict, list)) or not node:
        return flat
    pad = " " * (indent + 1)
    if isinstance(node, dict):
        parts = [f"{pad}{json.dumps(key)}: {dump(value, indent + 1)}" for key, value in node.items()]
        return "{\n" + ",\n".join(parts) + "\n" + " " * indent + "}"
    parts = [pad + dump(value, indent + 1) for value in node]
    return "[\n" + ",\n".join(parts) + "\n" + " " * indent + "]"


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("services", nargs="*", help="all in models/operations.json if none")
    arguments = parser.parse_args()
    served = json.loads((root / "models/operations.json").read_text())
    for service in arguments.services or served:
        text = dump(trim(load(arguments.source, service), served[service])) + "\n"
        target = root / "models" / f"{service}.json"
        changed = not target.exists() or target.read_text() != text
        if changed:
            target.write_text(text)
        print(f"{service}: {len(served[service])} operations, {len(text) // 1024} KB{'' if changed else ', unchanged'}")


if __name__ == "__main__":
    main()
