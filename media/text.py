"""Markdown as a model streams it → sentences a voice can speak, each with its place in the message.

Nothing here knows about voices: `media/spoken.py` turns a sentence into words, `media/speech.py` into sound.
Offsets are characters of the markdown (Python `str` indices).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import sentencex

from media.markdown import Block, Lines, Plain, finish, plain, render

__all__ = ["MAX_CHARS", "Plain", "Segment", "StreamSegmenter", "plain"]

MAX_CHARS = 320
"""Longest segment, characters of plain text."""
FIRST_WORDS = 5
"""Words the first segment needs before a comma, semicolon or colon may end it."""
FIRST_WORDS_CONJUNCTION = 9
"""Words the first segment needs before a conjunction may end it."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One piece to speak: plain display text and its span in the whole message's markdown.

    `source[i]` is the markdown offset of `text[i]`, so a spoken word can be found again in the message.
    """

    text: str
    char_from: int
    char_to: int
    source: tuple[int, ...]

    def span(self, char_from: int, char_to: int) -> tuple[int, int]:
        """The markdown span behind `text[char_from:char_to]`, e.g. of one spoken word."""
        return Plain(self.text, self.source).span(char_from, char_to)


# --- sentences -------------------------------------------------------------------------------------------------------

_ABBREVIATION = re.compile(
    r"\b(?:approx|vol|pp?|figs?|nos?|est|dept|ext|max|min|avg|ca|cf|ch|sec|eq|resp|incl|excl|Jan|Feb|Mar|Apr|Jun|Jul"
    r"|Aug|Sept?|Oct|Nov|Dec)(\.)(?=\s+[\d(~$€£#])"
    r"|\b[ap]\.m(\.)(?=\s+(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|Eastern|Pacific|Central|(?-i:[ECMP][SD]?T\b|[a-z])))"
    r"|(?<=\w)(\.)(?=\w\w)",
    re.IGNORECASE,
)
_END = re.compile(r"[.!?…。\uff01\uff1f]")
_FULL_WIDTH = "。\uff01\uff1f"
_TRIGGER = re.compile(r"\s|[.!?…。\uff01\uff1f]")
_STRIDE = 64
"""Text without any white space is looked at every so many characters of the message."""
_NOT_AN_END = "x"
"""Stands for a full stop that ends no sentence while sentencex looks."""
_PAIRS = {"(": ")", "[": "]", "{": "}", "“": "”", "«": "»", "「": "」", "『": "』", "\uff08": "\uff09"}
_CLAUSE = re.compile(
    r"[,;:—](?=[\"'”\u2019)\]]*\s+\S)|\s(?=(?:and|but|or|because|so that|which|when|while|if|as) \S+ )"
)


def _hide_abbreviations(text: str) -> str:
    """Same length, with the full stops that end no sentence replaced."""

    def mask(match: re.Match[str]) -> str:
        dot = match.start(match.lastindex or 0) - match.start()
        return match[0][:dot] + _NOT_AN_END + match[0][dot + 1 :]

    return _ABBREVIATION.sub(mask, text)


def _balanced(text: str) -> bool:
    """True when every bracket, straight double quote and backtick that opens in `text` is closed again."""
    stack: list[str] = []
    quoted = False
    for i, character in enumerate(text):
        if character == '"':
            inches = not quoted and i > 0 and text[i - 1].isdigit()
            quoted = quoted if inches else not quoted
        elif character in _PAIRS:
            stack.append(_PAIRS[character])
        elif stack and character == stack[-1]:
            stack.pop()
    return not stack and not quoted and text.count("`") % 2 == 0


def _cut(text: str) -> int:
    """Where to cut text that is over `MAX_CHARS`: after a clause, else a word, else between two characters."""
    for pattern in (r"[,;:—\u2013](?=\s)", r"\s"):
        ends = [m.end() for m in re.finditer(pattern, text[:MAX_CHARS])]
        if ends and ends[-1] > 40:
            return ends[-1]
    end = MAX_CHARS
    while end > 1 and (
        unicodedata.combining(text[end])
        or unicodedata.category(text[end]) in ("Mn", "Me", "Mc", "Cf", "Sk", "Cs")
        or text[end - 1] == "\u200d"
    ):
        end -= 1
    return end if end > 1 else MAX_CHARS


def _sentences(text: str, language: str) -> list[int]:
    """End offsets (exclusive, with the space that follows) of the sentences of `text`, brackets kept together."""
    ends: list[int] = []
    start = 0
    boundaries = sentencex.get_sentence_boundaries(language, _hide_abbreviations(text))
    for boundary in boundaries:
        end = int(boundary["end_index"])
        if end >= len(text):
            break
        if _balanced(text[start:end]) or end - start >= MAX_CHARS:
            ends.append(end)
            start = end
    return [*ends, len(text)]


class StreamSegmenter:
    """Deltas of markdown in, finished sentences out; the result depends on the text alone, not on its chunks.

    The first segment may end at a clause, so that a voice starts early. A segment is at most `MAX_CHARS` long, never
    splits brackets, quotes or a character from its accents, and no character is in two segments.
    """

    def __init__(self, language: str = "en") -> None:
        self._language = language
        self._restart()

    def _restart(self) -> None:
        self._raw = ""
        self._lines = Lines()
        self._line_from = 0
        self._line_known = False
        self._unsaid = 0
        """Offset of the first character no segment has yet."""
        self._first = True
        self._ready = False
        """A sentence may have ended in the open block."""

    def push(self, delta: str) -> list[Segment]:
        """Add a delta of any size; return the segments that are certain now."""
        out: list[Segment] = []
        at = 0
        while at < len(delta):
            room = at + _STRIDE - len(self._raw) % _STRIDE
            match = _TRIGGER.search(delta, at, room)
            end = match.end() if match else min(room, len(delta))
            self._raw += delta[at:end]
            at = end
            if match is None:
                if len(self._raw) % _STRIDE == 0 and len(self._raw) - self._unsaid > MAX_CHARS:
                    self._check(out)
            elif match[0] == "\n":
                self._end_line(out)
            elif match[0].isspace():
                self._end_word(out)
            else:
                self._ready = True
                if match[0] in _FULL_WIDTH:
                    self._check(out)
        return out

    def flush(self) -> list[Segment]:
        """The message is complete: return what is left, and start over with the next message."""
        out: list[Segment] = []
        if self._line_from < len(self._raw):
            self._end_line(out)
        for block in self._lines.close():
            self._speak_block(block, out)
        self._restart()
        return out

    def _end_line(self, out: list[Segment]) -> None:
        line = self._raw[self._line_from :].rstrip("\r\n")
        for block in self._lines.read(line, self._line_from):
            self._speak_block(block, out)
        self._line_from = len(self._raw)
        self._line_known = False
        if self._lines.block.ranges:
            self._check(out)

    def _end_word(self, out: list[Segment]) -> None:
        line = self._raw[self._line_from :]
        if not self._line_known and self._lines.begun(line):
            self._line_known = True
            if not self._lines.fence and (self._lines.opens(line)[0] or self._lines.silent(line)):
                for block in self._lines.close():
                    self._speak_block(block, out)
        if self._ready or self._first or len(self._raw) - self._unsaid > MAX_CHARS:
            self._check(out)

    def _clip(self, ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
        return [(max(a, self._unsaid), b) for a, b in ranges if b > self._unsaid]

    def _check(self, out: list[Segment]) -> None:
        """Emit what is certain in the block still being written, the incomplete line included."""
        ranges = list(self._lines.block.ranges)
        line = self._raw[self._line_from :]
        if self._lines.begun(line) and not self._lines.silent(line):
            ranges.append((self._line_from + self._lines.opens(line)[1], len(self._raw)))
        text, source = render(self._raw, self._clip(ranges))
        start = 0
        if self._ready and text:
            for end in _sentences(text, self._language):
                known = re.match(r"\s*\S+\s", text[end:]) or text[start:end].rstrip()[-1:] in _FULL_WIDTH
                if not known or not _balanced(text[start:end]):
                    break
                self._emit(text, source, start, end, out)
                start = end
            self._ready = bool(_END.search(text[start:]))
        if self._first and (end := _clause(text[start:])):
            self._emit(text, source, start, start + end, out)
            start += end
        while len(text) - start > MAX_CHARS:
            end = start + _cut(text[start:])
            self._emit(text, source, start, end, out)
            start = end

    def _speak_block(self, block: Block, out: list[Segment]) -> None:
        """Emit all that is left of a finished block."""
        text, source = finish(*render(self._raw, self._clip(block.ranges)), block.item)
        start = 0
        for end in _sentences(text, self._language) if text else ():
            self._emit(text, source, start, end, out)
            start = end
        self._unsaid = max(self._unsaid, block.ranges[-1][1])
        self._ready = False

    def _emit(self, text: str, source: list[int], start: int, end: int, out: list[Segment]) -> None:
        """Add `text[start:end]` as segments; a piece without a letter or digit is not worth a breath."""
        while end - start > MAX_CHARS:
            middle = start + _cut(text[start:end])
            self._emit(text, source, start, middle, out)
            start = middle
        self._unsaid = source[end] if end < len(source) else source[end - 1] + 1
        piece = text[start:end]
        a = start + len(piece) - len(piece.lstrip())
        b = start + len(piece.rstrip())
        if any(character.isalnum() for character in text[a:b]):
            out.append(Segment(text[a:b], source[a], source[b - 1] + 1, tuple(source[a:b])))
            self._first = False


def _clause(text: str) -> int:
    """End of the first clause long enough to start speaking with, or 0."""
    for match in _CLAUSE.finditer(text):
        head = text[: match.end()]
        enough = FIRST_WORDS if match[0].strip() else FIRST_WORDS_CONJUNCTION
        if len(head.split()) >= enough and _balanced(head):
            return match.end()
    return 0
