"""A persona's `Voice` → the text of an espeak-ng voice file.

The file starts from the stock one of the language: without its phoneme table and rules words are hard to understand.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import espeakng_loader

from core.errors import InvalidInput
from core.models import Voice

VERSION = 1
"""Raise when the same `Voice` sounds different from before; caches are keyed by it."""


@cache
def _languages() -> dict[str, Path]:
    """Language tag → stock voice file, the best (smallest priority number) first."""
    found: dict[str, tuple[int, Path]] = {}
    for path in sorted((Path(espeakng_loader.get_data_path()) / "lang").rglob("*")):
        if not path.is_file():
            continue
        for line in path.read_text("utf-8", "replace").splitlines():
            words = line.split()
            if len(words) >= 2 and words[0] == "language":
                rank = int(words[2]) if len(words) > 2 and words[2].isdigit() else 5
                tag = words[1].lower()
                if tag not in found or rank < found[tag][0]:
                    found[tag] = (rank, path)
    return {tag: path for tag, (_, path) in found.items()}


def voice_file(voice: Voice) -> str:
    """Text of the voice file.

    Raises:
        InvalidInput: no such language; the message names it.
    """
    tag = voice.language.lower()
    stock = _languages().get(tag) or _languages().get(tag.split("-")[0])
    if stock is None:
        raise InvalidInput(f"The offline voice does not speak {voice.language!r}.")
    low, high = sorted(voice.pitch)
    lines = [
        stock.read_text("utf-8", "replace").rstrip(),
        "klatt 5",
        f"pitch {low} {high}",
        f"gender {voice.gender}",
        f"flutter {voice.flutter}",
        f"roughness {voice.roughness}",
        "consonants 130 130",
    ]
    if voice.formant != 1.0:
        lines += [f"formant {n} {round(voice.formant * 100)} 100 100" for n in range(1, 6)]
    return "\n".join(lines) + "\n"


def voice_key(voice: Voice) -> str:
    """Short name of the voice file: equal for voices that sound the same but for their rate."""
    return hashlib.sha256(f"{VERSION}\n{voice_file(voice)}".encode()).hexdigest()[:16]
