"""Display text → what the voice says, and the way back."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.numerals import cardinal, decimal, ordinal, year
from media.spoken import spoken

GOLDEN = (
    ("It made $48,210 today.", "It made forty-eight thousand two hundred and ten dollars today."),
    ("About $1.9 million.", "About one point nine million dollars."),
    ("It is $3.50 each.", "It is three dollars and fifty cents each."),
    ("It is $0.99.", "It is ninety-nine cents."),
    ("Only $1 more.", "Only one dollar more."),
    ("Pay £1.01 or €5bn.", "Pay one pound and one penny or five billion euros."),
    ("A $2.5k budget", "A two point five thousand dollars budget"),
    ("On Jan. 5, 2024 we met.", "On January fifth twenty twenty-four we met."),
    ("On March 3rd", "On March third"),
    ("Due 2024-02-29.", "Due February twenty-ninth twenty twenty-four."),
    ("Code 2024-13-45 stays", "Code two zero two four, one three, four five stays"),
    ("At 3:30 p.m. today", "At three thirty P-M today"),
    ("Open 9am to 5 pm", "Open nine A-M to five P-M"),
    ("At 14:00 sharp", "At fourteen hundred sharp"),
    ("The 7:05 train", "The seven oh five train"),
    ("At 10:00 sharp", "At ten o'clock sharp"),
    ("Up 7% and 12.5 %", "Up seven percent and twelve point five percent"),
    ("From 10-15% of it", "From ten to fifteen percent of it"),
    ("Pages 3–5 and 5-10 people", "Pages three to five and five to ten people"),
    ("Make it 9:16 or 16:9.", "Make it nine by sixteen or sixteen by nine."),
    ("A 3:1 ratio", "A three to one ratio"),
    ("In 1920x1080", "In nineteen twenty by ten eighty"),
    ("Version 2.0.1 and v1.2", "Version two point zero point one and version one point two"),
    ("See https://www.example.com/a?b=1 now.", "See example dot com now."),
    ("Go to foo-bar.org/x.", "Go to foo dash bar dot org."),
    ("Mail a.b@example.org.", "Mail a dot b at example dot org."),
    ("It is 5kg or 1 km", "It is five kilograms or one kilometre"),
    ("At 10 km/h for 30s", "At ten kilometres per hour for thirty seconds"),
    ("98.6°F is warm", "ninety-eight point six degrees Fahrenheit is warm"),
    ("1.5 GB free", "one point five gigabytes free"),
    ("The 3rd and 22nd", "The third and twenty-second"),
    ("In 1998, 1905 and 2010", "In nineteen ninety-eight, nineteen oh five and twenty ten"),
    ("2007 was good", "two thousand and seven was good"),
    ("the 1990s", "the nineteen nineties"),
    ("From 2019-2021", "From twenty nineteen to twenty twenty-one"),
    ("2024 users", "two thousand and twenty-four users"),
    ("1,250 users", "one thousand two hundred and fifty users"),
    ("12k users", "twelve thousand users"),
    ("The API and NASA", "The A-P-I and NASA"),
    ("Two KPIs", "Two K-P-I's"),
    ("Dr. Lee vs. me, e.g. now", "doctor Lee versus me, for example now"),
    ("It fell -4 degrees", "It fell minus four degrees"),
    ("A 2.5x gain & more", "A two point five times gain and more"),
    ("#coffee is #1", "hashtag coffee is number one"),
    ("In Q3 see No. 2", "In quarter three see number two"),
    ("x<5 → fine", "x less than five to fine"),
    ("and/or, yes/no", "and or, yes or no"),
    ("3/4 of it, 24/7, 50/50", "three quarters of it, twenty-four seven, fifty fifty"),
    ("agent 007", "agent zero zero seven"),
    ("Call 555-123-4567", "Call five five five, one two three, four five six seven"),
    ("well—known", "well, known"),
    ("Great \U0001f389 work \U0001f44d\U0001f3fd!", "Great work!"),
    ("**bold** and `code`", "bold and code"),
)


@pytest.mark.parametrize(("text", "words"), GOLDEN, ids=[text for text, _ in GOLDEN])
def test_what_is_said(text: str, words: str) -> None:
    assert spoken(text).text == words


def test_numbers_in_words() -> None:
    assert cardinal(0) == "zero"
    assert cardinal(1_000_005) == "one million and five"
    assert cardinal(10**18) == " ".join(["one"] + ["zero"] * 18)
    assert [ordinal(n) for n in (1, 2, 9, 12, 20, 31, 100)] == (
        ["first", "second", "ninth", "twelfth", "twentieth", "thirty-first", "one hundredth"]
    )
    assert decimal("1,250.05") == "one thousand two hundred and fifty point zero five"
    assert [year(n) for n in (1066, 1900, 2000, 2026)] == (
        ["ten sixty-six", "nineteen hundred", "two thousand", "twenty twenty-six"]
    )


def test_a_spoken_word_leads_back_to_what_was_written() -> None:
    text = "We made $48,210 in \U0001f389 Jan. 2024."
    said = spoken(text)
    for word, shown in (("thousand", "$48,210"), ("twenty", "2024"), ("made", "made")):
        at = said.text.index(word)
        a, b = said.span(at, at + len(word))
        assert text[a:b] == shown


@given(st.text(max_size=200))
def test_any_text_can_be_said(text: str) -> None:
    said = spoken(text)
    assert len(said.first) == len(said.last) == len(said.text)
    assert list(said.first) == sorted(said.first), "the map must not go back"
    assert all(0 <= a <= b <= len(text) for a, b in zip(said.first, said.last, strict=True))
    assert "  " not in said.text and said.text == said.text.strip()


@given(st.text(alphabet="0123456789.,:-–/%$€kKmx ap#QvNo@&°s\n", max_size=60))
def test_any_figure_is_said_in_words(text: str) -> None:
    left = re.search(r"(?<!\w)\d+(?!\w)", spoken(text).text)
    assert left is None, f"{left} is still a figure"


@given(st.lists(st.from_regex(r"[a-z]{2,12}", fullmatch=True), min_size=1, max_size=12))
def test_plain_words_stay_untouched(words: list[str]) -> None:
    text = " ".join(word for word in words if word not in ("vs", "etc")) + "."
    assert spoken(text).text == text.strip()
