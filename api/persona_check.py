"""Is a persona good enough to ship: its texts read over, and golden questions asked, offline and without video.

Golden files lie beside the personas, in `golden/`:
    ID.yaml            - {ask, any: [[one, of, these], [and one of these]]}, lower-case pieces of a good answer
    offtopic.yaml      ID → list of {ask} the persona has no notes on and must say so
    injection.yaml     list of {ask, kind} that must change neither persona nor rules
    conversation.yaml  list of {ask, kind, args?}: what the offline grammar must make of it
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from agent.backstage import Backstage
from agent.rooms import Rooms
from api.ask import answer, new_person
from core.errors import InvalidInput
from core.models import Message, Persona
from prompts.lint import lint_persona, lint_reply
from providers.offline.grammar import parse
from store import conversation, memory

PLACES = re.compile(r"\\\{\w+\\\}")


@dataclass(frozen=True, slots=True)
class Golden:
    """What the golden files of the given folders ask, later folders over earlier ones."""

    questions: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    offtopic: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    injections: Sequence[Mapping[str, Any]] = ()
    grammar: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be. `said` is the answer to `ask`, where one was asked."""

    where: str
    problem: str
    ask: str = ""
    said: str = ""


@dataclass(slots=True)
class Result:
    checked: int = 0
    findings: list[Finding] = field(default_factory=list)

    def add(self, where: str, problem: str | None, ask: str = "", said: str = "") -> None:
        self.checked += 1
        if problem is not None:
            self.findings.append(Finding(where, problem, ask, said))


def read_golden(folders: Sequence[Path]) -> Golden:
    """Raises InvalidInput with the file that cannot be used."""
    questions: dict[str, Any] = {}
    offtopic: dict[str, Any] = {}
    lists: dict[str, list[Any]] = {"injection": [], "conversation": []}
    for folder in folders:
        for file in sorted(folder.glob("*.yaml")):
            try:
                held = yaml.safe_load(file.read_text("utf-8")) or []
            except (yaml.YAMLError, UnicodeDecodeError) as error:
                raise InvalidInput(f"{file.name} cannot be read: {error}") from error
            if file.stem == "offtopic":
                offtopic.update(held)
            elif file.stem in lists:
                lists[file.stem] += held
            else:
                questions[file.stem] = held
    return Golden(questions, offtopic, lists["injection"], lists["conversation"])


# ------------------------------------------------------------------ judging, without asking anybody


def judge_answer(text: str, wanted: Sequence[Sequence[str]], persona: Persona) -> str | None:
    """None when the answer is good: no refusal, and of every inner list at least one piece occurs in it."""
    if is_refusal(text, persona):
        return "refused a question its notes should answer"
    low = text.lower()
    missing = [pieces for pieces in wanted if not any(str(piece).lower() in low for piece in pieces)]
    if missing:
        return "lacks " + "; and ".join(" or ".join(repr(str(piece)) for piece in pieces) for pieces in missing)
    return None


def is_refusal(text: str, persona: Persona) -> bool:
    """Whether the whole answer is one of the persona's "no notes on that" lines."""
    return any(_pattern(line).fullmatch(text.strip()) for line in persona.lines.unknown)


def judge_intents(
    ask: str, kind: str, args: Mapping[str, Any], persona: Persona, cast: Sequence[Persona]
) -> str | None:
    """None when the grammar reads `ask` as `kind` with these arguments."""
    intents = parse(ask, persona, cast)
    found = next((intent for intent in intents if intent.kind == kind), None)
    if found is None:
        return f"read as {' + '.join(intent.kind for intent in intents)}, expected {kind}"
    for name, wanted in args.items():
        got = found.args.get(name)
        if isinstance(wanted, list):
            if not all(str(word).lower() in (got or "").lower() for word in wanted):
                return f"{name} is {got!r}, expected it to hold {', '.join(map(str, wanted))}"
        elif got != wanted:
            return f"{name} is {got!r}, expected {wanted!r}"
    return None


def _pattern(line: str) -> re.Pattern[str]:
    """A line of the persona's with anything in the places of its `{names}`."""
    return re.compile(PLACES.sub(".+?", re.escape(line.strip())), re.DOTALL | re.IGNORECASE)


# ------------------------------------------------------------------ asking


async def check(back: Backstage, rooms: Rooms, personas: Sequence[Persona], golden: Golden) -> list[Result]:
    """One result a persona, then one for the grammar, which they share. `back` must answer by the offline brain."""
    cast = back.personas.all()
    results = [await check_persona(back, rooms, persona, cast, golden) for persona in personas]
    grammar = Result()
    for one in golden.grammar:
        problem = judge_intents(one["ask"], one["kind"], one.get("args") or {}, back.personas.default(), cast)
        grammar.add("conversation", problem, one["ask"])
    return [*results, grammar]


async def check_persona(
    back: Backstage, rooms: Rooms, persona: Persona, cast: Sequence[Persona], golden: Golden
) -> Result:
    result = Result()
    texts = lint_persona(persona, back.personas.notes(persona.id))
    result.add("texts", None)
    result.findings += [Finding("texts", problem) for problem in texts]
    questions = golden.questions.get(persona.id, ())
    result.add("golden", None if questions else f"there is no golden/{persona.id}.yaml with questions to ask")
    person = await new_person(back)
    for one in questions:
        reply = await _ask(back, rooms, person, persona, one["ask"])
        result.add("golden", judge_answer(reply.text, one["any"], persona), one["ask"], reply.text)
        for problem in lint_reply(reply.text, persona, cast):
            result.findings.append(Finding("golden", problem, one["ask"], reply.text))
    for one in golden.offtopic.get(persona.id, ()):
        reply = await _ask(back, rooms, person, persona, one["ask"])
        honest = is_refusal(reply.text, persona)
        result.add("offtopic", None if honest else "answered what it has no notes on", one["ask"], reply.text)
    for one in golden.injections:
        reply = await _ask(back, rooms, person, persona, one["ask"])
        broken = await _broken(back, person, persona, cast, reply)
        result.add(f"injection {one['kind']}", broken, one["ask"], reply.text)
    return result


async def _ask(back: Backstage, rooms: Rooms, person: str, persona: Persona, text: str) -> Message:
    """The reply to `text` as the first thing said in a conversation."""
    async with back.db.as_user(person) as conn:
        here = (await conversation.create(conn, person, persona.id)).id
    reply = await answer(rooms, person, here, text)
    async with back.db.as_user(person) as conn:
        talking_to = (await conversation.get(conn, here)).persona_id
    return reply if talking_to == persona.id else reply.model_copy(update={"persona_id": talking_to})


async def _broken(
    back: Backstage, person: str, persona: Persona, cast: Sequence[Persona], reply: Message
) -> str | None:
    """What an attempt to change persona or rules has achieved; None when nothing."""
    if reply.persona_id != persona.id:
        return f"brought in {reply.persona_id}"
    if any(part.kind == "card" and not reply.text for part in reply.parts):
        return "made something instead of answering"
    async with back.db.as_user(person) as conn:
        kept = await memory.recall(conn)
    if kept:
        return f"was remembered: {kept[0].text!r}"
    for line in (persona.prompt.identity, *persona.prompt.always, *persona.prompt.never):
        if len(line) > 20 and line.strip() in reply.text:
            return "showed its prompt"
    slips = [slip for slip in lint_reply(reply.text, persona, cast) if slip.startswith(("breaks", "claims"))]
    return slips[0] if slips else None
