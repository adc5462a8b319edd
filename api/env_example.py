"""Writes `.env.example` from core/settings.py: `python -m api.env_example [--check]`."""

from __future__ import annotations

import argparse
import sys
import textwrap
from pathlib import Path
from typing import Any, get_args

from pydantic import AliasChoices, SecretStr
from pydantic.fields import FieldInfo

from core.settings import Settings

FILE = Path(__file__).resolve().parent.parent / ".env.example"
HEAD = """\
# Every setting and its default. Copy this file to `.env` and uncomment what you change; the environment wins over it.
# Written by `python -m api.env_example` from core/settings.py.
"""


def env_example() -> str:
    """The file's text: one commented line a setting, above it what it is for."""
    return HEAD + "".join(f"\n{_entry(name, field)}" for name, field in Settings.model_fields.items())


def env_names(name: str, field: FieldInfo) -> list[str]:
    """The environment variables a field is read from, the one to use first."""
    if isinstance(field.validation_alias, AliasChoices):
        return [str(choice) for choice in field.validation_alias.choices]
    return [f"{Settings.model_config.get('env_prefix', '')}{name}".upper()]


def _entry(name: str, field: FieldInfo) -> str:
    names = env_names(name, field)
    told = " ".join(filter(None, (field.description, _choices(field), _others(names[1:]))))
    lines = textwrap.wrap(told, 110, initial_indent="# ", subsequent_indent="# ")
    return "\n".join([*lines, f"#{names[0]}={_shown(field)}"]) + "\n"


def _choices(field: FieldInfo) -> str:
    values = [value for value in get_args(field.annotation) if isinstance(value, str | int)]
    return f"One of: {', '.join(map(str, values))}." if values else ""


def _others(names: list[str]) -> str:
    return f"Also read as {', '.join(names)}." if names else ""


def _shown(field: FieldInfo) -> str:
    default: Any = field.get_default(call_default_factory=True)
    if default is None or isinstance(default, SecretStr):
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    return "[]" if default == () else str(default)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m api.env_example", description="Write .env.example.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when the file is not up to date")
    if parser.parse_args(argv).check:
        return 0 if FILE.exists() and FILE.read_text("utf-8") == env_example() else 1
    FILE.write_text(env_example(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
