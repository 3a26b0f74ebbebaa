#!/usr/bin/env python3
"""Writes one service's C++ from its model and overlay. Runs at build time (tools/cmake/generated.cmake)."""
import argparse
import pathlib
import sys

import dispatch
import faces
import tables
from model import Service, Trouble

FILES = {"types.h": faces.types_h, "errors.h": faces.errors_h, "operations.h": faces.operations_h,
         "client.h": faces.client_h, "api.h": faces.api_h, "api.cc": faces.api_cc, "tables.cc": tables.tables_cc,
         "dispatch.h": dispatch.dispatch_h, "dispatch.cc": dispatch.dispatch_cc}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("namespace")
    parser.add_argument("out", type=pathlib.Path)
    arguments = parser.parse_args()
    try:
        service = Service(arguments.model, arguments.model.with_suffix(".overlay.json"), arguments.namespace)
        texts = {name: write(service) for name, write in FILES.items()}
    except Trouble as trouble:
        sys.exit(f"codegen: {arguments.model.name}: {trouble}")
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (arguments.out / name).write_text(text)


if __name__ == "__main__":
    main()
