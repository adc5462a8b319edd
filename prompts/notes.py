"""Parse a persona's knowledge notes: markdown sections that are searched, and said aloud.

    ## How do I price a new product?
    Asked as: what should it cost; set a price; pricing

    First paragraph: the spoken answer.

    Further paragraphs: said on "tell me more".

A `# Title` and text above the first section are for the author and are not part of the notes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import sha256

from core.errors import InvalidInput
from core.models import Note

ANSWER_WORDS_AIM = (35, 80)
"""Length a spoken answer should have; the upper end is also the limit, a shorter one is legal."""
MORE_WORDS_MAX = 240
HEADING_CHARS_MAX = 120
ALIASES_MAX = 16
SECTIONS_MAX = 400

UNSPEAKABLE = (
    (re.compile(r"https?://|\bwww\."), "a web address"),
    (re.compile(r"^\s*(?:[-*+•]|\d+[.)])\s", re.M), "a list"),
    (re.compile(r"^\s*\|", re.M), "a table"),
    (re.compile(r"\]\(|<[^>\s]+>"), "a link or tag"),
    (re.compile(r"[*_#`|~^{}\[\]\\<>=]"), "markup"),
    (re.compile(r"[\U0001F000-\U0001FFFF\u2600-\u27BF]"), "an emoji"),
)


def find_unspeakable(text: str) -> str | None:
    """What in `text` cannot be read aloud ("a list", "markup", …), or None."""
    return next((what for pattern, what in UNSPEAKABLE if pattern.search(text)), None)


def parse_notes(text: str, file: str) -> tuple[Note, ...]:
    """All sections in order. Raises InvalidInput naming `file` and the line of the first fault."""
    notes: list[Note] = []
    seen: dict[str, int] = {}
    for number, lines in _sections(text):
        note = _read_section(number, lines, file)
        key = note.heading.casefold()
        if key in seen:
            raise InvalidInput(f"{file} line {number}: “{note.heading}” is already a section on line {seen[key]}.")
        seen[key] = number
        notes.append(note)
        if len(notes) > SECTIONS_MAX:
            raise InvalidInput(f"{file} line {number}: more than {SECTIONS_MAX} sections.")
    if not notes and text.strip():
        raise InvalidInput(f"{file} line 1: no section found; a section starts with “## ” and a heading.")
    return tuple(notes)


def digest(notes: Iterable[Note]) -> str:
    """SHA-256 (hex) over the content of `notes`: equal notes, equal digest."""
    state = sha256()
    for note in notes:
        state.update(note.model_dump_json().encode())
        state.update(b"\n")
    return state.hexdigest()


def merge_notes(base: Iterable[Note], over: Iterable[Note]) -> tuple[Note, ...]:
    """`base` with sections of the same heading replaced by those of `over`, new ones at the end."""
    merged = {note.heading.casefold(): note for note in base}
    merged.update((note.heading.casefold(), note) for note in over)
    return tuple(merged.values())


def _sections(text: str) -> Iterable[tuple[int, list[str]]]:
    """(line number of the heading, its lines including the heading), for every `## ` section."""
    start, held = 0, list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("##") and not line.startswith("###"):
            if held:
                yield start, held
            start, held = number, [line]
        elif held:
            held.append(line)
    if held:
        yield start, held


def _read_section(number: int, lines: list[str], file: str) -> Note:
    heading = lines[0].removeprefix("##").strip()
    if not heading:
        raise InvalidInput(f"{file} line {number}: a section needs a heading after “##”.")
    if len(heading) > HEADING_CHARS_MAX:
        raise InvalidInput(f"{file} line {number}: heading longer than {HEADING_CHARS_MAX} characters.")
    body, first = lines[1:], 1
    aliases: tuple[str, ...] = ()
    if body and body[0].casefold().startswith("asked as:"):
        aliases = tuple(part.strip() for part in body[0].split(":", 1)[1].split(";") if part.strip())
        body, first = body[1:], 2
        if len(aliases) > ALIASES_MAX:
            raise InvalidInput(f"{file} line {number + 1}: more than {ALIASES_MAX} ways to ask.")
    paragraphs = list(_paragraphs(body, number + first))
    if not paragraphs:
        raise InvalidInput(f"{file} line {number}: “{heading}” has no answer.")
    for line, paragraph in paragraphs:
        if (what := find_unspeakable(paragraph)) is not None:
            raise InvalidInput(f"{file} line {line}: “{heading}” holds {what}, which cannot be read aloud.")
    line, answer = paragraphs[0]
    if (words := len(answer.split())) > ANSWER_WORDS_AIM[1]:
        raise InvalidInput(
            f"{file} line {line}: the answer to “{heading}” has {words} words; "
            f"at most {ANSWER_WORDS_AIM[1]} can be said at once, move the rest to a second paragraph."
        )
    more = "\n\n".join(paragraph.replace("\n", " ") for _, paragraph in paragraphs[1:])
    if (words := len(more.split())) > MORE_WORDS_MAX:
        raise InvalidInput(f"{file} line {paragraphs[1][0]}: “{heading}” goes on for {words} words after the answer.")
    return Note(heading=heading, aliases=aliases, answer=answer.replace("\n", " "), more=more)


def _paragraphs(lines: list[str], first: int) -> Iterable[tuple[int, str]]:
    """(line number, text with its line breaks) of every run of lines that are not blank."""
    start, held = 0, list[str]()
    for number, line in enumerate([*lines, ""], first):
        if line.strip():
            start = start if held else number
            held.append(line.strip())
        elif held:
            yield start, "\n".join(held)
            held = []
