"""The atlas: what is saved is what was drawn, the shipped ones are current, two builders do not collide."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import yaml

from core.errors import InvalidInput
from core.models import Aspect, Look, Persona, PersonaPrompt
from core.speech import MOUTHS, VISEMES
from media.face import atlas as faces
from media.face.art import Drawing
from media.face.atlas import HEIGHTS, SHIPPED, Atlas, build, find, for_persona, keep, load, recipe, shipped_folder
from media.face.manifest import Manifest
from media.face.raster import Pixels, over, rasterise
from media.face.states import EYE_STATES

LOOKS = faces.shipped_looks()
HEIGHT = 360


@pytest.fixture(scope="module")
def drawn() -> Atlas:
    return build(LOOKS["alex"], "16:9", HEIGHT).finish()


@pytest.fixture(scope="module")
def saved(drawn: Atlas, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("atlas")
    drawn.save(folder)
    return folder


def persona(look: Look, name: str = "somebody") -> Persona:
    return Persona(id=name, name=name, role="guest", look=look, prompt=PersonaPrompt(identity="A guest."))


def seen(image: Pixels) -> npt.NDArray[np.float32]:
    """RGB where it shows, premultiplied."""
    out: npt.NDArray[np.float32] = image[..., :3].astype(np.float32) * image[..., 3:] / np.float32(255)
    return out


def test_round_trip_keeps_boxes_and_pixels(drawn: Atlas, saved: Path) -> None:
    back = load(saved)
    assert (back.width, back.height, back.recipe) == (640, 360, drawn.recipe)
    assert (back.head_box, back.mouth_box, back.eyes_box) == (drawn.head_box, drawn.mouth_box, drawn.eyes_box)
    assert back.complete
    assert np.array_equal(back.head[..., 3], drawn.head[..., 3]), "alpha must survive exactly"
    for index in (0, 5, 11, 12, 40, 77):
        assert np.array_equal(back.mouth(index)[..., 3], drawn.mouth(index)[..., 3])
        assert np.abs(seen(back.mouth(index)) - seen(drawn.mouth(index))).mean() < 2.5
    for index in (0, 7, 23):
        assert np.abs(seen(back.eye(index)) - seen(drawn.eye(index))).mean() < 2.5
    assert np.abs(back.base.astype(int) - drawn.base.astype(int)).mean() < 2.5


def test_manifest_is_whole_and_even(saved: Path) -> None:
    manifest = Manifest.model_validate_json((saved / "manifest.json").read_bytes())
    assert set(manifest.files) == {file.name for file in saved.iterdir()} - {"manifest.json"}
    assert len(manifest.mouths.cells) == len(manifest.mouths.pure) == MOUTHS
    assert len(set(manifest.mouths.cells)) == MOUTHS
    assert len(manifest.eyes.cells) == len(manifest.eyes.states) == len(EYE_STATES)
    boxes = [manifest.layers.head.box, manifest.mouths.box, manifest.eyes.box, manifest.focus, manifest.focus_wide]
    assert all(value % 2 == 0 for box in boxes for value in box)
    assert abs(manifest.focus[2] / manifest.focus[3] - 0.8) < 0.01
    assert len(manifest.idle.mouth) == len(manifest.idle.eyes) == len(manifest.idle.head) == 500
    mouth, eyes, head = manifest.mouths.box, manifest.eyes.box, manifest.layers.head.box
    assert eyes[1] + eyes[3] <= mouth[1], "mouth and eyes must not overlap"
    for box in (mouth, eyes):
        assert head[0] <= box[0] and box[0] + box[2] <= head[0] + head[2] and box[1] + box[3] <= head[1] + head[3]


def test_sprites_fade_out_before_their_border(drawn: Atlas) -> None:
    for sprite in (*(drawn.mouth(i) for i in range(12)), drawn.eye(7), drawn.eye(16)):
        alpha = sprite[..., 3]
        assert max(alpha[0].max(), alpha[-1].max(), alpha[:, 0].max(), alpha[:, -1].max()) == 0
        assert alpha.max() == 255


def test_resting_sprites_leave_the_head_as_it_is(drawn: Atlas) -> None:
    """A patch that does not fit its head shows as a seam."""
    for sprite, box in ((drawn.mouth(0), drawn.mouth_box), (drawn.eye(0), drawn.eyes_box)):
        x, y = box[0] - drawn.head_box[0], box[1] - drawn.head_box[1]
        below = drawn.head[y : y + box[3], x : x + box[2]]
        inside = below[..., 3] == 255
        mixed = seen(sprite) + below[..., :3] * (1 - sprite[..., 3:].astype(np.float32) / 255)
        assert np.abs(mixed - below[..., :3])[inside].max() <= 2


def test_an_unfinished_atlas_can_be_shown(tmp_path: Path) -> None:
    manifest = build(LOOKS["jaz"], "16:9", HEIGHT).save(tmp_path)
    assert not manifest.complete
    assert len(manifest.mouths.cells) == MOUTHS
    assert len(set(manifest.mouths.cells)) == len(VISEMES)
    assert manifest.mouths.cells[12] == manifest.mouths.cells[manifest.mouths.pure[12]]
    assert load(tmp_path).mouth(77).shape[:2] == (manifest.mouths.box[3], manifest.mouths.box[2])


def test_the_tall_frame_is_filled() -> None:
    tall, wide = Drawing(LOOKS["marcus"], "9:16", 960), Drawing(LOOKS["marcus"], "16:9", 540)
    assert tall.stage.width == 540
    assert tall.stage.scale > 1.4 * wide.stage.scale
    alpha = rasterise(tall.body())[..., 3]
    assert (alpha[-1] > 200).mean() > 0.95


@pytest.mark.parametrize("aspect", HEIGHTS)
@pytest.mark.parametrize("name", sorted(LOOKS))
def test_shipped_atlas_is_current(name: str, aspect: Aspect) -> None:
    """Whoever changes the art or a look runs `python -m media.face.atlas build`; this is what reminds them."""
    folder = shipped_folder(name, aspect)
    manifest = Manifest.model_validate_json((folder / "manifest.json").read_bytes())
    assert manifest.complete
    assert manifest.recipe == recipe(LOOKS[name], aspect, HEIGHTS[aspect])
    files = [folder / file for file in manifest.files]
    assert sum(file.stat().st_size for file in files) <= (600_000 if aspect == "16:9" else 1_200_000)


@pytest.mark.parametrize("name", sorted(LOOKS))
def test_shipped_pixels_are_what_the_art_draws(name: str) -> None:
    """Catches a change of the art without a new ART_VERSION."""
    shipped = load(SHIPPED / name)
    drawing = Drawing(LOOKS[name], "16:9", 1080)
    fresh = over(rasterise(drawing.hair()), rasterise(drawing.head()))
    assert shipped.head_box == drawing.head_box
    assert np.array_equal(shipped.head[..., 3], fresh[..., 3])
    assert np.abs(seen(shipped.head) - seen(fresh)).mean() < 1.5


@pytest.mark.parametrize("name", sorted(LOOKS))
def test_shipped_look_is_the_persona_s(name: str) -> None:
    """Else the persona's face would be drawn anew on every machine while the shipped one lies unused."""
    file = Path(__file__).parents[3] / "prompts" / "personas" / f"{name}.yaml"
    row = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert Look.model_validate(row["look"]) == LOOKS[name]


def test_all_shipped_atlases_stay_small() -> None:
    assert sum(file.stat().st_size for file in SHIPPED.rglob("*") if file.is_file()) <= 7_000_000


def test_recipe_depends_on_everything_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    look = LOOKS["jaz"]
    keys = {
        recipe(look, "16:9", 1080),
        recipe(look, "9:16", 1080),
        recipe(look, "16:9", 720),
        recipe(look.model_copy(update={"lips": "#ff0000"}), "16:9", 1080),
    }
    monkeypatch.setattr(faces, "ART_VERSION", 10_000)
    keys.add(recipe(look, "16:9", 1080))
    assert len(keys) == 5


def test_shipped_then_cached_then_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find(LOOKS["sarah"], "sarah", "16:9", tmp_path) == SHIPPED / "sarah"
    assert find(LOOKS["sarah"].model_copy(update={"hair": "#111111"}), "sarah", "16:9", tmp_path) is None
    own = persona(LOOKS["sarah"].model_copy(update={"hair": "#111111"}))
    first = for_persona(own, "16:9", tmp_path, height=240)
    assert first.complete

    def never(*_: object) -> Atlas:
        raise AssertionError("a cached atlas was drawn again")

    monkeypatch.setattr(faces, "build", never)
    again = for_persona(own, "16:9", tmp_path, height=240)
    assert again.recipe == first.recipe


def test_two_builders_of_one_face_leave_one_whole_folder(drawn: Atlas, tmp_path: Path) -> None:
    found: list[Path] = []
    threads = [threading.Thread(target=lambda: found.append(keep(drawn, tmp_path))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [tmp_path / drawn.recipe] * 2
    assert [file.name for file in tmp_path.iterdir()] == [drawn.recipe]
    assert load(found[0]).complete


def test_a_folder_without_manifest_is_no_atlas(tmp_path: Path, saved: Path) -> None:
    shutil.copy(saved / "head.webp", tmp_path)
    with pytest.raises(InvalidInput):
        load(tmp_path)
