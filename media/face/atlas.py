"""Builds, keeps and finds face atlases: the sprites of one look and their boxes. `manifest.py` tells their format."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
from itertools import product
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.models import Aspect, Look, Persona
from core.speech import MOUTHS, VISEMES, mouth_index
from media.face.art import ART_VERSION, Box, Drawing, stage
from media.face.manifest import FORMAT, EyeRow, Eyes, Idle, Layer, Layers, Manifest, Mouths, read_manifest
from media.face.mouth import mouth_shape
from media.face.pose import FPS, idle
from media.face.raster import Pixels, over, rasterise, scaled
from media.face.sheet import bleed, common_mask, decode, encode, masked, pack
from media.face.states import CENTRE, EYE_STATES, LIDS, LOWERED, NARROW, SHUT, eye_index

SHIPPED = Path(__file__).with_name("shipped")
HEIGHTS: dict[Aspect, int] = {"16:9": 1080, "9:16": 1920}
PAIRS: tuple[tuple[int, int], ...] = tuple(
    sorted(((a, b) for a in range(len(VISEMES)) for b in range(a, len(VISEMES))), key=lambda pair: mouth_index(*pair))
)
"""The two visemes behind each mouth index."""
_FORCE = {name: at for at, name in enumerate(("X", "T", "SH", "S", "R", "L", "TH", "E", "O", "A", "F", "P"))}
PURE: tuple[int, ...] = tuple(max(pair, key=lambda v: _FORCE[VISEMES[v]]) for pair in PAIRS)
"""The pure shape to show while a blend is missing: lips that close win, then the wider opening."""


FIRST_EYES = (CENTRE, LOWERED, NARROW, SHUT)
"""Eye states drawn before an atlas is usable: enough to blink."""

EYE_EXTREMES = (eye_index(CENTRE, 2), eye_index(SHUT, 2))
"""With FIRST_EYES these reach everything that eyes and brows ever cover."""


def _plain_eyes(index: int) -> int:
    """The one of FIRST_EYES that stands for eye state `index` until that is drawn."""
    lid = index % len(LIDS)
    return lid if lid in FIRST_EYES else CENTRE


def recipe(look: Look, aspect: Aspect, height: int) -> str:
    """SHA-256 (hex) of everything that decides an atlas's pixels."""
    frozen = {
        "format": FORMAT,
        "art": ART_VERSION,
        "look": look.model_dump(mode="json"),
        "aspect": aspect,
        "height": height,
    }
    return hashlib.sha256(json.dumps(frozen, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


class _Painted:
    """The drawing behind an atlas that is still being made; patches are kept until they become sprites."""

    def __init__(self, drawing: Drawing) -> None:
        self._drawing = drawing
        feather = max(2, round(6 * min(drawing.stage.width, drawing.stage.height) / 1080))
        self._hair = rasterise(drawing.hair())
        self._mouths = {i: self._mouth_patch(i) for i in range(len(VISEMES))}
        self._eyes = {i: self._eyes_patch(i) for i in (*FIRST_EYES, *EYE_EXTREMES)}
        self._mouth_mask = common_mask(
            list(self._mouths.values())[1:], self._mouths[0], self._hanging(drawing.mouth_box), feather
        )
        self._eyes_mask = common_mask(
            list(self._eyes.values())[1:], self._eyes[CENTRE], self._hanging(drawing.eyes_box), feather
        )

    def head(self) -> Pixels:
        return over(self._hair, rasterise(self._drawing.head()))

    def mouth(self, index: int) -> Pixels:
        patch = self._mouths.pop(index, None)
        return masked(self._mouth_patch(index) if patch is None else patch, self._mouth_mask)

    def eyes(self, index: int) -> Pixels:
        patch = self._eyes.pop(index, None)
        return masked(self._eyes_patch(index) if patch is None else patch, self._eyes_mask)

    def _mouth_patch(self, index: int) -> Pixels:
        return rasterise(self._drawing.mouth(mouth_shape(*PAIRS[index])))

    def _eyes_patch(self, index: int) -> Pixels:
        return rasterise(self._drawing.eyes(EYE_STATES[index]))

    def _hanging(self, box: Box) -> npt.NDArray[np.uint8]:
        x, y = box[0] - self._drawing.head_box[0], box[1] - self._drawing.head_box[1]
        return self._hair[y : y + box[3], x : x + box[2], 3]


class Atlas:
    """The sprites of one face. Made by `build` (draws what is asked for, once) or `load` (reads what was saved)."""

    def __init__(
        self,
        *,
        recipe: str,
        aspect: Aspect,
        size: tuple[int, int],
        boxes: dict[Literal["head", "mouth", "eyes", "focus", "thumb"], Box],
        base: Pixels,
        head: Pixels,
        painted: _Painted | None = None,
        folder: Path | None = None,
        manifest: Manifest | None = None,
    ) -> None:
        self.recipe, self.aspect = recipe, aspect
        self.width, self.height = size
        self.head_box, self.mouth_box, self.eyes_box = boxes["head"], boxes["mouth"], boxes["eyes"]
        self.focus, self.thumb = boxes["focus"], boxes["thumb"]
        self.base, self.head = base, head
        self._painted, self._folder, self._manifest = painted, folder, manifest
        self._mouths: dict[int, Pixels] = {}
        self._eyes: dict[int, Pixels] = {}
        self._sheets: dict[str, Pixels] = {}

    @property
    def complete(self) -> bool:
        """Whether every sprite can be had without drawing."""
        if self._manifest is not None:
            return self._manifest.complete
        return len(self._mouths) == MOUTHS and len(self._eyes) == len(EYE_STATES)

    def mouth(self, index: int) -> Pixels:
        """RGBA sprite of mouth 0..77, as large as `mouth_box`; drawn or decoded at first use."""
        if index not in self._mouths:
            self._mouths[index] = self._painted.mouth(index) if self._painted else self._cell("mouths", index)
        return self._mouths[index]

    def eye(self, index: int) -> Pixels:
        """RGBA sprite of eye state 0..23, as large as `eyes_box`; drawn or decoded at first use."""
        if index not in self._eyes:
            self._eyes[index] = self._painted.eyes(index) if self._painted else self._cell("eyes", index)
        return self._eyes[index]

    def finish(self) -> Atlas:
        """Draws every sprite still missing; returns itself."""
        for index in range(MOUTHS):
            self.mouth(index)
        for index in range(len(EYE_STATES)):
            self.eye(index)
        return self

    def _cell(self, kind: Literal["mouths", "eyes"], index: int) -> Pixels:
        assert self._folder is not None and self._manifest is not None
        part = self._manifest.mouths if kind == "mouths" else self._manifest.eyes
        at, x, y = part.cells[index]
        name = part.files[at]
        if name not in self._sheets:
            self._sheets[name] = decode(self._folder / name)
        w, h = part.box[2:]
        return self._sheets[name][y : y + h, x : x + w]

    def portrait(self) -> Pixels:
        """The 192 px square of the face, opaque."""
        x, y, w, h = self.thumb
        whole = over(self.head, self.base, *self.head_box[:2])
        return scaled(whole[y : y + h, x : x + w], 192, 192)

    def save(self, folder: Path, *, effort: int = 4) -> Manifest:
        """Writes manifest and sheets into `folder` (made if missing); an unfinished atlas is saved as such."""
        folder.mkdir(parents=True, exist_ok=True)
        complete = self.complete
        pure = len(VISEMES)
        blobs: dict[str, bytes] = {
            "base.webp": encode(self.base[..., :3], 84, effort),
            "head.webp": encode(bleed(self.head), 88, effort),
            "portrait.webp": encode(self.portrait()[..., :3], 86, effort),
        }
        whole = over(self.head, self.base, *self.head_box[:2])
        blobs["poster.webp"] = encode(scaled(whole, self.width // 2, self.height // 2)[..., :3], 80, effort)
        sheet, cells = pack([self.mouth(i) for i in range(pure)], 4)
        blobs["mouths-0.webp"] = encode(sheet, 82, effort)
        mouth_cells = [(0, x, y) for x, y in cells]
        mouth_files = ["mouths-0.webp"]
        if complete:
            sheet, cells = pack([self.mouth(i) for i in range(pure, MOUTHS)], 8)
            blobs["mouths-1.webp"] = encode(sheet, 72, effort)
            mouth_files.append("mouths-1.webp")
            mouth_cells += [(1, x, y) for x, y in cells]
        else:
            mouth_cells += [mouth_cells[PURE[i]] for i in range(pure, MOUTHS)]
        states = range(len(EYE_STATES)) if complete else FIRST_EYES
        sheet, cells = pack([self.eye(i) for i in states], 4)
        blobs["eyes.webp"] = encode(sheet, 74, effort)
        shown = [i if complete else FIRST_EYES.index(_plain_eyes(i)) for i in range(len(EYE_STATES))]
        eye_cells = [(0, *cells[i]) for i in shown]
        for name, blob in blobs.items():
            (folder / name).write_bytes(blob)
        track = idle(seed=int(self.recipe[:8], 16))
        manifest = Manifest(
            version=FORMAT,
            recipe=self.recipe,
            aspect=self.aspect,
            width=self.width,
            height=self.height,
            fps=FPS,
            complete=complete,
            files=tuple(sorted(blobs)),
            layers=Layers(
                base=Layer(file="base.webp", box=(0, 0, self.width, self.height)),
                head=Layer(file="head.webp", box=self.head_box),
            ),
            mouths=Mouths(box=self.mouth_box, files=tuple(mouth_files), cells=tuple(mouth_cells), pure=PURE),
            eyes=Eyes(
                box=self.eyes_box,
                files=("eyes.webp",),
                cells=tuple(eye_cells),
                states=tuple(EyeRow(closure=s.closure, gaze=s.gaze, brow=s.brow) for s in EYE_STATES),
            ),
            portrait="portrait.webp",
            poster="poster.webp",
            focus=self.focus,
            focus_wide=(0, 0, self.width, self.height),
            idle=Idle(fps=track.fps, mouth=track.mouth, eyes=track.eyes, head=track.head),
        )
        (folder / "manifest.json").write_text(manifest.model_dump_json(), encoding="utf-8")
        return manifest


def build(look: Look, aspect: Aspect = "16:9", height: int | None = None) -> Atlas:
    """Draws base, head, the 12 pure mouths and the eyes of a blink; the rest follows on demand or by `finish`."""
    tall = height or HEIGHTS[aspect]
    drawing = Drawing(look, aspect, tall)
    size = (drawing.stage.width, drawing.stage.height)
    room = scaled(rasterise(drawing.room(4)), *size)
    painted = _Painted(drawing)
    atlas = Atlas(
        recipe=recipe(look, aspect, tall),
        aspect=aspect,
        size=size,
        boxes={
            "head": drawing.head_box,
            "mouth": drawing.mouth_box,
            "eyes": drawing.eyes_box,
            "focus": drawing.stage.focus(),
            "thumb": drawing.stage.thumb(),
        },
        base=over(rasterise(drawing.body()), room),
        head=painted.head(),
        painted=painted,
    )
    for index in range(len(VISEMES)):
        atlas.mouth(index)
    for index in FIRST_EYES:
        atlas.eye(index)
    return atlas


def load(folder: Path) -> Atlas:
    """Reads a saved atlas; sheets of mouths and eyes are decoded at first use. Raises InvalidInput if it is not one."""
    manifest = read_manifest(folder)
    if manifest is None:
        raise InvalidInput(f"There is no face atlas in {folder.name!r}.")
    return Atlas(
        recipe=manifest.recipe,
        aspect=manifest.aspect,
        size=(manifest.width, manifest.height),
        boxes={
            "head": manifest.layers.head.box,
            "mouth": manifest.mouths.box,
            "eyes": manifest.eyes.box,
            "focus": manifest.focus,
            "thumb": stage(manifest.aspect, manifest.height).thumb(),
        },
        base=decode(folder / manifest.layers.base.file),
        head=decode(folder / manifest.layers.head.file),
        folder=folder,
        manifest=manifest,
    )


def shipped_folder(persona_id: str, aspect: Aspect) -> Path:
    """Where the shipped atlas of a persona is, if there is one: `<id>`, and `<id>-tall` for 9:16."""
    return SHIPPED / (persona_id if aspect == "16:9" else f"{persona_id}-tall")


def find(look: Look, persona_id: str, aspect: Aspect, cache_dir: Path, height: int | None = None) -> Path | None:
    """The folder of the finished atlas for this look, shipped or cached; None if it was never built."""
    tall = height or HEIGHTS[aspect]
    wanted = recipe(look, aspect, tall)
    for folder in (shipped_folder(persona_id, aspect), cache_dir / wanted):
        if folder.parent in (SHIPPED, cache_dir):
            manifest = read_manifest(folder)
            if manifest is not None and manifest.recipe == wanted and manifest.complete:
                return folder
    return None


def keep(atlas: Atlas, cache_dir: Path, *, effort: int = 4) -> Path:
    """Finishes and caches an atlas under its recipe. Two processes may do so at once: the first one's folder stays."""
    final = cache_dir / atlas.recipe
    if read_manifest(final) is not None:
        return final
    cache_dir.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=cache_dir))
    try:
        atlas.finish().save(draft, effort=effort)
        os.chmod(draft, 0o755)
        os.rename(draft, final)
    except OSError:
        if read_manifest(final) is None:
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return final


def for_persona(
    persona: Persona, aspect: Aspect, cache_dir: Path, *, height: int | None = None, wait: bool = True
) -> Atlas:
    """The persona's atlas: the shipped one if it still is this look, else the cached one, else built.

    With `wait=False` a look that has to be drawn comes back after its 12 pure mouths, uncached; whoever asked runs
    `keep(atlas, cache_dir)` behind the scenes. With `wait=True` it is finished and cached first.
    """
    folder = find(persona.look, persona.id, aspect, cache_dir, height)
    if folder is None:
        atlas = build(persona.look, aspect, height)
        if not wait:
            return atlas
        folder = keep(atlas, cache_dir)
    return load(folder)


def shipped_looks() -> dict[str, Look]:
    """Looks the shipped atlases were drawn from, by persona id."""
    rows = json.loads((SHIPPED / "looks.json").read_text(encoding="utf-8"))
    return {name: Look.model_validate(row) for name, row in rows.items()}


def main(arguments: list[str]) -> int:
    """`python -m media.face.atlas build [ids…]` redraws shipped atlases; `check` lists those out of date."""
    if not arguments or arguments[0] not in ("build", "check"):
        print("usage: python -m media.face.atlas build|check [persona ids]", file=sys.stderr)
        return 2
    looks = shipped_looks()
    stale = 0
    for name, aspect in product(arguments[1:] or looks, HEIGHTS):
        folder = shipped_folder(name, aspect)
        if arguments[0] == "check":
            manifest = read_manifest(folder)
            fresh = manifest is not None and manifest.recipe == recipe(looks[name], aspect, HEIGHTS[aspect])
            stale += not fresh
            print(f"{folder.name}: {'up to date' if fresh else 'out of date'}")
            continue
        build(looks[name], aspect).finish().save(folder, effort=6)
        size = sum(file.stat().st_size for file in folder.iterdir())
        print(f"{folder.name}: {size / 1000:.0f} kB")
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
