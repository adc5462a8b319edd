"""Faces: shipped ones are found, new ones are drawn once in a process of their own, failures are told."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from core.errors import Unavailable
from core.models import Look, Persona, PersonaPrompt
from jobs import face
from jobs.face import FaceDrawings
from prompts import Limits, Personas

UNSEEN = Persona(
    id="unseen",
    name="Uma",
    role="Guide",
    look=Look(skin="#d1a37f", hair="#102030"),
    prompt=PersonaPrompt(identity="A guide."),
)


async def test_a_shipped_face_needs_no_drawing(tmp_path: Path) -> None:
    cast = Personas(extra_prompt=None, extra_folder=None, limits=Limits(persona_bytes=65536, notes_bytes=524288)).all()
    jaz = next(persona for persona in cast if persona.id == "jaz")
    with capture_logs() as logs:
        folder = await FaceDrawings(tmp_path).folder(jaz, "16:9")
    assert (folder / "manifest.json").is_file() and not logs and not any(tmp_path.iterdir())


async def test_a_new_face_is_drawn_once_however_many_ask(tmp_path: Path) -> None:
    faces = FaceDrawings(tmp_path / "faces")
    with capture_logs() as logs:
        folders = await asyncio.gather(*(faces.folder(UNSEEN, "16:9") for _ in range(5)))
        assert await faces.folder(UNSEEN, "16:9") == folders[0]
    assert len(set(folders)) == 1 and (folders[0] / "manifest.json").is_file()
    assert [entry["event"] for entry in logs] == ["face.drawing"]
    await faces.close()


async def test_a_drawing_that_fails_is_told_to_all_and_tried_again(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    faces = FaceDrawings(blocked / "faces")
    results = await asyncio.gather(*(faces.folder(UNSEEN, "16:9") for _ in range(3)), return_exceptions=True)
    assert all(isinstance(result, Unavailable) and "Uma" in result.message for result in results)
    with capture_logs() as logs, pytest.raises(Unavailable):
        await faces.folder(UNSEEN, "16:9")
    assert [entry["event"] for entry in logs] == ["face.drawing"]


async def test_a_drawing_that_takes_too_long_is_ended_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(face, "LONGEST_SECONDS", 0.05)
    with pytest.raises(Unavailable, match="too long"):
        await FaceDrawings(tmp_path).folder(UNSEEN, "16:9")
    assert not any(tmp_path.iterdir())


async def test_closing_ends_what_is_drawn(tmp_path: Path) -> None:
    faces = FaceDrawings(tmp_path)
    waiting = asyncio.create_task(faces.folder(UNSEEN, "16:9"))
    while not faces.drawing:
        await asyncio.sleep(0)
    await faces.close()
    with pytest.raises((asyncio.CancelledError, Unavailable)):
        await waiting
    assert faces.drawing == 0
