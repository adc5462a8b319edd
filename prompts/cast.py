"""Load the cast from YAML and markdown, and keep up with edits while the room is open."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import ValidationError

from core.errors import GreenroomError, InvalidInput, NotFound, TooLarge
from core.models import Note, Persona
from prompts.custom import CUSTOM_ID, CUSTOM_SOURCE, persona_from_prompt
from prompts.fields import Document, describe, merge, read_document
from prompts.notes import digest, merge_notes, parse_notes

SHIPPED = Path(__file__).parent / "personas"
DEFAULT_ID = "marcus"
SHIPPED_ORDER = ("marcus", "sarah", "alex", "jaz", "jenniel")
PERSONA_BYTES_MAX = 48_000
NOTES_BYTES_MAX = 400_000
EXTRA_PROMPT_CHARS_MAX = 16_000
PERSONAS_MAX = 64
LOOK_AGAIN_SECONDS = 0.5

_ID = re.compile(r"[a-z][a-z0-9_]{0,39}")
T = TypeVar("T")
Signature = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Limits:
    """How large the parts of a cast may be. Files in bytes, the extra prompt in characters."""

    persona_bytes: int = PERSONA_BYTES_MAX
    notes_bytes: int = NOTES_BYTES_MAX
    extra_prompt_chars: int = EXTRA_PROMPT_CHARS_MAX
    personas: int = PERSONAS_MAX
    look_again_seconds: float = LOOK_AGAIN_SECONDS


@dataclass(frozen=True, slots=True)
class _Read(Generic[T]):
    """What one file held when it had this signature: a value, or the sentence that says what is wrong with it."""

    signature: Signature
    value: T | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class _State:
    """Everything at one moment; replaced whole, so a reader never sees half a reload."""

    personas: dict[str, Persona] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    notes: dict[str, tuple[Note, ...]] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


class Personas:
    """The cast: `<id>.yaml` with `<id>.md` beside it, in `folder` and, over it, in `extra_folder`.

    A file in `extra_folder` with the same name changes only the fields (or note sections) it gives. `extra_prompt`
    is one more persona, `custom`. Files are looked at again at most every `limits.look_again_seconds` of `clock`.
    A broken file keeps what was last good and is named in `problems()`; nothing here raises for one.
    """

    def __init__(
        self,
        folder: Path = SHIPPED,
        extra_prompt: str | None = None,
        *,
        extra_folder: Path | None = None,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folders = (folder,) if extra_folder is None else (folder, extra_folder)
        self._extra_prompt = extra_prompt or ""
        self._limits = limits or Limits()
        self._clock = clock
        self._lock = threading.Lock()
        self._looked: float | None = None
        self._documents: dict[Path, _Read[Document]] = {}
        self._pages: dict[Path, _Read[tuple[Note, ...]]] = {}
        self._missing: tuple[Path, ...] = ()
        self._state = _State()

    def all(self) -> tuple[Persona, ...]:
        """Everyone, the shipped cast first. Empty when there is no usable persona at all."""
        return tuple(self._now().personas.values())

    def get(self, id_or_alias: str) -> Persona:
        """One persona by id or alias, in any case. Raises NotFound with the names there are."""
        state = self._now()
        found = state.names.get(id_or_alias.strip().casefold())
        if found is not None:
            return state.personas[found]
        if not state.personas:
            raise NotFound(f"No persona is set up. Add one to the personas folder or set {CUSTOM_SOURCE}.")
        names = ", ".join(persona.name for persona in state.personas.values())
        raise NotFound(f"There is no persona called “{id_or_alias.strip()[:60]}”. There are: {names}.")

    def default(self, preferred: str = DEFAULT_ID) -> Persona:
        """Who is there when nobody was chosen: `custom` if defined, else `preferred` (id or alias), else the first.

        Raises NotFound when there is nobody at all.
        """
        state = self._now()
        for name in (CUSTOM_ID, preferred.strip().casefold(), *state.personas):
            if (found := state.names.get(name)) is not None:
                return state.personas[found]
        return self.get(preferred)

    def notes(self, id: str) -> tuple[Note, ...]:
        """Knowledge notes of the persona with this id or alias; empty when it has none. Raises NotFound."""
        return self._now().notes.get(self.get(id).id, ())

    def notes_digest(self, id: str) -> str:
        """SHA-256 (hex) over the notes, changed exactly when they change. Raises NotFound."""
        persona = self.get(id)
        return self._now().digests.get(persona.id) or digest(())

    def problems(self) -> dict[str, str]:
        """File (or setting) → a sentence naming the line and field that cannot be used. Empty when all is well."""
        return dict(self._now().problems)

    def _now(self) -> _State:
        with self._lock:
            now = self._clock()
            if self._looked is None or now - self._looked >= self._limits.look_again_seconds:
                first = self._looked is None
                self._looked = now
                if self._look() or first:
                    self._state = self._compose(self._state)
            return self._state

    def _look(self) -> bool:
        """Re-read what changed on disk. True when anything did."""
        found: dict[Path, Signature] = {}
        missing: list[Path] = []
        for folder in self._folders:
            try:
                paths = sorted(folder.iterdir())
            except OSError:
                missing.append(folder)
                found.update((p, read.signature) for p, read in self._documents.items() if p.parent == folder)
                found.update((p, read.signature) for p, read in self._pages.items() if p.parent == folder)
                continue
            for path in paths:
                if path.suffix in (".yaml", ".md") and path.name.casefold() != "readme.md":
                    found[path] = _sign(path)
        changed = tuple(missing) != self._missing
        self._missing = tuple(missing)
        for path in [path for path in (*self._documents, *self._pages) if path not in found]:
            self._documents.pop(path, None)
            self._pages.pop(path, None)
            changed = True
        for path, signature in found.items():
            if path.suffix == ".yaml" and _differs(self._documents.get(path), signature):
                self._documents[path] = _read(
                    path, self._label(path), signature, self._limits.persona_bytes, _parse_document
                )
                changed = True
            elif path.suffix == ".md" and _differs(self._pages.get(path), signature):
                self._pages[path] = _read(path, self._label(path), signature, self._limits.notes_bytes, parse_notes)
                changed = True
        return changed

    def _compose(self, last: _State) -> _State:
        state = _State()
        for folder in self._missing:
            state.problems[str(folder)] = f"The personas folder {folder} cannot be read."
        sources = self._sources(state)
        for id, documents in sources.items():
            if id not in state.personas and len(state.personas) >= self._limits.personas:
                state.problems[f"{id}.yaml"] = f"{id}.yaml: more than {self._limits.personas} personas."
                continue
            broken = any(read.problem for path, read in self._documents.items() if path.stem == id)
            persona = last.personas.get(id) if broken else None
            persona = persona or _validate(documents, state) or last.personas.get(id) or _validate(documents[:1], state)
            if persona is not None:
                state.personas[id] = persona
        self._name(state)
        self._attach_notes(state, last)
        return state

    def _sources(self, state: _State) -> dict[str, list[Document]]:
        """Documents per persona id in the order they merge: extra prompt, shipped, extra folder."""
        sources: dict[str, list[Document]] = {}
        try:
            described = persona_from_prompt(self._extra_prompt, self._limits.extra_prompt_chars)
            if described is not None:
                sources[CUSTOM_ID] = [Document(CUSTOM_SOURCE, described)]
        except GreenroomError as error:
            state.problems[CUSTOM_SOURCE] = error.message
        rank = {id: place for place, id in enumerate(SHIPPED_ORDER)}
        paths = sorted(self._documents, key=lambda p: (rank.get(p.stem, len(rank)), p.stem, self._depth(p)))
        for path in paths:
            read = self._documents[path]
            if read.problem is not None:
                state.problems[self._label(path)] = read.problem
            sources.setdefault(path.stem, [])
            if read.value is not None:
                sources[path.stem].append(read.value)
        if CUSTOM_ID in sources:
            sources[CUSTOM_ID] = sources.pop(CUSTOM_ID)
        return sources

    def _label(self, path: Path) -> str:
        """The file's name, with its folder when that is the extra one."""
        return path.name if path.parent == self._folders[0] else f"{path.parent.name}/{path.name}"

    def _depth(self, path: Path) -> int:
        return self._folders.index(path.parent)

    def _name(self, state: _State) -> None:
        """Fill the look-up of ids and aliases. A name that is taken stays with whoever came first."""
        state.names.update((id, id) for id in state.personas)
        for id, persona in state.personas.items():
            for alias in persona.aliases:
                owner = state.names.setdefault(alias.casefold(), id)
                if owner != id:
                    sentence = f"{id}.yaml, field aliases: “{alias}” already belongs to {owner}."
                    state.problems.setdefault(f"{id}.yaml", sentence)

    def _attach_notes(self, state: _State, last: _State) -> None:
        merged: dict[str, tuple[Note, ...]] = {}
        for path in sorted(self._pages, key=self._depth):
            id, read, label = path.stem, self._pages[path], self._label(path)
            if read.problem is not None:
                state.problems[label] = read.problem
            if id not in state.personas:
                state.problems.setdefault(label, f"{label}: there is no persona {id}.yaml to know this.")
            elif read.problem is not None and id in last.notes:
                merged[id] = last.notes[id]
            else:
                merged[id] = merge_notes(merged.get(id, ()), read.value or ())
        for id, notes in merged.items():
            state.notes[id] = notes
            state.digests[id] = digest(notes)


def _sign(path: Path) -> Signature:
    try:
        stat = path.stat()
    except OSError:
        return (0, 0, 0)
    return (stat.st_mtime_ns, stat.st_size, stat.st_ino)


def _differs(read: _Read[T] | None, signature: Signature) -> bool:
    return read is None or read.signature != signature


def _read(path: Path, label: str, signature: Signature, bytes_max: int, parse: Callable[[str, str], T]) -> _Read[T]:
    try:
        with path.open("rb") as file:
            raw = file.read(bytes_max + 1)
        if len(raw) > bytes_max:
            raise TooLarge(f"{label}: larger than {bytes_max} bytes.")
        return _Read(signature, value=parse(raw.decode("utf-8-sig"), label))
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return _Read(signature, problem=f"{label} line {line}: not UTF-8 text.")
    except OSError as error:
        return _Read(signature, problem=f"{label}: cannot be read ({error.strerror}).")
    except GreenroomError as error:
        return _Read(signature, problem=error.message)


def _parse_document(text: str, file: str) -> Document:
    document = read_document(text, file)
    stem = Path(file).stem
    if not _ID.fullmatch(stem):
        raise InvalidInput(f"{file}: the file name is the id, so use small letters, digits and _ only.")
    if document.values.setdefault("id", stem) != stem:
        raise InvalidInput(f"{file} line {document.line_of(('id',))}, field id: must be {stem}, like the file.")
    return document


def _validate(documents: list[Document], state: _State) -> Persona | None:
    if not documents:
        return None
    values: dict[str, object] = {}
    for document in documents:
        values = merge(values, document.values)
    try:
        return Persona.model_validate(values)
    except ValidationError as error:
        file, sentence = describe(error, tuple(documents))
        state.problems.setdefault(file, sentence)
        return None
