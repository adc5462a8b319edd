"""The five shipped personas are complete, distinct and safe to read aloud."""

from __future__ import annotations

import string
from itertools import combinations

import pytest

from core.models import Lines, Persona
from prompts import Personas
from prompts.notes import ANSWER_WORDS_AIM, find_unspeakable

CAST = Personas()
IDS = ["marcus", "sarah", "alex", "jaz", "jenniel"]
FILLED = {"name", "role", "topics", "topic"}


def said(persona: Persona) -> list[str]:
    lines = [line for group in Lines.model_fields for line in getattr(persona.lines, group)]
    return [persona.greeting, *persona.starters, *persona.topics, *lines]


def test_the_cast_is_these_five_without_a_problem() -> None:
    assert [persona.id for persona in CAST.all()] == IDS
    assert CAST.problems() == {}
    assert CAST.default().id == "marcus"


@pytest.mark.parametrize(
    ("alias", "id"),
    [
        ("marcus_primary", "marcus"),
        ("sarah_executive", "sarah"),
        ("alex_casual", "alex"),
        ("jaz_analyst", "jaz"),
        ("professor_jenniel", "jenniel"),
    ],
)
def test_the_names_api_callers_use_lead_to_the_persona(alias: str, id: str) -> None:
    assert CAST.get(alias).id == id


@pytest.mark.parametrize("id", IDS)
def test_a_persona_has_every_part(id: str) -> None:
    persona = CAST.get(id)
    prompt = persona.prompt
    assert persona.description and persona.role and prompt.tone
    assert persona.name.split()[-1] in persona.greeting
    assert len(persona.starters) == 4 and len(persona.topics) >= 5
    assert len(prompt.identity.split()) >= 40
    assert min(map(len, (prompt.expertise, prompt.vocabulary, prompt.always, prompt.never))) >= 4
    for group in Lines.model_fields:
        assert len(getattr(persona.lines, group)) >= 2, f"{group} needs variants"
        assert getattr(persona.lines, group) != Lines.model_fields[group].default, f"{group} is not in its own words"


@pytest.mark.parametrize("id", IDS)
def test_what_a_persona_says_can_be_spoken_and_filled_in(id: str) -> None:
    persona = CAST.get(id)
    for text in said(persona):
        fields = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
        assert fields <= FILLED, text
        filled = text.format(name=persona.name, role=persona.role, topics="tea", topic="tea")
        assert find_unspeakable(filled) is None, text
    for line in (*persona.lines.unknown, *persona.lines.rules):
        assert "{topics}" in line, f"leaves the person without a way on: {line}"


@pytest.mark.parametrize("id", IDS)
def test_notes_are_many_and_of_a_length_one_listens_to(id: str) -> None:
    notes = CAST.notes(id)
    assert 40 <= len(notes) <= 90
    low, high = ANSWER_WORDS_AIM
    for note in notes:
        assert low <= len(note.answer.split()) <= high, note.heading
        assert note.more, note.heading
        assert 3 <= len(note.aliases) <= 12, note.heading


@pytest.mark.parametrize("id", IDS)
def test_no_two_notes_claim_the_same_question(id: str) -> None:
    owner: dict[str, str] = {}
    for note in CAST.notes(id):
        for ask in {note.heading.casefold(), *(alias.casefold() for alias in note.aliases)}:
            assert owner.setdefault(ask, note.heading) == note.heading, ask


@pytest.mark.parametrize("id", IDS)
def test_every_starter_is_a_question_the_notes_answer(id: str) -> None:
    assert set(CAST.get(id).starters) <= {note.heading for note in CAST.notes(id)}


@pytest.mark.parametrize("id", IDS)
def test_the_notes_are_in_the_personas_own_words(id: str) -> None:
    """Every signature phrase is really used, and the voice speaks in the first or second person."""
    persona, notes = CAST.get(id), CAST.notes(id)
    text = " ".join(f"{note.answer} {note.more}" for note in notes).casefold()
    unused = [phrase for phrase in persona.prompt.vocabulary if phrase.casefold() not in text]
    assert len(unused) <= 1, unused
    for other in CAST.all():
        if other.id != id:
            assert f"i'm {other.name.casefold()}" not in text and f"i am {other.name.casefold()}" not in text


def test_voices_are_in_range_and_tell_each_other_apart() -> None:
    for persona in CAST.all():
        voice = persona.voice
        low, high = ((138, 150), (195, 215)) if voice.gender == "female" else ((75, 95), (115, 135))
        assert low[0] <= voice.pitch[0] <= low[1] and high[0] <= voice.pitch[1] <= high[1]
        assert 150 <= voice.rate <= 175 and voice.gender == persona.gender
    for one, other in combinations(CAST.all(), 2):
        assert one.voice != other.voice and one.look != other.look
        apart = abs(one.voice.rate - other.voice.rate) + abs(sum(one.voice.pitch) - sum(other.voice.pitch))
        assert apart >= 10, (one.id, other.id)
        assert abs(one.hue - other.hue) >= 25, (one.id, other.id)


def test_market_share_is_answered_from_profit_logic() -> None:
    note = CAST.notes("professor_jenniel")[0]
    assert note.heading == "Should we chase market share?"
    for words in ("profit logic", "differentiated capabilities", "rarely creates sustainable value", "choose"):
        assert words in note.answer
