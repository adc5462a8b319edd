"""The persona a person describes in one text (`AVATAR_SYSTEM_PROMPT`)."""

from __future__ import annotations

import re
from typing import Any

from core.errors import InvalidInput, TooLarge

CUSTOM_ID = "custom"
CUSTOM_SOURCE = "AVATAR_SYSTEM_PROMPT"
FALLBACK_NAME = "Your persona"
NAME_CHARS_MAX = 60
ROLE_CHARS_MAX = 120

# Up to four capitalised words, so "You are a helpful expert" names nobody and "You are Dr. Ada Byron, …" does.
_WORD = r"(?:(?:Dr|Prof|Mr|Mrs|Ms|St|[A-Z])\.|[^\W\d_a-z][\w'\u2019-]*)"
NAME = re.compile(
    r"\b(?:[Yy]ou are|[Yy]ou're|[Yy]our name is)\s+(?!(?:A|An|The|My|Our|Your)\s)"
    rf"(?P<name>{_WORD}(?:[ \t]+{_WORD}){{0,3}})"
    r"(?:\s*(?:,|\(|[:\u2013\u2014]|-\s|\bthe\b|\ban?\b|\bwho is\b)\s*(?P<role>[^.\n;!?]{3,200}))?"
)


def persona_from_prompt(text: str, chars_max: int) -> dict[str, Any] | None:
    """Fields of the persona described by `text`, or None when the text is empty.

    Raises TooLarge over `chars_max` characters, InvalidInput for text with NUL characters.
    """
    text = text.strip()
    if not text:
        return None
    if len(text) > chars_max:
        raise TooLarge(f"{CUSTOM_SOURCE} has {len(text)} characters; at most {chars_max} are used. Nothing was loaded.")
    if "\0" in text:
        raise InvalidInput(f"{CUSTOM_SOURCE} holds a NUL character. Nothing was loaded.")
    name, role = read_name(text)
    return {
        "id": CUSTOM_ID,
        "name": name or FALLBACK_NAME,
        "role": role or "Your own persona",
        "description": f"Defined by {CUSTOM_SOURCE}.",
        "style": "custom",
        "hue": 282,
        "greeting": f"Hello, I'm {name}. What would you like to talk about?"
        if name
        else "Hello. What would you like to talk about?",
        "prompt": {"identity": text},
        "lines": {
            "unknown": [
                "I have no notes on that, so I won't guess. With a connected model I can say more; "
                "here I only say what my notes hold."
            ],
            "rules": [
                f"I'm {name}, and I stay who I am. What else can I do for you?"
                if name
                else "I stay who I am. What else can I do for you?"
            ],
        },
    }


def read_name(text: str) -> tuple[str | None, str | None]:
    """(name, role) from a sentence such as "You are Ada Byron, a patient maths tutor."; None for what is not there."""
    found = NAME.search(text)
    if found is None:
        return None, None
    name = " ".join(found["name"].split()).rstrip("'\u2019-")[:NAME_CHARS_MAX].strip()
    role = " ".join((found["role"] or "").split())
    role = re.sub(r"^(?:an?|the)\s+", "", role).rstrip(" ,:)-\u2013\u2014")
    if len(role) > ROLE_CHARS_MAX:
        role = role[:ROLE_CHARS_MAX].rsplit(" ", 1)[0] + "…"
    return name or None, (role[:1].upper() + role[1:]) or None
