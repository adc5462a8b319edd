"""One reply as a film: the talking face, its captions, a name tag and the label that says what it is.

The sound decides: utterances follow each other on whole frames, and the film is as many frames as its sound needs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from core.errors import Interrupted, InvalidInput
from core.models import Aspect
from core.speech import PoseTrack, Spoken
from media import captions, codec, lettering, loudness
from media.codec import FPS, SAMPLES_PER_FRAME, Rect
from media.overlay import Overlays, Sprite

CLIP_VERSION = 1
"""Part of every render's key: raise it when the same words and face would give another film."""
LEAD_IN_SECONDS = 0.4
LEAD_OUT_SECONDS = 0.8
TAG_FROM_SECONDS = 0.3
TAG_SECONDS = 4.2
FADE_FRAMES = 8
HEAD_STEP_PX = 2
"""Furthest the head moves per frame and axis, in pixels."""
LABEL = "AI-generated"
POSTER_AFTER_FRAMES = 12
"""The poster is the frame this long after the first word begins: the face is speaking."""
PROGRESS_FRAMES = 10


class Painter(Protocol):
    """Paints a face, pose by pose (`media/face/paint.py`)."""

    @property
    def planes(self) -> codec.Planes:
        """The picture it paints on."""

    def frame(self, mouth: int, eyes: int, head: tuple[int, int]) -> Iterable[tuple[int, int, int, int]]:
        """Paint one pose; the rectangles (x, y, width, height) in which the picture changed."""


@dataclass(frozen=True, slots=True)
class Timetable:
    """When everything happens. `starts[i]` is the frame at which utterance i begins; it begins exactly there."""

    starts: tuple[int, ...]
    frames: int
    seconds: float
    """Of sound, lead-in and lead-out included; at most one frame less than the pictures last."""


@dataclass(frozen=True, slots=True)
class ClipFacts:
    seconds: float
    frames: int
    width: int
    height: int


def arrange(utterances: Sequence[Spoken]) -> Timetable:
    """Lay utterances one after the other. A pose track for utterance i is made with `start_frame=starts[i]`.

    Raises InvalidInput when there is nothing to say.
    """
    if not utterances:
        raise InvalidInput("There is nothing to say in this film.")
    at = round(LEAD_IN_SECONDS * FPS)
    starts: list[int] = []
    for spoken in utterances:
        starts.append(at)
        at += _frames(spoken.seconds)
    seconds = starts[-1] / FPS + utterances[-1].seconds + LEAD_OUT_SECONDS
    return Timetable(tuple(starts), _frames(seconds), seconds)


def _frames(seconds: float) -> int:
    return math.ceil(seconds * FPS - 1e-6)


def caption_tokens(utterances: Sequence[Spoken], timetable: Timetable) -> list[captions.Token]:
    """Every word of the film with its times in the film."""
    return [
        token
        for spoken, start in zip(utterances, timetable.starts, strict=True)
        for token in captions.read_tokens(spoken, start / FPS)
    ]


def mix_voice(utterances: Sequence[Spoken], timetable: Timetable) -> codec.F32:
    """The film's sound at 48 kHz, (samples, 2), at the wanted loudness."""
    voice = np.zeros(timetable.frames * SAMPLES_PER_FRAME, np.float32)
    for spoken, start in zip(utterances, timetable.starts, strict=True):
        piece = codec.resample(spoken.pcm, spoken.rate)
        first = start * SAMPLES_PER_FRAME
        room = voice[first : first + len(piece)]
        room += piece[: len(room)]
    return loudness.normalise(np.repeat(voice[:, None], 2, axis=1).astype(np.float32))


def compose_track(
    idle: PoseTrack, tracks: Sequence[PoseTrack], timetable: Timetable
) -> list[tuple[int, int, tuple[int, int]]]:
    """(mouth, eyes, head) of every frame: idle where nobody speaks; the head never jumps."""
    poses = [
        (idle.mouth[i % len(idle)], idle.eyes[i % len(idle)], idle.head[i % len(idle)]) for i in range(timetable.frames)
    ]
    for track, start in zip(tracks, timetable.starts, strict=True):
        for i in range(min(len(track), timetable.frames - start)):
            poses[start + i] = (track.mouth[i], track.eyes[i], track.head[i])
    x, y = poses[0][2]
    for i, (mouth, eyes, (to_x, to_y)) in enumerate(poses):
        x += max(-HEAD_STEP_PX, min(HEAD_STEP_PX, to_x - x))
        y += max(-HEAD_STEP_PX, min(HEAD_STEP_PX, to_y - y))
        poses[i] = (mouth, eyes, (x, y))
    return poses


class _Captions:
    """Which plate is on the picture at a moment."""

    def __init__(self, tokens: Sequence[captions.Token], layout: lettering.Layout) -> None:
        self._cues = captions.build_cues(tokens, line_chars=layout.line_chars)
        self._layout = layout
        self._next = 0
        self._plate: lettering.CaptionPlate | None = None

    def at(self, seconds: float) -> Sprite | None:
        while self._next < len(self._cues) and self._cues[self._next].start <= seconds + 1e-6:
            self._plate = lettering.CaptionPlate(self._cues[self._next], self._layout)
            self._next += 1
        if self._plate is None or seconds >= self._plate.cue.end - 1e-6:
            return None
        return self._plate.at(seconds)


class _Tag:
    """The name tag, faded in and out."""

    def __init__(self, tag: lettering.NameTag, layout: lettering.Layout, frames: int) -> None:
        self.whole = lettering.draw_name_tag(tag, layout)
        self._steps = [self.whole.faded((i + 1) / (FADE_FRAMES + 1)) for i in range(FADE_FRAMES)]
        self._first = round(TAG_FROM_SECONDS * FPS)
        self._past = min(self._first + round(TAG_SECONDS * FPS), frames - FADE_FRAMES)

    def at(self, frame: int) -> Sprite | None:
        step = min(frame - self._first, self._past - 1 - frame)
        if step < 0:
            return None
        return self._steps[step] if step < FADE_FRAMES else self.whole


def render_reply(
    out_path: Path,
    *,
    painter: Painter,
    idle: PoseTrack,
    utterances: Sequence[tuple[Spoken, PoseTrack]],
    aspect: Aspect,
    captioned: bool = True,
    name_tag: lettering.NameTag | None = None,
    label: str | None = LABEL,
    title: str = "",
    poster_path: Path | None = None,
    on_progress: Callable[[float], None] = lambda share: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> ClipFacts:
    """Write the film to `out_path` (MP4, 1080p, 25 fps) and, if wanted, its poster (JPEG) to `poster_path`.

    `on_progress` is told the share 0..1 that is done. Raises Interrupted once `should_stop` says so, InvalidInput when
    there is nothing to say; no film is left behind then.
    """
    spoken = [one for one, _ in utterances]
    timetable = arrange(spoken)
    layout = lettering.LAYOUTS[aspect]
    height, width = painter.planes[0].shape
    if (width, height) != (layout.width, layout.height):
        raise InvalidInput(f"A {aspect} film needs a face drawn for {layout.width} by {layout.height} pixels.")
    poses = compose_track(idle, [track for _, track in utterances], timetable)
    words = _Captions(caption_tokens(spoken, timetable), layout) if captioned else None
    tag = _Tag(name_tag, layout, timetable.frames) if name_tag else None
    poster_frame = min(timetable.starts[0] + POSTER_AFTER_FRAMES, timetable.frames - 1)
    painter.frame(*poses[0])
    overlays = Overlays(painter.planes)
    mark = lettering.draw_label(label, layout) if label else None
    overlays.show("label", mark)
    with codec.FilmWriter(out_path, width, height, sound=mix_voice(spoken, timetable), title=title) as film:
        for i, pose in enumerate(poses):
            if i % PROGRESS_FRAMES == 0:
                on_progress(i / timetable.frames)
                if should_stop():
                    raise Interrupted("The film was stopped.")
            changed = [Rect(*rect) for rect in painter.frame(*pose)]
            if tag is not None:
                overlays.show("tag", tag.at(i))
            if words is not None:
                overlays.show("captions", words.at(i / FPS))
            film.write(overlays.update(changed))
            if poster_path is not None and i == poster_frame:
                poster_path.write_bytes(_draw_poster(painter.planes, tag, mark))
    on_progress(1.0)
    return ClipFacts(timetable.frames / FPS, timetable.frames, width, height)


def _draw_poster(face: codec.Planes, tag: _Tag | None, label: Sprite | None) -> bytes:
    """The face with the name tag at full strength and the label, without captions, as a JPEG."""
    poster = Overlays(face)
    poster.show("label", label)
    poster.show("tag", tag.whole if tag else None)
    return codec.encode_jpeg(poster.update([]))
