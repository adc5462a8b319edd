"""The room behind the person, out of focus. Drawn once per atlas, so real blur is affordable here."""

from __future__ import annotations

import random
from collections.abc import Callable

from core.errors import InvalidInput
from core.models import Look
from media.face.ink import Ink, Point, dark, ellipse, light, mix, path, spline

Size = tuple[float, float]


def rect(x: float, y: float, w: float, h: float, fill: str, opacity: float = 1.0, rx: float = 0) -> str:
    return (
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{w:.0f}" height="{h:.0f}" rx="{rx:.0f}" fill="{fill}" '
        f'fill-opacity="{opacity:.3g}"/>'
    )


def _soft(ink: Ink, inner: str, deviation: float) -> str:
    return f'<g filter="{ink.blur(deviation)}">{inner}</g>'


def _leaf(x: float, y: float, length: float, lean: float, fill: str, opacity: float = 1.0) -> str:
    tip: Point = (x + lean, y - length)
    side = length * 0.13
    outline: list[Point] = [
        (x, y),
        (x + lean * 0.3 - side, y - length * 0.5),
        tip,
        (x + lean * 0.45 + side, y - length * 0.45),
    ]
    return path(spline(outline, closed=True), fill, opacity)


def _plant(x: float, y: float, size: float, colour: str, pot: str, seed: int = 3) -> str:
    rng = random.Random(seed)
    out = ""
    for i in range(13):
        lean = (i - 6) / 6 * size * 0.62
        tall = size * (1.05 - abs(i - 6) * 0.075) * rng.uniform(0.85, 1.1)
        out += _leaf(x + lean * 0.12, y, tall, lean, mix(colour, "#0d2a20", rng.uniform(0, 0.45)))
    w = size * 0.24
    return out + path(spline([(x - w, y - 6), (x + w, y - 6), (x + w * 0.72, y + size * 0.5),
    (x - w * 0.72, y + size * 0.5)],
                             closed=True, tension=0.1), pot)  # fmt: skip


def _wall(ink: Ink, look: Look, size: Size) -> str:
    w, h = size
    b = look.background
    fill = ink.linear((0, light(b, 0.38)), (0.55, b), (1, dark(b, 0.30)), start=(0.1, 0), end=(0.8, 1))
    return rect(0, 0, w, h, fill)


def _books(x: float, y: float, width: float, tall: float, seed: int, tints: tuple[str, ...]) -> str:
    rng = random.Random(seed)
    out, at = "", x
    while at < x + width - 14:
        w, k = rng.uniform(13, 34), rng.uniform(0.66, 0.96)
        colour = rng.choice(tints)
        out += rect(at, y - tall * k, w, tall * k, colour, 1, 2)
        out += rect(at + 1, y - tall * k, w * 0.25, tall * k, light(colour, 0.4), 0.35)
        if rng.random() < 0.6:
            out += rect(at, y - tall * k * 0.8, w, 7, light(colour, 0.6), 0.5)
        at += w + 1.5
        if rng.random() < 0.12:
            at += rng.uniform(14, 40)
    return out


def _office(ink: Ink, look: Look, size: Size) -> str:
    """Daylight windows over a pale skyline; a screen with a chart."""
    w, h = size
    b, accent = look.background, look.accent
    rng = random.Random(5)
    glass = ink.linear((0, "#f4f9ff"), (0.7, light(b, 0.55)), (1, light(b, 0.3)))
    city = ""
    for i in range(26):
        x = w * (0.0 + i * 0.042) - 20
        tall = h * rng.uniform(0.10, 0.36)
        city += rect(
            x,
            h * 0.66 - tall,
            w * rng.uniform(0.026, 0.05),
            tall + h * 0.1,
            mix(b, "#7f97c0", rng.uniform(0.1, 0.6)),
            0.62,
        )
    far = rect(0, h * 0.0, w, h * 0.70, glass) + city
    far += ink.spot(w * 0.2, h * 0.1, w * 0.4, h * 0.5, "#ffffff", 0.75)
    frame = "".join(rect(x * w, 0, 15, h * 0.7, light(b, 0.2)) for x in (0.02, 0.2, 0.38, 0.64, 0.83, 0.99))
    frame += rect(0, h * 0.69, w, 20, light(b, 0.42)) + rect(0, h * 0.708, w, h * 0.3, mix(b, "#5a73a6", 0.45))
    screen = rect(w * 0.745, h * 0.28, w * 0.23, h * 0.30, "#1d2b49", 1, 12)
    screen += rect(w * 0.753, h * 0.294, w * 0.214, h * 0.272, "#263961", 1, 6)
    for i, v in enumerate((0.3, 0.42, 0.38, 0.55, 0.62, 0.58, 0.8)):
        screen += rect(
            w * (0.768 + i * 0.027), h * (0.55 - 0.2 * v), w * 0.016, h * 0.2 * v, light(accent, 0.35), 0.9, 3
        )
    plant = _plant(w * 0.085, h * 0.80, h * 0.36, "#4f9573", "#e9eef7")
    return _soft(ink, far, 9) + _soft(ink, frame, 7) + _soft(ink, screen, 8) + _soft(ink, plant, 13)


def _boardroom(ink: Ink, look: Look, size: Size) -> str:
    """Walnut slats, a lit shelf and a city at dusk."""
    w, h = size
    b = look.background
    slats = ""
    count = max(8, int(w / 46))
    for i in range(count):
        x = i * w / count
        slats += rect(x, 0, w / count * 0.72, h, mix(b, "#3d2a1c", 0.30 + 0.10 * (i % 3)), 0.85)
        slats += rect(x, 0, 5, h, light(b, 0.35), 0.35)
    dusk = ink.linear((0, "#27405f"), (0.55, "#7f7f96"), (1, "#f0b184"))
    rng = random.Random(9)
    view = rect(w * 0.03, h * 0.08, w * 0.27, h * 0.60, dusk, 1, 4)
    for _ in range(9):
        x, tall = w * rng.uniform(0.03, 0.27), h * rng.uniform(0.1, 0.36)
        view += rect(x, h * 0.68 - tall, w * 0.032, tall, "#1c2940", 0.85)
        for _ in range(7):
            view += rect(x + rng.uniform(4, w * 0.024), h * 0.68 - tall * rng.uniform(0.1, 0.95), 7, 9, "#ffd79a", 0.9)
    lamp = ink.spot(w * 0.86, h * 0.30, w * 0.22, h * 0.42, "#ffd9a0", 0.75)
    shelf = ""
    for y in (0.30, 0.54):
        shelf += rect(w * 0.75, h * y, w * 0.22, 14, "#2a1d15") + rect(
            w * 0.75, h * y - 6, w * 0.22, 6, "#ffcf8f", 0.65
        )
    shelf += _books(w * 0.76, h * 0.30, w * 0.09, h * 0.13, 2, ("#8d3b2e", "#d9c6a5", "#2f4a63", "#6f5a44"))
    shelf += ellipse(w * 0.92, h * 0.255, h * 0.036, h * 0.045, "#c98f56")
    shelf += _books(w * 0.87, h * 0.54, w * 0.09, h * 0.13, 4, ("#2f4a63", "#b48a5a", "#e6d8c0"))
    shelf += _plant(w * 0.80, h * 0.50, h * 0.10, "#5d7f57", "#d8cbb8", 5)
    return _soft(ink, slats, 8) + _soft(ink, view, 9) + lamp + _soft(ink, shelf, 9)


def _gallery(ink: Ink, look: Look, size: Size) -> str:
    """A blush wall with an arch, framed prints and dried flowers."""
    w, h = size
    b, a = look.background, look.accent
    arch = path(
        f"M{w * 0.05:.0f} {h} V{h * 0.42:.0f} A{w * 0.13:.0f} {w * 0.13:.0f} 0 0 1 {w * 0.31:.0f} {h * 0.42:.0f} "
        f"V{h} Z",
        ink.linear((0, dark(b, 0.18)), (1, mix(b, "#a9604e", 0.55))),
    )
    arch += ink.spot(w * 0.16, h * 0.5, w * 0.12, h * 0.34, light(b, 0.6), 0.5)
    prints = ""
    for x, y, pw, ph in ((0.73, 0.10, 0.115, 0.30), (0.865, 0.16, 0.085, 0.21)):
        prints += rect(w * x + 10, h * y + 14, w * pw, h * ph, dark(b, 0.6), 0.22)
        prints += rect(w * x, h * y, w * pw, h * ph, "#fffaf4") + rect(
            w * x + 20, h * y + 20, w * pw - 40, h * ph - 40, light(b, 0.5)
        )
    prints += ellipse(w * 0.785, h * 0.21, h * 0.07, h * 0.07, mix(b, "#b3533f", 0.7))
    prints += path(
        spline([(w * 0.742, h * 0.34), (w * 0.79, h * 0.25), (w * 0.836, h * 0.34)], closed=True),
        mix(a, "#5b2b3c", 0.5),
        0.8,
    )
    prints += path(
        spline([(w * 0.882, h * 0.33), (w * 0.905, h * 0.2), (w * 0.935, h * 0.33)], closed=True),
        mix(b, "#74506a", 0.6),
    )
    console = rect(w * 0.70, h * 0.62, w * 0.33, 20, "#8d5d48") + rect(
        w * 0.70, h * 0.638, w * 0.33, h * 0.4, "#a8735b"
    )
    vase = path(spline([(w * 0.86 - 30, h * 0.62), (w * 0.86 - 52, h * 0.54), (w * 0.86 - 16, h * 0.47),
        (w * 0.86 + 16, h * 0.47),
                        (w * 0.86 + 52, h * 0.54), (w * 0.86 + 30, h * 0.62)], closed=True), "#f4e6da")  # fmt: skip
    rng = random.Random(4)
    for _ in range(16):
        dx, tall = rng.uniform(-1, 1), rng.uniform(0.10, 0.22)
        x1, y1 = w * 0.86 + dx * h * 0.13, h * (0.47 - tall)
        stem: list[Point] = [(w * 0.86 - 2, h * 0.48), (w * 0.86 + dx * 40, h * 0.40), (x1, y1)]
        stem.append((w * 0.86 + dx * 40 + 4, h * 0.41))
        bloom = ellipse(x1, y1, 13, 19, mix("#d99a7d", "#f3d6b8", rng.random()))
        vase = path(spline(stem, closed=True), "#b98b5e", 0.8) + bloom + vase
    return _soft(ink, arch, 9) + _soft(ink, prints, 8) + _soft(ink, console + vase, 9)


def _loft(ink: Ink, look: Look, size: Size) -> str:
    """Painted brick, a neon ring, shelves with a camera and records, hanging leaves."""
    w, h = size
    b, a = look.background, look.accent
    brick = ""
    rng = random.Random(6)
    rows = int(h / 44) + 1
    for r in range(rows):
        for c in range(int(w / 104) + 2):
            x = c * 104 - (52 if r % 2 else 0)
            brick += rect(
                x,
                r * 44,
                98,
                38,
                mix(b, dark(b, 0.5) if rng.random() < 0.5 else light(b, 0.5), rng.uniform(0, 0.22)),
                0.75,
                3,
            )
    glow = ink.spot(w * 0.15, h * 0.30, w * 0.2, h * 0.42, light(a, 0.2), 0.55)
    hoop = f'<circle cx="{w * 0.15:.0f}" cy="{h * 0.30:.0f}" r="{h * 0.145:.0f}" fill="none" stroke-width="15"'
    ring = f'{hoop} stroke="{light(a, 0.55)}"/>'
    shelf = rect(w * 0.70, h * 0.33, w * 0.28, 17, "#5b4030") + rect(w * 0.74, h * 0.60, w * 0.28, 17, "#5b4030")
    shelf += _books(w * 0.72, h * 0.33, w * 0.11, h * 0.15, 8, ("#e07a4f", "#f1d9a8", "#35657a", "#23414a", "#c94f4f"))
    shelf += rect(w * 0.86, h * 0.255, h * 0.11, h * 0.075, "#27303a", 1, 10) + ellipse(
        w * 0.86 + h * 0.055, h * 0.294, h * 0.027, h * 0.027, "#7d96a6"
    )
    shelf += rect(w * 0.79, h * 0.44, h * 0.16, h * 0.16, "#e9dcc6", 1, 4) + ellipse(
        w * 0.79 + h * 0.08, h * 0.52, h * 0.06, h * 0.06, "#2b2f36"
    )
    shelf += ellipse(w * 0.79 + h * 0.08, h * 0.52, h * 0.02, h * 0.02, "#e07a4f") + _plant(
        w * 0.93, h * 0.55, h * 0.15, "#67a274", "#d9744f", 6
    )
    hang = ""
    for i in range(15):
        at = w * (0.60 + i * 0.028)
        fall = h * rng.uniform(0.05, 0.17)
        hang += _leaf(at, -10, -fall, rng.uniform(-26, 26), mix("#4f9070", "#1f4a3c", rng.uniform(0, 0.7)))
    plant = _plant(w * 0.05, h * 0.86, h * 0.42, "#4a8f6c", "#c96f4c", 7)
    return _soft(ink, brick, 5) + glow + _soft(ink, ring, 6) + _soft(ink, shelf, 9) + _soft(ink, hang + plant, 14)


def _library(ink: Ink, look: Look, size: Size) -> str:
    """Full bookshelves and a reading lamp."""
    w, h = size
    b = look.background
    wood = mix(b, "#6b4a30", 0.72)
    tints = (
        "#7d3b32",
        "#b5804a",
        "#2f5d54",
        "#d8c7a2",
        "#3b4b66",
        "#8a6a3b",
        "#567a66",
        "#a5523f",
        "#e6d9bd",
        "#50413a",
    )
    case = rect(0, 0, w, h, dark(wood, 0.42))
    rows, pitch = 5, h / 4.6
    for r in range(rows):
        y = pitch * (r + 0.86)
        case += rect(0, y - pitch, w, pitch * 0.30, dark(wood, 0.7), 0.5)
        case += _books(8, y, w, pitch * 0.80, 20 + r, tints)
        case += rect(0, y, w, pitch * 0.085, light(wood, 0.12)) + rect(0, y + pitch * 0.085, w, 9, dark(wood, 0.7), 0.6)
    posts = max(2, round(w / 480))
    for i in range(posts + 1):
        case += rect(w * i / posts - 14, 0, 28, h, wood)
        case += rect(w * i / posts - 14, 0, 7, h, light(wood, 0.3), 0.5)
    globe = ellipse(
        w * 0.885,
        h * 0.70,
        h * 0.10,
        h * 0.10,
        ink.radial((0, "#a9c7b8"), (0.7, "#5d8b80"), (1, "#37594f"), centre=(0.35, 0.3)),
    )
    globe += rect(w * 0.885 - 7, h * 0.80, 14, h * 0.1, "#b08a4d")
    shade = path(spline([(w * 0.085, h * 0.42), (w * 0.155, h * 0.42), (w * 0.185, h * 0.56),
        (w * 0.055, h * 0.56)], closed=True, tension=0.1),
                 ink.linear((0, "#ffe9b8"), (1, "#f4c777")))  # fmt: skip
    lamp = rect(w * 0.12 - 5, h * 0.56, 10, h * 0.30, "#b08a4d") + shade
    veil = rect(0, 0, w, h, light(b, 0.15), 0.30)
    glow = ink.spot(w * 0.12, h * 0.52, w * 0.26, h * 0.56, "#ffe2a8", 0.70)
    return _soft(ink, case, 9) + veil + glow + _soft(ink, lamp + globe, 10)


ROOMS: dict[str, Callable[[Ink, Look, Size], str]] = {
    "office": _office, "boardroom": _boardroom, "gallery": _gallery, "loft": _loft, "library": _library,
}  # fmt: skip


def draw_room(ink: Ink, look: Look, size: Size) -> str:
    """The whole frame behind the person, `size` in units; raises InvalidInput for a room nobody has drawn."""
    room = ROOMS.get(look.background_style)
    if room is None:
        raise InvalidInput(
            f"There is no background called {look.background_style!r}. Choose one of: {', '.join(sorted(ROOMS))}."
        )
    w, h = size
    b = look.background
    out = _wall(ink, look, size) + room(ink, look, size)
    out += ink.spot(w * 0.5, h * 0.36, max(w * 0.26, 420), h * 0.52, light(b, 0.75), 0.50)
    out += rect(0, h * 0.55, w, h * 0.46, ink.linear((0, dark(b, 0.6), 0.0), (1, dark(b, 0.6), 0.38)))
    vignette = ink.radial((0.55, "#0b1020", 0.0), (1, "#0b1020", 0.30), centre=(0.5, 0.45), radius=0.75)
    return out + rect(0, 0, w, h, vignette)
