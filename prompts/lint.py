"""Check words for the ear and for the role, without a judge: what a persona says, and what it is made of."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

import sentencex

from core.models import Note, Persona
from prompts.notes import ANSWER_WORDS_AIM, MORE_WORDS_MAX, find_unspeakable

REPLY_WORDS_MAX = 180
SENTENCE_WORDS_MAX = 40
"""Longer sentences run out of breath, and a listener loses their beginning."""
GREETING_WORDS_MAX = 32
LINE_WORDS_MAX = 45
ANSWER_WORDS_MIN = 18
NOTES_MIN = 25
"""Fewer sections than this leave most plausible questions unanswered."""
SIGNATURE_FROM_WORDS = 120
"""From this length on a reply should hold one of the persona's own words."""
TOPIC_WORDS_MAX = 6
STARTERS_MAX = 4

_OUT_OF_CHARACTER = re.compile(
    r"\bas an? (?:ai|artificial|language|large)\b|\blanguage model\b|\bi(?:'m| am) (?:just |only )?an? (?:ai"
    r"|language model|chatbot)\b"
    r"|\bi can(?:'t|not) assist\b|\bopenai\b|\bchat ?gpt\b|\bsystem prompt\b|\bmy (?:instructions|programming"
    r"|training data)\b"
    r"|\bknowledge cutoff\b",
    re.IGNORECASE,
)
_ACTIONS = {
    "reply.keep": r"\b(?:rendered|exported|made (?:you )?(?:a|the|your) (?:video|film|clip)|saved (?:the|your|this"
    r"|that) (?:video|reply|answer))\b",
    "memory.remember": r"\b(?:noted (?:that|it) down|remembered (?:that|it)|stored (?:that|it)|saved (?:that|it)"
    r" (?:to|in) memory)\b",
    "memory.forget": r"\b(?:forgotten|deleted|erased|wiped)\b(?= (?:that|it|everything|your|all|what)\b)",
    "persona.switch": r"\b(?:switched|handed) (?:you )?(?:over )?to\b|\bbrought in\b",
    None: r"\b(?:published|charged|paid|booked|e-?mailed|ordered|uploaded|posted|sent you|scheduled)\b",
}
_DOING = re.compile(
    r"\b(?:i|i've|i have|i just|i have just|i've just|i already)\s+(?P<done>[^.;!?]{3,60})", re.IGNORECASE
)
_LISTED = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s", re.MULTILINE)
_QUOTED = re.compile("[\"\u201c\u201d'\u2018]([^\"\u201c\u201d'\u2018\u2019]{3,60})[\"\u201c\u201d'\u2019]")


def lint_reply(text: str, persona: Persona, cast: Sequence[Persona] = (), *, done: Collection[str] = ()) -> list[str]:
    """What is wrong with `text` as something `persona` says aloud; empty when nothing is.

    `done` are the tools that ran in this turn ("reply.keep"): only what they did may be claimed as done.
    """
    found: list[str] = []
    words = text.split()
    if not words:
        return ["says nothing"]
    if (slip := _OUT_OF_CHARACTER.search(text)) is not None:
        found.append(f"breaks character: “{slip[0]}”")
    if (what := find_unspeakable(text)) is not None:
        found.append(f"holds {what}, which cannot be read aloud")
    elif _LISTED.search(text):
        found.append("holds a list, which cannot be read aloud")
    if len(words) > REPLY_WORDS_MAX:
        found.append(f"too long: {len(words)} words, at most {REPLY_WORDS_MAX}")
    found += [
        f"sentence too long to say: {len(sentence.split())} words, “{' '.join(sentence.split()[:6])} …”"
        for sentence in _sentences(text)
        if len(sentence.split()) > SENTENCE_WORDS_MAX
    ]
    found += [f"forbidden phrase: “{phrase}”" for phrase in _forbidden(persona) if _has(text, phrase)]
    for other in cast:
        if other.id != persona.id and _claims_to_be(text, other):
            found.append(f"claims to be {other.name}")
    found += [f"claims an action no tool did: “{claim}”" for claim in _claims(text, done)]
    signature = persona.prompt.vocabulary
    if len(words) >= SIGNATURE_FROM_WORDS and signature and not any(_has(text, phrase) for phrase in signature):
        found.append("long, and none of the persona's signature words in it")
    return found


def lint_persona(persona: Persona, notes: Sequence[Note] = ()) -> list[str]:
    """What is missing or unspeakable in a persona and its notes; empty when nothing is."""
    found: list[str] = []
    prompt = persona.prompt
    for name, value, least in (
        ("description", persona.description, 1),
        ("starters", persona.starters, 2),
        ("topics", persona.topics, 3),
        ("prompt.identity", prompt.identity, 1),
        ("prompt.expertise", prompt.expertise, 2),
        ("prompt.tone", prompt.tone, 1),
        ("prompt.vocabulary", prompt.vocabulary, 3),
        ("prompt.always", prompt.always, 1),
        ("prompt.never", prompt.never, 1),
    ):
        if len(value) < least:
            found.append(
                f"{name} is missing" if not value else f"{name} has {len(value)} entries, expected {least} or more"
            )
    if len(persona.starters) > STARTERS_MAX:
        found.append(f"starters: {len(persona.starters)}, at most {STARTERS_MAX} are shown")
    found += [
        f"topic “{topic}” is too long to say in a list"
        for topic in persona.topics
        if len(topic.split()) > TOPIC_WORDS_MAX
    ]
    if len(persona.greeting.split()) > GREETING_WORDS_MAX:
        found.append(f"greeting has {len(persona.greeting.split())} words, at most {GREETING_WORDS_MAX}")
    for name, line in (("greeting", persona.greeting), *_lines(persona)):
        said = re.sub(r"\{(?:name|role|topic|topics)\}", "x", line)
        if (what := find_unspeakable(said)) is not None:
            found.append(f"{name} holds {what}, which cannot be read aloud")
        if len(line.split()) > LINE_WORDS_MAX:
            found.append(f"{name} has {len(line.split())} words, at most {LINE_WORDS_MAX}")
    if persona.owner is None and "{topics}" not in " ".join(persona.lines.unknown):
        found.append("lines.unknown never says {topics}: a refusal should offer what the persona does know")
    return found + list(_lint_notes(notes, persona))


def _lint_notes(notes: Sequence[Note], persona: Persona) -> Iterator[str]:
    if len(notes) < NOTES_MIN:
        yield f"notes have {len(notes)} sections, expected {NOTES_MIN} or more"
    headings: dict[str, str] = {}
    ways: dict[str, str] = {}
    for note in notes:
        key = _key(note.heading)
        if key in headings:
            yield f"“{note.heading}” is there twice"
        headings[key] = note.heading
        for alias in dict.fromkeys(_key(alias) for alias in (note.heading, *note.aliases)):
            if ways.get(alias, note.heading) != note.heading:
                yield f"“{alias}” leads to both “{ways[alias]}” and “{note.heading}”"
            ways[alias] = note.heading
        if not note.aliases:
            yield f"“{note.heading}” has no other ways to ask for it"
        length = len(note.answer.split())
        if not ANSWER_WORDS_MIN <= length <= ANSWER_WORDS_AIM[1]:
            yield (
                f"the answer to “{note.heading}” has {length} words, expected {ANSWER_WORDS_MIN} to"
                f" {ANSWER_WORDS_AIM[1]}"
            )
        if len(note.more.split()) > MORE_WORDS_MAX:
            yield f"“{note.heading}” goes on for {len(note.more.split())} words, at most {MORE_WORDS_MAX}"
        for problem in lint_reply(note.answer, persona):
            yield f"the answer to “{note.heading}”: {problem}"
        if note.more and (what := find_unspeakable(note.more)) is not None:
            yield f"“{note.heading}” goes on with {what}, which cannot be read aloud"


def _lines(persona: Persona) -> Iterator[tuple[str, str]]:
    for name in type(persona.lines).model_fields:
        for place, line in enumerate(getattr(persona.lines, name)):
            yield f"lines.{name}[{place}]", line


def _sentences(text: str) -> list[str]:
    return [sentence for sentence in sentencex.segment("en", text) if sentence.strip()]


def _forbidden(persona: Persona) -> Iterator[str]:
    """Phrases that stand in quotes in the persona's never rules."""
    for rule in persona.prompt.never:
        yield from _QUOTED.findall(rule)


def _has(text: str, phrase: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", text, re.IGNORECASE) is not None


def _claims_to_be(text: str, other: Persona) -> bool:
    names = {other.name, other.name.split()[-1]}
    return any(
        re.search(
            rf"\b(?:i'm|i am|my name is|this is|call me)\s+(?:the |professor )?{re.escape(name)}\b", text, re.IGNORECASE
        )
        for name in names
    )


def _claims(text: str, done: Collection[str]) -> Iterator[str]:
    for said in _DOING.finditer(text.replace("\u2019", "'")):
        for tool, pattern in _ACTIONS.items():
            if tool not in done and re.match(
                rf"(?:have |just |now |already |also )*{pattern}", said["done"], re.IGNORECASE
            ):
                yield said[0].strip()


def _key(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", text.casefold()))
