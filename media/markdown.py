"""Markdown → speakable text with a character map back to the markdown.

Offsets are characters of the markdown (Python `str` indices).
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Plain:
    """Speakable text; `source[i]` is the offset in the markdown of `text[i]` (never decreasing)."""

    text: str
    source: tuple[int, ...]

    def span(self, char_from: int, char_to: int) -> tuple[int, int]:
        """The markdown span [from, to) behind `text[char_from:char_to]`."""
        if not self.source:
            return 0, 0
        first = self.source[min(char_from, len(self.source) - 1)]
        return first, (self.source[char_to - 1] + 1 if char_to > char_from else first)


# --- lines -----------------------------------------------------------------------------------------------------------

_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_RULE = re.compile(r" {0,3}([-*_=])(?:[ \t]*\1){2,}[ \t]*$")
_TABLE_RULE = re.compile(r"\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)+\|?\s*$")
_QUOTE = re.compile(r"\s*(?:>\s?)*\s*")
_MARKER = re.compile(r"(?:#{1,6}|[-*+•]|\d{1,2}[.)])\s+(?:\[[ xX]\]\s+)?")


@dataclass(slots=True)
class Block:
    """A run of text that belongs together: ranges of the markdown, and whether it is a heading or list item."""

    ranges: list[tuple[int, int]] = field(default_factory=list)
    item: bool = False
    quoted: bool = False


class Lines:
    """Reads markdown one whole line at a time and says which block each line belongs to."""

    def __init__(self) -> None:
        self.fence: str | None = None
        self.table = False
        self.block = Block()

    def opens(self, line: str) -> tuple[bool, int]:
        """(starts a heading or list item, offset of its body) of a line whose first word is complete."""
        body = len(_QUOTE.match(line)[0])  # type: ignore[index]
        marker = _MARKER.match(line, body)
        return marker is not None, marker.end() if marker else body

    def begun(self, line: str) -> bool:
        """True when `line` has more than quote marks and space."""
        return len(_QUOTE.match(line)[0]) < len(line)  # type: ignore[index]

    def silent(self, line: str) -> bool:
        """True while `line`, perhaps still incomplete, is code or a table row and must not be spoken."""
        if self.fence or _FENCE.match(line) or line.lstrip().startswith("|"):
            return True
        return self.table and "|" in line

    def read(self, line: str, at: int) -> Iterator[Block]:
        """Take a whole line that starts at offset `at`; yield the blocks it closes, in order."""
        fence = _FENCE.match(line)
        if self.fence:
            if fence and fence[1].startswith(self.fence):
                self.fence = None
            return
        if fence:
            yield from self.close()
            self.fence = fence[1][:3]
            return
        bare = line[_QUOTE.match(line).end() :].rstrip()  # type: ignore[union-attr]
        if _TABLE_RULE.match(line):
            if self.block.ranges and not bare.startswith("|"):
                self.block.ranges.pop()
            yield from self.close()
            self.table = True
            return
        if self.silent(line) or not bare or _RULE.match(line):
            yield from self.close()
            self.table = self.table and bool(bare)
            return
        self.table = False
        opens, body = self.opens(line)
        quoted = ">" in line[:body]
        if opens or quoted != self.block.quoted:
            yield from self.close()
        self.block.quoted = quoted
        self.block.item = self.block.item or opens
        self.block.ranges.append((at + body, at + len(line)))
        if opens and bare.startswith("#"):
            yield from self.close()

    def close(self) -> Iterator[Block]:
        """End the current block, if it has any text."""
        block, self.block = self.block, Block()
        if block.ranges:
            yield block


# --- inside a line ---------------------------------------------------------------------------------------------------

_INLINE = re.compile(
    r"\\(?P<escaped>[\\`*_{}\[\]()#+\-.!|>~$])"
    r"|(?P<drop>!\[[^\]]*\]\([^)\s]*(?:\s+\"[^\"]*\")?\)|\[\^[^\]\s]+\]|(?<=\S)\s?\[\d{1,2}\](?!\()"
    r"|</?[a-zA-Z][a-zA-Z0-9-]*(?:\s[^<>]*)?/?>|<!--.*?-->)"
    r"|\[(?P<link>[^\[\]]+)\](?:\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+\"[^\"]*\")?\)|\[[^\]]*\])"
    r"|``?(?P<code>[^`]+)``?"
    r"|<?(?P<url>https?://[^\s<>\"”]+)>?"
    r"|(?P<entity>&(?:[a-zA-Z]{2,8}|#\d{2,6});)"
    r"|(?P<marks>\*{1,3}|_{1,3}|~~)"
    r"|(?P<space>\s+)"
)
_URL_TAIL = re.compile(r"[.,;:!?)'\]*_]+$")
_HOST = re.compile(r"https?://(?:www\.)?([^/?#:\s]+)")


def _is_mark(text: str, match: re.Match[str]) -> bool:
    """True when the run of * _ or ~~ is emphasis and not multiplication or part_of_a_name."""
    before = text[match.start() - 1] if match.start() else " "
    after = text[match.end()] if match.end() < len(text) else " "
    if before.isspace() and after.isspace():
        return False
    if match[0][0] == "_":
        return not (before.isalnum() and after.isalnum())
    return not (match[0] == "*" and before.isdigit() and after.isdigit())


def _inline(text: str, offsets: list[int], put: Callable[[str, int], None]) -> None:
    """Speakable characters of one block, each given to `put` with its offset."""
    at = 0
    for match in _INLINE.finditer(text):
        kind, start = match.lastgroup, match.start()
        for i in range(at, start):
            put(text[i], offsets[i])
        at = match.end()
        if kind == "escaped":
            put(text[start + 1], offsets[start + 1])
        elif kind == "link":
            a, b = match.span("link")
            _inline(text[a:b], offsets[a:b], put)
        elif kind == "code":
            for i in range(*match.span("code")):
                put(text[i], offsets[i])
        elif kind == "url":
            a, b = match.span("url")
            if tail := _URL_TAIL.search(text, a, b):
                b = tail.start()
            host = _HOST.match(text, a, b)
            for i in range(*host.span(1)) if host else ():
                put(text[i], offsets[i])
            for i in range(b, match.end("url")):
                if text[i] not in "*_":
                    put(text[i], offsets[i])
        elif kind == "entity":
            for character in html.unescape(match[0]):
                put(character, offsets[start])
        elif kind == "space":
            put(" ", offsets[start])
        elif kind == "marks" and not _is_mark(text, match):
            for i in range(start, match.end()):
                put(text[i], offsets[i])
        elif kind == "drop" and match[0].lower().startswith("<br"):
            put(" ", offsets[start])
    for i in range(at, len(text)):
        put(text[i], offsets[i])


def render(markdown: str, ranges: list[tuple[int, int]]) -> tuple[str, list[int]]:
    """Plain text and offsets of one block: marks stripped, white space single."""
    raw: list[str] = []
    offsets: list[int] = []
    for a, b in ranges:
        raw.append(markdown[a:b])
        raw.append("\n")
        offsets.extend(range(a, b + 1))
    out: list[str] = []
    source: list[int] = []

    def put(character: str, offset: int) -> None:
        if character.isspace():
            if not out or out[-1] == " ":
                return
            character = " "
        out.append(character)
        source.append(offset)

    _inline("".join(raw), offsets, put)
    return "".join(out), source


def finish(text: str, source: list[int], item: bool) -> tuple[str, list[int]]:
    """A closed block: no space at its end; a heading or list item ends like a sentence."""
    size = len(text.rstrip())
    text, source = text[:size], source[:size]
    if item and text and (text[-1].isalnum() or text[-1] in ")]”\"'%"):
        return text + ".", [*source, source[-1]]
    return text, source


def plain(markdown: str) -> Plain:
    """Markdown → speakable text. Code blocks, tables, images and rules are left out, a bare URL becomes its host,
    marks are stripped, list items and headings end like sentences. Blocks are separated by a newline."""
    lines, blocks, at = Lines(), list[Block](), 0
    for line in markdown.split("\n"):
        blocks.extend(lines.read(line.rstrip("\r"), at))
        at += len(line) + 1
    blocks.extend(lines.close())
    text, source = "", list[int]()
    for block in blocks:
        piece, offsets = finish(*render(markdown, block.ranges), block.item)
        if piece:
            if text:
                text, source = text + "\n", [*source, source[-1]]
            text, source = text + piece, source + offsets
    return Plain(text, tuple(source))
