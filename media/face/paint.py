"""Pose → YUV 4:2:0 planes, touching only what changed.

Planes are three uint8 arrays, height by width and twice half of both (BT.709, limited range), which may be views of an
encoder's own frame. A `Painter` keeps them showing the face and tells what it touched.

Whatever else is drawn on the planes (captions, titles) belongs over the face: after every `frame` redraw it where a
returned rectangle crosses it, and call `restore(rect)` to take it away: that rectangle then shows the face alone.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from media.face.art import Box
from media.face.atlas import Atlas

Plane = npt.NDArray[np.uint8]
Planes = tuple[Plane, Plane, Plane]

_MATRIX = np.array([[0.1826, 0.6142, 0.0620], [-0.1006, -0.3386, 0.4392], [0.4392, -0.3989, -0.0403]], dtype=np.float32)
_OFFSET = np.array([16.0, 128.0, 128.0], dtype=np.float32)
_STEPS = (1, 2, 2)
CACHE_BYTES = 48 << 20


def _halved(plane: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    height, width = plane.shape
    squares = plane.reshape(height // 2, 2, width // 2, 2)
    mean: npt.NDArray[np.float32] = squares.mean(axis=(1, 3), dtype=np.float32)
    return mean


def to_planes(rgb: npt.NDArray[np.uint8]) -> Planes:
    """Opaque RGB (or RGBA, alpha ignored), even in both directions, as planes."""
    yuv = rgb[..., :3].astype(np.float32) @ _MATRIX.T + _OFFSET
    parts = (yuv[..., 0], _halved(yuv[..., 1]), _halved(yuv[..., 2]))
    y, u, v = (np.clip(part + 0.5, 0, 255).astype(np.uint8) for part in parts)
    return y, u, v


def to_rgb(planes: Planes) -> npt.NDArray[np.uint8]:
    """Planes as RGB, chroma repeated: for looking at and for tests."""
    y, u, v = planes
    full = np.stack([y, *(np.repeat(np.repeat(c, 2, 0), 2, 1) for c in (u, v))], axis=-1).astype(np.float32)
    rgb = (full - _OFFSET) @ np.linalg.inv(_MATRIX).T.astype(np.float32)
    out: npt.NDArray[np.uint8] = np.clip(rgb + 0.5, 0, 255).astype(np.uint8)
    return out


class Sprite:
    """Premultiplied YUVA in 8.8 fixed point: result = (sprite + below x (256 - alpha)) / 256."""

    def __init__(self, pixels: npt.NDArray[np.uint8]) -> None:
        alpha: npt.NDArray[np.float32] = pixels[..., 3].astype(np.float32) / np.float32(255)
        yuv: npt.NDArray[np.float32] = pixels[..., :3].astype(np.float32) @ _MATRIX.T + _OFFSET
        chroma = (_halved(yuv[..., 1] * alpha), _halved(yuv[..., 2] * alpha))
        thin = _halved(alpha)
        self.colour = tuple(np.round(part * 256).astype(np.uint16) for part in (yuv[..., 0] * alpha, *chroma))
        self.clear = tuple(np.round((1 - part) * 256).astype(np.uint16) for part in (alpha, thin, thin))

    def over(self, below: Sequence[Plane]) -> Planes:
        """New planes: this sprite on equally large ones."""
        out = []
        for colour, clear, plane in zip(self.colour, self.clear, below, strict=True):
            mixed = plane * clear
            mixed += colour
            mixed += 128 - (mixed > 65407) * np.uint16(128)
            mixed >>= 8
            out.append(mixed.astype(np.uint8))
        return out[0], out[1], out[2]


def _cut(planes: Sequence[Plane], box: Box) -> Planes:
    x, y, w, h = box
    return tuple(  # type: ignore[return-value]
        plane[y // k : (y + h) // k, x // k : (x + w) // k] for plane, k in zip(planes, _STEPS, strict=True)
    )


def _put(block: Sequence[Plane], onto: Sequence[Plane], box: Box) -> None:
    for target, source in zip(_cut(onto, box), block, strict=True):
        target[...] = source


def _moved(box: Box, shift: tuple[int, int]) -> Box:
    return box[0] + shift[0], box[1] + shift[1], box[2], box[3]


def _common(a: Box, b: Box) -> Box | None:
    x0, y0 = max(a[0], b[0]), max(a[1], b[1])
    x1, y1 = min(a[0] + a[2], b[0] + b[2]), min(a[1] + a[3], b[1] + b[3])
    return (x0, y0, x1 - x0, y1 - y0) if x1 > x0 and y1 > y0 else None


def _union(a: Box, b: Box) -> Box:
    x0, y0 = min(a[0], b[0]), min(a[1], b[1])
    x1, y1 = max(a[0] + a[2], b[0] + b[2]), max(a[1] + a[3], b[1] + b[3])
    return x0, y0, x1 - x0, y1 - y0


class _Pose(NamedTuple):
    mouth: int
    eyes: int
    head: tuple[int, int]


class Painter:
    """Keeps `planes` showing one face. Not thread-safe: one painter per film or view."""

    def __init__(self, atlas: Atlas, planes: Planes | None = None) -> None:
        """Paints onto `planes` (sizes of the atlas), or onto planes of its own. Raises InvalidInput if sizes differ."""
        self.atlas = atlas
        self._base = to_planes(atlas.base)
        self.planes: Planes = planes or tuple(plane.copy() for plane in self._base)  # type: ignore[assignment]
        if any(a.shape != b.shape for a, b in zip(self.planes, self._base, strict=True)):
            raise InvalidInput(f"These planes are not {atlas.width} by {atlas.height} pixels in 4:2:0.")
        _put(self._base, self.planes, (0, 0, atlas.width, atlas.height))
        self._head = Sprite(atlas.head)
        self._sprites: dict[tuple[str, int], Sprite] = {}
        self._blocks: OrderedDict[tuple[str, int, int, int], Planes] = OrderedDict()
        self._held = 0
        self._pose: _Pose | None = None

    def _block(self, kind: str, index: int, shift: tuple[int, int]) -> Planes:
        """Finished pixels of a part at a head offset, down to the room behind it; kept while memory allows."""
        key = (kind, index, *shift)
        found = self._blocks.get(key)
        if found is not None:
            self._blocks.move_to_end(key)
            return found
        if kind == "head":
            made = self._head.over(_cut(self._base, _moved(self.atlas.head_box, shift)))
        else:
            box = self.atlas.mouth_box if kind == "mouth" else self.atlas.eyes_box
            head = self.atlas.head_box
            inside = (box[0] - head[0], box[1] - head[1], box[2], box[3])
            sprite = self._sprites.get((kind, index))
            if sprite is None:
                sprite = Sprite(self.atlas.mouth(index) if kind == "mouth" else self.atlas.eye(index))
                self._sprites[kind, index] = sprite
            made = sprite.over(_cut(self._block("head", 0, shift), inside))
        self._blocks[key] = made
        self._held += sum(plane.nbytes for plane in made)
        while self._held > CACHE_BYTES and len(self._blocks) > 1:
            _, old = self._blocks.popitem(last=False)
            self._held -= sum(plane.nbytes for plane in old)
        return made

    def _parts(self, pose: _Pose) -> list[tuple[Planes, Box]]:
        """Blocks and where they lie, bottom first."""
        atlas, shift = self.atlas, pose.head
        return [
            (self._block("head", 0, shift), _moved(atlas.head_box, shift)),
            (self._block("mouth", pose.mouth, shift), _moved(atlas.mouth_box, shift)),
            (self._block("eyes", pose.eyes, shift), _moved(atlas.eyes_box, shift)),
        ]

    def frame(self, mouth: int, eyes: int, head: tuple[int, int]) -> list[Box]:
        """Shows a pose. Returns the rectangles written (even numbers), none when nothing changed.

        `head` is even in both directions; raises InvalidInput if not, or if it would push the head out of the frame.
        """
        pose, last = _Pose(mouth, eyes, head), self._pose
        if pose == last:
            return []
        where = _moved(self.atlas.head_box, head)
        frame = (0, 0, self.atlas.width, self.atlas.height)
        if head[0] % 2 or head[1] % 2 or _common(where, frame) != where:
            raise InvalidInput("A head offset must be even and keep the head inside the frame.")
        parts = self._parts(pose)
        self._pose = pose
        if last is None or last.head != head:
            touched = where
            if last is not None:
                before = _moved(self.atlas.head_box, last.head)
                for strip in _strips(before, where):
                    _put(_cut(self._base, strip), self.planes, strip)
                touched = _union(before, where)
            for block, box in parts:
                _put(block, self.planes, box)
            return [touched]
        changed = [part for part, new, old in zip(parts[1:], pose[:2], last[:2], strict=True) if new != old]
        for block, box in changed:
            _put(block, self.planes, box)
        return [box for _, box in changed]

    def restore(self, rect: Box) -> None:
        """Shows the face alone in `rect` (grown to even numbers, cut to the frame) again."""
        x0, y0 = rect[0] // 2 * 2, rect[1] // 2 * 2
        x1, y1 = -(-(rect[0] + rect[2]) // 2) * 2, -(-(rect[1] + rect[3]) // 2) * 2
        area = _common((x0, y0, x1 - x0, y1 - y0), (0, 0, self.atlas.width, self.atlas.height))
        if area is None:
            return
        _put(_cut(self._base, area), self.planes, area)
        if self._pose is None:
            return
        for block, box in self._parts(self._pose):
            shared = _common(area, box)
            if shared is not None:
                local = (shared[0] - box[0], shared[1] - box[1], shared[2], shared[3])
                _put(_cut(block, local), self.planes, shared)


def _strips(before: Box, after: Box) -> list[Box]:
    """The parts of `before` that `after`, an equally large box, leaves bare."""
    x, y, w, h = before
    dx, dy = after[0] - x, after[1] - y
    if abs(dx) >= w or abs(dy) >= h:
        return [before]
    out: list[Box] = []
    if dx:
        out.append((x if dx > 0 else x + w + dx, y, abs(dx), h))
    if dy:
        out.append((x, y if dy > 0 else y + h + dy, w, abs(dy)))
    return out
