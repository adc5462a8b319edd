"""The lint catches what must not be said, and lets the shipped cast pass."""

from __future__ import annotations

import pytest

from core.models import Note
from prompts import Personas
from prompts.lint import SENTENCE_WORDS_MAX, lint_persona, lint_reply

PERSONAS = Personas()
JAZ = PERSONAS.get("jaz")
CAST = PERSONAS.all()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("As an AI language model, I can't say.", "breaks character"),
        ("**Sure**, here it is.", "markup"),
        ("See https://example.org for more.", "web address"),
        ("- one\n- two", "list"),
        ("word " * 400, "too long"),
        ("word " * (SENTENCE_WORDS_MAX + 1) + ".", "sentence too long"),
        ("Hi, I'm Marcus.", "claims to be Marcus"),
        ("I've rendered your video.", "claims an action"),
        ("I have charged your card.", "claims an action"),
        ("", "nothing"),
    ],
)
def test_what_must_not_be_said_is_named(text: str, problem: str) -> None:
    assert any(problem in found for found in lint_reply(text, JAZ, CAST)), lint_reply(text, JAZ, CAST)


def test_what_a_tool_did_may_be_said() -> None:
    assert lint_reply("I've saved that answer.", JAZ, CAST)
    assert not lint_reply("I've saved that answer.", JAZ, CAST, done={"reply.keep"})


def test_ordinary_speech_passes() -> None:
    assert not lint_reply("I'm Jaz. Compare like for like, then change one thing.", JAZ, CAST)
    assert not lint_reply("Stores that have paid attention to returns have sent fewer parcels.", JAZ, CAST)


def test_quoted_phrases_of_the_never_rules_are_forbidden() -> None:
    prompt = JAZ.prompt.model_copy(update={"never": ('Never say "guaranteed" about a forecast.',)})
    persona = JAZ.model_copy(update={"prompt": prompt})
    assert "forbidden phrase: “guaranteed”" in lint_reply("Growth is guaranteed.", persona, CAST)


def test_long_replies_need_a_word_of_their_own() -> None:
    text = "This is plain and dull. " * 26
    assert any("signature" in found for found in lint_reply(text, JAZ, CAST))
    assert not any("signature" in found for found in lint_reply(text + " Let's look at the data.", JAZ, CAST))


def test_a_poor_persona_is_told_everything_it_lacks() -> None:
    poor = JAZ.model_copy(update={"starters": (), "topics": (), "greeting": "word " * 60})
    notes = (
        Note(heading="What is churn?", aliases=("churn",), answer="word " * 20),
        Note(heading="what is CHURN", aliases=(), answer="Too short."),
        Note(heading="Other", aliases=("churn",), answer="See **this**. " * 10),
    )
    found = " / ".join(lint_persona(poor, notes))
    for expected in (
        "starters is missing",
        "topics is missing",
        "greeting has 60",
        "there twice",
        "no other ways",
        "markup",
        "leads to both",
        "3 sections",
    ):
        assert expected in found, (expected, found)


@pytest.mark.parametrize("persona", [persona.id for persona in CAST])
def test_the_shipped_cast_is_clean(persona: str) -> None:
    assert lint_persona(PERSONAS.get(persona), PERSONAS.notes(persona)) == []
