"""Speech → what the face does, frame by frame. Pure and deterministic: the same input gives the same track.

Everything that is not the mouth hangs on one clock that counts frames: sway and breath repeat every 20 s and blinks
are drawn from numbered slots, so a chunk that starts at clock frame s joins whatever ended there, idle or speech.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from functools import lru_cache

from core.errors import InvalidInput
from core.speech import VISEMES, PoseTrack, VisemeSpan, mouth_index
from media.face.states import CENTRE, DOWN, LEFT, LOWERED, NARROW, RIGHT, SHUT, UP, eye_index

FPS = 25
PERIOD = 20.0
"""Seconds after which sway, breath and the idle track repeat."""
WINDOW = 0.020
"""Half the window, in seconds, in which the dominant viseme is looked for."""
SLACK = 0.005
"""How long before a frame's end the mouth is looked up, in seconds."""
CLOSURE_WEIGHT = 1.7
BLEND_SHARE = 0.28
BLINK = (LOWERED, NARROW, SHUT, NARROW, LOWERED)
_REST, _P, _F = VISEMES.index("X"), VISEMES.index("P"), VISEMES.index("F")
_OPEN = (VISEMES.index("A"), VISEMES.index("E"), VISEMES.index("O"))


def _even(value: float) -> int:
    return 2 * round(value / 2)


def _draw(seed: int, *key: int) -> random.Random:
    return random.Random(":".join(str(part) for part in (seed, *key)))


def _weights(spans: Sequence[VisemeSpan], first: int, at: float) -> tuple[dict[int, float], int]:
    """Seconds of each viseme in the window around `at`, closures counted more; and where to start looking next."""
    low, high = at - WINDOW, at + WINDOW
    while first < len(spans) and spans[first].end <= low:
        first += 1
    out: dict[int, float] = {}
    covered = 0.0
    for span in spans[first:]:
        if span.start >= high:
            break
        share = min(span.end, high) - max(span.start, low)
        if share > 0:
            covered += share
            out[span.viseme] = out.get(span.viseme, 0.0) + share * (CLOSURE_WEIGHT if span.viseme in (_P, _F) else 1.0)
    rest = 2 * WINDOW - covered
    if rest > 1e-9:
        out[_REST] = out.get(_REST, 0.0) + rest
    return out, first


def _mouths(spans: Sequence[VisemeSpan], count: int, fps: int) -> list[int]:
    """One mouth per frame, looked up near its end: at 25 fps lips begin to move 4 to 44 ms before the sound."""
    out: list[int] = []
    first = 0
    for i in range(count):
        weights, first = _weights(spans, first, (i + 1) / fps - SLACK)
        ranked = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
        best, most = ranked[0]
        other, less = ranked[1] if len(ranked) > 1 else (best, 0.0)
        blended = less / (most + less) > BLEND_SHARE
        out.append(mouth_index(best, other) if blended else best)
    _close(out, spans, count, fps)
    return out


def _close(mouth: list[int], spans: Sequence[VisemeSpan], count: int, fps: int) -> None:
    """Gives every P and F at least one frame of its pure shape."""
    taken: set[int] = set()
    for span in spans:
        if span.viseme not in (_P, _F):
            continue
        low = max(0, math.ceil(span.start * fps) - 1)
        high = min(count - 1, max(low, math.ceil(span.end * fps) - 1))
        if low >= count:
            continue
        if any(mouth[i] == span.viseme for i in range(low, high + 1) if i not in taken):
            taken.update(i for i in range(low, high + 1) if mouth[i] == span.viseme)
            continue
        middle = round((span.start + span.end) / 2 * fps) - 1
        free = [i for i in range(low, high + 1) if i not in taken] or [min(max(middle, 0), count - 1)]
        choice = min(free, key=lambda i: (abs(i - middle), i))
        mouth[choice] = span.viseme
        taken.add(choice)


@lru_cache(maxsize=256)
def _phases(seed: int) -> tuple[float, float, float, float]:
    rng = _draw(seed, 1)
    return rng.uniform(0, math.tau), rng.uniform(0, math.tau), rng.uniform(0, math.tau), rng.uniform(0, math.tau)


@lru_cache(maxsize=4096)
def _glance(seed: int, number: int, width: int) -> tuple[int, int, int]:
    """Lid position, first frame and length of the one glance in a slot of `width` frames."""
    rng = _draw(seed, 3, number)
    choice = rng.choices((CENTRE, LEFT, RIGHT, UP, DOWN), (72, 9, 9, 5, 5))[0]
    return choice, rng.randrange(4, width // 2), rng.randrange(14, 26)


def _sway(seed: int, frame: int, fps: int) -> tuple[float, float]:
    """Head offset in pixels at a clock frame: slow sway, nod and a breath of 2 px; repeats every PERIOD."""
    a, b, c, d = _phases(seed)
    turn = math.tau * frame / (PERIOD * fps)
    x = 3.0 * math.sin(2 * turn + a) + 1.9 * math.sin(5 * turn + b)
    y = 1.5 * math.sin(3 * turn + c) + 0.9 * math.sin(7 * turn + d) + 1.0 * math.sin(5 * turn)
    return x, y


def _blink_starts(seed: int, low: int, high: int, fps: int, *, slot: float, loop: int | None = None) -> list[int]:
    """Clock frames in [low, high) at which a blink begins: one in each slot of `slot` seconds, some of them double."""
    width = round(slot * fps)
    starts: list[int] = []
    for number in range(low // width - 1, high // width + 1):
        rng = _draw(seed, 2, number % loop if loop else number)
        start = number * width + rng.randrange(round(0.12 * width), round(0.80 * width))
        starts.append(start)
        if rng.random() < 0.12:
            starts.append(start + 9)
    return [start for start in starts if low - len(BLINK) < start < high]


def _gazes(seed: int, low: int, count: int, fps: int, loop: int | None) -> list[int]:
    """Lid position per frame from gaze alone; mostly straight at the listener."""
    width = round(2.0 * fps)
    out = []
    for i in range(count):
        number, inside = divmod(low + i, width)
        choice, start, length = _glance(seed, number % loop if loop else number, width)
        out.append(choice if start <= inside < min(start + length, width - 2) else CENTRE)
    return out


def _pauses(spans: Sequence[VisemeSpan], count: int, fps: int) -> list[int]:
    """Frames at which a pause of at least 0.18 s begins, the end of the chunk included."""
    starts = [math.floor(s.start * fps) for s in spans if s.viseme == _REST and s.end - s.start >= 0.18 and s.start > 0]
    spoken = [s.end for s in spans if s.viseme != _REST]
    if spoken and count - spoken[-1] * fps >= 2:
        starts.append(math.floor(spoken[-1] * fps))
    return sorted({start for start in starts if start < count})


def _stresses(spans: Sequence[VisemeSpan], count: int, fps: int, energy: Sequence[float] | None) -> list[int]:
    """Stressed frames, at least 0.7 s apart: the loudest ones, or long open vowels when loudness is unknown."""
    scored: list[tuple[float, int]] = []
    if energy is not None:
        values = list(energy[:count])
        if values:
            mean = sum(values) / len(values)
            spread = math.sqrt(sum((v - mean) ** 2 for v in values) / len(values))
            for i, value in enumerate(values):
                near = values[max(0, i - 4) : i + 5]
                if value == max(near) and value > mean + 0.9 * spread and spread > 1e-9:
                    scored.append((value, i))
    else:
        for span in spans:
            if span.viseme in _OPEN and span.end - span.start >= 0.10:
                scored.append((span.end - span.start, math.floor(span.start * fps)))
    chosen: list[int] = []
    for _, frame in sorted(scored, key=lambda item: (-item[0], item[1])):
        if frame < count and all(abs(frame - other) >= 0.7 * fps for other in chosen):
            chosen.append(frame)
    return sorted(chosen)


def track(
    spans: Sequence[VisemeSpan],
    seconds: float,
    *,
    fps: int = FPS,
    seed: int = 0,
    start_frame: int = 0,
    energy: Sequence[float] | None = None,
) -> PoseTrack:
    """The pose track of one chunk of speech.

    `spans` in seconds from the chunk's start, in order; `start_frame` is the clock frame at which the chunk begins;
    `energy` is the loudness of each frame in any unit. ceil(seconds x fps) frames, at least one.
    Raises InvalidInput for a negative length or an fps outside 10..60.
    """
    if seconds < 0 or not 10 <= fps <= 60:
        raise InvalidInput("A pose track needs a length of at least 0 seconds and 10 to 60 frames per second.")
    count = max(1, math.ceil(round(seconds * fps, 6)))
    mouth = _mouths(spans, count, fps)
    lids = _gazes(seed, start_frame, count, fps, None)
    starts = [s - start_frame for s in _blink_starts(seed, start_frame, start_frame + count, fps, slot=4.0)]
    for pause in _pauses(spans, count, fps):
        start = min(pause + 2, count - len(BLINK))
        if start >= 0 and all(abs(start - other) > 12 for other in starts):
            starts.append(start)
    for start in starts:
        for k, lid in enumerate(BLINK):
            if 0 <= start + k < count:
                lids[start + k] = lid
    brows = [0] * count
    nods = [0.0] * count
    for number, frame in enumerate(_stresses(spans, count, fps, energy)):
        if number % 2 == 0:
            for k, level in enumerate((1, 2, 2, 2, 2, 2, 2, 1, 1)):
                if 0 <= frame - 2 + k < count - 1:
                    brows[frame - 2 + k] = max(brows[frame - 2 + k], level)
        for k in range(11):
            if 0 <= frame - 3 + k < count:
                nods[frame - 3 + k] = max(nods[frame - 3 + k], 3.6 * math.sin(math.pi * (k + 0.5) / 11) ** 2)
    head = []
    for i in range(count):
        x, y = _sway(seed, start_frame + i, fps)
        fade = min(1.0, i / 4, (count - 1 - i) / 4)
        head.append((_even(x), _even(y + nods[i] * fade)))
    return PoseTrack(fps, tuple(mouth), tuple(eye_index(a, b) for a, b in zip(lids, brows, strict=True)), tuple(head))


def idle(seconds: float = PERIOD, seed: int = 0, *, fps: int = FPS) -> PoseTrack:
    """A silent face: breath, sway, blinks, a glance now and then. At `seconds` = PERIOD its end joins its start."""
    count = max(1, round(seconds * fps))
    lids = _gazes(seed, 0, count, fps, round(PERIOD / 2.0))
    for start in _blink_starts(seed, 0, count, fps, slot=4.0, loop=round(PERIOD / 4.0)):
        for k, lid in enumerate(BLINK):
            if 0 <= start + k < count:
                lids[start + k] = lid
    head = tuple((_even(x), _even(y)) for x, y in (_sway(seed, i, fps) for i in range(count)))
    return PoseTrack(fps, (_REST,) * count, tuple(eye_index(lid, 0) for lid in lids), head)
