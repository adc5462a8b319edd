"""Words drawn on a film: caption plates with the spoken word lit, the name tag, the AI label.

Drawn by resvg with the fonts beside this file, so a film looks the same on every machine. A script those fonts lack
(they have Latin, Greek and Cyrillic) is drawn with the machine's own fonts where it has any.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Container, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
import resvg_py
from PIL import Image, ImageFont

from core.models import Aspect
from media.captions import Cue, Token
from media.codec import U8, Rect
from media.overlay import Sprite

FONTS = Path(__file__).parent / "fonts"
WEIGHTS = {500: "Inter-Medium.ttf", 600: "Inter-SemiBold.ttf", 700: "Inter-Bold.ttf"}
_MEASURE_PX = 200

PLATE = "#0a0f1c"
TEXT = "#ffffff"
LIT = "#ffd24a"
"""The word being spoken: 12:1 against the plate."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Sizes and safe areas of one aspect, in pixels of the 1080p picture."""

    width: int
    height: int
    line_chars: int
    font_px: int
    caption_bottom: int
    """Lower edge of the caption plate."""
    caption_width: int
    """Widest line of text."""
    tag_px: int
    tag_at: tuple[int, int]
    """Left and lower edge of the name tag."""
    label_px: int
    label_at: tuple[int, int]
    """Right and upper edge of the AI label."""


LAYOUTS: dict[Aspect, Layout] = {
    "16:9": Layout(1920, 1080, 42, 46, 1016, 1360, 40, (96, 808), 22, (1824, 54)),
    "9:16": Layout(1080, 1920, 24, 60, 1560, 904, 44, (64, 1356), 26, (1016, 96)),
}
"""In 9:16 the captions stay out of the lowest fifth, where phone apps put their own words and buttons."""


# --- measuring -------------------------------------------------------------------------------------------------------


@cache
def _font(weight: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONTS / WEIGHTS[weight]), _MEASURE_PX)


@cache
def has_glyph(char: str, weight: int = 600) -> bool:
    """Whether the vendored font can draw a character."""
    if char.isspace() or unicodedata.category(char) in ("Cf", "Mn"):
        return True
    missing, drawn = _font(weight).getmask("\U0010fffe"), _font(weight).getmask(char)
    return bytes(missing) != bytes(drawn)


@cache
def text_width(text: str, size_px: float, weight: int = 600) -> float:
    """Advance width in pixels; characters the font lacks count as a whole em when wide, else six tenths."""
    known = "".join(char for char in text if has_glyph(char, weight))
    strange = sum(
        1.0 if unicodedata.east_asian_width(char) in "WF" else 0.6 for char in text if not has_glyph(char, weight)
    )
    return float(_font(weight).getlength(known)) * size_px / _MEASURE_PX + strange * size_px


def draw_svg(svg: str, text: str) -> U8:
    """(height, width, 4) straight alpha; `text` is what the picture says, to know which fonts it needs."""
    covered = all(has_glyph(char) for char in text)
    png = resvg_py.svg_to_bytes(
        svg_string=svg,
        skip_system_fonts=covered,
        font_family="Inter",
        sans_serif_family="Inter",
        font_files=[str(FONTS / name) for name in WEIGHTS.values()],
    )
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))


def _text(x: float, y: float, size_px: float, weight: int, fill: str, text: str) -> str:
    place = f'x="{x:.2f}" y="{y:.2f}" font-size="{size_px:g}" font-weight="{weight}" fill="{fill}"'
    return f'<text {place} font-family="Inter, sans-serif">{escape(text)}</text>'


def _svg(width: int, height: int, body: str) -> str:
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{body}</svg>'


def _even(value: float) -> int:
    return int(value // 2) * 2


# --- captions --------------------------------------------------------------------------------------------------------


def _is_rtl(text: str) -> bool:
    """Whether the first character with a direction is written from right to left."""
    for char in text:
        direction = unicodedata.bidirectional(char)
        if direction in ("L", "R", "AL"):
            return direction != "L"
    return False


@dataclass(frozen=True, slots=True)
class _Placed:
    token: Token
    x: float
    y: float
    width: float


def _place(cue: Cue, size_px: float, line_px: float, centre: float, first_baseline: float) -> list[_Placed]:
    """Every word at its own place: what is lit and what is not cover the same pixels."""
    space = text_width(" ", size_px)
    placed: list[_Placed] = []
    for number, line in enumerate(cue.lines):
        widths = [text_width(token.text, size_px) for token in line]
        gaps = [0.0 if token.glued or i == 0 else space for i, token in enumerate(line)]
        total = sum(widths) + sum(gaps)
        rtl = _is_rtl(cue.text)
        x = centre + total / 2 if rtl else centre - total / 2
        for token, width, gap in zip(line, widths, gaps, strict=True):
            x += -(gap + width) if rtl else gap
            placed.append(_Placed(token, x, first_baseline + number * line_px, width))
            x += 0 if rtl else width
    return placed


class CaptionPlate:
    """One cue as sprites: the plate at rest, and with each word lit. Rasterised twice, whatever the words."""

    def __init__(self, cue: Cue, layout: Layout) -> None:
        self.cue = cue
        widest = max(_line_width(line, layout.font_px) for line in cue.lines)
        size = layout.font_px * min(1.0, layout.caption_width / widest)
        line_px = size * 1.34
        side, above, below = size * 0.62, size * 0.36, size * 0.42
        ascent, descent = size * 0.76, size * 0.22
        text_height = ascent + descent + line_px * (len(cue.lines) - 1)
        width = _even(min(widest * size / layout.font_px + 2 * side, layout.width) + 2)
        height = _even(above + text_height + below + 2)
        left, top = _even((layout.width - width) / 2), _even(layout.caption_bottom - height)
        placed = _place(cue, size, line_px, width / 2, above + ascent)
        radius = size * 0.42
        plate = f'<rect width="{width}" height="{height}" rx="{radius:.1f}" fill="{PLATE}" fill-opacity="0.8"/>'

        self._placed = placed
        self._covered = all(has_glyph(char) for char in cue.text)
        self._at = left, top
        self._head, self._size, self._middle = plate, size, width / 2
        self._picture = width, height
        self.rest = self._draw(None)
        self._lit = self._draw(range(len(placed))) if self._covered else self.rest
        self._boxes: list[Rect] = []
        margin = text_width(" ", size) / 2
        for word in placed:
            pad = 0.0 if word.token.glued else margin
            x = _even(left + word.x - pad)
            y = _even(top + word.y - ascent - size * 0.16)
            right, bottom = _even(left + word.x + word.width + margin), _even(top + word.y + descent + size * 0.2)
            self._boxes.append(Rect(x, y, max(2, right - x), bottom - y))
        self._tokens = [word.token for word in placed]
        self._made: dict[int, Sprite] = {}

    def _draw(self, lit: Container[int] | None) -> Sprite:
        """The plate with the words `lit`. Words in fonts that cannot be measured are set by resvg, line by line."""
        fills = [LIT if lit is not None and i in lit else TEXT for i in range(len(self._placed))]
        if self._covered:
            body = "".join(
                _text(word.x, word.y, self._size, 600, fill, word.token.text)
                for word, fill in zip(self._placed, fills, strict=True)
            )
        else:
            body, first = "", 0
            for line in self.cue.lines:
                gaps = ["" if token.glued or i == 0 else " " for i, token in enumerate(line)]
                spans = "".join(
                    f'<tspan fill="{fills[first + i]}">{gaps[i]}{escape(token.text)}</tspan>'
                    for i, token in enumerate(line)
                )
                y = self._placed[first].y
                body += (
                    f'<text x="{self._middle}" y="{y:.2f}" text-anchor="middle" font-size="{self._size:g}" '
                    f'font-weight="600" font-family="Inter, sans-serif" xml:space="preserve">{spans}</text>'
                )
                first += len(line)
        return Sprite.from_rgba(draw_svg(_svg(*self._picture, self._head + body), self.cue.text), *self._at)

    def at(self, seconds: float) -> Sprite:
        """The plate as it looks at a moment: the word last begun is lit while it is spoken."""
        current = -1
        for i, token in enumerate(self._tokens):
            if token.start <= seconds + 1e-6:
                current = i
        if current < 0 or (current == len(self._tokens) - 1 and seconds > self._tokens[current].end + 0.12):
            return self.rest
        if current not in self._made:
            patched = self._covered and self.rest.patched(self._lit, self._boxes[current])
            self._made[current] = patched or self._draw({current})
        return self._made[current]


def _line_width(line: Sequence[Token], size_px: float) -> float:
    space = text_width(" ", size_px)
    return sum(text_width(token.text, size_px) + (0 if token.glued else space) for token in line) - space


# --- name tag and label ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NameTag:
    """Who speaks: a name, a role under it, and the colour of the bar beside both (#rrggbb)."""

    name: str
    role: str
    accent: str


def draw_name_tag(tag: NameTag, layout: Layout) -> Sprite:
    """The lower third: shrunk when name or role are long, never wider than the picture allows."""
    room = layout.width - layout.tag_at[0] * 2
    name_px = float(layout.tag_px)
    role_px = name_px * 0.6
    side, bar = name_px * 0.7, _even(name_px * 0.2)
    widest = max(text_width(tag.name, name_px, 700), text_width(tag.role, role_px, 500))
    shrink = min(1.0, (room - bar - 2 * side) / widest)
    name_px, role_px = name_px * shrink, role_px * shrink
    width = _even(bar + 2 * side + widest * shrink + 2)
    name_y = side * 0.72 + name_px * 0.74
    role_y = name_y + role_px * 1.52
    height = _even((role_y if tag.role else name_y) + side * 0.84)
    x = bar + side * 0.86
    clip = f'<clipPath id="c"><rect width="{width}" height="{height}" rx="{layout.tag_px * 0.32:.1f}"/></clipPath>'
    body = (
        f'<defs>{clip}</defs><g clip-path="url(#c)"><rect width="{width}" height="{height}" fill="{PLATE}" '
        f'fill-opacity="0.8"/><rect width="{bar}" height="{height}" fill="{tag.accent}"/></g>'
        + _text(x, name_y, name_px, 700, TEXT, tag.name)
        + (_text(x, role_y, role_px, 500, "#d3d9e6", tag.role) if tag.role else "")
    )
    left, bottom = layout.tag_at
    return Sprite.from_rgba(draw_svg(_svg(width, height, body), tag.name + tag.role), left, _even(bottom - height))


def draw_label(text: str, layout: Layout) -> Sprite:
    """The small pill in the upper right corner that says what made the film."""
    size = float(layout.label_px)
    width = _even(text_width(text, size, 600) + size * 1.5 + 2)
    height = _even(size * 1.85)
    body = f'<rect width="{width}" height="{height}" rx="{height / 2}" fill="{PLATE}" fill-opacity="0.62"/>' + _text(
        size * 0.75, height / 2 + size * 0.36, size, 600, "#f2f4f9", text
    )
    right, top = layout.label_at
    return Sprite.from_rgba(draw_svg(_svg(width, height, body), text), _even(right - width), top)
