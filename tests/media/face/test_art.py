"""The drawing: twelve mouths that read, teeth that stay in, five faces that differ, and refusals in plain words."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from core.errors import InvalidInput
from core.models import Look
from core.speech import MOUTHS, VISEMES
from media.face.art import Drawing
from media.face.atlas import PAIRS, PURE, shipped_looks
from media.face.mouth import SHAPES, mouth_shape
from media.face.raster import rasterise
from media.face.states import EYE_STATES

LOOKS = shipped_looks()
HEIGHT = 1080


def pixels(svg: str) -> npt.NDArray[np.int16]:
    return rasterise(svg).astype(np.int16)


def shape(name: str) -> npt.NDArray[np.int16]:
    at = VISEMES.index(name)
    return pixels(Drawing(LOOKS["jaz"], "16:9", HEIGHT).mouth(mouth_shape(at, at)))


def cavity(image: npt.NDArray[np.int16]) -> int:
    """Pixels as dark red as the inside of a mouth."""
    r, g, b, a = (image[..., i] for i in range(4))
    return int(((a == 255) & (r < 95) & (g < 36) & (b < 45)).sum())


def teeth(image: npt.NDArray[np.int16]) -> npt.NDArray[np.bool_]:
    low, high = image[..., :3].min(axis=2), image[..., :3].max(axis=2)
    found: npt.NDArray[np.bool_] = (image[..., 3] == 255) & (low > 205) & (high - low < 26)
    return found


@pytest.mark.parametrize("name", sorted(LOOKS))
def test_teeth_stay_inside_the_opening(name: str) -> None:
    """Teeth over the lips was the worst fault of the first drawing."""
    drawing = Drawing(LOOKS[name], "16:9", HEIGHT)
    seen = 0
    for index in range(0, MOUTHS, 4):
        row = mouth_shape(*PAIRS[index])
        white = teeth(pixels(drawing.mouth(row)))
        open_area = pixels(drawing.opening(row))[..., 3] > 0
        lips = slice(int(drawing.mouth_box[3] * 0.1), int(drawing.mouth_box[3] * 0.62))
        middle = slice(int(drawing.mouth_box[2] * 0.25), int(drawing.mouth_box[2] * 0.75))
        assert not (white & ~open_area)[lips, middle].any(), PAIRS[index]
        seen += int(white.sum())
    assert seen > 500


def test_p_and_x_are_closed_and_a_is_wide_open() -> None:
    assert cavity(shape("P")) == 0
    assert cavity(shape("X")) == 0
    assert cavity(shape("A")) > 1200
    assert cavity(shape("O")) > 500


def test_shapes_read_as_what_they_are() -> None:
    drawing = Drawing(LOOKS["sarah"], "16:9", HEIGHT)

    def extent(name: str) -> tuple[int, int]:
        at = VISEMES.index(name)
        ys, xs = np.nonzero(pixels(drawing.opening(mouth_shape(at, at)))[..., 3] > 127)
        return int(np.ptp(xs)), int(np.ptp(ys))

    assert extent("E")[0] > 1.8 * extent("O")[0]
    assert extent("A")[1] > 2 * extent("E")[1]
    assert abs(extent("O")[0] / extent("O")[1] - 1) < 0.5
    assert teeth(shape("F")).sum() > 300
    assert teeth(shape("S")).sum() > teeth(shape("O")).sum() + 250
    assert SHAPES["A"].drop > SHAPES["E"].drop > SHAPES["P"].drop == 0


@pytest.mark.parametrize("name", sorted(LOOKS))
def test_every_pure_mouth_differs_from_the_others(name: str) -> None:
    drawing = Drawing(LOOKS[name], "16:9", 540)
    images = [pixels(drawing.mouth(mouth_shape(at, at))) for at in range(len(VISEMES))]
    for a in range(len(images)):
        for b in range(a):
            assert (np.abs(images[a] - images[b]).max(axis=2) > 24).sum() > 60, (VISEMES[a], VISEMES[b])


def test_the_jaw_drops_and_covers_the_closed_one() -> None:
    closed, wide = shape("P")[..., 3], shape("A")[..., 3]
    assert np.nonzero(wide.max(axis=1))[0].max() - np.nonzero(closed.max(axis=1))[0].max() > 20
    assert (wide >= closed - 2).all()


def test_eyes_close_and_look_around() -> None:
    drawing = Drawing(LOOKS["alex"], "16:9", HEIGHT)
    images = [pixels(drawing.eyes(state)) for state in EYE_STATES]
    for a in range(len(images)):
        for b in range(a):
            assert (np.abs(images[a] - images[b]).max(axis=2) > 12).sum() > 30, (EYE_STATES[a], EYE_STATES[b])
    white = [int(teeth(image).sum()) for image in images[:8]]
    assert white[7] == 0
    assert white[0] > 300


def test_faces_differ_in_shape_not_only_in_colour() -> None:
    plain = {"skin": "#d0a080", "hair": "#302018", "lips": "#b05058", "outfit": "#334455", "background": "#cccccc"}
    images = []
    for look in LOOKS.values():
        same = look.model_copy(
            update={**plain, "beard": None, "glasses": None, "hair_style": "short", "earrings": None}
        )
        images.append(pixels(Drawing(same, "16:9", 540).head()))
    for a in range(len(images)):
        for b in range(a):
            assert (np.abs(images[a] - images[b]).max(axis=2) > 40).mean() > 0.02


def test_a_missing_blend_shows_the_stronger_of_its_two() -> None:
    assert len(PAIRS) == len(PURE) == MOUTHS
    assert PURE[:12] == tuple(range(12))
    p, a, x = (VISEMES.index(name) for name in "PAX")
    assert PURE[PAIRS.index((p, a))] == p
    assert PURE[PAIRS.index((x, a))] == a


@pytest.mark.parametrize(
    "change",
    [
        {"face": "cube"},
        {"hair_style": "mullet"},
        {"outfit_style": "armour"},
        {"background_style": "moon"},
        {"beard": "wizard"},
    ],
)
def test_unknown_styles_are_refused_by_name(change: dict[str, str]) -> None:
    value = next(iter(change.values()))
    drawing_of = Look(**change)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match=value):
        drawing = Drawing(drawing_of, "16:9", 240)
        for svg in (drawing.room(), drawing.body(), drawing.head()):
            rasterise(svg)


def test_photos_and_odd_sizes_are_refused() -> None:
    with pytest.raises(InvalidInput):
        Drawing(Look(portrait="abc"), "16:9", 1080)
    with pytest.raises(InvalidInput):
        Drawing(Look(), "16:9", 541)
