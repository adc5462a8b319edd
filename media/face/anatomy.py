"""The bones of a face: measures in units (1 unit = 1 px at 1080p), x = 0 in the middle, y down from the frame's top."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.errors import InvalidInput
from core.models import Look
from media.face.ink import Point, mirrored, spline

EYE_Y = 336.0
MOUTH_Y = 474.0


@dataclass(frozen=True, slots=True)
class Anatomy:
    """Half-widths and heights that make one skull different from another."""

    temple: float = 152
    cheek: float = 156
    jaw: float = 118
    jaw_y: float = 508
    chin: float = 52
    chin_y: float = 562
    ear: float = 1.0
    neck: float = 64
    lift: float = 24
    """How far the whole body is raised: a shorter neck."""
    shoulder: float = 372
    shoulder_y: float = 792

    eye_x: float = 74
    eye_half: float = 39
    eye_open: float = 21
    eye_tilt: float = 4
    iris: float = 19.5
    hood: float = 0.0
    """0..1: how far the fold hangs over the upper lid."""

    brow_y: float = 286
    brow_width: float = 13
    brow_arch: float = 12
    brow_tilt: float = 2

    nose_half: float = 31
    nose_y: float = 422
    nose_bridge: float = 13
    nose_tip: float = 15

    mouth_half: float = 51
    lip_upper: float = 13
    lip_lower: float = 17

    def outline(self, drop: float = 0.0) -> list[Point]:
        """The face's edge as a closed list of points; the jaw is `drop` units lower than at rest."""
        right: list[Point] = [
            (0, 150),
            (96, 160),
            (self.temple - 6, 224),
            (self.temple + 2, 300),
            (self.cheek, 372),
            (self.cheek - (self.cheek - self.jaw) * 0.34, 446),
            (self.jaw, self.jaw_y),
            (self.chin + (self.jaw - self.chin) * 0.36, self.jaw_y + (self.chin_y - self.jaw_y) * 0.62),
            (self.chin * 0.62, self.chin_y - 5.5),
            (0, self.chin_y),
        ]
        return mirrored([self.lower(point, drop) for point in right])

    def lower(self, point: Point, drop: float) -> Point:
        """Where skin at `point` goes when the jaw drops: nothing above the cheekbone, everything at the chin.

        Only downward, so an opened jaw always covers the closed one: a mouth patch may lie over the resting head.
        """
        x, y = point
        share = max(0.0, min(1.0, (y - 430) / (self.chin_y - 440)))
        ease = share * share * (3 - 2 * share)
        return x, y + drop * ease

    def face(self, drop: float = 0.0) -> str:
        return spline(self.outline(drop), closed=True)


FACES: dict[str, Anatomy] = {
    "oval": Anatomy(),
    "heart": Anatomy(
        temple=154, cheek=154, jaw=104, jaw_y=500, chin=43, chin_y=566, neck=57, lift=42, shoulder=342, shoulder_y=800,
        eye_half=42, eye_open=24, eye_tilt=6, iris=21.5, brow_width=11, brow_arch=12, brow_tilt=3,
        nose_half=25, nose_y=416, nose_bridge=10, nose_tip=13, mouth_half=49, lip_upper=14, lip_lower=21,
    ),
    "square": Anatomy(
        temple=154, cheek=161, jaw=137, jaw_y=512, chin=78, chin_y=574, lift=22, ear=1.06, neck=92, shoulder=432,
            shoulder_y=776,
        eye_half=37, eye_open=18, eye_tilt=3, iris=18.5, hood=0.35, brow_y=288, brow_width=19, brow_arch=8, brow_tilt=1,
        nose_half=41, nose_y=424, nose_bridge=16, nose_tip=20, mouth_half=58, lip_upper=15, lip_lower=20,
    ),
    "long": Anatomy(
        temple=146, cheek=148, jaw=118, jaw_y=514, chin=60, chin_y=582, lift=16, ear=1.08, neck=76, shoulder=396,
            shoulder_y=786,
        eye_x=71, eye_half=37, eye_open=20, eye_tilt=2, iris=18.5, hood=0.15, brow_y=288, brow_width=16, brow_arch=7,
        brow_tilt=2, nose_half=31, nose_y=426, nose_bridge=13, nose_tip=16, mouth_half=52, lip_upper=10, lip_lower=14,
    ),
    "round": Anatomy(
        temple=155, cheek=161, jaw=120, jaw_y=504, chin=55, chin_y=566, neck=64, lift=42, shoulder=374, shoulder_y=800,
        eye_x=76, eye_half=39, eye_open=20, eye_tilt=1, iris=19.5, hood=0.4, brow_y=290, brow_width=13, brow_arch=14,
        brow_tilt=0, nose_half=35, nose_y=424, nose_bridge=14, nose_tip=18, mouth_half=53, lip_upper=13, lip_lower=17,
    ),
    "fine": Anatomy(
        temple=147, cheek=152, jaw=110, jaw_y=508, chin=48, chin_y=572, neck=59, lift=38, shoulder=352, shoulder_y=798,
        eye_x=73, eye_half=39, eye_open=20, eye_tilt=4, iris=19, hood=0.2, brow_y=284, brow_width=11, brow_arch=15,
        brow_tilt=2, nose_half=27, nose_y=424, nose_bridge=11, nose_tip=13, mouth_half=52, lip_upper=11, lip_lower=16,
    ),
}  # fmt: skip


def anatomy(look: Look) -> Anatomy:
    """The measures behind `look.face`. Raises InvalidInput for a face nobody has drawn."""
    base = FACES.get(look.face)
    if base is None:
        raise InvalidInput(f"There is no face shape called {look.face!r}. Choose one of: {', '.join(sorted(FACES))}.")
    return replace(base, eye_open=base.eye_open - 2.0 * look.age)
