"""Spoken words → cues → WebVTT and SRT. What they look like on a picture is `media/lettering.py`'s part.

Times are seconds from the start of the film.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

from core.speech import Spoken

LINE_CHARS = 42
"""Longest line of a caption file, in characters (the common subtitle limit)."""
LINES = 2
HOLD_SECONDS = 0.5
"""How long a cue stays after its last word when nothing follows."""
BRIDGE_SECONDS = 0.8
"""Shorter gaps between two cues are closed, so that captions do not flicker."""


@dataclass(frozen=True, slots=True)
class Token:
    """What stands between two spaces, or a piece of it (`glued`: no space before) where a script has no spaces."""

    text: str
    start: float
    end: float
    glued: bool = False


@dataclass(frozen=True, slots=True)
class Cue:
    """What is shown from `start` to `end`: one or more lines of tokens, each with its own time."""

    start: float
    end: float
    lines: tuple[tuple[Token, ...], ...]

    @property
    def tokens(self) -> tuple[Token, ...]:
        return tuple(token for line in self.lines for token in line)

    @property
    def text(self) -> str:
        """The lines, separated by line breaks."""
        return "\n".join(join(line) for line in self.lines)


def join(tokens: Iterable[Token]) -> str:
    """The tokens as text."""
    return "".join(token.text if token.glued else " " + token.text for token in tokens).strip()


@cache
def _is_wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) in ("W", "F")


def _width(text: str) -> int:
    """Columns: a wide character (Chinese, Japanese, Korean) counts twice."""
    return len(text) + sum(map(_is_wide, text))


# --- tokens ----------------------------------------------------------------------------------------------------------


def read_tokens(spoken: Spoken, starts_at: float = 0.0) -> list[Token]:
    """The tokens of an utterance that begins at `starts_at`; every spoken word is inside one of them.

    A token without a spoken word of its own (a dash, say) shares the time of the one before it.
    """
    found = [(match.start(), match.end(), match.group()) for match in re.finditer(r"\S+", spoken.text)]
    tokens: list[Token] = []
    word = 0
    clock = spoken.words[0].start if spoken.words else 0.0
    for first, past, text in found:
        begin: float | None = None
        end = clock
        while word < len(spoken.words) and spoken.words[word].char_from < past:
            if spoken.words[word].char_to > first:
                begin = spoken.words[word].start if begin is None else begin
                end = max(end, spoken.words[word].end)
            word += 1
        if word and spoken.words[word - 1].char_to > past:
            word -= 1  # one spoken word may cover several tokens
        begin = clock if begin is None else max(clock, begin)
        end = max(begin, end)
        tokens.append(Token(text, starts_at + begin, starts_at + end))
        clock = end if begin == end else begin
    for i, token in enumerate(tokens[:-1]):
        tokens[i] = replace(token, end=max(token.start, min(token.end, tokens[i + 1].start)))
    return tokens


def _split(token: Token, line_chars: int) -> list[Token]:
    """A token that no line can hold, or one without spaces between its words, as glued pieces."""
    if any(map(_is_wide, token.text)):
        pieces = re.findall(r"[^\W_]?[^\w]+|[^\W_]|_", token.text) or [token.text]
    elif _width(token.text) > line_chars:
        pieces = [token.text[at : at + line_chars] for at in range(0, len(token.text), line_chars)]
    else:
        return [token]
    share = (token.end - token.start) / len(token.text)
    made: list[Token] = []
    at = 0
    for piece in pieces:
        start = token.start + at * share
        at += len(piece)
        made.append(Token(piece, start, token.start + at * share, glued=bool(made)))
    return made


# --- cues ------------------------------------------------------------------------------------------------------------

_CLOSERS = "\"'”’»)]}」』"
_ABBREVIATION = re.compile(r"^\W*(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|vs|etc|e\.g|i\.e|No|Inc|Ltd|Jr|Sr)\.$")
_OPENS = frozenset(("a", "an", "the", "my", "your", "his", "her", "its", "our", "their"))
_LINKS = frozenset(("of", "to", "in", "on", "at", "by", "for", "and", "or", "but", "with", "from", "as", "is", "are"))
"""Words that should not end a line: they belong to what follows, the first kind more than the second."""


def _ends_sentence(token: Token) -> bool:
    bare = token.text.rstrip(_CLOSERS)
    return bare.endswith((".", "!", "?", "…", "。", "！", "？", "؟", "।")) and not _ABBREVIATION.match(bare)


def _ends_clause(token: Token) -> bool:
    return token.text.rstrip(_CLOSERS).endswith((",", ";", ":", "–", "—", "、", "，", "；", "،", "؛"))


def _cling(token: Token, opens: float, links: float) -> float:
    word = token.text.lower()
    return opens if word in _OPENS else links if word in _LINKS else 0.0


def wrap(tokens: Sequence[Token], line_chars: int, lines: int = LINES) -> tuple[tuple[Token, ...], ...] | None:
    """The tokens as at most `lines` lines (one or two) of at most `line_chars`, balanced; None when they do not fit."""
    if _width(join(tokens)) <= line_chars:
        return (tuple(tokens),)
    if lines < 2:
        return None
    best: tuple[float, int] | None = None
    for cut in range(1, len(tokens)):
        above, below = _width(join(tokens[:cut])), _width(join(tokens[cut:]))
        if above > line_chars or below > line_chars:
            continue
        last = tokens[cut - 1]
        cost = float(abs(above - below) + (2 if above > below else 0))
        cost += -8 if _ends_sentence(last) or _ends_clause(last) else 0
        cost += _cling(last, 16, 6)
        best = min(best or (cost, cut), (cost, cut))
    return None if best is None else (tuple(tokens[: best[1]]), tuple(tokens[best[1] :]))


def _cost(tokens: Sequence[Token], following: Token | None) -> float:
    """How bad it would be to show these tokens as one cue: it should be one sentence or clause, long enough to read."""
    last = tokens[-1]
    pause = following.start - last.end if following else BRIDGE_SECONDS
    shown = (following.start if following else last.end + HOLD_SECONDS) - tokens[0].start
    cost = 6.0
    if following is not None and not _ends_sentence(last):
        cost += 5 if _ends_clause(last) else (8 if pause > 0.25 else 14)
        cost += _cling(last, 7, 5)
    for token, after in pairwise(tokens):
        cost += (7 if _ends_sentence(last) else 12) if _ends_sentence(token) else 0
        cost += 20 if after.start - token.end > BRIDGE_SECONDS else 0
    cost += 12 * max(0.0, 1.2 - shown)
    if len(tokens) == 1 and not _ends_sentence(last):
        cost += 8
    return cost


def build_cues(tokens: Sequence[Token], *, line_chars: int = LINE_CHARS, lines: int = LINES) -> list[Cue]:
    """Group tokens into cues that fit `lines` lines of `line_chars`, broken where a speaker would breathe.

    Every token is in exactly one cue; cues are in order and never overlap.
    """
    pieces = [piece for token in tokens for piece in _split(token, line_chars)]
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(pieces) + 1):
        following = pieces[end] if end < len(pieces) else None
        choices: list[tuple[float, int]] = []
        for first in range(end - 1, -1, -1):
            if wrap(pieces[first:end], line_chars, lines) is None:
                break
            choices.append((best[first][0] + _cost(pieces[first:end], following), first))
        best.append(min(choices))
    cuts = [len(pieces)]
    while cuts[-1]:
        cuts.append(best[cuts[-1]][1])
    cuts.reverse()
    cues: list[Cue] = []
    for first, past in pairwise(cuts):
        group = pieces[first:past]
        end_at = group[-1].end + HOLD_SECONDS
        if past < len(pieces) and pieces[past].start - group[-1].end <= BRIDGE_SECONDS:
            end_at = pieces[past].start
        fitted = wrap(group, line_chars, lines) or (tuple(group),)
        cues.append(Cue(group[0].start, max(end_at, group[0].start + 0.04), fitted))
    return cues


# --- files -----------------------------------------------------------------------------------------------------------


def _stamp(seconds: float, mark: str = ".") -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}{mark}{ms % 1000:03d}"


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def write_webvtt(cues: Sequence[Cue], *, note: str = "") -> str:
    """A WebVTT file; inside a cue each word after the first carries the time it is spoken at."""
    blocks = ["WEBVTT"]
    if note:
        blocks.append(f"NOTE {_escape(note)}")
    for cue in cues:
        shown = round(cue.start * 1000)
        lines: list[str] = []
        for line in cue.lines:
            words: list[str] = []
            for token in line:
                at = round(token.start * 1000)
                mark = f"<{_stamp(token.start)}>" if shown < at < round(cue.end * 1000) else ""
                shown = max(shown, at)
                words.append(("" if token.glued or not words else " ") + mark + _escape(token.text))
            lines.append("".join(words))
        blocks.append(f"{_stamp(cue.start)} --> {_stamp(cue.end)}\n" + "\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def write_srt(cues: Sequence[Cue]) -> str:
    """A SubRip file."""
    return "\n".join(
        f"{number}\n{_stamp(cue.start, ',')} --> {_stamp(cue.end, ',')}\n{cue.text}\n"
        for number, cue in enumerate(cues, 1)
    )
