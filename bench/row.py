"""One measured figure, and how figures are summed up."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import TypedDict


class Row(TypedDict):
    name: str
    value: float
    unit: str
    bound: str
    """What it should reach, e.g. "<= 300"; empty when it only informs."""
    baseline: str
    """What the value is a ratio of or was measured beside, in the same run."""
    ok: bool


def row(name: str, value: float, unit: str, bound: str = "", baseline: str = "") -> Row:
    """A row whose `ok` follows from its bound ("<= x" or ">= x"; none is always ok)."""
    return Row(name=name, value=round(value, 4), unit=unit, bound=bound, baseline=baseline, ok=holds(value, bound))


def holds(value: float, bound: str) -> bool:
    if not bound:
        return True
    sign, limit = bound.split()
    return value <= float(limit) if sign == "<=" else value >= float(limit)


def p50(values: Sequence[float]) -> float:
    return statistics.median(values)


def p95(values: Sequence[float]) -> float:
    """Nearest-rank 95th percentile."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-95 * len(ordered) // 100) - 1))]
