"""SVG → pixels."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
import resvg_py
from PIL import Image

Pixels = npt.NDArray[np.uint8]
"""Height by width by 4, straight (not premultiplied) RGBA."""


def rasterise(svg: str) -> Pixels:
    """The pixels of an SVG at its own width and height; no system fonts are looked for."""
    png = resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True)
    return np.asarray(Image.open(io.BytesIO(bytes(png))).convert("RGBA")).copy()


def scaled(pixels: Pixels, width: int, height: int) -> Pixels:
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC)).copy()


def over(top: Pixels, base: Pixels, x: int = 0, y: int = 0) -> Pixels:
    """A copy of `base` with `top` laid over it at (x, y)."""
    image = Image.fromarray(base)
    image.alpha_composite(Image.fromarray(top), (x, y))
    return np.asarray(image).copy()
