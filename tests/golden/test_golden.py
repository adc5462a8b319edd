"""What people really ask, from question to spoken answer: shipped notes, indexed Postgres search, offline brain.

Every miss is printed with the answer that was given. A refusal ("no notes on that") never passes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from api.persona_check import is_refusal, judge_answer, judge_intents
from core.calls import CALLS
from core.models import Passage, Persona
from prompts import Personas
from prompts.cast import SHIPPED
from prompts.lint import lint_reply
from prompts.notes import digest
from providers.offline.answer import ANSWERS_FROM, fill
from providers.offline.model import OfflineBrain
from providers.offline.state import STATE_KEY, BrainState
from store import knowledge
from store.db import Database

PERSONAS = Personas()
CAST = PERSONAS.all()
FILES = {persona.id: persona.id.removeprefix("professor_") for persona in CAST}
HERE = Path(__file__).parent
STRANGERS_MIN, OFFTOPIC_MIN, ELSEWHERE_SHARE, CONVERSATION_SHARE = 122, 58, 0.92, 122 / 124
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": call.model_fields["tool"].default.replace(".", "_"),
            "description": "",
            "parameters": {"type": "object", "properties": {}},
        },
    }
    for call in CALLS
    if call.for_model
]


@dataclass(frozen=True)
class Answered:
    persona: Persona
    ask: str
    text: str
    passages: tuple[Passage, ...]
    message: AIMessage

    def __str__(self) -> str:
        best = " | ".join(f"{passage.score:.2f} {passage.heading}" for passage in self.passages[:2])
        return f"{self.persona.id}: {self.ask}\n    [{best}]\n    {self.text}"


def is_one_of(text: str, lines: Sequence[str], persona: Persona) -> bool:
    """Whether `text` is one of these lines of the persona, with any topics filled in."""
    shapes = (re.escape(fill(line.replace("{topics}", "TOPICS"), persona, "")) for line in lines)
    return any(re.fullmatch(shape.replace("TOPICS", ".+"), text) for shape in shapes)


def read(name: str) -> Any:
    return yaml.safe_load((SHIPPED / "golden" / f"{name}.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
async def notes(db: Database) -> Database:
    """The database with the notes of every shipped persona."""
    async with db.as_service() as conn:
        for persona in CAST:
            held = PERSONAS.notes(persona.id)
            await knowledge.index(conn, persona.id, digest(held), held)
    return db


async def answer(
    db: Database, person: str, persona: Persona, ask: str, before: tuple[BaseMessage, ...] = (), **state: Any
) -> Answered:
    async with db.as_user(person) as conn:
        topic: Passage | None = state.get("last_topic")
        passages = tuple(await knowledge.search(conn, persona.id, ask, topic=topic.heading if topic else None))
    brain = OfflineBrain().bind_tools(TOOLS)
    given = BrainState(persona=persona, cast=CAST, passages=passages, has_reply=True, **state)
    message = await brain.bind(**{STATE_KEY: given}).ainvoke([*before, HumanMessage(ask)])
    return Answered(persona, ask, message.text, passages, message)


async def find_misses(db: Database, person: str, questions: dict[str, list[dict[str, Any]]]) -> list[str]:
    misses = []
    for persona in CAST:
        for question in questions[FILES[persona.id]]:
            given = await answer(db, person, persona, question["ask"])
            problem = judge_answer(given.text, question["any"], persona)
            slips = lint_reply(given.text, persona, CAST)
            if problem or slips:
                misses.append(f"{given}\n    -> {problem or ''} {'; '.join(slips)}")
    print("\n".join(misses))
    return misses


async def test_every_golden_question_is_answered(notes: Database, person: str) -> None:
    questions = {name: read(name) for name in FILES.values()}
    assert all(len(each) == 25 for each in questions.values()) and len(questions) == 5
    misses = await find_misses(notes, person, questions)
    assert not misses, f"{len(misses)} of 125 golden questions missed"


async def test_questions_of_strangers_are_answered(notes: Database, person: str) -> None:
    questions = yaml.safe_load((HERE / "strangers.yaml").read_text(encoding="utf-8"))
    total = sum(len(each) for each in questions.values())
    misses = await find_misses(notes, person, questions)
    assert total == 125 and total - len(misses) >= STRANGERS_MIN, f"{len(misses)} of {total} missed"


async def test_other_subjects_are_refused(notes: Database, person: str) -> None:
    questions, refused, told = read("offtopic"), 0, []
    for persona in CAST:
        for question in questions[FILES[persona.id]]:
            given = await answer(notes, person, persona, question["ask"])
            refused += is_refusal(given.text, persona)
            told += [] if is_refusal(given.text, persona) else [str(given)]
    print("\n".join(told))
    assert refused + len(told) == 60 and refused >= OFFTOPIC_MIN, f"{len(told)} answered out of nothing"


async def test_what_nobody_here_knows_is_refused(notes: Database, person: str) -> None:
    questions = yaml.safe_load((HERE / "elsewhere.yaml").read_text(encoding="utf-8"))
    given = [await answer(notes, person, persona, ask) for persona in CAST for ask in questions]
    told = [str(each) for each in given if not is_refusal(each.text, each.persona)]
    print("\n".join(told))
    assert len(given) >= 175 and 1 - len(told) / len(given) >= ELSEWHERE_SHARE, f"{len(told)} of {len(given)} answered"


async def test_no_attempt_on_the_rules_succeeds(notes: Database, person: str) -> None:
    attempts = read("injection")
    assert len(attempts) == 24
    for at, attempt in enumerate(attempts):
        persona = CAST[at % len(CAST)]
        given = await answer(notes, person, persona, attempt["ask"])
        assert is_one_of(given.text, persona.lines.rules, persona) and not given.message.tool_calls, str(given)


async def test_small_talk_and_commands_are_read(notes: Database) -> None:
    persona = PERSONAS.get("sarah")
    wrong, utterances = [], read("conversation")
    for utterance in utterances:
        problem = judge_intents(utterance["ask"], utterance["kind"], utterance.get("args") or {}, persona, CAST)
        if problem is not None:
            wrong.append(f"{utterance['ask']}: {problem}")
    print("\n".join(wrong))
    assert len(utterances) - len(wrong) >= CONVERSATION_SHARE * len(utterances), wrong
    assert len(utterances) >= 120


@pytest.mark.parametrize(
    ("persona", "first", "follow", "words"),
    [
        ("jaz", "What is conversion rate?", "how do I measure that?", ("visits",)),
        ("marcus", "What is working capital?", "and how do I calculate it?", ("days",)),
        ("sarah", "What is a pre-mortem?", "why does that work?", ("doubt", "theatre")),
        ("alex", "What is b-roll?", "can you give me an example of that?", ("b-roll", "shots")),
        ("professor_jenniel", "What is a moat?", "how do I test it?", ("rival",)),
    ],
)
async def test_a_pronoun_means_what_was_just_spoken_of(
    notes: Database, person: str, persona: str, first: str, follow: str, words: tuple[str, ...]
) -> None:
    speaker = PERSONAS.get(persona)
    said = await answer(notes, person, speaker, first)
    topic = next(each for each in said.passages if each.heading == said.message.additional_kwargs["topic"])
    assert topic.score >= ANSWERS_FROM
    given = await answer(notes, person, speaker, follow, (HumanMessage(first), AIMessage(said.text)), last_topic=topic)
    assert not is_refusal(given.text, speaker), str(given)
    assert any(word in given.text.lower() for word in words), str(given)
    assert given.text != said.text, "the same words twice are no answer"
