"""How close a face film comes to encoding alone, and how fast whole films are made. CPU time, rounds interleaved."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.row import Row, p50, row
from core.models import Aspect, Look, Persona, PersonaPrompt, Voice
from core.speech import PoseTrack, Spoken
from media import clip
from media.codec import FPS, Canvas, FilmWriter, Rect
from media.face import atlas as faces
from media.face import pose
from media.face.atlas import Atlas
from media.face.paint import Painter
from media.lettering import NameTag
from media.overlay import Overlays
from media.speech import SpeechPool
from media.viseme import visemes

FRAMES = 100
"""Frames held in memory for the bare encoder: 3 MB each."""
ROUNDS = 5
TEXT = (
    "Great question. I would start with the customers you already have, because keeping them is cheaper than finding "
    "new ones.",
    "Look at who bought twice this quarter, and ask each of them one thing: what nearly made you leave?",
)


def rows() -> list[Row]:
    """Encode ratio, painter, whole films in both aspects, atlas loading."""
    look = faces.shipped_looks()["jaz"]
    persona = Persona(id="jaz", name="Jaz", role="Analyst", look=look, prompt=PersonaPrompt(identity="Jaz"))
    said = asyncio.run(_speak())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wide = faces.for_persona(persona, "16:9", folder)
        return [*_against_bare(wide, said, folder), *_films(wide, persona, said, folder), *_loading(persona, folder)]


async def _speak() -> list[tuple[Spoken, PoseTrack]]:
    pool = SpeechPool(1)
    try:
        said = [await pool.speak(text, Voice()) for text in TEXT]
    finally:
        await pool.close()
    return [
        (one, pose.track(visemes(one.phonemes, one.seconds), one.seconds, start_frame=start))
        for one, start in zip(said, clip.arrange(said).starts, strict=True)
    ]


def _cpu(work: Callable[[], object]) -> float:
    """CPU seconds of this process."""
    began = time.process_time()
    work()
    return time.process_time() - began


def _poses(said: list[tuple[Spoken, PoseTrack]]) -> list[tuple[int, int, tuple[int, int]]]:
    timetable = clip.arrange([one for one, _ in said])
    return clip.compose_track(pose.idle(), [track for _, track in said], timetable)


def _against_bare(atlas: Atlas, said: list[tuple[Spoken, PoseTrack]], folder: Path) -> list[Row]:
    """Paint and encode, beside encoding the very same frames that lie in memory already."""
    poses = _poses(said)[:FRAMES]
    painter = Painter(atlas)
    overlays = Overlays(painter.planes)
    kept: list[Canvas] = []
    for shown in poses:
        kept.append(overlays.update([Rect(*box) for box in painter.frame(*shown)]).copy())

    def bare() -> None:
        with FilmWriter(folder / "bare.mp4", atlas.width, atlas.height) as film:
            for canvas in kept:
                film.write(canvas)

    def ours() -> None:
        overlays = Overlays(painter.planes)
        with FilmWriter(folder / "ours.mp4", atlas.width, atlas.height) as film:
            for shown in poses:
                film.write(overlays.update([Rect(*box) for box in painter.frame(*shown)]))

    def paint() -> None:
        for shown in poses:
            painter.frame(*shown)

    alone, full, painted = [], [], []
    for _ in range(ROUNDS):
        alone.append(_cpu(bare))
        full.append(_cpu(ours))
        painted.append(_cpu(paint))
    ms = 1000 / len(poses)
    beside = f"bare x264 {p50(alone) * ms:.2f} ms of CPU per frame, {len(poses)} frames in memory, 1080p"
    return [
        row("film: encode alone ÷ paint and encode", p50(alone) / p50(full), "ratio", ">= 0.9", beside),
        row("film: paint and encode", p50(full) * ms, "ms CPU/frame", "", beside),
        row("film: painter alone", p50(painted) * ms, "ms CPU/frame", "<= 1", "sprites warm"),
    ]


def _films(wide: Atlas, persona: Persona, said: list[tuple[Spoken, PoseTrack]], folder: Path) -> list[Row]:
    """Whole films with captions, tag, sound and poster, on one core."""
    made: list[Row] = []
    shapes: tuple[Aspect, ...] = ("16:9", "9:16")
    for aspect in shapes:
        atlas = wide if aspect == "16:9" else faces.build(persona.look, aspect)
        used = {shown[:2] for shown in _poses(said)}
        for mouth, eyes in used:  # a new face is drawn once; that is not what is measured here
            atlas.mouth(mouth)
            atlas.eye(eyes)
        spent = []
        for _ in range(2):
            spent.append(_cpu(lambda atlas=atlas, aspect=aspect: _render(atlas, aspect, persona, said, folder)))  # type: ignore[misc]
        seconds = clip.arrange([one for one, _ in said]).frames / FPS
        beside = f"{seconds:.1f} s of film in {p50(spent):.1f} s of CPU"
        made.append(row(f"film: speed at 1080p {aspect}", seconds / p50(spent), "x real time", ">= 1", beside))
    return made


def _render(atlas: Atlas, aspect: Aspect, persona: Persona, said: list[tuple[Spoken, PoseTrack]], folder: Path) -> None:
    clip.render_reply(
        folder / "film.mp4",
        painter=Painter(atlas),
        idle=pose.idle(),
        utterances=said,
        aspect=aspect,
        name_tag=NameTag(persona.name, persona.role, persona.look.accent),
        poster_path=folder / "poster.jpg",
    )


def _loading(persona: Persona, folder: Path) -> list[Row]:
    """From files to a face that can be painted, every sprite decoded."""
    spent: list[float] = []
    for _ in range(3):
        spent.append(_cpu(lambda: Painter(faces.for_persona(persona, "16:9", folder).finish())))
    drawn = _cpu(lambda: faces.build(Look(hair="#4a2f21"), "16:9"))
    return [
        row("face: shipped atlas loaded whole", p50(spent), "s CPU", "<= 2"),
        row("face: a new look with its 12 mouths", drawn, "s CPU", "", "drawn from nothing"),
    ]
