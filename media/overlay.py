"""Flat sprites (captions, name tag, label) over a picture that goes on changing underneath.

The face is painted on a *clean* canvas that never sees a sprite; `Overlays` keeps a second canvas, the clean one with
the sprites on it, and brings only the rectangles up to date in which something changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from media.codec import RGB_TO_YUV, U8, YUV_OFFSET, Canvas, Planes, Rect

U16 = NDArray[np.uint16]
OPAQUE = 256


class Sprite:
    """A picture with alpha as premultiplied planes, at one place.

    out = (inverse alpha * below + colour * alpha) / 256, per plane, all in 16-bit integers.
    """

    def __init__(self, x: int, y: int, colours: tuple[U16, U16, U16], inverse: tuple[U16, U16, U16]) -> None:
        self.colours, self.inverse = colours, inverse
        height, width = colours[0].shape
        self.rect = Rect(x, y, width, height)

    @classmethod
    def from_rgba(cls, rgba: U8, x: int, y: int) -> Sprite:
        """(height, width, 4) straight alpha; sides and place even."""
        alpha = rgba[..., 3].astype(np.float32) / 255
        yuv = (rgba[..., :3].astype(np.float32) @ RGB_TO_YUV.T + YUV_OFFSET) * alpha[..., None]
        height, width = alpha.shape
        chroma = yuv[..., 1:].reshape(height // 2, 2, width // 2, 2, 2).mean((1, 3))
        chroma_alpha = alpha.reshape(height // 2, 2, width // 2, 2).mean((1, 3))
        colours = (_fixed(yuv[..., 0] * OPAQUE), _fixed(chroma[..., 0] * OPAQUE), _fixed(chroma[..., 1] * OPAQUE))
        inverse = _fixed((1 - alpha) * OPAQUE), _fixed((1 - chroma_alpha) * OPAQUE)
        return cls(x, y, colours, (inverse[0], inverse[1], inverse[1]))

    def faded(self, opacity: float) -> Sprite:
        """The sprite at `opacity` 0..1."""
        share = np.float32(opacity)
        colours = tuple(_fixed(plane * share) for plane in self.colours)
        inverse = tuple(_fixed(OPAQUE - (OPAQUE - plane.astype(np.float32)) * share) for plane in self.inverse)
        return Sprite(
            self.rect.x, self.rect.y, (colours[0], colours[1], colours[2]), (inverse[0], inverse[1], inverse[2])
        )

    def patched(self, other: Sprite, part: Rect) -> Sprite:
        """The sprite with `part` of the picture taken from `other`, which lies at the same place."""
        colours = tuple(plane.copy() for plane in self.colours)
        inverse = tuple(plane.copy() for plane in self.inverse)
        shared = part.meet(self.rect)
        if shared is not None:
            for i in range(3):
                cut = _slices(shared, self.rect, i)
                colours[i][cut] = other.colours[i][cut]
                inverse[i][cut] = other.inverse[i][cut]
        return Sprite(
            self.rect.x, self.rect.y, (colours[0], colours[1], colours[2]), (inverse[0], inverse[1], inverse[2])
        )

    def blend(self, canvas: Canvas, part: Rect) -> None:
        """Blend the sprite's share of `part` over what the canvas shows there."""
        shared = part.meet(self.rect)
        if shared is None:
            return
        whole = Rect(0, 0, canvas.width, canvas.height)
        for i, plane in enumerate(canvas.planes):
            target = plane[_slices(shared, whole, i)]
            cut = _slices(shared, self.rect, i)
            mixed = self.inverse[i][cut] * target
            mixed += self.colours[i][cut]
            mixed >>= 8
            target[...] = mixed


def _fixed(values: NDArray[Any]) -> U16:
    fixed: U16 = np.clip(values + 0.5, 0, 255 * OPAQUE).astype(np.uint16)
    return fixed


def _slices(part: Rect, within: Rect, plane: int) -> tuple[slice, slice]:
    """Where `part` lies in the array of plane 0 (luma), 1 or 2 of `within`."""
    scale = 1 if plane == 0 else 2
    x, y = (part.x - within.x) // scale, (part.y - within.y) // scale
    return slice(y, y + part.height // scale), slice(x, x + part.width // scale)


class Overlays:
    """`canvas` is the clean picture with the sprites on top, later ones over earlier ones."""

    def __init__(self, clean: Planes) -> None:
        """`clean`: the planes somebody else goes on painting."""
        self._clean = clean
        self._shown: dict[str, Sprite] = {}
        self._stale: list[Rect] = []
        height, width = clean[0].shape
        self.canvas = Canvas(width, height)
        self.update([Rect(0, 0, width, height)])

    def show(self, slot: str, sprite: Sprite | None) -> None:
        """Put a sprite into a slot instead of the one there; None empties it. Drawn at the next `update`."""
        before = self._shown.get(slot)
        if before is sprite:
            return
        if before is not None:
            self._stale.append(before.rect)
        if sprite is None:
            self._shown.pop(slot, None)
        else:
            self._shown[slot] = sprite
            self._stale.append(sprite.rect)

    def update(self, changed: Iterable[Rect]) -> Canvas:
        """Bring the canvas up to date after the clean picture changed inside the `changed` rectangles."""
        whole = Rect(0, 0, self.canvas.width, self.canvas.height)
        for wanted in (*changed, *self._stale):
            part = wanted.meet(whole)
            if part is None:
                continue
            for i, (target, source) in enumerate(zip(self.canvas.planes, self._clean, strict=True)):
                cut = _slices(part, whole, i)
                target[cut] = source[cut]
            for sprite in self._shown.values():
                sprite.blend(self.canvas, part)
        self._stale.clear()
        return self.canvas
