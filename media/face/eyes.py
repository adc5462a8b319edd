"""Eyes, lids, lashes, brows and glasses, for any closure, gaze and brow height."""

from __future__ import annotations

from core.models import Look
from media.face.anatomy import EYE_Y, Anatomy
from media.face.ink import (
    Ink,
    Point,
    along,
    dark,
    ellipse,
    flip,
    group,
    light,
    line,
    luma,
    mix,
    num,
    path,
    spline,
    taper,
)
from media.face.states import EyeState


def _lid_points(bones: Anatomy, closure: float, look_down: float) -> tuple[list[Point], list[Point]]:
    """Upper and lower lid edge of the eye on the right, from the inner to the outer corner, around (0, 0)."""
    half, tilt = bones.eye_half, bones.eye_tilt
    rise = bones.eye_open * (1 - closure) * (1 - 0.22 * look_down)
    sag = bones.eye_open * 0.62 * (1 - 0.45 * closure)
    shut = 7.0 * closure
    inner, outer = (-half, 4.0), (half, -tilt)
    upper = [
        inner,
        (-half * 0.62, -rise * 0.70 + shut * 0.8),
        (-half * 0.05, -rise + shut * 1.25),
        (half * 0.52, -rise * 0.80 + shut - tilt * 0.5),
        outer,
    ]
    lower = [inner, (-half * 0.5, sag * 0.72 + 1), (half * 0.08, sag), (half * 0.62, sag * 0.66 - tilt * 0.2), outer]
    return upper, lower


def _eye(ink: Ink, look: Look, bones: Anatomy, state: EyeState, side: int) -> str:
    """One eye, drawn as the one at the viewer's right and mirrored by the caller for side -1."""
    closure, (gaze_x, gaze_y) = state.closure, state.gaze
    upper, lower = _lid_points(bones, closure, max(0.0, gaze_y))
    half, opened = bones.eye_half, bones.eye_open
    skin, shade = look.skin, mix(dark(look.skin, 0.35), "#7a3b2a", 0.25)
    lash = dark(look.brows, 0.62)
    ball = spline([*upper, *reversed(lower[1:-1])], closed=True, tension=0.55)
    open_upper, _ = _lid_points(bones, 0.0, 0.0)
    out = [
        ink.spot(0, -opened * 0.9, half * 1.5, opened * 1.55, shade, 0.30),
        ink.spot(-half * 0.95, -opened * 0.4, half * 0.7, opened * 1.3, shade, 0.26),
        ink.spot(0, opened * 1.15, half * 1.2, opened * 0.7, shade, 0.16 + 0.16 * look.age),
    ]
    # The lid: skin between the fold above the eye and the lash line.
    fold = [(x, y - (9.5 - 5 * bones.hood) * (1 - (abs(x) / half) ** 2 * 0.75)) for x, y in open_upper]
    lid = spline([*fold, *reversed(upper)], closed=True, tension=0.5)
    out.append(path(lid, ink.linear((0, dark(skin, 0.20)), (0.55, light(skin, 0.10)), (1, dark(skin, 0.16)))))
    if closure < 0.96:
        out.append(path(ball, ink.linear((0, "#cfc8c8"), (0.42, "#fbf9f6"), (1, "#efe9e5"))))
        ix = side * gaze_x * half * 0.26 + (-1.5)
        iy = gaze_y * opened * 0.26 + 0.5
        radius = bones.iris
        ring, glowing = dark(look.iris, 0.62), light(mix(look.iris, "#ffcf8a", 0.25), 0.22)
        inside = [
            ellipse(ix, iy, radius, radius, ring),
            ellipse(ix, iy, radius - 1.6, radius - 1.6, ink.radial(
                (0, look.iris), (0.45, mix(look.iris, glowing, 0.25)), (0.72, look.iris), (1, dark(look.iris, 0.5)),
                centre=(0.5, 0.5), radius=0.5,
            )),
            ink.spot(ix, iy + radius * 0.52, radius * 0.78, radius * 0.5, glowing, 0.85),
            ellipse(ix, iy, radius * 0.46, radius * 0.46, "#0c0708"),
            # The brow's and the lid's shadow on the ball.
            path(spline([*[(x, y - 6) for x, y in upper], *reversed([(x, y + 8) for x, y in upper])], closed=True),
                 "#2a1a20", 0.28),
            ink.spot(0, -opened * 0.9, half * 1.1, opened * 0.85, "#2a1a20", 0.42),
            ellipse(side * -6.5 + ix, iy - 7.2, 5.4, 5.8, "#ffffff", 0.96),
            ellipse(side * 7 + ix, iy + 7, 2.7, 2.7, "#ffffff", 0.6),
            ellipse(-half * 0.90, 4.6, 6.2, 4.2, "#d98d85", 0.85),
        ]  # fmt: skip
        out.append(group("".join(inside), clip=ink.clip(ball)))
        rim = mix(look.skin, "#b0584c", 0.38)
        out.append(path(taper(lower, 3.4, peak=0.6, head=0.3, tail=0.3), dark(rim, 0.10), 0.75))
        out.append(path(taper([(x, y + 2.6) for x, y in lower[1:]], 2.0, peak=0.5), light(skin, 0.45), 0.5))
    weight = (7.6 if look.lashes else 5.4) + 1.2 * closure
    wing = (half + (7 if look.lashes else 2), upper[-1][1] - (5.5 if look.lashes else 0.5) + 3 * closure)
    out.append(path(taper([*upper, wing], weight, peak=0.66, head=0.25, tail=0.05), lash))
    if look.lashes:
        out.append(_lashes(upper, lower, lash, closure, half))
    crease = [(x * 0.97 + 1, y - 1) for x, y in fold]
    out.append(path(taper(crease, 3.4 + 1.4 * bones.hood, peak=0.55), dark(shade, 0.15), 0.50 - 0.12 * closure))
    if look.age > 0.3:
        bag = [(-half * 0.7, opened * 0.95), (0, opened * 1.42), (half * 0.75, opened * 1.0)]
        out.append(path(taper(bag, 3.2, peak=0.4), shade, 0.5 * look.age))
        for dy, reach in ((-3, 15), (4, 17), (11, 13)):
            foot = [(half + 9, dy + 1), (half + 9 + reach * 0.6, dy + dy * 0.25), (half + 9 + reach, dy + dy * 0.6)]
            out.append(path(taper(foot, 2.4, peak=0.3), shade, 0.55 * look.age))
    return "".join(out)


def _lashes(upper: list[Point], lower: list[Point], colour: str, closure: float, half: float) -> str:
    """A few grouped lashes at the outer third, pointing up when open and down when shut."""
    out = []
    ends = ((0.55, 3.5, -7.5), (0.70, 6.0, -8.5), (0.85, 9.0, -8.5), (1.0, 12.0, -7.5))
    for at, dx, dy in ends:
        i = at * (len(upper) - 1)
        a, b = upper[int(i)], upper[min(len(upper) - 1, int(i) + 1)]
        x, y = a[0] + (b[0] - a[0]) * (i % 1), a[1] + (b[1] - a[1]) * (i % 1)
        lift = dy * (1 - 1.75 * closure)
        out.append(path(taper([(x - 2, y + 1), (x + dx * 0.55, y + lift * 0.45), (x + dx, y + lift)], 3.2, peak=0.1,
                              head=0.8), colour))  # fmt: skip
    if closure < 0.5:
        x, y = lower[3]
        out.append(path(taper([(x, y), (x + 4, y + 3), (x + 9, y + 4)], 2.2, peak=0.1, head=0.8), colour, 0.6))
    return "".join(out)


def _brow(ink: Ink, look: Look, bones: Anatomy, raised: float) -> str:
    half, arch, width = bones.eye_half + 9, bones.brow_arch + 7 * raised, bones.brow_width
    y = bones.brow_y - 13 * raised
    middle = [
        (-half * 0.94, y + 5 - bones.brow_tilt),
        (-half * 0.36, y - arch * 0.44),
        (half * 0.38, y - arch * 0.86),
        (half * 1.10, y + 10 - bones.brow_tilt),
    ]
    body = taper(middle, width, peak=0.30, head=0.30, tail=0.04)
    colour = look.brows
    fill = ink.linear((0, light(colour, 0.14)), (0.3, colour), (1, dark(colour, 0.2)), end=(1, 0))
    out = [path(taper(middle, width * 1.35, peak=0.3, head=0.34), colour, 0.16), path(body, fill, 0.94)]
    if look.age > 0.5:
        out.append(path(taper([(x, yy - 2) for x, yy in middle], width * 0.3), "#cfc6c0", 0.35 * look.age))
    track = along(middle, 21)
    for i in range(7):
        t = 0.05 + i * 0.1
        x, base = track[round(t * (len(track) - 1))]
        reach = width * 0.40 * (0.75 + 0.5 * (i % 2))
        stroke = [(x - 3, base + reach), (x + 2, base), (x + 9, base - reach * 0.8)]
        out.append(path(taper(stroke, 2.4), dark(colour, 0.35), 0.40 if luma(colour) > 0.1 else 0.25))
    return "".join(out)


def draw_eyes(ink: Ink, look: Look, bones: Anatomy, state: EyeState) -> str:
    """Both eyes and brows, then glasses over them."""
    out = []
    window, ink.window = ink.window, None
    for side in (-1, 1):
        eye = _eye(ink, look, bones, state, side)
        out.append(group(group(eye, shift=(bones.eye_x, EYE_Y)), flipped=side < 0))
        brow = group(_brow(ink, look, bones, state.brow), shift=(bones.eye_x, 0))
        out.append(group(brow, flipped=side < 0))
    glasses = draw_glasses(ink, look, bones)
    ink.window = window
    return "".join(out) + glasses


def draw_glasses(ink: Ink, look: Look, bones: Anatomy) -> str:
    if look.glasses is None:
        return ""
    x, y, frame = bones.eye_x, EYE_Y + 6, look.glasses_colour
    if look.glasses == "round":
        rim = [(-57, 0), (-40, -40), (0, -55), (40, -40), (57, 0), (40, 38), (0, 53), (-40, 38)]
        width, top, drop = 5.6, -10, 0.0
    else:
        rim = [
            (-59, -20),
            (-56, -35),
            (-10, -41),
            (48, -43),
            (66, -36),
            (62, -8),
            (50, 27),
            (18, 41),
            (-22, 39),
            (-50, 20),
        ]
        width, top, drop = 5.2, -24, 5.0
    d = spline(rim, closed=True, tension=0.5)
    gleam = ink.linear((0, "#ffffff", 0.34), (0.45, "#ffffff", 0.06), (1, "#ffffff", 0.0), end=(0.8, 1))
    metal = ink.linear((0, light(frame, 0.16)), (0.3, frame), (1, dark(frame, 0.35)))
    out = []
    for side in (-1, 1):
        lens = path(d, dark(look.skin, 0.5), 0.07) + path(d, gleam, 0.55)
        lens += group(
            path(spline([(-58, 30), (4, -60), (26, -60), (-36, 50)], closed=True, tension=0), "#ffffff", 0.10)
            + path(spline([(-22, 50), (38, -60), (46, -60), (-12, 60)], closed=True, tension=0), "#ffffff", 0.07),
            clip=ink.clip(d),
        )
        shadow = group(line(d, dark(look.skin, 0.6), width, 0.2), shift=(2, 7))
        ring = f'<path d="{d}" fill="none" stroke="{metal}" stroke-width="{num(width)}" stroke-linejoin="round"/>'
        reach = bones.cheek - x + 4
        arm = line(f"M{num(rim[4][0] - 3)} {num(top - drop)} L{num(reach)} {num(top - 2)}", dark(frame, 0.25), width)
        out.append(group(group(shadow + arm + lens + ring, shift=(x, y)), flipped=side < 0))
    inner = x - 56
    bridge: list[Point] = [(-inner - 1, y + top + 8), (-inner * 0.4, y + top - 3), *flip([(-inner * 0.4, y + top - 3)])]
    bridge.append((inner + 1, y + top + 8))
    out.append(line(spline(bridge), frame, width))
    return "".join(out)
