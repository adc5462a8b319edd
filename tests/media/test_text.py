"""Markdown as it streams → sentences to speak."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.text import MAX_CHARS, Segment, StreamSegmenter, plain


def segment(markdown: str, size: int = 7) -> list[Segment]:
    """All segments of a message that streams in deltas of `size` characters."""
    stream, out = StreamSegmenter(), list[Segment]()
    for at in range(0, len(markdown), size):
        out += stream.push(markdown[at : at + size])
    return out + stream.flush()


def texts(markdown: str) -> list[str]:
    return [piece.text for piece in segment(markdown)]


# Each is its own sentences, joined by a space; "Hi." before them takes the early first clause.
SENTENCES = (
    ("Dr. Chen paid $4.50 on Feb. 9.", "She left at 6 p.m.", "Then she slept."),
    ("Revenue rose 3.5% to $1.2 million.", "Orders fell 2.1%."),
    ("Visit example.com.", "Then sign up."),
    ("Version 2.0.1 is out.", "Update now!"),
    ("Is it done?", "Yes!", "Great..."),
    ("They work for Acme Inc. in the U.S. and like it.", "We do not."),
    ("The U.S. is large.", "So is Canada."),
    ('"It works," she said.', '"Does it?" he asked.'),
    ("(This is an aside. It has two parts.) Then we go on.", "Done."),
    ("Use e.g. tea or coffee, i.e. a hot drink.", "Enjoy it."),
    ("It costs approx. 20 dollars.", "That's No. 1 in its class."),
    ("The meeting is at 3:30 p.m. on Monday.", "Bring notes."),
    ("Let's go at 9 a.m. Monday.", "I'll drive."),
    ("Node.js and ASP.NET are tools.", "They run servers."),
    ("Vol. 2, pp. 3-5 covers it.", "Read it."),
    ("Hmm... let me think.", "Okay."),
    ("Ph.D. students work hard.", "So do M.D. students."),
    ("The ratio is 9:16.", "Make it vertical."),
    ("Sales: $4.8k.", "Costs: $1.1k."),
)


@pytest.mark.parametrize("sentences", SENTENCES, ids=lambda sentences: sentences[0][:24])
def test_a_message_becomes_its_sentences(sentences: tuple[str, ...]) -> None:
    assert texts("Hi. " + " ".join(sentences)) in ([["Hi.", *sentences], ["Hi. " + sentences[0], *sentences[1:]]])


def test_markup_is_not_spoken() -> None:
    spoken = plain(
        "## Why *retention* wins\n\nCosts **fell**; see [the report](https://a.example/x?y=1), `ratio`"
        " or https://www.example.com/long/path?x=1.\n\n- [ ] One point\n2. Two ~~points~~!\n\n"
        "| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\nprint('no')\n```\n\n---\n![alt](p.png)\n"
        "Salt &amp; pepper, 2 * 3, snake_case.[^1] <b>End</b>"
    ).text
    assert spoken.split("\n") == [
        "Why retention wins.",
        "Costs fell; see the report, ratio or example.com.",
        "One point.",
        "Two points!",
        "Salt & pepper, 2 * 3, snake_case. End",
    ]


def test_a_table_without_outer_pipes_is_not_spoken() -> None:
    assert texts("Here it is.\n\nName | Age\n--- | ---\nBob | 5\n\nThat was all of it.") == [
        "Here it is.",
        "That was all of it.",
    ]


def test_every_plain_character_knows_its_source() -> None:
    markdown = "A **bold** [link](http://x.example) and `code`."
    result = plain(markdown)
    for character, offset in zip(result.text, result.source, strict=True):
        assert markdown[offset] == character
    at = result.text.index("link")
    assert result.span(at, at + 4) == (markdown.index("link"), markdown.index("link") + 4)


def test_the_voice_starts_at_a_clause() -> None:
    stream = StreamSegmenter()
    assert [s.text for s in stream.push("Well, if you look at last week, ")] == []
    assert [s.text for s in stream.push("revenue ")] == ["Well, if you look at last week,"]
    assert [s.text for s in stream.push("was up, and costs were down, a lot. Good")] == []
    assert [s.text for s in stream.push(" ")] == ["revenue was up, and costs were down, a lot."]
    assert [s.text for s in stream.push("work.") + stream.flush()] == ["Good work."]


def test_the_voice_starts_before_a_conjunction() -> None:
    stream = StreamSegmenter()
    pieces = stream.push("The team that runs the store in Leeds sold more coffee because the weather was cold. ")
    assert pieces[0].text == "The team that runs the store in Leeds sold more coffee"


def test_a_list_item_is_ready_when_the_next_begins() -> None:
    stream = StreamSegmenter()
    stream.push("Hi there.\n\n- First thing\n")
    assert [s.text for s in stream.push("- Se")] == ["First thing."]


def test_no_segment_is_too_long_or_splits_a_character() -> None:
    words = "cafe\u0301 " * 200
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467 x" * 100
    for markdown in (words, "e\u0301" * 900, family, "word" * 300):
        pieces = segment(markdown)
        assert "".join(p.text for p in pieces).replace(" ", "") == markdown.replace(" ", "")
        for piece in pieces:
            assert len(piece.text) <= MAX_CHARS
            assert not unicodedata.combining(piece.text[0])
            assert "\u200d" not in (piece.text[0], piece.text[-1])


def test_code_is_skipped_while_it_streams() -> None:
    code = "```\n" + "x = 1. y = 2. Call it! Now.\n" * 50 + "```\n"
    assert texts(f"Look at this.\n\n{code}\nThat is it.") == ["Look at this.", "That is it."]


def test_a_segmenter_can_be_used_again() -> None:
    stream = StreamSegmenter()
    stream.push("One message here.")
    first = stream.flush()
    stream.push("One message here.")
    assert stream.flush() == first


MARKDOWN = st.lists(
    st.one_of(
        st.sampled_from(
            (
                *("Hello there. ", "**Bold. Text** ", "- item one\n", "\n\n", "1. step\n", "Dr. Who ", "$3.50, "),
                *("`a.b` ", "[link. it](http://x.y/z) ", "```\ncode. x\n```\n", "“Quote. Two.” ", "(aside. one) "),
                *("! ", "? ", "... ", "e\u0301 ", "\U0001f44d\U0001f3fd ", "https://a.example/b?c ", "> quote\n"),
                *("# Head\n", "word ", "and ", ", ", "; ", "你好。", "| a | b |\n", "\\* ", "_x_ ", "a.m. "),
            )
        ),
        st.text(max_size=12),
    ),
    max_size=40,
).map("".join)


@settings(max_examples=150, deadline=None)
@given(MARKDOWN, st.data())
def test_chunks_do_not_matter_and_nothing_is_said_twice(markdown: str, data: st.DataObject) -> None:
    stream, pieces, at = StreamSegmenter(), list[Segment](), 0
    while at < len(markdown):
        size = data.draw(st.integers(1, 60))
        pieces += stream.push(markdown[at : at + size])
        at += size
    pieces += stream.flush()
    assert pieces == segment(markdown, 1)

    said: list[int] = []
    for piece in pieces:
        assert len(piece.text) == len(piece.source) <= MAX_CHARS
        assert (piece.char_from, piece.char_to) == (piece.source[0], piece.source[-1] + 1)
        said += sorted({offset for c, offset in zip(piece.text, piece.source, strict=True) if c.isalnum()})
    assert said == sorted(set(said)), "a character was said twice or out of order"


PROSE = st.lists(
    st.sampled_from(
        (
            "Hello there. ",
            "We grew 4.5%, ",
            "and ",
            "Dr. Lee said “yes. no.” ",
            "(really) ",
            "it's fine! ",
            "Why? ",
            "\n\n",
        )
    ),
    max_size=60,
).map("".join)


@settings(max_examples=100, deadline=None)
@given(PROSE)
def test_spans_cover_all_that_can_be_spoken(markdown: str) -> None:
    covered = {offset for piece in segment(markdown) for offset in piece.source}
    whole = plain(markdown)
    assert {o for c, o in zip(whole.text, whole.source, strict=True) if c.isalnum()} <= covered
