"""H.264 and AAC in, H.264 and AAC out: the only module that knows PyAV.

Pictures are planar YUV 4:2:0, BT.709, limited range: three uint8 arrays (height, width), (height/2, width/2) twice.
Sound is float32 in -1..1 at 48 kHz. Pictures and sound of a file both begin at 0.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, cast

import av
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray
from PIL import Image
from scipy.signal import resample_poly

from core.errors import InvalidInput

FPS = 25
SOUND_RATE = 48_000
SAMPLES_PER_FRAME = SOUND_RATE // FPS
KEYFRAME_EVERY = 125
"""Frames between key frames: a seek never decodes more than five seconds."""
AAC_FRAME = 1024
BT709 = 1
"""The number of BT.709 in H.264's colour tables (primaries, transfer, matrix)."""
LIMITED = 1
DISCLOSURE = "Made with AI: synthetic voice and animated face, rendered by Greenroom"

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
Planes = tuple[U8, U8, U8]

# R'G'B' 0..255 → Y'CbCr of BT.709 with Y 16..235 and C 16..240 (ITU-R BT.709-6)
RGB_TO_YUV: F32 = np.array(
    [[0.182586, 0.614231, 0.062007], [-0.100644, -0.338572, 0.439216], [0.439216, -0.398942, -0.040274]], np.float32
)
YUV_TO_RGB: F32 = np.linalg.inv(RGB_TO_YUV).T
YUV_OFFSET: F32 = np.array([16, 128, 128], np.float32)


class Rect(NamedTuple):
    """A part of a picture in pixels; all four even, so that it is whole in the chroma planes too."""

    x: int
    y: int
    width: int
    height: int

    def meet(self, other: Rect) -> Rect | None:
        """The part both share, if any."""
        x, y = max(self.x, other.x), max(self.y, other.y)
        right = min(self.x + self.width, other.x + other.width)
        bottom = min(self.y + self.height, other.y + other.height)
        return Rect(x, y, right - x, bottom - y) if right > x and bottom > y else None


class Canvas:
    """One picture that is painted on again and again and handed to an encoder without a copy."""

    def __init__(self, width: int, height: int) -> None:
        """`width` and `height` even, in pixels. Starts black. Raises InvalidInput otherwise."""
        if width <= 0 or height <= 0 or width % 2 or height % 2:
            raise InvalidInput(f"A picture needs even sides, not {width} by {height}.")
        self.width, self.height = width, height
        self.video = VideoFrame(width, height, "yuv420p")
        self.video.colorspace = self.video.color_primaries = self.video.color_trc = BT709
        self.video.color_range = LIMITED
        self.planes: Planes = _views(self.video)
        for plane, black in zip(self.planes, (16, 128, 128), strict=True):
            plane[...] = black

    def copy(self) -> Canvas:
        """Another picture with the same content."""
        twin = Canvas(self.width, self.height)
        for target, source in zip(twin.planes, self.planes, strict=True):
            target[...] = source
        return twin


def _views(frame: VideoFrame) -> Planes:
    """Writable arrays over a frame's own memory; rows may be padded there, never in the arrays."""
    y, u, v = (
        np.frombuffer(cast(Any, plane), np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]
        for plane in frame.planes
    )
    return y, u, v


class FilmWriter:
    """Writes one MP4: pictures at a constant 25 fps beside a sound that is known beforehand.

    The file can be played while it downloads (index first). Its GOPs are closed and its encoder runs on one thread:
    films render side by side, not faster one by one. The file's comment says that it was made with AI.

    Use it as a context manager; after an exception inside, no file is left behind.
    """

    def __init__(
        self,
        path: Path,
        width: int,
        height: int,
        *,
        sound: F32 | None = None,
        title: str = "",
        preset: str = "veryfast",
    ) -> None:
        """`sound`: (samples,) or (samples, 2) at 48 kHz; it is padded or cut to the pictures' length."""
        self.path = path
        self.frames = 0
        self._file = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
        self._file.metadata["comment"] = DISCLOSURE
        self._file.metadata["description"] = DISCLOSURE
        if title:
            self._file.metadata["title"] = title
        parameters = f"keyint={KEYFRAME_EVERY}:open-gop=0:scenecut=0:threads=1"
        options = {"preset": preset, "crf": "21", "tune": "animation", "x264-params": parameters}
        self._pictures = self._file.add_stream("libx264", rate=FPS, options=options)
        self._pictures.width, self._pictures.height, self._pictures.pix_fmt = width, height, "yuv420p"
        context = self._pictures.codec_context
        context.thread_count = 1
        context.color_range = LIMITED
        context.colorspace = context.color_primaries = context.color_trc = BT709
        self._sound = None if sound is None else _stereo(sound)
        self._sound_at = 0
        if self._sound is not None:
            self._voices = self._file.add_stream("aac", rate=SOUND_RATE, layout="stereo", options={"aac_coder": "fast"})
            self._voices.bit_rate = 128_000

    def write(self, canvas: Canvas) -> None:
        """Append the canvas as the next frame; it may be painted on again as soon as this returns."""
        canvas.video.pts = self.frames
        canvas.video.time_base = Fraction(1, FPS)
        for packet in self._pictures.encode(canvas.video):
            self._file.mux(packet)
        self.frames += 1
        self._write_sound(self.frames * SAMPLES_PER_FRAME, last=False)

    def close(self) -> None:
        """Finish the file."""
        for packet in self._pictures.encode():
            self._file.mux(packet)
        if self._sound is not None:
            self._write_sound(self.frames * SAMPLES_PER_FRAME, last=True)
            for packet in self._voices.encode():
                self._file.mux(packet)
        self._file.close()

    def __enter__(self) -> FilmWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
            return
        self._file.close()
        self.path.unlink(missing_ok=True)

    def _write_sound(self, until: int, *, last: bool) -> None:
        """Encode the sound up to sample `until`: whole AAC frames, and the rest when it is the `last`."""
        if self._sound is None:
            return
        while self._sound_at + (1 if last else AAC_FRAME) <= until:
            size = min(AAC_FRAME, until - self._sound_at)
            piece = np.zeros((2, size), np.float32)
            known = self._sound[self._sound_at : self._sound_at + size]
            piece[:, : len(known)] = known.T
            frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, self._sound_at, Fraction(1, SOUND_RATE)
            for packet in self._voices.encode(frame):
                self._file.mux(packet)
            self._sound_at += size


def _stereo(sound: F32) -> F32:
    if sound.ndim == 1:
        return np.repeat(sound.astype(np.float32)[:, None], 2, axis=1)
    return sound.astype(np.float32)


def resample(pcm: bytes, rate: int) -> F32:
    """16-bit little-endian mono PCM at `rate` Hz → float32 mono at 48 kHz, (samples,)."""
    samples: F32 = (np.frombuffer(pcm, "<i2") / 32768).astype(np.float32)
    ratio = Fraction(SOUND_RATE, rate)
    if ratio == 1:
        return samples
    made: F32 = resample_poly(samples, ratio.numerator, ratio.denominator).astype(np.float32)
    return made


# --- pictures --------------------------------------------------------------------------------------------------------


def to_planes(rgb: U8) -> Planes:
    """(height, width, 3) RGB with even sides → planes."""
    yuv = rgb.astype(np.float32) @ RGB_TO_YUV.T + YUV_OFFSET
    height, width = yuv.shape[:2]
    chroma = yuv[..., 1:].reshape(height // 2, 2, width // 2, 2, 2).mean((1, 3))
    return _round(yuv[..., 0]), _round(chroma[..., 0]), _round(chroma[..., 1])


def to_rgb(planes: Planes) -> U8:
    """Planes → (height, width, 3) RGB."""
    y, u, v = planes
    wide = [plane.repeat(2, axis=0).repeat(2, axis=1)[: y.shape[0], : y.shape[1]] for plane in (u, v)]
    yuv = np.stack([y, *wide], axis=-1).astype(np.float32) - YUV_OFFSET
    return _round(yuv @ YUV_TO_RGB)


def _round(values: NDArray[Any]) -> U8:
    return np.clip(values + 0.5, 0, 255).astype(np.uint8)


def encode_jpeg(canvas: Canvas, *, longest: int = 1280, quality: int = 86) -> bytes:
    """The picture as a JPEG whose longer side is at most `longest` pixels: a film's poster."""
    image = Image.fromarray(to_rgb(canvas.planes))
    image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
    return out.getvalue()


# --- reading ---------------------------------------------------------------------------------------------------------


def read_pictures(path: Path) -> Iterator[tuple[float, Planes]]:
    """(seconds, planes) of every frame. The planes are the caller's to keep."""
    with av.open(str(path)) as file:
        if not file.streams.video:
            raise InvalidInput(f"{path.name} has no picture.")
        for frame in file.decode(file.streams.video[0]):
            y, u, v = _views(frame)
            yield float(frame.time or 0), (y.copy(), u.copy(), v.copy())


def read_sound(path: Path) -> tuple[F32, int]:
    """The whole sound, (samples, channels), and its rate. A late start is filled with silence."""
    with av.open(str(path)) as file:
        if not file.streams.audio:
            raise InvalidInput(f"{path.name} has no sound.")
        stream = file.streams.audio[0]
        rate = stream.rate
        pieces: list[F32] = []
        for frame in file.decode(stream):
            data = frame.to_ndarray()
            samples = data.T if frame.format.is_planar else data.reshape(-1, frame.layout.nb_channels)
            if data.dtype == np.int16:
                samples = samples.astype(np.float32) / 32768
            if not pieces and (late := round(float(frame.time or 0) * rate)) > 0:
                pieces.append(np.zeros((late, samples.shape[1]), np.float32))
            pieces.append(samples.astype(np.float32))
    whole: F32 = np.concatenate(pieces).astype(np.float32) if pieces else np.zeros((0, 1), np.float32)
    return whole, rate


def read_frame(path: Path, seconds: float) -> U8:
    """The frame shown at `seconds` as RGB; the last one when that is past the end."""
    shown: Planes | None = None
    for at, planes in read_pictures(path):
        if shown is not None and at > seconds + 1e-6:
            break
        shown = planes
    if shown is None:
        raise InvalidInput(f"{path.name} has no picture.")
    return to_rgb(shown)
