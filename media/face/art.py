"""A persona's `Look` as SVG layers: base (room, hair behind, body) and head with any mouth and eyes.

One drawing serves every painter: `atlas.py` rasterises the layers and patches of them. Raising `ART_VERSION` is the
duty of whoever changes a single pixel here or in a module this one draws with, since cached atlases are found by it.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import InvalidInput
from core.models import Aspect, Look
from media.face.anatomy import Anatomy, anatomy
from media.face.eyes import draw_eyes
from media.face.hair import draw_hair
from media.face.head import draw_ears, draw_face, draw_neck
from media.face.ink import Ink, Point, group, path
from media.face.mouth import MouthShape, draw_mouth, lips, mouth_shape
from media.face.states import EYE_STATES, EyeState
from media.face.studio import draw_room
from media.face.wardrobe import draw_outfit

ART_VERSION = 2

Box = tuple[int, int, int, int]
"""x, y, width, height."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the person stands in a frame: pixels = origin + scale * units, for the frame height `height`."""

    width: int
    height: int
    scale: float
    origin: Point

    def box(self, left: float, top: float, right: float, bottom: float) -> Box:
        """The pixel box of a rectangle in units, grown to even numbers (4:2:0) and kept inside the frame."""

        def even(value: float, up: bool) -> int:
            pixel = int(value // 2) * 2
            return pixel + 2 if up and pixel < value else pixel

        ox, oy = self.origin
        x0, y0 = max(0, even(ox + left * self.scale, False)), max(0, even(oy + top * self.scale, False))
        x1 = min(self.width, even(ox + right * self.scale, True))
        y1 = min(self.height, even(oy + bottom * self.scale, True))
        return x0, y0, x1 - x0, y1 - y0

    def focus(self) -> Box:
        """The 4:5 crop that shows head and shoulders."""
        w = int(min(self.width, 736 * self.scale) // 8) * 8
        h = w * 5 // 4
        y = max(0, min(self.height - h, int(self.origin[1] + 14 * self.scale)))
        return int(self.origin[0] - w / 2) // 2 * 2, y // 2 * 2, w, h

    def thumb(self) -> Box:
        """The square crop around the face."""
        side = int(500 * self.scale // 2) * 2
        return int(self.origin[0] - side / 2) // 2 * 2, int(self.origin[1] + 84 * self.scale) // 2 * 2, side, side


def stage(aspect: Aspect, height: int) -> Stage:
    """Raises InvalidInput unless `height` is a multiple of 4 and at least 240."""
    if height % 4 or height < 240:
        raise InvalidInput("The height of a face must be a multiple of 4 and at least 240 pixels.")
    if aspect == "16:9":
        k = height / 1080
        return Stage(round(height * 16 / 9) // 2 * 2, height, k, (960 * k, 12 * k))
    k = height / 1920
    return Stage(round(height * 9 / 16) // 2 * 2, height, 1.56 * k, (540 * k, 268 * k))


class Drawing:
    """The layers of one look on one stage. Every method returns a complete SVG for a pixel box."""

    def __init__(self, look: Look, aspect: Aspect, height: int) -> None:
        if look.portrait is not None:
            raise InvalidInput("A portrait photo cannot be animated yet; choose a drawn look for this persona.")
        self.look = look
        self.aspect: Aspect = aspect
        self.stage = stage(aspect, height)
        self.bones: Anatomy = anatomy(look)
        side = {"long": 250, "bob": 226}.get(look.hair_style, 206)
        self.head_box = self.stage.box(-side, 8, side, 916 if look.hair_style == "long" else 640)
        reach = self.bones.cheek + 8
        self.mouth_box = self.stage.box(-reach, 432, reach, 622)
        self.eyes_box = self.stage.box(-reach + 6, 230, reach - 6, 406)

    def room(self, divisor: int = 1) -> str:
        """The frame behind the person, `divisor` times smaller: it is out of focus, so it can be scaled up again."""
        ink, s = Ink(), self.stage
        unit = s.height / (1080 if self.aspect == "16:9" else 1920)
        room = draw_room(ink, self.look, (s.width / unit, s.height / unit))
        return _svg(ink, group(room, scale=unit), (0, 0, s.width, s.height), divisor)

    def body(self) -> str:
        """Hair behind the neck, neck, clothes; transparent elsewhere."""
        ink, s = Ink(), self.stage
        hair = draw_hair(ink, self.look, self.bones)
        dressed = draw_neck(ink, self.look, self.bones) + draw_outfit(ink, self.look, self.bones)
        inner = ink.spot(0, 1000, 620, 420, "#0b1020", 0.20) + hair.back + group(dressed, shift=(0, -self.bones.lift))
        return _svg(ink, group(inner, shift=s.origin, scale=s.scale), (0, 0, s.width, s.height))

    def hair(self) -> str:
        """What hangs over the face, cut to `head_box`."""
        ink = Ink()
        return self._place(ink, draw_hair(ink, self.look, self.bones).front, self.head_box)

    def head(self) -> str:
        """The head with the resting mouth and open eyes, without the hair over it, cut to `head_box`."""
        return self._head(mouth_shape(0, 0), EYE_STATES[0], self.head_box)

    def mouth(self, shape: MouthShape) -> str:
        """The lower face with a mouth, without hair, cut to `mouth_box`."""
        return self._head(shape, None, self.mouth_box)

    def eyes(self, state: EyeState) -> str:
        """The upper face with eyes and brows, without hair, cut to `eyes_box`."""
        return self._head(None, state, self.eyes_box)

    def _head(self, shape: MouthShape | None, state: EyeState | None, box: Box) -> str:
        (ox, oy), k = self.stage.origin, self.stage.scale
        x, y, w, h = box
        ink = Ink(((x - ox) / k, (y - oy) / k, (x + w - ox) / k, (y + h - oy) / k))
        look, bones = self.look, self.bones
        shadow = draw_hair(ink, look, bones).shadow if state else ""
        inner = draw_ears(ink, look, bones) + draw_face(ink, look, bones, shape.drop if shape else 0.0, shadow)
        if shape:
            inner += draw_mouth(ink, look, bones, shape)
        if state:
            inner += draw_eyes(ink, look, bones, state)
        return self._place(ink, inner, box)

    def _place(self, ink: Ink, inner: str, box: Box) -> str:
        return _svg(ink, group(inner, shift=self.stage.origin, scale=self.stage.scale), box)

    def opening(self, shape: MouthShape) -> str:
        """White where the mouth is open, transparent elsewhere, cut to `mouth_box`."""
        ink = Ink()
        d = lips(self.bones, shape).opening
        return self._place(ink, path(d, "#ffffff"), self.mouth_box)


def _svg(ink: Ink, inner: str, box: Box, divisor: int = 1) -> str:
    x, y, w, h = box
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{w // divisor}" height="{h // divisor}" '
        f'viewBox="{x} {y} {w} {h}">{ink.defs()}{inner}</svg>'
    )
