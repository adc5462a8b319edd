"""Phonemes → the twelve mouth shapes of `core.speech.VISEMES`."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from core.speech import VISEMES, Phoneme, VisemeSpan

FIRST_SHARE = 0.55
"""Share of a diphthong's time its first half has."""

_SHAPES = {
    "P": "mbpɱɓ",
    "F": "fvʋ",
    "TH": "θð",
    "T": "tdnɾkɡgŋxχhɦqcɟɲʔɣçɖʈɳɢɴħʕɥɰ",
    "S": "sz",
    "SH": "ʃʒʂʐɕʑ",
    "L": "lɫɭʎʟɬɮ",
    "R": "ɹrɻʀʁɚɝɜɽ",
    "E": "eɛiɪɨjyʏøœᵻ",
    "A": "aɑæɐʌəɒɘɶ",
    "O": "oɔuʊwɯɵʉɤβɸʍ",
}
_SHAPE_OF = {symbol: VISEMES.index(name) for name, symbols in _SHAPES.items() for symbol in symbols}
_REST = VISEMES.index("X")
_HUSH = VISEMES.index("SH")
_AFFRICATES = ("tʃ", "dʒ", "tɕ", "dʑ", "ʈʂ", "ɖʐ")


def shapes(symbol: str) -> tuple[int, ...]:
    """Mouth shapes of one IPA symbol: one, or two for a diphthong. An unknown symbol or a pause is rest."""
    letters = [c for c in unicodedata.normalize("NFD", symbol) if not unicodedata.combining(c) and c.isalpha()]
    bare = "".join(c for c in letters if c not in "ʲʰʷː")
    if bare.startswith(_AFFRICATES):
        return (_HUSH,)
    found: list[int] = []
    for character in bare:
        shape = _SHAPE_OF.get(character)
        if shape is not None and (not found or found[-1] != shape):
            found.append(shape)
    if not found:
        return (_REST,)
    return (found[0],) if len(found) == 1 else (found[0], found[-1])


def visemes(phonemes: Iterable[Phoneme], seconds: float) -> tuple[VisemeSpan, ...]:
    """Mouth shapes over the whole utterance, without a gap from 0 to `seconds`; equal neighbours are one span."""
    ordered: Sequence[Phoneme] = sorted(phonemes, key=lambda phoneme: phoneme.start)
    marks: list[tuple[float, int]] = [(0.0, _REST)]
    for i, phoneme in enumerate(ordered):
        start = min(max(phoneme.start, 0.0), seconds)
        end = min(ordered[i + 1].start, seconds) if i + 1 < len(ordered) else seconds
        if end <= start:
            continue
        both = shapes(phoneme.symbol)
        marks.append((start, both[0]))
        if len(both) > 1:
            marks.append((start + (end - start) * FIRST_SHARE, both[1]))
    spans: list[VisemeSpan] = []
    for i, (start, shape) in enumerate(marks):
        end = marks[i + 1][0] if i + 1 < len(marks) else seconds
        if end <= start:
            continue
        if spans and spans[-1].viseme == shape:
            spans[-1] = VisemeSpan(spans[-1].start, end, shape)
        else:
            spans.append(VisemeSpan(start, end, shape))
    return tuple(spans)
