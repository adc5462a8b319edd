"""The painter: dirty rectangles give exactly the full picture, colours are right, captions can be taken away."""

from __future__ import annotations

import random

import numpy as np
import pytest

from core.errors import InvalidInput
from core.speech import MOUTHS
from media.face import paint
from media.face.art import Box
from media.face.atlas import SHIPPED, Atlas, build, load, shipped_looks
from media.face.paint import Painter, Planes, to_planes, to_rgb
from media.face.raster import over
from media.face.states import EYE_STATES


@pytest.fixture(scope="module")
def atlas() -> Atlas:
    return build(shipped_looks()["jenniel"], "16:9", 360)


def poses(count: int, seed: int) -> list[tuple[int, int, tuple[int, int]]]:
    rng = random.Random(seed)
    mouth, eyes, head = 0, 0, (0, 0)
    out = []
    for _ in range(count):
        if rng.random() < 0.7:
            mouth = rng.randrange(MOUTHS)
        if rng.random() < 0.3:
            eyes = rng.randrange(len(EYE_STATES))
        if rng.random() < 0.4:
            head = (rng.randrange(-5, 6) * 2, rng.randrange(-2, 4) * 2)
        out.append((mouth, eyes, head))
    return out


def same(a: Planes, b: Planes) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_dirty_rectangles_equal_a_full_repaint(atlas: Atlas) -> None:
    painter = Painter(atlas)
    for pose in poses(60, 1):
        painter.frame(*pose)
        fresh = Painter(atlas)
        fresh.frame(*pose)
        assert same(painter.planes, fresh.planes), pose


def test_nothing_outside_the_returned_rectangles_changes(atlas: Atlas) -> None:
    painter = Painter(atlas)
    for pose in poses(60, 2):
        before = painter.planes[0].copy()
        rects = painter.frame(*pose)
        changed = before != painter.planes[0]
        for x, y, w, h in rects:
            assert x % 2 == y % 2 == w % 2 == h % 2 == 0
            changed[y : y + h, x : x + w] = False
        assert not changed.any()
        assert painter.frame(*pose) == []


def test_a_small_cache_paints_the_same(atlas: Atlas, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paint, "CACHE_BYTES", 1)
    small = Painter(atlas)
    for pose in poses(12, 3):
        small.frame(*pose)
    monkeypatch.undo()
    large = Painter(atlas)
    large.frame(*pose)
    assert same(small.planes, large.planes)


def test_planes_show_the_drawing(atlas: Atlas) -> None:
    painter = Painter(atlas)
    painter.frame(10, 7, (4, -2))
    want = over(atlas.head, atlas.base, atlas.head_box[0] + 4, atlas.head_box[1] - 2)
    want = over(atlas.mouth(10), want, atlas.mouth_box[0] + 4, atlas.mouth_box[1] - 2)
    want = over(atlas.eye(7), want, atlas.eyes_box[0] + 4, atlas.eyes_box[1] - 2)[..., :3]
    error = np.abs(to_rgb(painter.planes).astype(int) - to_rgb(to_planes(want)).astype(int))
    assert error.max() <= 12 and error.mean() < 0.6
    luma = np.abs(painter.planes[0].astype(int) - to_planes(want)[0].astype(int))
    assert luma.max() <= 2


def test_bt709_limited_range() -> None:
    colours = np.array([[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 0, 255]], np.uint8)
    want = [(16, 128, 128), (235, 128, 128), (63, 102, 240), (32, 240, 118)]
    for colour, expected in zip(colours, want, strict=True):
        planes = to_planes(np.broadcast_to(colour, (2, 2, 3)))
        assert tuple(int(plane[0, 0]) for plane in planes) == pytest.approx(expected, abs=1)


def test_what_is_drawn_over_the_face_can_be_taken_away(atlas: Atlas) -> None:
    painter, clean = Painter(atlas), Painter(atlas)
    for pose in ((10, 0, (0, 0)), (4, 7, (6, 2))):
        painter.frame(*pose)
        clean.frame(*pose)
        caption: Box = (201, 61, 260, 251)
        x, y, w, h = caption
        painter.planes[0][y : y + h, x : x + w] = 235
        for plane in painter.planes[1:]:
            plane[y // 2 : (y + h) // 2, x // 2 : (x + w) // 2] = 90
        painter.restore(caption)
        assert same(painter.planes, clean.planes)


def test_foreign_planes_are_written_in_place(atlas: Atlas) -> None:
    wide = np.zeros((atlas.height, atlas.width + 64), np.uint8)
    chroma = [np.zeros((atlas.height // 2, atlas.width // 2 + 32), np.uint8) for _ in range(2)]
    planes = (wide[:, : atlas.width], chroma[0][:, : atlas.width // 2], chroma[1][:, : atlas.width // 2])
    Painter(atlas, planes).frame(3, 0, (0, 0))
    own = Painter(atlas)
    own.frame(3, 0, (0, 0))
    assert same(planes, own.planes)
    assert wide[:, atlas.width :].max() == 0


def test_wrong_planes_and_offsets_are_refused(atlas: Atlas) -> None:
    with pytest.raises(InvalidInput):
        Painter(atlas, to_planes(np.zeros((8, 8, 3), np.uint8)))
    painter = Painter(atlas)
    with pytest.raises(InvalidInput):
        painter.frame(0, 0, (1, 0))
    with pytest.raises(InvalidInput):
        painter.frame(0, 0, (4000, 0))


def test_a_shipped_face_shows_no_seam_around_its_mouth() -> None:
    """WebP is lossy: the patch and the head below it must still agree where the patch fades out."""
    face = load(SHIPPED / "marcus")
    x, y = face.mouth_box[0] - face.head_box[0], face.mouth_box[1] - face.head_box[1]
    below = face.head[y : y + face.mouth_box[3], x : x + face.mouth_box[2]].astype(int)
    sprite = face.mouth(0).astype(int)
    edge = (sprite[..., 3] > 0) & (sprite[..., 3] < 200) & (below[..., 3] == 255)
    assert np.abs(sprite - below)[edge][:, :3].mean() < 4
