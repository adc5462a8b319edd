"""The mouth in twelve shapes and every blend of two: lips, opening, teeth, tongue.

A shape is a row of numbers, so a blend is their mean. Teeth, tongue and dark are drawn inside a clip of the opening,
so none of them can ever show outside it.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass

from core.models import Look
from core.speech import VISEMES
from media.face.anatomy import MOUTH_Y, Anatomy
from media.face.ink import Ink, Point, dark, ellipse, group, lerp, light, luma, mix, num, path, spline, taper


@dataclass(frozen=True, slots=True)
class MouthShape:
    """Lengths in units; `width`, `upper`, `lower` are shares of the face's own mouth width and lip heights."""

    width: float
    gap: float
    """Height of the opening in the middle."""
    drop: float
    """How far the jaw falls."""
    round: float = 0.0
    """0 pointed corners .. 1 an oval opening."""
    upper: float = 1.0
    lower: float = 1.0
    lift: float = 0.0
    """How far the upper lip is raised."""
    corner: float = 0.0
    """Corners of the mouth: below 0 is up, a smile."""
    teeth: float = 0.0
    """Height of upper teeth that shows."""
    under: float = 0.0
    """Height of lower teeth that shows."""
    tongue: float = 0.0
    """0 hidden .. 1 fills the floor of the mouth."""
    tip: float = 0.0
    """0 .. 1: the tongue's tip is raised behind the upper teeth."""
    between: float = 0.0
    """0 .. 1: the tongue's tip lies between the teeth, over the lower lip's edge."""
    press: float = 0.0
    """0 .. 1: lips pressed together."""
    tuck: float = 0.0
    """0 .. 1: the lower lip is drawn in under the upper teeth."""


SHAPES: dict[str, MouthShape] = {
    "X": MouthShape(width=1.05, gap=0, drop=0, corner=-8.5),
    "P": MouthShape(width=0.95, gap=0, drop=0, upper=0.62, lower=0.66, corner=-1.5, press=1),
    "F": MouthShape(width=0.98, gap=12.5, drop=3, upper=0.9, lower=0.56, lift=7, corner=-2, teeth=13.5, tuck=1),
    "TH": MouthShape(width=1.00, gap=20, drop=8, lift=3, corner=-3, teeth=9, between=1, tongue=0.5),
    "T": MouthShape(width=1.04, gap=15, drop=5, lift=3, corner=-4, teeth=9, under=3.5, tongue=0.55, tip=0.35),
    "S": MouthShape(width=1.12, gap=14, drop=2, upper=0.88, lower=0.88, lift=4, corner=-6, teeth=8.2, under=8),
    "SH": MouthShape(width=0.7, gap=17, drop=5, round=0.55, upper=1.28, lower=1.25, lift=4, teeth=9.2, under=9),
    "L": MouthShape(width=1.02, gap=27, drop=12, lift=3, corner=-3, teeth=8, tongue=0.6, tip=1),
    "R": MouthShape(
        width=0.76, gap=17, drop=7, round=0.4, upper=1.15, lower=1.15, lift=2, corner=-1, teeth=5.5, tongue=0.6,
    ),
    "E": MouthShape(
        width=1.2, gap=23, drop=7, upper=0.9, lower=0.92, lift=4, corner=-8, teeth=11.5, under=3, tongue=0.75,
    ),
    "A": MouthShape(width=1.02, gap=56, drop=29, round=0.34, lift=5, corner=3, teeth=10.5, under=3, tongue=0.8),
    "O": MouthShape(width=0.56, gap=39, drop=17, round=1.0, upper=1.25, lower=1.2, lift=5, corner=2, tongue=0.35),
}  # fmt: skip


def mouth_shape(a: int, b: int) -> MouthShape:
    """The shape half-way between visemes `a` and `b` (indices into VISEMES); `a == b` is the pure one."""
    pair = zip(astuple(SHAPES[VISEMES[a]]), astuple(SHAPES[VISEMES[b]]), strict=True)
    return MouthShape(*((x + y) / 2 for x, y in pair))


@dataclass(frozen=True, slots=True)
class Lips:
    """The four curves of a mouth, as path data and key heights (y in frame units)."""

    opening: str
    silhouette: str
    upper: str
    half: float
    inner_half: float
    top: float
    bottom: float
    corner: float
    lip_top: float
    lip_bottom: float


def lips(bones: Anatomy, shape: MouthShape) -> Lips:
    """Outlines for one shape; the opening lies wholly inside the silhouette."""
    half = bones.mouth_half * shape.width
    inner = half - 4.0 + 1.5 * shape.round
    corner = MOUTH_Y + shape.corner + shape.gap * 0.16
    top = MOUTH_Y - shape.lift - shape.gap * 0.13
    bottom = top + shape.gap
    if shape.gap < 1.0:
        bottom = top
    r = shape.round
    hx, hy = lerp(0.66, 0.98, r), lerp(0.50, 0.28, r)
    cx = lerp(0.40, 0.54, r)

    def curve(x: float, end: float, corner_y: float, bow: float = 0.0) -> str:
        """From the left corner to the right one through (0, end); `bow` dips the middle (Cupid's bow inside)."""
        a = corner_y + (end - corner_y) * (1 - hy)
        return (
            f"C{num(-x * hx)} {num(a)} {num(-x * cx)} {num(end)} 0 {num(end + bow)}"
            f"C{num(x * cx)} {num(end)} {num(x * hx)} {num(a)} {num(x)} {num(corner_y)}"
        )

    def back(x: float, end: float, corner_y: float) -> str:
        a = corner_y + (end - corner_y) * (1 - hy)
        return (
            f"C{num(x * hx)} {num(a)} {num(x * cx)} {num(end)} 0 {num(end)}"
            f"C{num(-x * cx)} {num(end)} {num(-x * hx)} {num(a)} {num(-x)} {num(corner_y)}"
        )

    bow = 2.2 * (1 - r) * (1 - shape.press)
    opening = f"M{num(-inner)} {num(corner)}{curve(inner, top, corner, bow)}{back(inner, bottom + bow, corner)}Z"
    up = bones.lip_upper * shape.upper
    low = bones.lip_lower * shape.lower
    lip_top, lip_bottom = top - up, bottom + low
    peak = lerp(13.5, 9.0, r) * (half / 51) ** 0.5
    dip = lip_top + lerp(4.6, 3.0, r)
    side = corner + (lip_top - corner) * lerp(0.52, 0.78, r)
    crown = (
        f"M{num(-half)} {num(corner)}"
        f"C{num(-half * lerp(0.72, 0.99, r))} {num(side)} {num(-peak - half * 0.16)} {num(lip_top - 0.6)} "
        f"{num(-peak)} {num(lip_top)}"
        f"C{num(-peak * 0.55)} {num(lip_top + 0.4)} {num(-peak * 0.4)} {num(dip)} 0 {num(dip)}"
        f"C{num(peak * 0.4)} {num(dip)} {num(peak * 0.55)} {num(lip_top + 0.4)} {num(peak)} {num(lip_top)}"
        f"C{num(peak + half * 0.16)} {num(lip_top - 0.6)} {num(half * lerp(0.72, 0.99, r))} {num(side)} "
        f"{num(half)} {num(corner)}"
    )
    belly = corner + (lip_bottom - corner) * lerp(0.62, 0.76, r)
    floor = (
        f"C{num(half * lerp(0.78, 1.0, r))} {num(belly)} {num(half * 0.46)} {num(lip_bottom)} 0 {num(lip_bottom)}"
        f"C{num(-half * 0.46)} {num(lip_bottom)} {num(-half * lerp(0.78, 1.0, r))} {num(belly)} "
        f"{num(-half)} {num(corner)}Z"
    )
    upper = crown + back(half, top + 0.6, corner) + "Z"
    return Lips(opening, crown + floor, upper, half, inner, top, bottom, corner, lip_top, lip_bottom)


def _inside(ink: Ink, bones: Anatomy, shape: MouthShape, edge: Lips) -> str:
    """What the opening shows, clipped to it: dark, tongue, teeth and the lip's shadow on them."""
    half, top, bottom = edge.inner_half, edge.top, edge.bottom
    depth = bottom - top
    cavity = ink.linear((0, "#2a080d"), (0.55, "#43101a"), (1, "#6b1f29"))
    out = [path(edge.opening, cavity)]
    pink, rose = "#c96770", "#e59a9a"
    if shape.tongue > 0.05:
        height = (6 + depth * 0.36) * shape.tongue
        width = half * lerp(0.62, 0.70, shape.tongue)
        mound = ink.linear((0, rose), (0.4, pink), (1, "#a5434f"))
        out.append(ellipse(0, bottom + 4, width, height + 4, mound))
        if depth > 30:
            out.append(path(taper([(0, bottom - height * 0.7), (0, bottom)], 3.5, peak=0.6), "#9a3d49", 0.5))
    if shape.tip > 0.05:
        tip_y = lerp(bottom - 4, top + shape.teeth + 1, shape.tip)
        width = half * 0.40
        body: list[Point] = [(-width, bottom + 8), (-width * 0.72, tip_y + 8), (0, tip_y), (width * 0.72, tip_y + 8)]
        body.append((width, bottom + 8))
        out.append(path(spline(body, closed=True), ink.linear((0, rose), (0.5, pink), (1, "#a84a55"))))
        out.append(path(taper([(0, tip_y + 5), (0, bottom)], 3.0, peak=0.4), "#a0434f", 0.55))
    if shape.under > 0.3:
        y = bottom - shape.under
        row: list[Point] = [(-half * 0.66, bottom - shape.under * 0.5), (-half * 0.3, y), (half * 0.3, y)]
        row += [(half * 0.66, bottom - shape.under * 0.5), (half * 0.6, bottom + 9), (-half * 0.6, bottom + 9)]
        out.append(path(spline(row, closed=True, tension=0.35), ink.linear((0, "#efe7e0"), (1, "#cdbdb8"))))
    if shape.teeth > 0.3:
        y = top + shape.teeth
        width = half * lerp(0.86, 0.96, min(1.0, shape.tuck))
        arch: list[Point] = [(-width, top - 10), (width, top - 10), (width * 0.99, y - shape.teeth * 0.42)]
        arch += [
            (width * 0.55, y - 0.4),
            (0, y + 1.2),
            (-width * 0.55, y - 0.4),
            (-width * 0.99, y - shape.teeth * 0.42),
        ]
        white = ink.linear((0, "#d9cfcb"), (0.45, "#fdfbf8"), (1, "#f3ece6"))
        out.append(path(spline(arch, closed=True, tension=0.4), "#1c0508", 0.35, ' transform="translate(0 2.4)"'))
        out.append(path(spline(arch, closed=True, tension=0.4), white))
        for i in (-2, -1, 0, 1, 2):
            x = i * width * 0.29
            out.append(path(taper([(x, top), (x, y - 1.0)], 1.3, peak=0.7), "#b9a7a2", 0.34))
    if shape.between > 0.05:
        y = top + shape.teeth * 0.82
        width = half * 0.52 * shape.between
        blade: list[Point] = [(-width, bottom + 2), (-width * 0.9, y + 5), (0, y), (width * 0.9, y + 5)]
        blade += [(width, bottom + 2), (0, bottom + 7)]
        out.append(path(spline(blade, closed=True), ink.linear((0, "#d87a80"), (0.4, rose), (1, pink))))
        out.append(ink.spot(-width * 0.2, y + 7, width * 0.5, 3.2, "#ffffff", 0.5))
    shade = [(-half, edge.corner), (-half * 0.5, top), (0, top + 1), (half * 0.5, top), (half, edge.corner)]
    out.append(path(taper(shade, 9 + depth * 0.06, peak=0.5, head=0.5, tail=0.5), "#1c0508", 0.30))
    for side in (-1, 1):
        out.append(ink.spot(side * half * 0.98, edge.corner + 1, half * 0.36, 5 + depth * 0.45, "#1c0508", 0.62))
    return group("".join(out), clip=ink.clip(edge.opening))


def draw_mouth(ink: Ink, look: Look, bones: Anatomy, shape: MouthShape) -> str:
    """Lips and all they hold; drawn over skin and beard."""
    edge = lips(bones, shape)
    skin, rouge, bearded = look.skin, look.lips, look.beard == "full"
    deep = mix(dark(rouge, 0.30), "#6e1f2a", 0.25)
    shadow = mix(dark(skin, 0.42), "#6b2a22", 0.3)
    out = [
        ink.spot(0, edge.lip_bottom + 6, edge.half * 0.78, 9, shadow, 0.50 + 0.1 * shape.tuck),
        ink.spot(
            0, edge.lip_bottom + 21 + shape.drop * 0.1, edge.half * 0.5, 9, light(skin, 0.5), 0.05 if bearded else 0.26
        ),
    ]
    for side in (-1, 1):
        x = side * edge.half
        dent = [(x - side * 5, edge.corner + 0.5), (x + side * 1, edge.corner - 0.5), (x + side * 6, edge.corner - 4)]
        out.append(ink.spot(x + side * 3, edge.corner + 2, 11, 9, shadow, 0.44))
        out.append(path(taper(dent, 3.0, peak=0.3, head=0.5), shadow, 0.6 + 0.3 * shape.press))
    low = ink.linear((0, deep), (0.42, rouge), (0.8, light(rouge, 0.10)), (1, dark(rouge, 0.12)))
    out.append(path(edge.silhouette, low))
    up = ink.linear((0, light(rouge, 0.06)), (0.5, dark(rouge, 0.10)), (1, deep))
    out.append(path(edge.upper, up))
    gloss = edge.bottom + (edge.lip_bottom - edge.bottom) * 0.46
    clip = ink.clip(edge.silhouette)
    bright = 0.62 - 0.3 * shape.tuck - 0.28 * shape.press - 0.15 * (1 - luma(rouge))
    shine = [
        ink.spot(-edge.half * 0.12, gloss, edge.half * 0.50, 5.2, light(rouge, 0.75), max(0.1, bright)),
        ink.spot(-edge.half * 0.2, edge.lip_top + 4, edge.half * 0.3, 3.2, light(rouge, 0.6), 0.30),
        ink.spot(edge.half * 0.55, gloss + 3, edge.half * 0.5, 9, deep, 0.36),
    ]
    out.append(group("".join(shine), clip=clip))
    if shape.gap >= 1.0:
        out.append(_inside(ink, bones, shape, edge))
        if shape.tuck > 0.2:
            y = edge.bottom
            roll: list[Point] = [(-edge.half * 0.7, y - 2), (0, y + 3), (edge.half * 0.7, y - 2)]
            out.append(path(taper(roll, 4.2), deep, 0.75 * shape.tuck))
    else:
        y = edge.corner
        smile = edge.top + 1.2
        seam: list[Point] = [(-edge.half + 1, y), (-edge.half * 0.5, (y + smile) / 2 + 1.8), (-9, smile - 0.6)]
        seam += [(0, smile + 1.4), (9, smile - 0.6), (edge.half * 0.5, (y + smile) / 2 + 1.8), (edge.half - 1, y)]
        out.append(path(taper(seam, 4.2 - shape.press, peak=0.5, head=0.45, tail=0.45), dark(deep, 0.42), 0.92))
    rim = light(skin, 0.5)
    crest: list[Point] = [(-edge.half * 0.62, edge.corner - 0.62 * (edge.corner - edge.lip_top) - 3)]
    crest += [(-13, edge.lip_top - 2.2), (0, edge.lip_top + 2.5), (13, edge.lip_top - 2.2)]
    if not bearded:
        out.append(path(taper(crest, 2.2), rim, 0.34))
    return "".join(out)
