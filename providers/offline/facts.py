"""Turn what a person says about themselves into a sentence about them."""

from __future__ import annotations

import re

FACT_CHARS_MAX = 280

_PERSON = (
    (r"\bI'm\b|\bI am\b", "they are"),
    (r"\bI was\b", "they were"),
    (r"\bI've\b|\bI have\b", "they have"),
    (r"\bI'll\b", "they will"),
    (r"\bI'd\b", "they would"),
    (r"\bI\b", "they"),
    (r"\bmy\b", "their"),
    (r"\bmine\b", "theirs"),
    (r"\bmyself\b", "themselves"),
    (r"\bme\b", "them"),
    (r"\bwe're\b|\bwe are\b", "they are"),
    (r"\bwe were\b", "they were"),
    (r"\bwe've\b|\bwe have\b", "they have"),
    (r"\bwe'll\b", "they will"),
    (r"\bwe'd\b", "they would"),
    (r"\bwe\b", "they"),
    (r"\bour\b", "their"),
    (r"\bours\b", "theirs"),
    (r"\bourselves\b", "themselves"),
    (r"\bus\b", "them"),
)
_PATTERNS = tuple((re.compile(pattern, re.IGNORECASE), to) for pattern, to in _PERSON)
_COUNTRY = re.compile(r"\bUS\b")
_NAME = re.compile(r"(?:my|their) name(?:'s| is) ", re.IGNORECASE)


def as_fact(said: str) -> str:
    """ "I hate jargon" → "They hate jargon", at most FACT_CHARS_MAX characters, without the full stop."""
    text = " ".join(said.split()).strip(" ,;:.!?")
    text = re.sub(
        r"^(?:just so you know|for (?:next time|the record|future reference)|fyi|by the way|btw)\b"
        r"(?: for next time)?[\s,:]*",
        "",
        text,
        flags=re.IGNORECASE,
    )
    text = _COUNTRY.sub("\0", text)
    for pattern, to in _PATTERNS:
        text = pattern.sub(to, text)
    text = text.replace("\0", "US")
    if len(text) > FACT_CHARS_MAX:
        text = text[:FACT_CHARS_MAX].rsplit(" ", 1)[0]
    return text[:1].upper() + text[1:]


def name_in(memory: str) -> str | None:
    """The name in "Their name is Ana"; None for any other fact."""
    found = re.match(r"their name is (?P<name>[^.,;]{1,60})", memory.strip(), re.IGNORECASE)
    return found["name"].strip() if found else None


def capitalise(name: str) -> str:
    """ "priya" → "Priya", "jean-luc" → "Jean-Luc"; a name with any capital stays as it is."""
    return name if name != name.lower() else re.sub(r"(^|[\s-])(\w)", lambda m: m[1] + m[2].upper(), name)
