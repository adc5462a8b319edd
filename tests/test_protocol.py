"""The wire exists three times (Python models, JSON Schema, TypeScript): they must never drift apart."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from api import protocol
from api.webapp import WEB
from core import events


def members(union: Any) -> list[type[BaseModel]]:
    return list(get_args(get_args(union)[0]))


@pytest.fixture(scope="module")
def schema() -> str:
    return protocol.schema_text()


def test_schema_file_is_what_the_models_say(schema: str) -> None:
    assert protocol.SCHEMA.read_text("utf-8") == schema, "run `make protocol`"


def test_typescript_is_what_the_schema_says(schema: str) -> None:
    assert protocol.TYPES.read_text("utf-8") == protocol.types_text(schema), "run `make protocol`"


def test_a_changed_model_would_be_noticed(schema: str) -> None:
    """Guards the comparison itself: one more field must change the TypeScript."""
    changed = json.loads(schema)
    changed["definitions"]["Pong"]["properties"]["extra"] = {"type": "string"}
    assert protocol.types_text(json.dumps(changed)) != protocol.TYPES.read_text("utf-8")


@pytest.mark.parametrize("union", [events.Event, events.Command], ids=["Event", "Command"])
def test_every_message_has_its_own_tag(union: Any) -> None:
    tags = [model.model_fields["type"].default for model in members(union)]
    assert len(tags) == len(set(tags))


def test_every_wire_model_is_in_a_union() -> None:
    """A model with a `type` tag that is in no union would be sent and silently dropped by every page."""
    tagged = {
        model
        for model in vars(events).values()
        if isinstance(model, type) and issubclass(model, BaseModel) and "type" in model.model_fields
    }
    assert tagged == {*members(events.Event), *members(events.Command)}


def test_every_tag_is_required_in_the_schema(schema: str) -> None:
    """An optional tag makes TypeScript narrow nothing, and no compiler says so."""
    for name, model in json.loads(schema)["definitions"].items():
        if "type" in model.get("properties", {}):
            assert "type" in model["required"], name


def test_the_web_lock_names_no_host_and_misses_no_platform() -> None:
    """A lock made against an incomplete mirror omits platform packages, and `npm ci` then refuses it elsewhere."""
    lock = json.loads((WEB / "package-lock.json").read_text("utf-8"))
    packages = lock["packages"]
    assert not [path for path, entry in packages.items() if "resolved" in entry]
    for path, entry in packages.items():
        for name in entry.get("optionalDependencies", {}):
            nested = f"{path}/node_modules/{name}"
            assert nested in packages or f"node_modules/{name}" in packages, f"{path} wants {name}"
