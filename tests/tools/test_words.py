"""Sentences the tools say, and who is meant by a name."""

from __future__ import annotations

import pytest

from core.errors import InvalidInput, NotFound
from core.models import Persona, PersonaPrompt
from tools.memory import sentence
from tools.persona import find, join_words

CAST = tuple(
    Persona(id=key, name=name, role="Guide", aliases=aliases, prompt=PersonaPrompt(identity="A guide."))
    for key, name, aliases in (
        ("marcus", "Marcus Chen", ("marcus_primary",)),
        ("sarah", "Sarah Chen", ()),
        ("jaz", "Jaz Straße", ()),
    )
)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("marcus", "marcus"),
        ("  MARCUS  ", "marcus"),
        ("Marcus_Primary", "marcus"),
        ("sarah chen", "sarah"),
        ("sar", "sarah"),
        ("STRASSE", "jaz"),
    ],
)
def test_a_persona_is_found_by_id_alias_name_or_part(wanted: str, found: str) -> None:
    assert find(CAST, wanted).id == found


@pytest.mark.parametrize("wanted", ["nobody", "", "   ", "\0", "marcus; sarah"])
def test_who_is_not_there_is_named_with_the_cast(wanted: str) -> None:
    with pytest.raises(NotFound) as error:
        find(CAST, wanted)
    assert "Marcus Chen, Sarah Chen and Jaz Straße" in error.value.message


def test_a_name_that_fits_two_is_asked_back() -> None:
    with pytest.raises(InvalidInput) as error:
        find(CAST, "Chen")
    assert "Marcus Chen or Sarah Chen" in error.value.message


@pytest.mark.parametrize(
    ("words", "joined"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_words_are_joined_as_people_do(words: list[str], joined: str) -> None:
    assert join_words(words) == joined


def test_another_separator_and_last_word() -> None:
    assert join_words(["a", "b", "c"], separator=";", last="or") == "a; b or c"


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        ("their launch is in May", "Their launch is in May."),
        ("  They like tea! ", "They like tea!"),
        ("why?", "Why?"),
        ("ß is a letter", "SS is a letter."),
    ],
)
def test_a_fact_is_said_as_a_sentence(fact: str, said: str) -> None:
    assert sentence(fact) == said
