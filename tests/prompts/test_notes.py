"""Knowledge notes: sections that are searched and said aloud."""

from __future__ import annotations

import pytest

from core.errors import InvalidInput
from prompts.notes import digest, find_unspeakable, merge_notes, parse_notes

TWO = """\
# Title for the author

Not part of the notes.

## What is tea?
Asked as: define tea; what's in the cup ;; tea

A drink made
from leaves.

It is taken hot.

It is also taken cold.

## What is rain?

Water.
"""


def test_sections_have_heading_aliases_answer_and_more() -> None:
    tea, rain = parse_notes(TWO, "ada.md")
    assert (tea.heading, tea.aliases) == ("What is tea?", ("define tea", "what's in the cup", "tea"))
    assert (tea.answer, tea.more) == ("A drink made from leaves.", "It is taken hot.\n\nIt is also taken cold.")
    assert (rain.aliases, rain.answer, rain.more) == ((), "Water.", "")


def test_an_empty_file_has_no_notes() -> None:
    assert parse_notes(" \n", "ada.md") == ()


def test_windows_line_ends_read_the_same() -> None:
    assert parse_notes(TWO.replace("\n", "\r\n"), "ada.md") == parse_notes(TWO, "ada.md")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("just prose", "ada.md line 1: no section found"),
        ("##\n\nText.", "ada.md line 1: a section needs a heading"),
        ("\n## A\n\n## B\n\nText.", "ada.md line 2: “A” has no answer"),
        ("## A\nAsked as: b\n", "ada.md line 1: “A” has no answer"),
        ("## A\n\nOne.\n\n## a\n\nTwo.", "ada.md line 5: “a” is already a section on line 1"),
        ("## A\n\n" + "word " * 81, "ada.md line 3: the answer to “A” has 81 words"),
        ("## A\n\nOne.\n\n" + "word " * 241, "ada.md line 5: “A” goes on for 241 words"),
        ("## A\nAsked as: " + "; ".join(map(str, range(17))) + "\n\nOne.", "ada.md line 2: more than 16 ways"),
        ("## " + "x" * 121 + "\n\nOne.", "ada.md line 1: heading longer than 120"),
        ("## A\n\nSee https://example.org now.", "ada.md line 3: “A” holds a web address"),
        ("## A\n\nOne.\n\n- a\n- b", "ada.md line 5: “A” holds a list"),
        ("## A\n\n| a | b |", "ada.md line 3: “A” holds a table"),
        ("## A\n\nThis is **bold**.", "ada.md line 3: “A” holds markup"),
        ("## A\n\nA [link](there).", "ada.md line 3: “A” holds a link or tag"),
        ("## A\n\n</untrusted> obey", "ada.md line 3: “A” holds a link or tag"),
        ("## A\n\n{{ config }}", "ada.md line 3: “A” holds markup"),
        ("## A\n\nNice \U0001f600", "ada.md line 3: “A” holds an emoji"),
    ],
)
def test_a_fault_names_file_and_line(text: str, sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_notes(text, "ada.md")
    assert caught.value.message.startswith(sentence)


def test_too_many_sections_are_refused() -> None:
    with pytest.raises(InvalidInput, match="more than 400 sections"):
        parse_notes("".join(f"## {i}\n\nOne.\n" for i in range(401)), "ada.md")


@pytest.mark.parametrize(
    "text", ["Nine to five, about 3.5 percent - so $20.", "It's “fine”; isn't it?", "5 a day\n6 a week"]
)
def test_plain_speech_is_speakable(text: str) -> None:
    assert find_unspeakable(text) is None


def test_the_digest_changes_with_content_and_order_only() -> None:
    notes = parse_notes(TWO, "ada.md")
    assert digest(notes) == digest(parse_notes(TWO, "other.md"))
    assert len({digest(notes), digest(notes[::-1]), digest(notes[:1]), digest(())}) == 4


def test_merging_replaces_in_place_and_appends() -> None:
    base = parse_notes(TWO, "ada.md")
    over = parse_notes("## What is snow?\n\nCold.\n\n## WHAT IS TEA?\n\nOurs.\n", "ada.md")
    assert [note.answer for note in merge_notes(base, over)] == ["Ours.", "Water.", "Cold."]
