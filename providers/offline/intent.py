"""What one clause asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from providers.offline.phrases import Kind


@dataclass(frozen=True, slots=True)
class Intent:
    kind: Kind
    text: str = ""
    """The words it was read from."""
    args: Mapping[str, str | None] = field(default_factory=dict)
