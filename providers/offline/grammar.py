"""From a person's words to what they want: small talk, commands to the room, questions. No model, no network.

What decides: an attempt on the rules is seen first; quoted text is never read as a command; a negated command does
nothing; several commands in one message are all read; a slip of the keyboard is repaired only when that makes a
command of something that was none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from core.models import Memory, Persona
from providers.offline.commands import Room, read_command
from providers.offline.facts import as_fact
from providers.offline.guard import defies_rules
from providers.offline.intent import Intent
from providers.offline.phrases import read_small_talk
from providers.offline.typos import repair

WORDS_MAX = 400
"""A longer message is read up to here."""
REPAIR_WORDS_MAX = 12

_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+")
_JOIN = re.compile(r",?\s+(?:and then|and also|and|then|also|but)\s+|,\s+", re.IGNORECASE)
_ASKS = re.compile(
    r"(?:(?:what|how|why|when|where|who|which|should|is|are|do|does|did|can|could|would|will|explain|describe|tell me"
    r"|compare|give me|show me|teach me|walk me|define|outline|kindly)\b|what's)",
    re.IGNORECASE,
)
_NEGATED = re.compile(
    r"(?:please )?(?:don't|do not|never|no need to|you needn't|please don't)\s+(?:you )?(?:dare )?"
    r"(?:switch|keep|save|make|remember|note|bring|forget|delete|erase|export|render|download|call|change|turn"
    r"|talk)\b",
    re.IGNORECASE,
)
_KEEP_IN_MIND = re.compile(r"(?:please )?(?:don't|do not|never) (?:you )?forget\b(?! (?:about )?me\b)", re.IGNORECASE)
_EMPTY_WORDS = """
a about again all also am an and any anything are as at be been being bit but by can could did do does done
for from get give go going got had has have he help her here him his how i i'd i'm i've idea if im in into is
it its just know like little maybe me mine my no not now of off ok okay on one ones or other others our out
please really right same say should show so some something soon sort stuff such suggest sure tell than thanks
that that's the their them then there these they thing things think this those thought thoughts to too try up
us usual very want was way we well were what what's when where which who why will with would yes you your
better problem issue trouble matter best more good great nice make made next bad work works whatever anyway
first second third last opinion opinions advice change different hmm so...
"""
EMPTY = frozenset(_EMPTY_WORDS.split())
"""Words that name no subject."""


def parse(
    text: str, persona: Persona, cast: Sequence[Persona] = (), memories: Sequence[Memory] = ()
) -> tuple[Intent, ...]:
    """Everything the message asks for, in order; at least one intent."""
    text = " ".join(_fold(text).split(" ")[:WORDS_MAX]).strip()
    if not text:
        return (Intent("vague"),)
    if defies_rules(text):
        return (Intent("rules", text),)
    room = Room(persona, tuple(cast), tuple(memories))
    masked, quotes = _mask(text)
    intents = _read(masked, room)
    if all(intent.kind in ("question", "vague") for intent in intents) and len(masked.split()) <= REPAIR_WORDS_MAX:
        repaired = repair(masked, room.names)
        if repaired != masked:
            again = _read(repaired, room)
            if any(intent.kind not in ("question", "vague") for intent in again):
                intents = again
    return tuple(_unmask(intent, quotes) for intent in intents)


def _read(text: str, room: Room) -> tuple[Intent, ...]:
    direct = read_command(text, room, whole_message=True)
    short = len(text.split()) <= 6 and not re.search(r"\band\b", text)
    if direct is not None and (direct.kind == "switch_persona" or (direct.kind == "name_is" and short)):
        return (direct,)
    kind, rest = read_small_talk(text, room.names)
    if kind is not None:
        return (Intent(kind, text),)
    if _NEGATED.match(rest) and not _KEEP_IN_MIND.match(rest):
        return (Intent("negated", rest),)
    found: list[Intent] = []
    said: list[str] = []
    asked: list[str] = []
    for clause in _clauses(rest, room):
        kind, bare = read_small_talk(clause, room.names)
        command = read_command(clause, room) or (read_command(bare, room) if bare else None)
        if _NEGATED.match(bare) and not _KEEP_IN_MIND.match(bare):
            found.append(Intent("negated", bare))
        elif command is not None:
            found.append(_complete(command, said))
        elif bare and _ASKS.match(bare):
            asked.append(bare)
        elif bare:
            said.append(bare)
    if found:
        acts = [intent for intent in found if intent.kind != "negated"] or found
        questions = [Intent("question", " ".join(asked))] if asked and _has_subject(" ".join(asked)) else []
        return tuple(questions + acts)
    return (Intent("question" if _has_subject(rest) else "vague", rest),)


def _complete(command: Intent, said: Sequence[str]) -> Intent:
    """ "… Remember it": the fact is what was said just before."""
    if command.kind == "remember" and not command.args.get("fact"):
        return replace(command, args={"fact": as_fact(said[-1])} if said else {})
    return command


def _clauses(text: str, room: Room) -> Iterator[str]:
    """Sentences, cut further at "and" or a comma where what follows is a command or a question of its own."""
    for sentence in _SENTENCE.split(text):
        start = 0
        for join in _JOIN.finditer(sentence):
            after = sentence[join.end() :]
            own = read_command(after, room) is not None or (
                _ASKS.match(after) is not None and read_command(sentence[start : join.start()], room) is not None
            )
            if own and sentence[start : join.start()].strip():
                yield sentence[start : join.start()].strip(" ,")
                start = join.end()
        if sentence[start:].strip():
            yield sentence[start:].strip(" ,")


def _has_subject(text: str) -> bool:
    """Whether a word is left that says what it is about, and more than a bare topic word was said."""
    words = re.findall(r"[a-z0-9][a-z0-9'-]*", text.casefold())
    subject = [word for word in words if word not in EMPTY]
    return bool(subject) and len(words) > 1


def _fold(text: str) -> str:
    text = text.replace("\u2019", "'").replace("\u2018", "'").replace("\u201c", '"').replace("\u201d", '"')
    text = re.sub(r"\b(prof|dr|mr|mrs|ms)\.(?=\s)", r"\1", text, flags=re.IGNORECASE)
    return re.sub(r"[ \t]+", " ", text)


def _mask(text: str) -> tuple[str, list[str]]:
    quotes: list[str] = []

    def hide(found: re.Match[str]) -> str:
        quotes.append(found[1])
        return f"quoted{len(quotes) - 1}text"

    return re.sub(r'"([^"]{1,2000})"', hide, text), quotes


def _unmask(intent: Intent, quotes: Sequence[str]) -> Intent:
    def show(text: str) -> str:
        return re.sub(r"quoted(\d+)text", lambda found: quotes[int(found[1])], text)

    args = {name: None if value is None else show(value) for name, value in intent.args.items()}
    return replace(intent, text=show(intent.text), args=args)
