"""A face ready to paint: layered sprites and their boxes, kept as `manifest.json` + WebP files.

`manifest.json` (all lengths in atlas pixels; a box is [x, y, w, h], all even):

    version, recipe        format number; SHA-256 of what was drawn
    aspect, width, height, fps
    complete               false: only the 12 pure mouths and 4 eyes are drawn, other cells point at the nearest of them
    files                  every file beside the manifest
    layers.base            {file, box}: opaque, the room and the body
    layers.head            {file, box}: RGBA, with resting mouth and open eyes
    mouths                 {box, files, cells: 78 x [file index, x, y], pure: 78 x 0..11 (the shape to show until a
                           file has come)}; files[0] holds the 12 pure shapes, files[1] the 66 blends
    eyes                   {box, files, cells: 24 x [file index, x, y], states: 24 x {closure, gaze, brow}}
    portrait, poster       192 px square; the whole frame at half size
    focus, focus_wide      crops: 4:5 head and shoulders; the whole composition
    idle                   {fps, mouth, eyes, head}: 20 s that loop without a jump

To paint pose (mouth, eyes, (dx, dy)): base; head at its box + (dx, dy); the mouth cell at mouths.box + (dx, dy); the
eyes cell at eyes.box + (dx, dy). All plain source-over: a cell's alpha fades out before its border, where it equals the
head below. The two boxes never overlap.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from core.models import Aspect
from media.face.art import Box

FORMAT: Literal[1] = 1


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Layer(_Part):
    file: str
    box: Box


class Layers(_Part):
    base: Layer
    head: Layer


class Mouths(_Part):
    box: Box
    files: tuple[str, ...]
    cells: tuple[tuple[int, int, int], ...]
    pure: tuple[int, ...]


class EyeRow(_Part):
    closure: float
    gaze: tuple[float, float]
    brow: float


class Eyes(_Part):
    box: Box
    files: tuple[str, ...]
    cells: tuple[tuple[int, int, int], ...]
    states: tuple[EyeRow, ...]


class Idle(_Part):
    fps: int
    mouth: tuple[int, ...]
    eyes: tuple[int, ...]
    head: tuple[tuple[int, int], ...]


class Manifest(_Part):
    version: Literal[1]
    recipe: str
    aspect: Aspect
    width: int
    height: int
    fps: int
    complete: bool
    files: tuple[str, ...]
    layers: Layers
    mouths: Mouths
    eyes: Eyes
    portrait: str
    poster: str
    focus: Box
    focus_wide: Box
    idle: Idle


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest in `folder`, or None where there is none."""
    file = folder / "manifest.json"
    return Manifest.model_validate_json(file.read_bytes()) if file.is_file() else None
