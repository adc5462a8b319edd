"""The 24 eye states every atlas draws: eight lid positions for each of three brow heights.

Index = brow * 8 + lid. Both painters and the pose track speak of these indices only.
"""

from __future__ import annotations

from typing import NamedTuple


class EyeState(NamedTuple):
    closure: float
    """0 open .. 1 shut."""
    gaze: tuple[float, float]
    """-1..1: to the viewer's right, downward."""
    brow: float
    """0 at rest .. 1 raised."""


LIDS: tuple[tuple[float, tuple[float, float]], ...] = (
    (0.0, (0.0, 0.0)),
    (0.0, (-1.0, 0.0)),
    (0.0, (1.0, 0.0)),
    (0.0, (0.35, -1.0)),
    (0.08, (0.0, 1.0)),
    (0.38, (0.0, 0.2)),
    (0.76, (0.0, 0.4)),
    (1.0, (0.0, 0.5)),
)
BROWS: tuple[float, ...] = (0.0, 0.5, 1.0)
EYE_STATES: tuple[EyeState, ...] = tuple(EyeState(closure, gaze, brow) for brow in BROWS for closure, gaze in LIDS)

CENTRE, LEFT, RIGHT, UP, DOWN, LOWERED, NARROW, SHUT = range(len(LIDS))


def eye_index(lid: int, brow: int) -> int:
    """Index into `EYE_STATES` of a lid position (0..7) at a brow height (0..2)."""
    return brow * len(LIDS) + lid
