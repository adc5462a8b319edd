"""Skin of the head: ears, face, nose, folds, beard. Light falls from the upper left."""

from __future__ import annotations

from core.errors import InvalidInput
from core.models import Look
from media.face.anatomy import EYE_Y, MOUTH_Y, Anatomy
from media.face.ink import (
    Ink,
    Point,
    dark,
    ellipse,
    group,
    light,
    luma,
    mirrored,
    mix,
    path,
    soft_stroke,
    spline,
    taper,
)


def blood(skin: str) -> str:
    """The warm shade a skin takes in its own shadow."""
    return mix(dark(skin, 0.40), "#8c2f1c", 0.30)


def draw_ears(ink: Ink, look: Look, bones: Anatomy) -> str:
    """Both ears and earrings; nothing where hair covers them. The face is drawn over their inner edge."""
    if look.hair_style in ("long", "bob"):
        return ""
    k, shade = bones.ear, blood(look.skin)
    x = bones.cheek - 6
    rim: list[Point] = [(x - 8, 322), (x + 12 * k, 310), (x + 29 * k, 322), (x + 31 * k, 352), (x + 23 * k, 384)]
    rim += [(x + 12 * k, 408), (x - 2, 410), (x - 12, 380)]
    fold: list[Point] = [(x + 4, 336), (x + 16 * k, 324), (x + 24 * k, 336), (x + 22 * k, 362), (x + 13 * k, 386)]
    inner: list[Point] = [(x + 4, 350), (x + 14, 346), (x + 16, 364), (x + 8, 382), (x + 2, 378)]
    fill = ink.linear((0, mix(look.skin, "#d0694a", 0.16)), (1, mix(dark(look.skin, 0.14), "#b84a35", 0.16)))
    ear = path(spline(rim, closed=True), fill)
    ear += path(spline(inner, closed=True), shade, 0.42)
    ear += path(taper(fold, 5.0, peak=0.5), shade, 0.46)
    ear += path(taper([(px - 4, py + 4) for px, py in rim[1:5]], 3.0), light(look.skin, 0.45), 0.34)
    if look.earrings:
        gold, ex, ey = look.earrings, x + 10 * k, 407.0
        shine = ink.radial((0, light(gold, 0.75)), (0.45, gold), (1, dark(gold, 0.42)), centre=(0.36, 0.3), radius=0.75)
        ear += ellipse(ex, ey, 4.4, 4.4, shine)
        ear += path(taper([(ex, ey + 3), (ex, ey + 15)], 2.2, peak=0.5, head=0.8, tail=0.8), dark(gold, 0.2))
        ear += ellipse(ex, ey + 23, 8.6, 11, shine)
        ear += ellipse(ex - 2.6, ey + 19, 2.4, 3.0, "#ffffff", 0.75)
    return ear + group(ear, flipped=True)


def draw_face(ink: Ink, look: Look, bones: Anatomy, drop: float, shadow: str = "") -> str:
    """The face without eyes and mouth, its jaw lowered by `drop` units, the hair's `shadow` on it."""
    skin, shade = look.skin, blood(look.skin)
    outline = bones.face(drop)
    chin = bones.chin_y + drop
    deep = luma(skin) < 0.42
    glow = light(skin, 0.34 if deep else 0.42)
    base = ink.linear((0, light(skin, 0.10)), (0.55, skin), (1, mix(skin, shade, 0.20)), start=(0.3, 0), end=(0.62, 1))
    x, y = bones.nose_half, bones.nose_y
    inside = [
        # Light on the planes that face it.
        ink.spot(-48, 232, 118, 66, glow, 0.60),
        ink.spot(-92, 404, 62, 52, glow, 0.46),
        ink.spot(82, 398, 48, 40, glow, 0.22),
        ink.spot(-6, chin - 24, 40, 21, glow, 0.42),
        # The planes that turn away.
        ink.spot(bones.cheek + 6, 384, 70, 220, shade, 0.58),
        ink.spot(-bones.cheek - 16, 400, 56, 200, shade, 0.34),
        ink.spot(bones.jaw * 0.86, 524 + drop * 0.5, 78, 62, shade, 0.42, -38),
        ink.spot(-bones.jaw * 0.94, 528 + drop * 0.5, 64, 50, shade, 0.26, 38),
        ink.spot(6, chin + 16, 120, 30, shade, 0.55),
        ink.spot(bones.temple, 250, 50, 90, shade, 0.30),
        # Blood under the skin.
        ink.spot(-96, 420, 64, 42, "#e2604e", 0.21 if not deep else 0.13),
        ink.spot(96, 420, 60, 42, "#d85443", 0.22 if not deep else 0.13),
        # Sockets.
        ink.spot(-bones.eye_x, EYE_Y - 12, 62, 40, shade, 0.30),
        ink.spot(bones.eye_x, EYE_Y - 12, 62, 40, shade, 0.34),
    ]
    inside.append(_nose(ink, look, bones))
    for side in (-1, 1):
        weight = 0.36 * max(0.0, look.age - 0.12) + (0.06 if side > 0 else 0)
        fold: list[Point] = [
            (side * (x + 9), y - 8),
            (side * (x + 22), y + 16),
            (side * (bones.mouth_half + 17), MOUTH_Y - 6 + drop * 0.1),
            (side * (bones.mouth_half + 18), MOUTH_Y + 20 + drop * 0.4),
        ]
        if weight > 0.02:
            inside.append(soft_stroke(fold, 11, shade, weight, peak=0.35))
        inside.append(ink.spot(side * (bones.mouth_half + 30), MOUTH_Y - 10, 18, 26, glow, 0.08 + 0.16 * look.age))
    if look.age > 0.45:
        for yy, reach in ((226, 52), (246, 60)):
            wrinkle: list[Point] = [(-reach, yy), (-reach * 0.3, yy - 3), (reach * 0.4, yy - 2), (reach, yy + 3)]
            inside.append(soft_stroke(wrinkle, 4, shade, 0.26 * look.age))
    inside.append(ink.spot(1, (y + MOUTH_Y) / 2 + 2, 8, 16, shade, 0.34))
    inside.append(ink.spot(-9, (y + MOUTH_Y) / 2 + 4, 5, 14, glow, 0.30))
    inside.append(_beard(ink, look, bones, drop))
    inside.append(shadow)
    return path(outline, base) + group("".join(inside), clip=ink.clip(outline))


def _nose(ink: Ink, look: Look, bones: Anatomy) -> str:
    shade, glow = blood(look.skin), light(look.skin, 0.55)
    w, y, bridge, tip = bones.nose_half, bones.nose_y, bones.nose_bridge, bones.nose_tip
    side: list[Point] = [
        (bridge - 2, EYE_Y - 22),
        (bridge + 1, EYE_Y + 18),
        (tip + 1, y - 34),
        (w * 0.94, y - 10),
        (w * 0.72, y + 5),
        (tip * 0.4, y - 6),
        (bridge * 0.35, EYE_Y + 20),
    ]
    out = [
        ink.spot(-bridge - 7, EYE_Y - 4, 18, 38, shade, 0.34),
        ink.spot(bridge + 7, EYE_Y - 2, 19, 42, shade, 0.46),
        path(spline(side, closed=True), ink.linear((0, shade, 0.0), (0.45, shade, 0.20), (1, shade, 0.36))),
        ink.spot(w * 0.9, y - 14, 20, 30, shade, 0.30),
        ink.spot(0, y + 14, w * 1.05, 14, shade, 0.50),
        ink.spot(-bridge * 0.32, EYE_Y + 32, bridge * 0.62, 62, glow, 0.55),
        ink.spot(-2, y - 12, tip * 0.95, 15, glow, 0.52),
        ink.spot(-w * 0.72, y - 6, 9, 11, glow, 0.22),
    ]
    for k in (-1, 1):
        wing: list[Point] = [
            (k * w * 0.72, y - 21),
            (k * w * 1.0, y - 10),
            (k * w * 1.02, y + 2),
            (k * w * 0.78, y + 8),
        ]
        out.append(path(taper(wing, 3.8, peak=0.6), shade, 0.55 if k > 0 else 0.42))
        hole: list[Point] = [(k * w * 0.72, y + 4), (k * w * 0.46, y - 1), (k * w * 0.20, y + 6), (k * w * 0.44, y + 9)]
        out.append(path(spline(hole, closed=True), dark(shade, 0.40), 0.66))
        out.append(path(taper([hole[2], (k * w * 0.10, y + 10), (0, y + 11)], 2.8, head=0.6), shade, 0.45))
    return "".join(out)


def _beard(ink: Ink, look: Look, bones: Anatomy, drop: float) -> str:
    """Beard on the skin, under the lips: its edges fade into the cheek, and it follows the jaw."""
    if look.beard is None:
        return ""
    if look.beard not in ("full", "stubble"):
        raise InvalidInput(f"There is no beard called {look.beard!r}. Choose full or stubble.")
    chin, half = bones.chin_y, bones.mouth_half
    colour = dark(look.hair, 0.1)

    def shell(inset: float) -> str:
        outer: list[Point] = [(bones.cheek + 20, 330), (bones.cheek + 20, 470), (bones.jaw + 40, 560), (0, chin + 60)]
        right: list[Point] = [
            (bones.cheek - 3, 336 + inset * 2),
            (bones.cheek - 10 - inset * 0.4, 384),
            (bones.cheek - 15 - inset * 0.7, 424 + inset),
            (bones.jaw - 14, 458 + inset),
            (half + 26, 464 + inset),
            (half + 13 - inset * 0.2, 446 + inset * 0.7),
            (half * 0.5, 439 + inset * 0.8),
            (9, 445 + inset * 0.8),
        ]
        right = [bones.lower(p, drop) for p in right]
        outer = [bones.lower(p, drop) for p in outer]
        inner = [*right, *[(-px, py) for px, py in reversed(right)]]
        return spline([*inner, *[(-px, py) for px, py in outer[:-1]], outer[-1], *reversed(outer[:-1])], closed=True)

    if look.beard == "stubble":
        veil = "".join(path(shell(-14 + i * 4.5), colour, 0.036) for i in range(9))
        for k in (1, -1):
            veil += soft_stroke([(0, 452), (k * half * 0.5, 450), (k * (half + 4), 462)], 18, colour, 0.16)
        return veil + ink.spot(0, MOUTH_Y + 26 + drop * 0.7, 20, 11, colour, 0.22)
    out = []
    for i in range(8):
        out.append(path(shell(-8 + i * 2.6), colour, 0.10 + 0.05 * i))
    # Skin shows around the lips and in the two notches under them.
    gap = light(look.skin, 0.02)
    out.append(ink.spot(0, MOUTH_Y + 2 + drop * 0.5, half * 1.16, 29 + drop * 0.8, gap, 0.62))
    patch: list[Point] = [(-9, MOUTH_Y + 20), (9, MOUTH_Y + 20), (15, chin - 46), (-15, chin - 46)]
    patch = [bones.lower(p, drop) for p in patch]
    out.append(path(spline(patch, closed=True), colour, 0.62))
    lip: list[Point] = [(0, 450), (half * 0.5, 446), (half + 3, 457), (half + 12, 474), (half + 15, 496)]
    for k in (1, -1):
        out.append(path(taper([(k * px, py + drop * 0.12 * (py > 470)) for px, py in lip], 17, peak=0.5, head=0.55,
                              tail=0.5), colour, 0.72))  # fmt: skip
    sheen = light(look.hair, 0.30)
    out.append(ink.spot(-44, chin - 30 + drop, 46, 22, sheen, 0.34))
    out.append(ink.spot(-bones.jaw + 12, 486 + drop * 0.4, 26, 46, sheen, 0.26))
    return "".join(out)


def draw_neck(ink: Ink, look: Look, bones: Anatomy) -> str:
    """Neck and the top of the chest, with the head's soft shadow on them."""
    skin, shade = look.skin, blood(look.skin)
    n = bones.neck
    right: list[Point] = [
        (n - 2, 420), (n - 4, 520), (n - 2, 590), (n + 6, 640), (n + 26, 676), (n + 52, 716), (n + 60, 900), (0, 960),
    ]  # fmt: skip
    shape = spline(mirrored([(0, 410), *right]), closed=True)
    chin = bones.chin_y + bones.lift
    fill = ink.linear((0, mix(skin, shade, 0.5)), (0.45, mix(skin, shade, 0.16)), (0.7, skin), (1, light(skin, 0.06)))
    inside = [
        ink.spot(0, chin - 8, n * 2.2, 92, shade, 0.92),
        ink.spot(10, chin + 6, n * 1.9, 74, dark(shade, 0.3), 0.62),
        ink.spot(n + 8, 600, 40, 130, shade, 0.62),
        ink.spot(-n - 10, 610, 30, 120, shade, 0.36),
        ink.spot(-n * 0.42, 652, n * 0.5, 56, light(skin, 0.4), 0.30),
    ]
    for k in (-1, 1):
        cord: list[Point] = [(k * n * 0.74, 600), (k * n * 0.52, 648), (k * 15, 700)]
        inside.append(soft_stroke(cord, 14, shade, 0.20 if k > 0 else 0.13))
        bone: list[Point] = [(k * 17, 708), (k * 60, 696), (k * 130, 690)]
        inside.append(soft_stroke(bone, 11, shade, 0.22))
        inside.append(soft_stroke([(px, py - 9) for px, py in bone], 9, light(skin, 0.5), 0.26))
    inside.append(ink.spot(0, 710, 20, 18, shade, 0.26))
    return path(shape, fill) + group("".join(inside), clip=ink.clip(shape))
