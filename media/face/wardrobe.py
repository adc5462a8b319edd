"""What the body wears: a top and, over it, a blazer, a suit with tie, an open jacket or a cardigan."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from core.errors import InvalidInput
from core.models import Look
from media.face.anatomy import Anatomy
from media.face.ink import Ink, Point, dark, ellipse, flip, group, light, line, mix, path, soft_stroke, spline, taper


def _both(draw: Callable[[int], str]) -> str:
    return draw(-1) + draw(1)


def _side(points: Sequence[Point], k: int) -> list[Point]:
    return flip(points) if k < 0 else list(points)


def _shell(ink: Ink, bones: Anatomy, cloth: str, neckline: Sequence[Point]) -> str:
    """Shoulders and sleeves of a jacket; `neckline` runs from the neck down the open edge (right side)."""
    s, y = bones.shoulder, bones.shoulder_y
    n = bones.neck
    right: list[Point] = [
        *reversed(neckline), (n + 66, 676), (s * 0.62, y - 74), (s * 0.86, y - 38), (s + 2, y + 30), (s + 36, y + 130),
        (s + 54, 1000), (s + 62, 1130), (s * 0.4, 1130), (0, 1130),
    ]  # fmt: skip
    out = []
    for k in (-1, 1):
        d = spline(_side(right, k), closed=True, tension=0.42)
        lit = 0.16 if k < 0 else 0.08
        fill = ink.linear((0, light(cloth, lit)), (0.45, cloth), (1, dark(cloth, 0.34)), start=(0.3, 0), end=(0.6, 1))
        fold: list[Point] = [(s - 62, 1110), (s - 72, 1010), (s - 58, y + 130), (s - 40, y + 78)]
        crease: list[Point] = [(s - 58, y + 140), (s - 96, y + 178), (s - 150, y + 196)]
        inside = [
            ink.spot(k * (s * 0.72), y - 20, 150, 62, light(cloth, 0.42), 0.34, k * 22),
            ink.spot(k * (s + 44), 1010, 70, 210, dark(cloth, 0.55), 0.55),
            ink.spot(k * 60, 1010, 120, 260, dark(cloth, 0.5), 0.40),
            soft_stroke(_side(fold, k), 22, dark(cloth, 0.6), 0.55),
            soft_stroke(_side([(px + 13, py) for px, py in fold], k), 12, light(cloth, 0.35), 0.22),
            soft_stroke(_side(crease, k), 16, dark(cloth, 0.6), 0.34),
            soft_stroke(_side([(px, py + 70) for px, py in crease], k), 18, dark(cloth, 0.6), 0.26),
            soft_stroke(_side([(n + 74, 690), (s * 0.6, y - 62), (s * 0.86, y - 26)], k), 9, light(cloth, 0.55), 0.30),
        ]
        out.append(path(d, fill) + group("".join(inside), clip=ink.clip(d)))
    return "".join(out)


def _lapels(ink: Ink, bones: Anatomy, cloth: str, *, low: float, notch: float = 1.0, reach: float = 0.0) -> str:
    """Collar and lapels down to the button at height `low`."""
    n = bones.neck

    def one(k: int) -> str:
        collar: list[Point] = [
            (n + 2, 652),
            (n + 44, 664),
            (n + 74, 712),
            (n + 98 + reach, 762),
            (n + 44, 792),
            (n + 10, 716),
        ]
        lapel: list[Point] = [
            (n + 22, 700), (n + 60, 772), (n + 116 + reach, 784 - 12 * notch), (n + 104 + reach, 842), (n + 44, 960),
            (6, low + 60),
            (2, low), (34, 930), (n - 6, 836),
        ]  # fmt: skip
        d = spline(_side(lapel, k), closed=True, tension=0.26)
        c = spline(_side(collar, k), closed=True, tension=0.3)
        face = light(cloth, 0.13 if k < 0 else 0.06)
        fill = ink.linear((0, light(face, 0.10)), (0.6, face), (1, dark(cloth, 0.22)))
        shadow = path(d, dark(cloth, 0.75), 0.20, f' transform="translate({7 * k} 9)"')
        shadow += path(d, dark(cloth, 0.75), 0.22, f' transform="translate({3 * k} 5)"')
        out = shadow + path(d, fill) + line(d, dark(cloth, 0.5), 1.6, 0.55)
        edge = _side([(n + 112 + reach, 792 - 12 * notch), (n + 98 + reach, 842), (n + 40, 954), (14, low + 34)], k)
        out += path(taper(edge, 2.4, peak=0.3), light(cloth, 0.5), 0.34)
        out += path(c, ink.linear((0, light(cloth, 0.22)), (1, cloth))) + line(c, dark(cloth, 0.5), 1.6, 0.5)
        out += path(taper(_side([(n + 22, 702), (n + 58, 770), (n + 98 + reach, 764)], k), 3.0), dark(cloth, 0.7), 0.6)
        return out

    return _both(one)


def _top(ink: Ink, bones: Anatomy, cloth: str, neckline: Sequence[Point], band: float = 0.0) -> str:
    """A shirt, blouse or tee under the jacket; `neckline` from its highest point at the neck to the middle (right)."""
    n = bones.neck
    right = [*reversed(neckline), (n + 40, 690), (n + 84, 770), (n + 130, 1130)]
    outline = [*right, *flip(reversed(right))]
    d = spline(outline, closed=True, tension=0.4)
    fill = ink.linear((0, dark(cloth, 0.05)), (0.3, cloth), (1, dark(cloth, 0.13)))
    edge = [*flip(neckline), *list(reversed(neckline))[1:]]
    rim = spline(edge, tension=0.5)
    inside = [
        ink.spot(n + 30, 880, 60, 210, dark(cloth, 0.6), 0.32),
        ink.spot(-n - 34, 880, 54, 210, dark(cloth, 0.6), 0.24),
        soft_stroke([(18, 800), (30, 900), (22, 1080)], 20, dark(cloth, 0.6), 0.16),
        soft_stroke([(-30, 830), (-22, 930), (-34, 1080)], 18, dark(cloth, 0.6), 0.12),
    ]
    shadow = line(spline([(x, y + 7) for x, y in edge]), dark(cloth, 0.7), 8, 0.12) if band else ""
    out = path(d, fill) + group("".join(inside) + shadow, clip=ink.clip(d))
    if band:
        out += line(rim, dark(cloth, 0.14), band) + line(rim, light(cloth, 0.2), band * 0.45, 0.5)
    else:
        out += line(rim, light(cloth, 0.6), 3.2, 0.8) + line(
            spline([(x, y + 4) for x, y in edge]), dark(cloth, 0.5), 2.0, 0.25
        )
    return out


def _blazer(ink: Ink, look: Look, bones: Anatomy) -> str:
    n = bones.neck
    neck: list[Point] = [(n + 22, 660), (n - 2, 720), (34, 800), (0, 852)]
    out = _top(ink, bones, look.shirt, neck)
    open_edge: list[Point] = [(n + 30, 664), (n + 8, 740), (n - 16, 850), (30, 950), (0, 1010)]
    out += _shell(ink, bones, look.outfit, open_edge) + _lapels(ink, bones, look.outfit, low=1004)
    out += ellipse(2, 1052, 9, 9, dark(look.outfit, 0.5)) + ellipse(0, 1049, 7, 7, light(look.outfit, 0.22))
    return out


def _necklace(bones: Anatomy, gold: str) -> str:
    n = bones.neck
    chain = spline([(-n - 12, 664), (-n * 0.62, 722), (0, 758), (n * 0.62, 722), (n + 12, 664)])
    out = line(chain, dark(gold, 0.5), 3.4, 0.35) + line(chain, gold, 2.2)
    return (
        out
        + ellipse(0, 767, 8, 9.5, dark(gold, 0.3))
        + ellipse(-1, 766, 6.6, 8, gold)
        + ellipse(-3, 763, 2.2, 2.6, "#ffffff", 0.8)
    )


def _executive(ink: Ink, look: Look, bones: Anatomy) -> str:
    n = bones.neck
    neck: list[Point] = [(n + 36, 668), (n + 18, 730), (n - 10, 792), (0, 826)]
    out = _necklace(bones, look.accent) + _top(ink, bones, look.shirt, neck)
    open_edge: list[Point] = [(n + 44, 668), (n + 26, 760), (n + 2, 870), (34, 968), (0, 1030)]
    return (
        out
        + _shell(ink, bones, look.outfit, open_edge)
        + _lapels(ink, bones, look.outfit, low=1034, notch=-0.9, reach=14)
    )


def _suit(ink: Ink, look: Look, bones: Anatomy) -> str:
    n, tie = bones.neck, look.accent
    neck: list[Point] = [(n + 12, 648), (n - 24, 700), (30, 742), (0, 756)]
    out = _top(ink, bones, look.shirt, neck)
    knot: list[Point] = [(-27, 748), (27, 748), (19, 802), (-19, 802)]
    blade: list[Point] = [(-17, 798), (17, 798), (40, 960), (46, 1130), (-46, 1130), (-40, 960)]
    b = spline(blade, closed=True, tension=0.2)
    silk = ink.linear((0, dark(tie, 0.35)), (0.35, tie), (0.55, light(tie, 0.16)), (1, dark(tie, 0.3)), end=(1, 0.1))
    stripes = "".join(
        path(
            spline([(-70, y + 60), (70, y - 10), (70, y + 4), (-70, y + 74)], closed=True, tension=0),
            light(tie, 0.5),
            0.30,
        )
        for y in range(790, 1130, 46)
    )
    out += path(b, dark(look.shirt, 0.6), 0.28, ' transform="translate(7 6)"')
    out += path(b, silk) + group(stripes + ink.spot(0, 806, 40, 24, dark(tie, 0.7), 0.7), clip=ink.clip(b))
    k = spline(knot, closed=True, tension=0.22)
    out += path(k, ink.linear((0, light(tie, 0.18)), (1, dark(tie, 0.25)), end=(0.7, 1)))
    out += path(taper([(-10, 752), (-2, 776), (-8, 800)], 5), dark(tie, 0.45), 0.5)

    def wing(side: int) -> str:
        flap: list[Point] = [(n + 4, 636), (n + 22, 662), (n + 30, 712), (66, 822), (4, 750), (n - 32, 700)]
        d = spline(_side(flap, side), closed=True, tension=0.16)
        drop = path(d, "#1a1420", 0.16, f' transform="translate({-4 * side} 9)"')
        fill = ink.linear((0, dark(look.shirt, 0.12)), (0.4, look.shirt), (1, light(look.shirt, 0.4)))
        return drop + path(d, fill) + line(d, dark(look.shirt, 0.35), 1.4, 0.5)

    out += _both(wing)
    open_edge: list[Point] = [(n + 26, 650), (n + 30, 740), (n + 4, 870), (40, 980), (0, 1060)]
    out += _shell(ink, bones, look.outfit, open_edge) + _lapels(ink, bones, look.outfit, low=1062, reach=20)
    s = bones.shoulder
    pocket: list[Point] = [(s * 0.40, 944), (s * 0.40 + 86, 934), (s * 0.40 + 88, 948), (s * 0.40 + 2, 958)]
    square: list[Point] = [
        (s * 0.40 + 10, 946),
        (s * 0.40 + 26, 918),
        (s * 0.40 + 44, 934),
        (s * 0.40 + 62, 914),
        (s * 0.40 + 78, 938),
    ]
    out += path(
        spline([*square, (s * 0.40 + 44, 952)], closed=True, tension=0.15), light(mix(tie, "#ffffff", 0.55), 0.1)
    )
    return out + path(spline(pocket, closed=True, tension=0.1), dark(look.outfit, 0.28))


def _jacket(ink: Ink, look: Look, bones: Anatomy) -> str:
    n = bones.neck
    neck: list[Point] = [(n + 16, 650), (n + 4, 684), (n * 0.62, 714), (0, 728)]
    out = _top(ink, bones, look.shirt, neck, band=13)
    open_edge: list[Point] = [(n + 40, 660), (n + 62, 760), (n + 58, 900), (n + 66, 1130)]
    out += _shell_open(ink, look, bones, open_edge)

    def collar(k: int) -> str:
        flap: list[Point] = [(n + 8, 640), (n + 46, 648), (n + 100, 700), (n + 118, 800), (n + 66, 772), (n + 34, 700)]
        d = spline(_side(flap, k), closed=True, tension=0.26)
        cloth = look.outfit
        drop = path(d, dark(cloth, 0.8), 0.26, f' transform="translate({4 * k} 10)"')
        fill = ink.linear((0, light(cloth, 0.26)), (1, cloth))
        seam = spline(_side([(n + 46, 658), (n + 92, 706), (n + 107, 784), (n + 70, 764)], k), tension=0.3)
        thread = f'stroke="{light(look.accent, 0.2)}" stroke-width="1.8" stroke-dasharray="6 4" stroke-opacity="0.7"'
        stitch = f'<path d="{seam}" fill="none" {thread}/>'
        return drop + path(d, fill) + line(d, dark(cloth, 0.45), 1.6, 0.5) + stitch

    return out + _both(collar)


def _shell_open(ink: Ink, look: Look, bones: Anatomy, edge: Sequence[Point]) -> str:
    """A jacket worn open: two separate fronts that leave the top showing."""
    cloth, s, y, n = look.outfit, bones.shoulder, bones.shoulder_y, bones.neck

    def front(k: int) -> str:
        right: list[Point] = [
            *reversed(edge), (n + 66, 664), (s * 0.64, y - 76), (s * 0.88, y - 38), (s + 4, y + 30), (s + 38, y + 130),
            (s + 56, 1000), (s + 62, 1130),
        ]  # fmt: skip
        d = spline(_side(right, k), closed=True, tension=0.4)
        fill = ink.linear((0, light(cloth, 0.2)), (0.5, cloth), (1, dark(cloth, 0.3)), start=(0.3, 0), end=(0.6, 1))
        x0 = edge[2][0]
        inside = [
            ink.spot(k * s * 0.74, y - 16, 150, 60, light(cloth, 0.5), 0.36, k * 22),
            ink.spot(k * (s + 44), 1010, 64, 210, dark(cloth, 0.6), 0.6),
            soft_stroke(
                _side([(s - 60, 1110), (s - 70, 1000), (s - 52, y + 130), (s - 36, y + 80)], k),
                22,
                dark(cloth, 0.6),
                0.55,
            ),
            soft_stroke(
                _side([(s - 58, y + 140), (s - 110, y + 170), (s - 160, y + 176)], k), 16, dark(cloth, 0.6), 0.32
            ),
            line(
                spline(_side([(x0 + 22, 800), (x0 + 20, 900), (x0 + 26, 1130)], k)), light(look.accent, 0.2), 1.8, 0.5
            ),
            soft_stroke(_side([(x0 + 60, 1120), (x0 + 90, 1000), (x0 + 96, 900)], k), 24, dark(cloth, 0.6), 0.26),
        ]
        shadow = path(d, "#10141c", 0.20, f' transform="translate({-12 * k} 6)"') + path(
            d, "#10141c", 0.22, f' transform="translate({-5 * k} 3)"'
        )
        rim = path(
            taper(_side([(px + 2, py) for px, py in edge], k), 5, peak=0.5, head=0.8, tail=0.8), light(cloth, 0.4), 0.45
        )
        return shadow + path(d, fill) + group("".join(inside), clip=ink.clip(d)) + rim

    return _both(front)


def _cardigan(ink: Ink, look: Look, bones: Anatomy) -> str:
    n = bones.neck
    neck: list[Point] = [(n + 18, 652), (n + 6, 688), (n * 0.66, 720), (0, 736)]
    out = _top(ink, bones, look.shirt, neck, band=11)
    beads = [(-n - 8, 690), (-n * 0.66, 748), (0, 782), (n * 0.66, 748), (n + 8, 690)]
    chain = spline(beads)
    out += line(chain, dark(look.shirt, 0.6), 5, 0.2) + line(chain, look.accent, 2.6)
    out += ellipse(1, 796, 13, 15, dark(look.shirt, 0.6), 0.25) + ellipse(0, 793, 12, 14, dark(look.accent, 0.2))
    out += ellipse(-1, 791, 9, 11, look.accent) + ellipse(-4, 787, 3, 3.6, "#ffffff", 0.7)
    open_edge: list[Point] = [(n + 34, 658), (n + 44, 760), (n + 26, 880), (60, 990), (34, 1130)]
    out += _shell_open(ink, look, bones, open_edge)
    return out + _lapels(ink, bones, look.outfit, low=1090, notch=0.4, reach=6)


OUTFITS: dict[str, Callable[[Ink, Look, Anatomy], str]] = {
    "blazer": _blazer, "executive": _executive, "suit": _suit, "jacket": _jacket, "cardigan": _cardigan,
}  # fmt: skip


def draw_outfit(ink: Ink, look: Look, bones: Anatomy) -> str:
    """Raises InvalidInput for an outfit nobody has drawn."""
    outfit = OUTFITS.get(look.outfit_style)
    if outfit is None:
        raise InvalidInput(
            f"There is no outfit called {look.outfit_style!r}. Choose one of: {', '.join(sorted(OUTFITS))}."
        )
    return outfit(ink, look, bones)
