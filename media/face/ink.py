"""SVG by hand: splines, tapered strokes, colours and a register of gradients.

Soft shading is made of gradients and nested translucent shapes, never of blur filters: those cost several times the
raster time. Coordinates are user units; the person stands at x = 0 and one unit is one pixel at 1080p.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

Point = tuple[float, float]
FALLOFF = ((0.0, 1.0), (0.2, 0.9), (0.4, 0.65), (0.6, 0.34), (0.8, 0.1), (1.0, 0.0))
"""Radius and opacity of a soft spot."""


def _channels(colour: str) -> tuple[int, int, int]:
    value = int(colour.lstrip("#"), 16)
    return value >> 16 & 255, value >> 8 & 255, value & 255


def mix(a: str, b: str, share: float) -> str:
    """`#rrggbb` that is `share` (0..1) of the way from `a` to `b`."""
    pairs = zip(_channels(a), _channels(b), strict=True)
    return "#" + "".join(f"{max(0, min(255, round(x + (y - x) * share))):02x}" for x, y in pairs)


def light(colour: str, share: float) -> str:
    return mix(colour, "#fff4e6", share)


def dark(colour: str, share: float) -> str:
    return mix(colour, "#1a0c10", share)


def luma(colour: str) -> float:
    """Perceived brightness 0..1."""
    r, g, b = _channels(colour)
    return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255


def num(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".") if value else "0"


def lerp(a: float, b: float, share: float) -> float:
    return a + (b - a) * share


def mirrored(right: Sequence[Point]) -> list[Point]:
    """A closed outline from its right half, listed top to bottom; points on the axis are not doubled."""
    left = [(-x, y) for x, y in reversed(right) if abs(x) > 1e-6]
    return [*right, *left]


def flip(points: Iterable[Point]) -> list[Point]:
    return [(-x, y) for x, y in points]


def spline(points: Sequence[Point], closed: bool = False, tension: float = 0.5) -> str:
    """Path data of a smooth curve through all `points` (cardinal spline as cubic Béziers)."""
    count = len(points)
    k = tension / 3.0 * 1.0
    data = [f"M{num(points[0][0])} {num(points[0][1])}"]
    for i in range(count if closed else count - 1):
        p0 = points[(i - 1) % count] if closed or i else points[0]
        p1, p2 = points[i], points[(i + 1) % count]
        p3 = points[(i + 2) % count] if closed or i + 2 < count else points[-1]
        c1 = (p1[0] + (p2[0] - p0[0]) * k, p1[1] + (p2[1] - p0[1]) * k)
        c2 = (p2[0] - (p3[0] - p1[0]) * k, p2[1] - (p3[1] - p1[1]) * k)
        data.append("C" + " ".join(f"{num(x)} {num(y)}" for x, y in (c1, c2, p2)))
    return "".join(data) + ("Z" if closed else "")


def along(points: Sequence[Point], count: int) -> list[Point]:
    """`count` points on the spline through `points`, even in parameter."""
    out: list[Point] = []
    last = len(points) - 1
    for j in range(count):
        t = j * last / (count - 1)
        i = min(int(t), last - 1)
        f = t - i
        p0, p1, p2, p3 = (points[max(0, min(last, i + d))] for d in (-1, 0, 1, 2))
        out.append(tuple(_catmull(p0[a], p1[a], p2[a], p3[a], f) for a in (0, 1)))  # type: ignore[arg-type]
    return out


def _catmull(a: float, b: float, c: float, d: float, f: float) -> float:
    return 0.5 * (2 * b + (c - a) * f + (2 * a - 5 * b + 4 * c - d) * f * f + (3 * b - a - 3 * c + d) * f**3)


def taper(points: Sequence[Point], width: float, *, peak: float = 0.45, head: float = 0.0, tail: float = 0.0) -> str:
    """Path data of a brush stroke: `width` at `peak` (0..1 along), `head` and `tail` shares of it at the ends."""
    line = along(points, max(7, 2 * len(points) + 1))
    left, right = [], []
    for i, (x, y) in enumerate(line):
        ax, ay = line[max(0, i - 1)]
        bx, by = line[min(len(line) - 1, i + 1)]
        length = math.hypot(bx - ax, by - ay) or 1.0
        nx, ny = -(by - ay) / length, (bx - ax) / length
        t = i / (len(line) - 1)
        rise = t / peak if t < peak else (1 - t) / (1 - peak)
        end = head if t < peak else tail
        half = width / 2 * (end + (1 - end) * math.sin(rise * math.pi / 2))
        left.append((x + nx * half, y + ny * half))
        right.append((x - nx * half, y - ny * half))
    return spline([*left, *reversed(right)], closed=True)


def path(d: str, fill: str, opacity: float = 1.0, extra: str = "") -> str:
    shade = f' fill-opacity="{opacity:.3g}"' if opacity < 1 else ""
    return f'<path d="{d}" fill="{fill}"{shade}{extra}/>'


def line(d: str, colour: str, width: float, opacity: float = 1.0) -> str:
    return (
        f'<path d="{d}" fill="none" stroke="{colour}" stroke-width="{num(width)}" stroke-linecap="round" '
        f'stroke-linejoin="round" stroke-opacity="{opacity:.3g}"/>'
    )


def ellipse(cx: float, cy: float, rx: float, ry: float, fill: str, opacity: float = 1.0, turn: float = 0.0) -> str:
    turned = f' transform="rotate({num(turn)} {num(cx)} {num(cy)})"' if turn else ""
    return (
        f'<ellipse cx="{num(cx)}" cy="{num(cy)}" rx="{num(rx)}" ry="{num(ry)}" fill="{fill}" '
        f'fill-opacity="{opacity:.3g}"{turned}/>'
    )


def group(inner: str, *, shift: Point = (0, 0), scale: float = 1.0, flipped: bool = False, clip: str = "") -> str:
    parts = []
    if shift != (0, 0):
        parts.append(f"translate({num(shift[0])} {num(shift[1])})")
    if scale != 1.0 or flipped:
        parts.append(f"scale({-scale if flipped else scale:.5g} {scale:.5g})")
    turned = f' transform="{" ".join(parts)}"' if parts else ""
    clipped = f' clip-path="{clip}"' if clip else ""
    return f"<g{turned}{clipped}>{inner}</g>"


def soft_stroke(points: Sequence[Point], width: float, colour: str, opacity: float, *, peak: float = 0.5) -> str:
    """A crease: five nested brush strokes, so that its edge fades without a blur."""
    each = 1 - (1 - opacity) ** 0.2
    return "".join(path(taper(points, width * k, peak=peak), colour, each) for k in (1.0, 0.8, 0.6, 0.4, 0.22))


class Ink:
    """Collects the definitions (gradients, clips) one SVG needs; equal ones are kept once."""

    def __init__(self, window: tuple[float, float, float, float] | None = None) -> None:
        self._defs: dict[str, str] = {}
        self.window = window
        """Left, top, right, bottom of what is rastered, in the units being drawn; None while they are shifted."""

    def _name(self, body: str) -> str:
        return self._defs.setdefault(body, f"d{len(self._defs)}")

    @staticmethod
    def _stops(stops: Iterable[tuple[float, str] | tuple[float, str, float]]) -> str:
        out = []
        for stop in stops:
            alpha = f' stop-opacity="{stop[2]:.3g}"' if len(stop) == 3 else ""
            out.append(f'<stop offset="{stop[0]:.3g}" stop-color="{stop[1]}"{alpha}/>')
        return "".join(out)

    def linear(
        self,
        *stops: tuple[float, str] | tuple[float, str, float],
        start: Point = (0, 0),
        end: Point = (0, 1),
        absolute: bool = False,
    ) -> str:
        """Fill of a straight gradient; `start`, `end` in shares of the shape's box, or in units if `absolute`."""
        space = ' gradientUnits="userSpaceOnUse"' if absolute else ""
        body = (
            f'<linearGradient id="@" x1="{start[0]:.4g}" y1="{start[1]:.4g}" x2="{end[0]:.4g}" y2="{end[1]:.4g}"'
            f"{space}>{self._stops(stops)}</linearGradient>"
        )
        return f"url(#{self._name(body)})"

    def radial(
        self,
        *stops: tuple[float, str] | tuple[float, str, float],
        centre: Point = (0.5, 0.5),
        radius: float = 0.5,
        absolute: bool = False,
    ) -> str:
        space = ' gradientUnits="userSpaceOnUse"' if absolute else ""
        body = (
            f'<radialGradient id="@" cx="{centre[0]:.4g}" cy="{centre[1]:.4g}" r="{radius:.4g}"{space}>'
            f"{self._stops(stops)}</radialGradient>"
        )
        return f"url(#{self._name(body)})"

    def glow(self, colour: str) -> str:
        """Fill that fades like a blurred spot from the middle of the shape to nothing at its edge."""
        return self.radial(*((at, colour, alpha) for at, alpha in FALLOFF))

    def spot(self, cx: float, cy: float, rx: float, ry: float, colour: str, opacity: float, turn: float = 0.0) -> str:
        """A soft-edged ellipse. Only its part inside `window` is painted: inside a clip the rest would cost as much."""
        if self.window is None:
            return ellipse(cx, cy, rx, ry, self.glow(colour), opacity, turn)
        a = math.radians(turn)
        wide, tall = math.hypot(rx * math.cos(a), ry * math.sin(a)), math.hypot(rx * math.sin(a), ry * math.cos(a))
        left, top, right, bottom = self.window
        x0, y0, x1, y1 = max(cx - wide, left), max(cy - tall, top), min(cx + wide, right), min(cy + tall, bottom)
        if x0 >= x1 or y0 >= y1:
            return ""
        if (x1 - x0) * (y1 - y0) > 3.0 * wide * tall:
            return ellipse(cx, cy, rx, ry, self.glow(colour), opacity, turn)
        placed = f"translate({num(cx)} {num(cy)}) rotate({num(turn)}) scale({num(rx)} {num(ry)})"
        body = (
            f'<radialGradient id="@" gradientUnits="userSpaceOnUse" cx="0" cy="0" r="1" gradientTransform="{placed}">'
            f"{self._stops((at, colour, alpha) for at, alpha in FALLOFF)}</radialGradient>"
        )
        return (
            f'<rect x="{x0:.2f}" y="{y0:.2f}" width="{x1 - x0:.2f}" height="{y1 - y0:.2f}" '
            f'fill="url(#{self._name(body)})" fill-opacity="{opacity:.3g}"/>'
        )

    def clip(self, d: str) -> str:
        body = f'<clipPath id="@"><path d="{d}"/></clipPath>'
        return f"url(#{self._name(body)})"

    def blur(self, deviation: float) -> str:
        """A real blur, for what is rastered once per atlas (the room)."""
        area = 'x="-30%" y="-30%" width="160%" height="160%"'
        body = f'<filter id="@" {area}><feGaussianBlur stdDeviation="{deviation:.3g}"/></filter>'
        return f"url(#{self._name(body)})"

    def defs(self) -> str:
        return "<defs>" + "".join(body.replace("@", name, 1) for body, name in self._defs.items()) + "</defs>"
