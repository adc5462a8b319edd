"""Hair: a mass with a gradient, locks interpolated between guide lines, a sheen, and its shadow on the skin."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.errors import InvalidInput
from core.models import Look
from media.face.anatomy import Anatomy
from media.face.ink import (
    Ink,
    Point,
    along,
    dark,
    flip,
    group,
    lerp,
    light,
    mirrored,
    mix,
    path,
    spline,
    taper,
)

Guides = Sequence[Sequence[Point]]


@dataclass(frozen=True, slots=True)
class Hair:
    """SVG of each layer, from behind the neck to over the face."""

    back: str = ""
    shadow: str = ""
    """On the forehead, under `front`; to be clipped to the face."""
    front: str = ""


def locks(look: Look, guides: Guides, count: int, seed: int, *, width: float = 7, strength: float = 1.0) -> str:
    """Tapered strokes between neighbouring guides, light and dark in turn; the same seed gives the same hair."""
    rng = random.Random(seed)
    lights = (light(look.hair, 0.30), light(mix(look.hair, "#c98a4f", 0.35), 0.26), dark(look.hair, 0.42))
    lines = [along(guide, 9) for guide in guides]
    out = []
    for i in range(count):
        at = (i + rng.uniform(-0.3, 0.3)) / max(1, count - 1) * (len(lines) - 1)
        at = max(0.0, min(len(lines) - 1.001, at))
        a, b = lines[int(at)], lines[int(at) + 1]
        f = at - int(at)
        stroke = [(lerp(p[0], q[0], f), lerp(p[1], q[1], f)) for p, q in zip(a, b, strict=True)]
        start, end = rng.choice(((0, 9), (0, 7), (1, 9), (2, 9), (0, 8)))
        kind = (0, 2, 1, 2)[i % 4]
        alpha = (0.30 if kind < 2 else 0.34) * rng.uniform(0.55, 1.1) * strength
        out.append(path(taper(stroke[start:end][::2] or stroke, width * rng.uniform(0.5, 1.25),
            peak=rng.uniform(0.3, 0.6)),
                        lights[kind], alpha))  # fmt: skip
    return "".join(out)


def mass(ink: Ink, look: Look, outline: Sequence[Point], guides: Guides, count: int, seed: int, *,
         tension: float = 0.5, width: float = 7, sheen: tuple[float, float, float, float, float] | None = None,
         deep: float = 0.0, strength: float = 1.0) -> str:  # fmt: skip
    """One body of hair. `sheen` = centre, radii and turn of its highlight; `deep` darkens what lies behind."""
    hair = dark(look.hair, deep)
    d = spline(outline, closed=True, tension=tension)
    fill = ink.linear((0, light(hair, 0.13)), (0.4, hair), (1, dark(hair, 0.36)), start=(0.25, 0), end=(0.7, 1))
    inside = locks(look, guides, count, seed, width=width, strength=strength)
    if sheen:
        cx, cy, rx, ry, turn = sheen
        inside += ink.spot(cx, cy, rx, ry, light(mix(look.hair, "#ffe0b8", 0.2), 0.5), 0.40, turn)
    return path(d, fill) + group(inside, clip=ink.clip(d))


def cast(look: Look, edge: Sequence[Point], depth: float = 20) -> str:
    """The hair's shadow on the skin along its lower `edge`; the caller clips it to the face."""
    shade = mix(dark(look.skin, 0.5), "#6a2416", 0.25)
    out = []
    for k in (1.0, 0.82, 0.64, 0.46, 0.3, 0.16):
        low = [(x + 4 * k, y + depth * k) for x, y in edge]
        out.append(path(spline([*low, (200, 60), (-200, 60)], closed=True), shade, 0.105))
    return "".join(out)


def _long(ink: Ink, look: Look, bones: Anatomy) -> Hair:
    back = mirrored(
        [
            (0, 78),
            (106, 94),
            (172, 180),
            (190, 300),
            (196, 420),
            (214, 560),
            (226, 690),
            (196, 790),
            (120, 800),
            (0, 780),
        ]
    )
    behind = mass(ink, look, back, [[(-190, 300), (-200, 520), (-190, 780)], [(-60, 300), (-70, 520), (-60, 780)],
                                    [(60, 300), (70, 520), (60, 780)], [(190, 300), (200, 520), (190, 780)]],
                  26, 3, deep=0.34, strength=0.7)  # fmt: skip
    part: Point = (28, 84)
    left: list[Point] = [
        part, (-50, 76), (-134, 116), (-186, 222), (-192, 360), (-204, 480), (-232, 610), (-240, 740), (-204, 860),
        (-150, 900), (-168, 820), (-142, 740), (-156, 640), (-148, 540), (-150, 440), (-158, 370), (-146, 300),
        (-104, 244), (-40, 204), (20, 168), (30, 150),
    ]  # fmt: skip
    right: list[Point] = [
        (22, 84), (84, 78), (150, 122), (188, 222), (194, 350), (206, 470), (228, 600), (240, 720), (216, 840),
        (158, 892), (170, 810), (146, 730), (158, 630), (150, 530), (152, 430), (158, 360), (150, 296), (122, 240),
        (78, 206), (34, 172), (26, 150),
    ]  # fmt: skip
    left_guides = [
        [(26, 94), (-90, 110), (-176, 250), (-190, 400), (-226, 600), (-232, 740), (-168, 880)],
        [(26, 100), (-70, 130), (-162, 260), (-172, 400), (-190, 600), (-196, 740), (-160, 850)],
        [(26, 136), (-40, 196), (-140, 280), (-158, 400), (-152, 560), (-158, 660), (-146, 740)],
    ]
    right_guides = [
        [(26, 94), (100, 106), (178, 240), (190, 390), (222, 590), (234, 720), (170, 870)],
        [(26, 100), (96, 140), (164, 256), (174, 400), (192, 590), (198, 720), (164, 840)],
        [(28, 136), (74, 198), (138, 270), (158, 380), (152, 540), (160, 640), (150, 730)],
    ]
    front = mass(ink, look, left, left_guides, 24, 11, sheen=(-120, 190, 64, 26, -52))
    front += mass(ink, look, right, right_guides, 22, 12, sheen=(132, 196, 46, 22, 56))
    for x, y, turn in ((-206, 560, 76), (206, 566, -76)):
        front += ink.spot(x, y, 54, 14, light(look.hair, 0.42), 0.30, turn)
    front += path(taper([(26, 90), (28, 122), (26, 164)], 3.2), dark(look.hair, 0.6), 0.7)
    edge: list[Point] = [
        (-170, 330),
        (-150, 300),
        (-104, 246),
        (-40, 206),
        (24, 170),
        (78, 208),
        (122, 246),
        (152, 300),
    ]
    return Hair(behind, cast(look, [*edge, (176, 330)], 22), front)


def _bob(ink: Ink, look: Look, bones: Anatomy) -> Hair:
    back = mirrored([(0, 84), (120, 100), (182, 200), (196, 330), (200, 450), (190, 556), (120, 590), (0, 580)])
    behind = mass(ink, look, back, [[(-180, 300), (-190, 560)], [(0, 300), (0, 580)], [(180, 300), (190, 560)]], 20, 5,
                  deep=0.38, strength=0.6)  # fmt: skip
    right: list[Point] = [
        (-52, 104), (-6, 76), (90, 82), (166, 146), (196, 250), (204, 370), (208, 470), (196, 556), (158, 600),
        (116, 596), (140, 560), (146, 500), (146, 430), (153, 372), (150, 300), (116, 246), (52, 216), (-8, 188),
        (-42, 164),
    ]  # fmt: skip
    left: list[Point] = [
        (-36, 106), (-60, 80), (-120, 94), (-174, 166), (-195, 270), (-202, 380), (-208, 480), (-194, 564), (-152, 602),
        (-114, 594), (-140, 556), (-147, 496), (-146, 430), (-152, 372), (-150, 300), (-128, 244), (-88, 198),
        (-48, 162),
    ]  # fmt: skip
    right_guides = [
        [(-44, 104), (60, 84), (166, 170), (196, 330), (204, 480), (160, 596)],
        [(-44, 110), (60, 118), (150, 210), (176, 340), (182, 480), (140, 590)],
        [(-44, 140), (40, 194), (126, 244), (154, 340), (154, 470), (124, 590)],
    ]
    left_guides = [
        [(-46, 100), (-130, 120), (-186, 260), (-200, 390), (-204, 500), (-156, 598)],
        [(-46, 110), (-110, 156), (-160, 270), (-174, 390), (-180, 490), (-140, 590)],
        [(-48, 140), (-88, 198), (-142, 270), (-154, 380), (-152, 470), (-124, 590)],
    ]
    front = mass(ink, look, right, right_guides, 26, 21, sheen=(96, 142, 84, 24, 36))
    front += mass(ink, look, left, left_guides, 20, 22, sheen=(-142, 210, 60, 18, -62))
    for x, turn in ((-186, 84), (186, -84)):
        front += ink.spot(x, 450, 56, 13, light(look.hair, 0.6), 0.34, turn)
    front += path(taper([(-46, 88), (-47, 120), (-45, 160)], 3.4), dark(look.hair, 0.55), 0.6)
    edge: list[Point] = [
        (-168, 330),
        (-150, 296),
        (-128, 246),
        (-88, 200),
        (-46, 164),
        (-8, 190),
        (52, 218),
        (116, 250),
    ]
    return Hair(behind, cast(look, [*edge, (152, 304), (172, 340)], 22), front)


def _short(ink: Ink, look: Look, bones: Anatomy) -> Hair:
    t = bones.temple
    top: list[Point] = [
        (-t - 4, 318), (-t - 12, 250), (-t + 2, 176), (-92, 118), (0, 98), (94, 116), (t - 2, 174), (t + 12, 250),
        (t + 4, 318), (t - 7, 300), (t - 12, 262), (t - 30, 222), (106, 204), (50, 194), (0, 191), (-50, 194),
        (-106, 204), (-t + 30, 222), (-t + 12, 262), (-t + 7, 300),
    ]  # fmt: skip
    d = spline(top, closed=True, tension=0.42)
    fill = ink.linear((0, light(look.hair, 0.16)), (0.5, look.hair), (1, dark(look.hair, 0.2)))
    rng = random.Random(8)
    curls = []
    for _ in range(150):
        x, y = rng.uniform(-t, t), rng.uniform(100, 262)
        r = rng.uniform(3, 6.5)
        turn = rng.uniform(-0.6, 0.6)
        stroke: list[Point] = [(x - r, y + r * turn), (x, y - r * 0.8), (x + r, y - r * turn)]
        colour = light(look.hair, 0.30) if rng.random() < 0.55 else dark(look.hair, 0.5)
        curls.append(path(taper(stroke, 2.8), colour, 0.34))
    inside = "".join(curls) + ink.spot(-46, 132, 84, 30, light(look.hair, 0.45), 0.40, -14)
    front = path(d, fill) + group(inside, clip=ink.clip(d))
    fade = []
    for k in (-1, 1):
        for i in range(4):
            burn: list[Point] = [
                (k * (t + 3), 300),
                (k * (t - 7 + i), 296),
                (k * (t - 9 + i), 350),
                (k * (t - 2), 392 - i * 14),
            ]
            burn.append((k * (t + 7), 350))
            fade.append(path(spline(burn, closed=True), look.hair, 0.26))
        blend: list[Point] = [(k * (t - 2), 318), (k * (t - 11), 262), (k * (t - 34), 222), (k * 100, 206)]
        fade.append(path(taper(blend, 9), look.hair, 0.3))
    fade.append(
        path(taper([(-104, 206), (-50, 196), (0, 193), (50, 196), (104, 206)], 7, head=0.6, tail=0.6), look.hair, 0.4)
    )
    edge: list[Point] = [(-t, 300), (-t + 30, 224), (-60, 196), (0, 192), (60, 196), (t - 30, 224), (t, 300)]
    return Hair("", cast(look, edge, 12), group("".join(fade), clip=ink.clip(bones.face())) + front)


def _tousled(ink: Ink, look: Look, bones: Anatomy) -> Hair:
    t = bones.temple
    rear: list[Point] = [
        (-t - 2, 340), (-t - 18, 270), (-t - 10, 170), (-84, 98), (10, 74), (104, 92), (t + 12, 168), (t + 19, 270),
        (t + 2, 340), (t - 8, 300), (t - 20, 240), (60, 200), (-60, 210), (-t + 18, 246), (-t + 7, 300),
    ]  # fmt: skip
    side_guides: list[list[Point]] = [
        [(0, 90), (-120, 140), (-t - 12, 260), (-t, 330)],
        [(0, 90), (0, 140), (0, 200)],
        [(20, 90), (120, 140), (t + 12, 260), (t, 330)],
    ]
    front = mass(ink, look, rear, side_guides, 30, 31, deep=0.22)
    tufts: list[tuple[list[Point], int]] = [
        ([(66, 96), (140, 112), (t + 30, 196), (t + 4, 262), (t - 16, 262), (112, 206), (70, 160)], 41),
        (
            [
                (-30, 92),
                (-110, 96),
                (-t - 26, 176),
                (-t - 14, 268),
                (-t + 8, 270),
                (-t + 26, 214),
                (-84, 190),
                (-20, 150),
            ],
            42,
        ),
        (
            [
                (30, 66),
                (-48, 62),
                (-122, 116),
                (-142, 196),
                (-112, 236),
                (-104, 200),
                (-62, 178),
                (-14, 196),
                (10, 150),
            ],
            43,
        ),
        (
            [
                (96, 78),
                (40, 50),
                (-30, 70),
                (-66, 128),
                (-58, 190),
                (-30, 222),
                (-26, 186),
                (20, 172),
                (58, 190),
                (90, 140),
            ],
            44,
        ),
        (
            [
                (92, 70),
                (136, 92),
                (152, 150),
                (134, 218),
                (108, 238),
                (112, 196),
                (76, 176),
                (30, 186),
                (22, 140),
                (44, 88),
            ],
            45,
        ),
    ]
    for outline, seed in tufts:
        spine = [outline[0], outline[len(outline) // 4], outline[len(outline) // 2]]
        inner = [outline[0], outline[-2], outline[len(outline) // 2 + 1]]
        front += path(spline([(x + 2, y + 9) for x, y in outline], closed=True), dark(look.hair, 0.55), 0.26)
        cx = sum(x for x, _ in outline) / len(outline)
        cy = min(y for _, y in outline) + 44
        front += mass(ink, look, outline, [spine, inner], 12, seed, sheen=(cx - 8, cy, 46, 17, -24), width=6.5)
    for stray in ([(40, 62), (70, 44), (104, 54)], [(-60, 84), (-96, 76), (-128, 98)], [(t + 4, 180), (t + 24, 206),
    (t + 22, 236)],
                  [(-t - 4, 190), (-t - 24, 214), (-t - 20, 246)]):  # fmt: skip
        front += path(taper(stray, 6, peak=0.3, head=0.4), look.hair)
    edge: list[Point] = [
        (-t, 300),
        (-t + 20, 250),
        (-104, 216),
        (-60, 186),
        (-28, 214),
        (20, 180),
        (60, 190),
        (110, 224),
    ]
    return Hair("", cast(look, [*edge, (t - 10, 262), (t, 310)], 18), front)


def _bun(ink: Ink, look: Look, bones: Anatomy) -> Hair:
    t = bones.temple
    knot: list[Point] = [(-66, 44), (-78, 4), (-48, -30), (4, -38), (54, -28), (80, 8), (66, 48), (0, 72)]
    rings: list[list[Point]] = [
        [(-70, 40), (-60, -20), (0, -34), (60, -18), (70, 40)],
        [(-52, 52), (-30, 0), (10, -8), (46, 14), (56, 50)],
        [(-24, 58), (-4, 26), (20, 22), (36, 44), (36, 58)],
    ]
    lift = 62
    knot = [(x, y + lift) for x, y in knot]
    rings = [[(x, y + lift) for x, y in ring] for ring in rings]
    front = mass(ink, look, knot, rings, 18, 51, sheen=(-24, 4 + lift, 34, 13, -24), deep=0.08)
    cap: list[Point] = [
        (0, 106), (90, 116), (t + 2, 176), (t + 17, 262), (t + 15, 340), (t + 2, 398), (t - 3, 330), (t - 14, 272),
        (116, 226), (62, 190), (-22, 158), (-70, 188), (-118, 226), (-t + 14, 272), (-t + 3, 330), (-t - 2, 398),
        (-t - 15, 340), (-t - 17, 262), (-t - 2, 176), (-90, 116),
    ]  # fmt: skip
    guides: list[list[Point]] = [
        [(-t - 10, 350), (-t - 12, 250), (-110, 140), (-20, 108)],
        [(-t + 4, 310), (-132, 226), (-84, 150), (-14, 108)],
        [(-26, 160), (-24, 140), (-12, 120), (-4, 106)],
        [(60, 190), (54, 160), (30, 126), (6, 106)],
        [(t - 4, 310), (136, 220), (90, 146), (16, 108)],
        [(t + 10, 350), (t + 12, 250), (110, 140), (22, 108)],
    ]
    front += path(spline([(-60, 112), (0, 98), (60, 112), (0, 136)], closed=True), dark(look.hair, 0.6), 0.5)
    front += mass(ink, look, cap, guides, 40, 52, sheen=(-70, 160, 70, 20, -34), width=6)
    if look.streak:
        for i, (dx, w) in enumerate(((0, 11), (9, 9), (-10, 8), (19, 6), (-19, 6), (28, 4), (-28, 3))):
            lock: list[Point] = [(-52 + dx, 180 - dx * 0.42), (-58 + dx * 0.8, 152), (-44 + dx * 0.55, 126)]
            lock += [(-16 + dx * 0.3, 106)]
            front += path(taper(lock, w, peak=0.35, head=0.5, tail=0.1), mix(look.streak, look.hair, 0.07 * i), 0.88)
        swirl: list[Point] = [(-16, 58 + lift), (-40, 24 + lift), (-18, -8 + lift), (26, -6 + lift), (44, 22 + lift)]
        front += path(taper(swirl, 9, peak=0.4), look.streak, 0.7)
        for k, y in ((-1, 300), (1, 306)):
            grey: list[Point] = [
                (k * (t + 3), y + 56),
                (k * (t + 1), y),
                (k * (t - 12), y - 52),
                (k * (t - 40), y - 96),
            ]
            front += path(taper(grey, 8, peak=0.35), look.streak, 0.55)
    edge: list[Point] = [
        (-t, 340),
        (-t + 14, 274),
        (-118, 228),
        (-70, 190),
        (-22, 160),
        (62, 192),
        (116, 228),
        (t - 14, 274),
    ]
    back = mirrored([(0, 130), (120, 150), (t + 6, 260), (t + 4, 380), (t - 30, 470), (80, 520), (0, 530)])
    behind = path(spline(back, closed=True), dark(look.hair, 0.42))
    return Hair(behind, cast(look, [*edge, (t, 340)], 14), front)


STYLES: dict[str, Callable[[Ink, Look, Anatomy], Hair]] = {
    "long": _long, "bob": _bob, "short": _short, "tousled": _tousled, "bun": _bun,
}  # fmt: skip


def draw_hair(ink: Ink, look: Look, bones: Anatomy) -> Hair:
    """Raises InvalidInput for a style nobody has drawn."""
    style = STYLES.get(look.hair_style)
    if style is None:
        raise InvalidInput(
            f"There is no hair style called {look.hair_style!r}. Choose one of: {', '.join(sorted(STYLES))}."
        )
    return style(ink, look, bones)


__all__ = ["STYLES", "Hair", "draw_hair", "flip"]
