"""The mouth against the sound: what was painted when, what left the page when, and how far the two are apart."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from core.speech import VISEMES, mouth_index
from tests.e2e.browser import Room

TOLERANCE_SECONDS = 0.045
STEP_SECONDS = 0.005
REACH_SECONDS = 0.25
SMOOTH_SECONDS = 0.03
SHAPES = (0.0, 0.0, 0.15, 0.3, 0.3, 0.2, 0.3, 0.4, 0.4, 0.6, 1.0, 0.7)
OPEN = dict(zip(VISEMES, SHAPES, strict=True))
"""How far each mouth shape is open, 0..1: loud sounds come out of open mouths."""


@dataclass
class Heard:
    """On the clock of what leaves the loudspeaker, seconds."""

    sound: list[tuple[float, float]] = field(default_factory=list)
    """[time, RMS] of 5 ms each."""
    mouths: list[tuple[float, int]] = field(default_factory=list)
    """[time, mouth painted then]."""


def hear(room: Room, seconds: float, meanwhile: Callable[[], object] = lambda: None) -> Heard:
    """Listen and watch for `seconds` of speech, or until the voice is silent."""
    heard = Heard()
    collect(room, Heard())
    end = time.monotonic() + seconds
    while time.monotonic() < end and room.read("greenroom.speech.speaking"):
        meanwhile()
        room.page.wait_for_timeout(40)
    collect(room, heard)
    return heard


def collect(room: Room, heard: Heard) -> None:
    """Add what was heard and painted since the last call."""
    heard.sound += [(at, rms) for at, rms in room.read("ear.take()")]
    heard.mouths += [(at, int(mouth)) for at, mouth in room.read("ear.mouths.splice(0)")]


def openness() -> np.ndarray:
    """Of each of the mouths, 0..1; a blend is half-way."""
    shapes = [OPEN[name] for name in VISEMES]
    count = len(shapes)
    table = np.zeros(mouth_index(count - 2, count - 1) + 1)
    for low in range(count):
        for high in range(low, count):
            table[mouth_index(low, high)] = (shapes[low] + shapes[high]) / 2
    return table


def lag(heard: Heard, begin: float = 0.0, end: float = float("inf")) -> float:
    """By how much the mouth comes after the sound, seconds: where the correlation of the painted openness with the
    sound's loudness has its peak. Only moments within [begin, end] count. Fails when the two hardly go together."""
    at, strength = correlate(heard, begin, end)
    assert strength > 0.25, f"the lips do not follow the sound: r = {strength:.2f}"
    return at


def correlate(heard: Heard, begin: float = 0.0, end: float = float("inf")) -> tuple[float, float]:
    """(lag in seconds, correlation there)."""
    sound = np.array([one for one in heard.sound if begin <= one[0] <= end])
    mouths = np.array([one for one in heard.mouths if begin <= one[0] <= end])
    assert len(sound) > 100 and len(mouths) > 20, "too little was heard or painted"
    start = max(sound[0, 0], mouths[0, 0]) + REACH_SECONDS
    stop = min(sound[-1, 0], mouths[-1, 0]) - REACH_SECONDS
    grid = np.arange(start, stop, STEP_SECONDS)
    loud = np.sqrt(np.interp(np.arange(start - REACH_SECONDS, stop + REACH_SECONDS, STEP_SECONDS), *sound.T))
    width = round(SMOOTH_SECONDS / STEP_SECONDS)
    loud = np.convolve(loud, np.ones(width) / width, mode="same")
    table = openness()
    reach = round(REACH_SECONDS / STEP_SECONDS)
    # what is on the screen at a moment is what was painted last before it
    best, where = -1.0, 0.0
    shown = table[mouths[np.searchsorted(mouths[:, 0], grid, side="right") - 1, 1].astype(int)]
    for shift in range(-reach, reach + 1):
        piece = loud[reach + shift : reach + shift + len(grid)]
        strength = float(np.corrcoef(shown[: len(piece)], piece[: len(shown)])[0, 1])
        if strength > best:
            # the mouth resembles the sound of `shift` steps later: it is early by that much
            best, where = strength, -shift * STEP_SECONDS
    return where, best
