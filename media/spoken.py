"""Display text → the words a voice says, with a character map back.

Rules run in order, each on what the ones before it left; every rule is anchored so that plain words stay untouched.
The map lets a voice's word position in the spoken text be shown on the text people read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from media.lexicon import (
    CASED_UNITS,
    CURRENCY,
    MONTH,
    MONTHS,
    NUMBER,
    SCALES,
    SHORT,
    SHORT_MONTH,
    SIGNS,
    UNITS,
    WORDS,
)
from media.numerals import cardinal, decimal, digits, ordinal, plural, year

Match = re.Match[str]


@dataclass(frozen=True, slots=True)
class SpokenText:
    """What the voice is fed. Character i of `text` says characters [first[i], last[i]) of the original."""

    original: str
    text: str
    first: tuple[int, ...]
    last: tuple[int, ...]

    def span(self, char_from: int, char_to: int) -> tuple[int, int]:
        """Span of the original behind `text[char_from:char_to]`; positions outside are clipped."""
        if not self.text:
            return 0, 0
        a = min(max(char_from, 0), len(self.text) - 1)
        b = min(max(char_to, a + 1), len(self.text))
        return self.first[a], max(self.last[a:b])


def _count(figures: str, one: str, many: str) -> str:
    return f"{decimal(figures)} {one if figures == '1' else many}"


def _money(match: Match) -> str:
    one, many, cent, cents = CURRENCY[match["sign"]]
    amount, scale = match["amount"], (match["scale"] or "").lower()
    if scale:
        return f"{decimal(amount)} {SCALES.get(scale, scale)} {many}"
    whole, _, part = amount.replace(",", "").partition(".")
    if len(part) != 2:
        return _count(amount.replace(",", ""), one, many)
    pieces = [_count(str(int(whole)), one, many)] if int(whole) or not int(part) else []
    if int(part):
        pieces.append(_count(str(int(part)), cent, cents))
    return " and ".join(pieces)


def _date(y: str, m: str, d: str) -> str | None:
    if 1 <= int(m) <= 12 and 1 <= int(d) <= 31:
        return f"{MONTHS[int(m) - 1]} {ordinal(int(d))} {year(int(y))}"
    return None


def _iso_date(match: Match) -> str:
    return _date(match[1], match[2], match[3]) or match[0]


def _month_day(match: Match) -> str:
    month = next(name for name in MONTHS if name.startswith(match["month"][:3].title()))
    if int(match["day"]) > 31 or int(match["day"]) == 0:
        return match[0]
    return f"{month} {ordinal(int(match['day']))}" + (f" {year(int(match['year']))}" if match["year"] else "")


def _clock(match: Match) -> str:
    hour, minute, half = int(match["hour"]), match["minute"], match["half"]
    if hour > 24 or (minute and int(minute) > 59):
        return match[0]
    words = [cardinal(hour)]
    if minute and int(minute):
        words.append(("oh " if int(minute) < 10 else "") + cardinal(int(minute)))
    elif not half:
        words.append("o'clock" if hour <= 12 else "hundred")
    if half:
        words.append("A-M" if half[0] in "aA" else "P-M")
    return " ".join(words)


def _ratio(match: Match) -> str:
    return f"{decimal(match[1])} to {decimal(match[2])}"


def _size(match: Match) -> str:
    return " by ".join(year(int(side)) if len(side) == 4 else decimal(side) for side in match.groups())


def _fraction(match: Match) -> str:
    above, below = int(match[1]), int(match[2])
    if above == below or (above, below) == (24, 7):
        return f"{cardinal(above)} {cardinal(below)}"
    part = {2: "half", 4: "quarter"}.get(below) or (ordinal(below) if 3 <= below <= 10 else "")
    if not part or not 0 < above < below:
        return f"{cardinal(above)} slash {cardinal(below)}"
    return f"{cardinal(above)} {part}{'s' if above > 1 else ''}"


def _host(text: str) -> str:
    return text.replace(".", " dot ").replace("-", " dash ").replace("_", " underscore ")


def _url(match: Match) -> str:
    return _host(match["host"])


def _mail(match: Match) -> str:
    return f"{_host(match[1]).replace('+', ' plus ')} at {_host(match[2])}"


def _acronym(match: Match) -> str:
    word = match[1]
    return match[0] if word in WORDS else "-".join(word) + ("'s" if match[2] else "")


def _versions(match: Match) -> str:
    return " point ".join(cardinal(int(part)) if len(part) < 16 else digits(part) for part in match[0].split("."))


def _unit(match: Match) -> str:
    one, many = UNITS.get(match[2].lower()) or CASED_UNITS[match[2]]
    return _count(match[1], one, many)


def _plain_year(match: Match) -> str:
    return year(int(match[0]))


def _short(match: Match) -> str:
    return SHORT[match[0].lower()]


def _sign(match: Match) -> str:
    return f" {SIGNS[match[0]]} "


_Rule = tuple[re.Pattern[str], Callable[[Match], str]]


def _rule(pattern: str, say: Callable[[Match], str] | str, flags: int = 0) -> _Rule:
    return re.compile(pattern, flags), (lambda match: match.expand(say)) if isinstance(say, str) else say


_I = re.IGNORECASE
_ANY_UNIT = "|".join(re.escape(unit) for unit in sorted(UNITS, key=len, reverse=True))
_DOMAINS = "com|org|net|io|dev|ai|co|edu|gov|app|info|biz"
_RULES: tuple[_Rule, ...] = (
    _rule(r"https?://(?:www\.)?(?P<host>[^\s/?#:]*\w)(?:[:/?#]\S*[\w/])?", _url, _I),
    _rule(r"\b([\w.+-]+)@([\w-]+(?:\.[\w-]+)+)", _mail),
    _rule(rf"\b(?:www\.)?(?P<host>(?:[\w-]+\.)+(?:{_DOMAINS}))\b(?:/\S*[\w/])?", _url),
    _rule(
        rf"(?P<sign>[$€£¥₹])\s?(?P<amount>{NUMBER})"
        r"(?:\s?(?P<scale>[kKmMbBtT]|[bm]n|thousand|million|billion|trillion)\b)?",
        _money,
    ),
    _rule(r"\b(\d{4})-(\d{2})-(\d{2})\b", _iso_date),
    _rule(
        rf"\b(?P<month>{MONTH}|(?:{SHORT_MONTH})\b\.?) (?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b"
        r"(?:,? (?P<year>\d{4})\b)?",
        _month_day,
    ),
    _rule(
        r"\b(9):(16)\b|\b(16):(9)\b|\b(4):(3)\b|\b(1):(1)\b|\b(21):(9)\b",
        lambda m: " by ".join(decimal(part) for part in m[0].split(":")),
    ),
    _rule(r"\b(?P<hour>\d{1,2}):(?P<minute>\d{2})(?:\s?(?P<half>[ap]\.?m\b\.?))?(?![:\d])", _clock, _I),
    _rule(r"\b(?P<hour>\d{1,2})(?P<minute>)\s?(?P<half>[ap]\.m\.|[ap]m\b)", _clock, _I),
    _rule(r"\b(\d{1,5}):(\d{1,5})\b", _ratio),
    _rule(r"\b(\d{1,5})\s?[x\u00d7]\s?(\d{1,5})\b", _size),
    _rule(r"\b(1[5-9]\d\d|20\d\d)s\b", lambda m: plural(year(int(m[1])))),
    _rule(r"#(?=\d)", "number "),
    _rule(r"\b\d{2,}(?:-\d{2,}){2,}\b", lambda m: ", ".join(digits(part) for part in m[0].split("-"))),
    _rule(r"\b(\d{1,4})/(\d{1,4})\b", _fraction),
    _rule(r"\band/or\b", "and or"),
    _rule(r"(?<![\w.,])[-\u2212](?=\d)", "minus "),
    _rule(
        rf"\b({NUMBER})\s?%?\s?(?:[\u2013-])\s?({NUMBER})\s?%",
        lambda m: f"{decimal(m[1])} to {decimal(m[2])} percent",
    ),
    _rule(rf"\b({NUMBER})\s?%", lambda m: f"{decimal(m[1])} percent"),
    _rule(r"\b(\d{1,15})(?:st|nd|rd|th)\b", lambda m: ordinal(int(m[1]))),
    _rule(rf"\b({NUMBER})\s?({_ANY_UNIT})(?![\w/])", _unit, _I),
    _rule(rf"\b({NUMBER})\s?([mgsh])(?![\w/'])", _unit),
    _rule(rf"\b({NUMBER})([kKmMbB]|bn)\b", lambda m: f"{decimal(m[1])} {SCALES[m[2].lower()]}"),
    _rule(rf"\b({NUMBER})[x\u00d7](?!\w)", lambda m: f"{decimal(m[1])} times"),
    _rule(r"\b[vV](?=\d+\.\d)", "version "),
    _rule(r"\b\d+(?:\.\d+){2,}\b", _versions),
    _rule(
        r"\b(1[5-9]\d\d|20\d\d)\s?[\u2013-]\s?(1[5-9]\d\d|20\d\d)\b",
        lambda m: f"{year(int(m[1]))} to {year(int(m[2]))}",
    ),
    _rule(rf"\b({NUMBER})\s?\u2013\s?({NUMBER})\b", lambda m: f"{decimal(m[1])} to {decimal(m[2])}"),
    _rule(r"(?<![\w-])(\d{1,4})-(\d{1,4})(?![\w-])", lambda m: f"{decimal(m[1])} to {decimal(m[2])}"),
    _rule(r"\bQ([1-4])\b", lambda m: f"quarter {cardinal(int(m[1]))}"),
    _rule(r"\b(?:No|Nos|no|nos)\.\s?(?=\d)", "number "),
    _rule(r"\b(?:Fig|fig)\.\s?(?=\d)", "figure "),
    _rule(r"\b(?:Vol|vol)\.\s?(?=\d)", "volume "),
    _rule(r"\bpp\.\s?(?=\d)", "pages "),
    _rule(r"\bSt\. (?=[A-Z])", "Saint "),
    _rule(
        r"(?<![\w.,])(1[5-9]\d\d|20[0-9]\d)(?![\w]|,\d|\.\d|-\w)"
        r"(?!\s(?:people|users|units|orders|visits|customers|times|words|items|times|points|dollars|miles))",
        _plain_year,
    ),
    _rule(rf"\b(?:{NUMBER})", lambda m: decimal(m[0])),
    _rule(r"#(?=[^\W\d_])", "hashtag "),
    _rule(r"\b([A-Z]{2,5})('?s)?\b", _acronym),
    _rule(
        r"(?<![\w.])(?:" + "|".join(re.escape(s) for s in sorted(SHORT, key=len, reverse=True)) + r")(?![\w/])",
        _short,
        _I,
    ),
    _rule(r"\b([^\W\d_]+)/([^\W\d_]+)\b", r"\1 or \2"),
    _rule("[" + re.escape("".join(SIGNS)) + "]", _sign),
    _rule(r"\s—\s?|—", ", "),
    _rule(r"\n+", ". "),
    _rule(r"[*_`~|<>{}\[\]^\\]+", " "),
)
_NO_SOUND = ("So", "Sk", "Cs", "Co", "Cn", "Cf", "Cc")
"""Unicode categories a voice cannot say: pictures, modifiers, controls."""


def _silence(character: str) -> bool:
    if character in "\n\t" or character < "\x7f":
        return character < " " and character not in "\n\t"
    return (unicodedata.category(character) in _NO_SOUND and character not in "°©™") or character in "\ufe0f\u20e3"


def spoken(text: str) -> SpokenText:
    """The words to say for `text`; never raises, whatever the text holds."""
    now = "".join(" " if _silence(character) else character for character in text)
    first, last = list(range(len(text))), list(range(1, len(text) + 1))
    for pattern, say in _RULES:
        if not pattern.search(now):
            continue
        pieces, firsts, lasts, at = list[str](), list[int](), list[int](), 0
        for match in pattern.finditer(now):
            a, b = match.span()
            words = say(match)
            if words == match[0]:
                continue
            # an insertion points at its neighbour, so that every spoken character has a place
            start = first[a] if a < len(first) else (last[-1] if last else 0)
            end = max(last[a:b]) if b > a else start
            pieces += (now[at:a], words)
            firsts += [*first[at:a], *([start] * len(words))]
            lasts += [*last[at:a], *([end] * len(words))]
            at = b
        now = "".join((*pieces, now[at:]))
        first, last = firsts + first[at:], lasts + last[at:]
    return _squeeze(text, now, first, last)


def _squeeze(original: str, text: str, first: list[int], last: list[int]) -> SpokenText:
    """Single spaces, none at the ends."""
    keep = [
        i
        for i, character in enumerate(text)
        if not (character.isspace() and (i + 1 == len(text) or text[i + 1].isspace() or text[i + 1] in ",.;:!?"))
    ]
    while keep and text[keep[0]].isspace():
        del keep[0]
    return SpokenText(
        original,
        "".join(" " if text[i].isspace() else text[i] for i in keep),
        tuple(first[i] for i in keep),
        tuple(last[i] for i in keep),
    )
