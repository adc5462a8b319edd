"""Read a YAML mapping and remember on which line each field stands, so that a mistake can be named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from pydantic import ValidationError

from core.errors import InvalidInput

Path = tuple[str | int, ...]
MAX_DEPTH = 12
"""Levels of nesting a persona file may have; deeper ones are refused before anything is built from them."""

LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Document:
    """One parsed file: its values, and the 1-based line of every field by path, e.g. `("voice", "rate")`."""

    file: str
    values: dict[str, Any]
    lines: dict[Path, int] = field(default_factory=dict)

    def line_of(self, path: Path) -> int | None:
        """Line of the field or of its nearest parent; None when this file says nothing about it."""
        while path:
            if path in self.lines:
                return self.lines[path]
            path = path[:-1]
        return None


def read_document(text: str, file: str) -> Document:
    """Parse `text` as one YAML mapping. Raises InvalidInput naming `file`, line and field.

    Anchors and aliases are refused (a few bytes of them can stand for gigabytes), as are repeated fields.
    """
    try:
        depth = 0
        for event in yaml.parse(text, Loader=LOADER):
            if isinstance(event, yaml.AliasEvent):
                raise InvalidInput(f"{file} line {_line(event.start_mark)}: anchors and aliases are not allowed.")
            if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
                depth += 1
                if depth > MAX_DEPTH:
                    raise InvalidInput(f"{file} line {_line(event.start_mark)}: nested more than {MAX_DEPTH} deep.")
            elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
                depth -= 1
        node = yaml.compose(text, Loader=LOADER)
        values = yaml.load(text, Loader=LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" line {mark.line + 1}" if mark else ""
        raise InvalidInput(f"{file}{where}: not valid YAML, {error.problem or error.context}.") from None
    except (yaml.YAMLError, ValueError) as error:
        raise InvalidInput(f"{file}: not valid YAML, {error}.") from None
    if not isinstance(node, yaml.MappingNode) or not isinstance(values, dict):
        raise InvalidInput(f"{file} line 1: expected fields such as `name: …`.")
    lines: dict[Path, int] = {}
    _note_lines(node, (), lines, file)
    return Document(file, values, lines)


def _line(mark: Any) -> int:
    return int(mark.line) + 1 if mark is not None else 1


def _note_lines(node: yaml.Node, path: Path, lines: dict[Path, int], file: str) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise InvalidInput(f"{file} line {line}: a field name must be plain text.")
            here = (*path, key.value)
            if here in lines:
                raise InvalidInput(f"{file} line {line}, field {dotted(here)}: given twice.")
            lines[here] = line
            _note_lines(value, here, lines, file)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            lines[*path, index] = value.start_mark.line + 1
            _note_lines(value, (*path, index), lines, file)


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with the fields of `over` on top; mappings merge field by field, everything else is replaced."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def describe(error: ValidationError, documents: tuple[Document, ...]) -> tuple[str, str]:
    """(file, sentence) for the first fault of a validation, naming the line of the last document that has the field."""
    fault = error.errors(include_url=False, include_input=False)[0]
    path: Path = tuple(fault["loc"])
    document, line = documents[-1], None
    for candidate in reversed(documents):
        line = candidate.line_of(path)
        if line is not None:
            document = candidate
            break
    message = fault["msg"][:1].lower() + fault["msg"][1:]
    return document.file, f"{document.file} line {line or 1}, field {dotted(path)}: {message}."


def dotted(path: Path) -> str:
    """`("voice", "pitch", 0)` as `voice.pitch.0`."""
    return ".".join(str(part) for part in path)
