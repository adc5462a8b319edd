"""Sprites on WebP sheets: colour lossy, alpha lossless, colour bled under what is transparent."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

from media.face.raster import Pixels

Mask = npt.NDArray[np.uint8]

GAP = 4
"""Pixels kept free between cells."""


def bleed(pixels: Pixels) -> Pixels:
    """The sprite with the nearest visible colour under its transparent pixels, so that lossy chroma cannot fringe."""
    alpha = pixels[..., 3]
    if alpha.min() > 0:
        return pixels
    if alpha.max() == 0:
        return np.zeros_like(pixels)
    _, (rows, columns) = ndimage.distance_transform_edt(alpha == 0, return_indices=True)
    out = pixels.copy()
    out[..., :3] = pixels[rows, columns, :3]
    return out


def common_mask(patches: Sequence[Pixels], rest: Pixels, hanging: Mask, feather: int) -> Mask:
    """Opacity shared by every sprite of a kind: 255 where any of `patches` differs from `rest`, fading around that.

    All are the same crop; `hanging` is the opacity of the hair over it, which stays the layer below. One mask for all
    makes the sheet's alpha repeat, and so nearly free. It is zero at the border and has 16 levels.
    """
    moved = np.stack([p.astype(np.int16) for p in patches]) - rest.astype(np.int16)
    changed = ndimage.binary_fill_holes(np.abs(moved).max(axis=(0, 3)) > 3)
    grown = ndimage.binary_dilation(ndimage.binary_closing(changed, iterations=2 * feather), iterations=max(2, feather))
    soft = ndimage.gaussian_filter(grown.astype(np.float32), feather / 2)
    height, width = changed.shape
    ramp_x = np.minimum(np.arange(width), np.arange(width)[::-1]) / max(1, feather)
    ramp_y = np.minimum(np.arange(height), np.arange(height)[::-1]) / max(1, feather)
    border = np.minimum.outer(np.clip(ramp_y, 0, 1), np.clip(ramp_x, 0, 1))
    opacity = np.minimum(soft, border) * (1 - hanging / np.float32(255))
    levels: Mask = np.round(np.round(opacity * 15) * 17).astype(np.uint8)
    return levels


def masked(patch: Pixels, mask: Mask) -> Pixels:
    """`patch` with its alpha multiplied by `mask`."""
    out = patch.copy()
    out[..., 3] = np.round(patch[..., 3].astype(np.float32) * mask / 255).astype(np.uint8)
    return out


def encode(pixels: npt.NDArray[np.uint8], quality: int, effort: int = 4) -> bytes:
    """WebP bytes; `effort` 0..6 trades time for size."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "WEBP", quality=quality, method=effort, alpha_quality=100, exact=True)
    return buffer.getvalue()


def decode(path: Path) -> Pixels:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGBA")).copy()


def pack(sprites: Sequence[Pixels], columns: int) -> tuple[Pixels, list[tuple[int, int]]]:
    """One sheet holding equally large sprites, and the top left corner of each; corners are even."""
    height, width = sprites[0].shape[:2]
    rows = -(-len(sprites) // columns)
    sheet = np.zeros((rows * (height + GAP) + GAP, columns * (width + GAP) + GAP, 4), np.uint8)
    cells = []
    for i, sprite in enumerate(sprites):
        x, y = GAP + i % columns * (width + GAP), GAP + i // columns * (height + GAP)
        sheet[y : y + height, x : x + width] = bleed(sprite)
        cells.append((x, y))
    return sheet, cells
