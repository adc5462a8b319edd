"""Spoken words and the face that goes with them: plain values shared by media, providers, agent and wire.

Times are seconds from the start of the utterance. Character offsets are into the text that was *asked for*
(what people read), never into the normalised text the voice was fed.
"""

from __future__ import annotations

from dataclasses import dataclass

VISEMES = ("X", "P", "F", "TH", "T", "S", "SH", "L", "R", "E", "A", "O")
"""The twelve mouth shapes: X rest, P (m b p), F (f v), TH, T (t d n k g), S (s z), SH (sh ch j), L, R (r er),
E (e i), A (a), O (o u w). Mouth index 0..11 is the pure shape; 12..77 are the half-way blends, see `mouth_index`."""

MOUTHS = len(VISEMES) * (len(VISEMES) + 1) // 2
"""78 mouths: 12 pure shapes and the 66 half-way blends of two of them."""


def mouth_index(a: int, b: int) -> int:
    """Index of the mouth half-way between visemes `a` and `b` (0..11 each); `a == b` is the pure shape.

    >>> mouth_index(3, 3), mouth_index(0, 1), mouth_index(1, 0), mouth_index(10, 11)
    (3, 12, 12, 77)
    """
    if a == b:
        return a
    low, high = sorted((a, b))
    count = len(VISEMES)
    return count + low * count - low * (low + 1) // 2 + (high - low - 1)


@dataclass(frozen=True, slots=True)
class Phoneme:
    """One IPA symbol and when it starts, in seconds."""

    start: float
    symbol: str


@dataclass(frozen=True, slots=True)
class Word:
    """One spoken word: when it starts and ends (seconds) and where it stands in the text asked for."""

    start: float
    end: float
    char_from: int
    char_to: int


@dataclass(frozen=True, slots=True)
class VisemeSpan:
    """A mouth shape (index into `VISEMES`) held from `start` to `end` seconds."""

    start: float
    end: float
    viseme: int


@dataclass(frozen=True, slots=True)
class Spoken:
    """One utterance as sound: 16-bit little-endian mono PCM with true phoneme and word times."""

    text: str
    pcm: bytes
    rate: int
    phonemes: tuple[Phoneme, ...]
    words: tuple[Word, ...]
    voice: str
    """Which engine and voice spoke, e.g. "espeak klatt5 (jaz)": shown to people."""

    @property
    def seconds(self) -> float:
        return len(self.pcm) / 2 / self.rate


@dataclass(frozen=True, slots=True)
class PoseTrack:
    """What the face does, frame by frame: the one input of both painters (browser canvas and film).

    `mouth[i]` is 0..77 (`mouth_index`), `eyes[i]` an index into the atlas's eye states, `head[i]` the head's
    offset from rest in atlas pixels (x to the right, y down, both even).
    """

    fps: int
    mouth: tuple[int, ...]
    eyes: tuple[int, ...]
    head: tuple[tuple[int, int], ...]

    def __len__(self) -> int:
        return len(self.mouth)
