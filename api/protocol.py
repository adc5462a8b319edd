"""The wire as TypeScript: `core.events` → JSON Schema → `web/src/wire/types.ts`.

`python -m api.protocol` writes both files, `--check` compares them with what the Python says now and exits 1 when
they differ. The schema step is pure Python; the TypeScript step runs json-schema-to-typescript from `web/node_modules`.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from api.webapp import WEB, install_packages, node_program
from core import events

WIRE = WEB / "src" / "wire"
SCHEMA = WIRE / "wire.schema.json"
TYPES = WIRE / "types.ts"
BANNER = "/* Generated from core/events.py by `make protocol`. Do not edit. */"

Schema = dict[str, Any]


def wire_schema() -> Schema:
    """One draft-07 schema holding both unions: `Event` as the server sends it, `Command` as the server accepts it.

    A model reachable from both directions must look the same in both; otherwise a ValueError names it.
    """
    sent = _adapter_schema(events.event, "serialization")
    taken = _adapter_schema(events.command, "validation")
    definitions: dict[str, Any] = {}
    for source in (sent, taken):
        for name, model in source.pop("$defs").items():
            if definitions.setdefault(name, model) != model:
                raise ValueError(f"{name} looks different as sent and as taken; give the two directions two models")
    definitions["Event"] = _plain_union(sent)
    definitions["Command"] = _plain_union(taken)
    root: Schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Wire",
        "type": "object",
        "additionalProperties": False,
        "required": ["command", "event"],
        "properties": {"command": {"$ref": "#/definitions/Command"}, "event": {"$ref": "#/definitions/Event"}},
        "definitions": definitions,
    }
    tidied = _tidy(root)
    assert isinstance(tidied, dict)
    tidied["title"] = "Wire"
    return tidied


def schema_text() -> str:
    """The bytes of `wire.schema.json`."""
    return json.dumps(wire_schema(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def types_text(schema: str) -> str:
    """TypeScript for a schema, through json-schema-to-typescript; installs the web packages when they are missing."""
    program = WEB / "node_modules" / "json-schema-to-typescript" / "dist" / "src" / "cli.js"
    if not program.exists():
        install_packages()
    made = subprocess.run(
        [str(node_program()), str(program), f"--bannerComment={BANNER}"],
        input=schema,
        capture_output=True,
        text=True,
        check=False,
        cwd=WEB,
    )
    if made.returncode != 0:
        raise RuntimeError(f"json-schema-to-typescript failed: {made.stderr.strip()}")
    return _drop_references(made.stdout)


def stale_files() -> list[Path]:
    """The generated files whose bytes are not what the Python says now."""
    schema = schema_text()
    wanted = {SCHEMA: schema, TYPES: types_text(schema)}
    return [path for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]


def write_files() -> None:
    schema = schema_text()
    WIRE.mkdir(parents=True, exist_ok=True)
    SCHEMA.write_text(schema, "utf-8")
    TYPES.write_text(types_text(schema), "utf-8")


def _drop_references(types: str) -> str:
    """The tool notes under every type who refers to it; here that is always `Wire`."""
    note = r" \* This interface was referenced by `Wire`'s JSON-Schema\n \* via the `definition` \"\w+\"\.\n"
    return re.sub(r"/\*\*\n" + note + r" \*/\n", "", re.sub(r" \*\n" + note, "", types))


def _adapter_schema(adapter: TypeAdapter[Any], mode: Any) -> Schema:
    return adapter.json_schema(mode=mode)


def _plain_union(schema: Schema) -> Schema:
    return {"anyOf": schema["oneOf"]}


def _tidy(node: Any, *, of_properties: bool = False) -> Any:
    """Pydantic's schema in the shape json-schema-to-typescript turns into good types.

    No titles (they would become aliases), every `const` tag required (else unions do not narrow), fixed-length
    arrays as draft-07 tuples, and `#/definitions/` references.
    """
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    if not isinstance(node, dict):
        return node
    if of_properties:
        return {name: _tidy(value) for name, value in node.items()}
    tidied: Schema = {}
    for key, value in node.items():
        if key in ("title", "discriminator", "default", "minLength", "maxLength", "pattern"):
            continue
        if key == "$ref":
            tidied["$ref"] = str(value).replace("#/$defs/", "#/definitions/")
        elif key == "prefixItems":
            tidied |= {"items": _tidy(value), "minItems": len(value), "maxItems": len(value), "additionalItems": False}
        elif key in ("properties", "definitions"):
            tidied[key] = _tidy(value, of_properties=True)
        elif key == "maxItems" and "prefixItems" not in node:
            continue
        else:
            tidied[key] = _tidy(value)
    tags = [
        name for name, value in tidied.get("properties", {}).items() if isinstance(value, dict) and "const" in value
    ]
    if tags:
        tidied["required"] = sorted({*tidied.get("required", []), *tags})
    return tidied


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m api.protocol", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 when a file is stale")
    if parser.parse_args(argv).check:
        stale = stale_files()
        for path in stale:
            print(f"{path.name} is not what core/events.py says: run `make protocol`", file=sys.stderr)
        return 1 if stale else 0
    write_files()
    return 0


if __name__ == "__main__":
    sys.exit(main())
