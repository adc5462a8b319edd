"""What a finished film really is, measured from its bytes in one pass: for tests and for quality checks.

Spans are (start, end) in seconds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.filter import Graph
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from core.errors import InvalidInput
from core.speech import Word
from media.captions import Cue
from media.codec import Rect

F64 = NDArray[np.float64]
Span = tuple[float, float]

BLACK = "d=0.4:pix_th=0.08"
FROZEN = "n=-60dB:d=2"
SILENT = "n=-45dB:d=1.5"
SCAN_WIDTH = 480
_ENVELOPE_HZ = 100
_MAX_OFFSET_SECONDS = 0.6
_SYNC_SECONDS = 3.0
"""Shortest film whose lip-sync can be told."""


@dataclass(frozen=True, slots=True)
class LipSync:
    """`offset_ms` > 0: the sound comes after the lips. `trust` is the correlation 0..1 it rests on; below 0.25 it says
    nothing."""

    offset_ms: float
    trust: float


@dataclass(frozen=True, slots=True)
class Measures:
    width: int
    height: int
    fps: float
    frames: int
    uniform: bool
    """Whether every frame is shown equally long."""
    video_start: float
    video_seconds: float
    audio_start: float | None
    audio_seconds: float | None
    comment: str
    black: tuple[Span, ...]
    frozen: tuple[Span, ...]
    silent: tuple[Span, ...]
    lufs: float | None
    """Integrated loudness; None without sound, -inf for silence."""
    true_peak_db: float | None
    lip_sync: LipSync | None


class _Detector:
    """A filter graph that leaves its findings in the metadata of the frames it lets through."""

    def __init__(self, source: Any, filters: Sequence[tuple[str, str]], sink: str) -> None:
        self._graph = Graph()
        is_video = sink == "buffersink"
        nodes = [self._graph.add_buffer(template=source) if is_video else self._graph.add_abuffer(template=source)]
        nodes += [self._graph.add(name, arguments) for name, arguments in filters]
        nodes.append(self._graph.add(sink))
        for above, below in pairwise(nodes):
            above.link_to(below)
        self._graph.configure()
        self.events: list[tuple[str, float]] = []
        self.last: dict[str, float] = {}

    def push(self, frame: VideoFrame | AudioFrame | None) -> None:
        self._graph.push(frame)
        while True:
            try:
                seen = self._graph.pull()
            except (BlockingIOError, EOFError):
                return
            for key, value in seen.metadata.items():
                number = _number(value)
                name = key.removeprefix("lavfi.")
                if name.startswith("r128."):
                    self.last[name] = number
                else:
                    self.events.append((name, number))

    def spans(self, start: str, end: str, until: float) -> tuple[Span, ...]:
        """Pair start and end findings; one that never ended lasts `until` the end."""
        found: list[Span] = []
        begun: float | None = None
        for name, number in self.events:
            if name == start and begun is None:
                begun = number
            elif name == end and begun is not None:
                found.append((begun, number))
                begun = None
        if begun is not None:
            found.append((begun, until))
        return tuple(found)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return -math.inf


def probe(path: Path, *, mouth: Rect | None = None) -> Measures:
    """Measure an MP4. With `mouth`, the rectangle in which the lips move, lip-sync is measured too.

    Raises InvalidInput when the file has no picture.
    """
    with av.open(str(path)) as file:
        if not file.streams.video:
            raise InvalidInput(f"{path.name} has no picture.")
        video = file.streams.video[0]
        audio = file.streams.audio[0] if file.streams.audio else None
        eyes = _Detector(
            video,
            [("scale", f"{SCAN_WIDTH}:-2:flags=fast_bilinear"), ("blackdetect", BLACK), ("freezedetect", FROZEN)],
            "buffersink",
        )
        ears = None
        if audio is not None:
            heard = [("silencedetect", SILENT), ("ebur128", "metadata=1:peak=true:framelog=quiet")]
            ears = _Detector(audio, heard, "abuffersink")
        times: list[float] = []
        lips: list[NDArray[np.uint8]] = []
        sound: list[F64] = []
        for frame in file.decode(*[stream for stream in (video, audio) if stream is not None]):
            if isinstance(frame, VideoFrame):
                times.append(float(frame.time or 0))
                if mouth is not None:
                    lips.append(_crop(frame, mouth))
                eyes.push(frame)
            elif isinstance(frame, AudioFrame) and ears is not None:
                if mouth is not None:
                    sound.append(_mono(frame, pad_start=not sound))
                ears.push(frame)
        eyes.push(None)
        if ears is not None:
            ears.push(None)
        seconds = float((video.duration or 0) * (video.time_base or 0))
        steps = np.diff(times)
        synced = None
        if mouth is not None and audio is not None and lips and sound:
            synced = measure_lip_sync(lips, np.concatenate(sound), audio.rate, float(video.average_rate or 25))
        return Measures(
            width=video.width,
            height=video.height,
            fps=float(video.average_rate or 0),
            frames=len(times),
            uniform=bool(len(steps) == 0 or np.ptp(steps) < 1e-3),
            video_start=times[0] if times else 0.0,
            video_seconds=seconds,
            audio_start=None if audio is None else float((audio.start_time or 0) * (audio.time_base or 0)),
            audio_seconds=None if audio is None else float((audio.duration or 0) * (audio.time_base or 0)),
            comment=file.metadata.get("comment", ""),
            black=eyes.spans("black_start", "black_end", seconds),
            frozen=eyes.spans("freezedetect.freeze_start", "freezedetect.freeze_end", seconds),
            silent=() if ears is None else ears.spans("silence_start", "silence_end", seconds),
            lufs=None if ears is None else ears.last.get("r128.I", -math.inf),
            true_peak_db=None if ears is None else _true_peak(ears.last),
            lip_sync=synced,
        )


def _true_peak(last: dict[str, float]) -> float:
    """ebur128 reports the peak of each channel as an amplitude."""
    peak = max((value for name, value in last.items() if name.startswith("r128.true_peaks_ch")), default=0.0)
    return 20 * math.log10(peak) if peak > 0 else -math.inf


# --- lip-sync --------------------------------------------------------------------------------------------------------


def _crop(frame: VideoFrame, box: Rect) -> NDArray[np.uint8]:
    plane = frame.planes[0]
    whole = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)  # type: ignore[call-overload]
    part: NDArray[np.uint8] = whole[box.y : box.y + box.height : 2, box.x : box.x + box.width : 2].copy()
    return part


def _mono(frame: AudioFrame, *, pad_start: bool) -> F64:
    data = frame.to_ndarray().astype(np.float64)
    mono: F64 = data.mean(0) if frame.format.is_planar else data.reshape(-1, frame.layout.nb_channels).mean(1)
    late = round(float(frame.time or 0) * frame.rate) if pad_start else 0
    return np.concatenate([np.zeros(late), mono]) if late > 0 else mono


def measure_lip_sync(lips: Sequence[NDArray[np.uint8]], sound: F64, rate: int, fps: float) -> LipSync | None:
    """How far the sound lags the lips: mouth opening and loudness, correlated over ±0.6 s.

    `lips`: the mouth's rectangle of every frame, luma. Opening is its distance from rest, the middle look of the
    quietest frames; that works on any skin. None for films under three seconds.
    """
    if len(lips) < _SYNC_SECONDS * fps:
        return None
    hop = rate // _ENVELOPE_HZ
    count = len(sound) // hop
    power = (sound[: count * hop].reshape(count, hop) ** 2).mean(1)
    level = np.sqrt(power)
    energy: F64 = np.log10(level + max(float(level.max()), 1e-9) * 0.01)
    energy = np.convolve(energy, np.ones(6) / 6, "same")
    grid = np.arange(count) / _ENVELOPE_HZ
    looks = np.stack(lips).astype(np.float32)
    centres = (np.arange(len(lips)) + 0.5) / fps
    quiet = np.argsort(np.interp(centres, grid, energy))[: max(8, len(lips) // 20)]
    opening = np.abs(looks - np.median(looks[quiet], axis=0)).mean((1, 2))
    mouth = np.interp(grid, centres, opening)
    voiced, moving = _detrend(energy), _detrend(mouth)
    reach = int(_MAX_OFFSET_SECONDS * _ENVELOPE_HZ)
    scores = np.array([_correlate(moving, voiced, lag) for lag in range(-reach, reach + 1)])
    best = int(np.argmax(scores))
    shift = 0.0
    if 0 < best < len(scores) - 1:  # the top of the parabola through the three highest scores
        left, top, right = scores[best - 1 : best + 2]
        curve = left - 2 * top + right
        shift = 0.5 * (left - right) / curve if curve < 0 else 0.0
    return LipSync(round(float(best - reach + shift) * 1000 / _ENVELOPE_HZ, 1), round(float(scores[best]), 3))


def _detrend(signal: F64) -> F64:
    window = np.ones(150) / 150
    flat = signal - np.convolve(signal, window, "same") * 0.5
    spread = float(flat.std())
    return np.asarray((flat - flat.mean()) / spread if spread > 0 else flat * 0, np.float64)


def _correlate(moving: F64, voiced: F64, lag: int) -> float:
    """Correlation when the sound is taken `lag` steps later than the mouth."""
    size = len(moving) - abs(lag)
    first, second = max(0, -lag), max(0, lag)
    return float(np.mean(moving[first : first + size] * voiced[second : second + size]))


# --- captions --------------------------------------------------------------------------------------------------------


def caption_coverage(words: Sequence[Word], cues: Sequence[Cue]) -> float:
    """Share 0..1 of spoken words (times of the film) during whose middle a cue is shown; 1 when nothing is said."""
    if not words:
        return 1.0
    middles = [(word.start + word.end) / 2 for word in words]
    covered = sum(any(cue.start <= at < cue.end for cue in cues) for at in middles)
    return covered / len(words)
