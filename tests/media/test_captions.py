import itertools
import re
from pathlib import Path

import numpy as np
import pytest
import webvtt

from core.speech import Spoken, Word
from media.captions import LINE_CHARS, build_cues, join, read_tokens, write_srt, write_webvtt
from media.codec import Canvas
from media.lettering import LAYOUTS, CaptionPlate, NameTag, draw_label, draw_name_tag, has_glyph, text_width
from media.overlay import Overlays

BRIEFING = (
    "Welcome to your briefing! I'm Jaz, analyst at BizPredict. Revenue rose twelve percent this week, and your "
    "conversion rate held steady at 3.4 percent. I would start with the customers you already have — keeping them is "
    "cheaper than finding new ones & look at who bought twice <this> quarter."
)
TEXTS = {
    "briefing": BRIEFING,
    "short": "Yes. Absolutely. Let me see.",
    "long word": "Look at https://example.com/a/very/long/path/that/goes/on/and/on/for/ever/index.html?x=1 now.",
    "japanese": "私は東京に住んでいます。明日は雨が降るでしょう。それで家にいます。",
    "arabic": "مرحبا بكم في غرفة الانتظار. هذا اختبار طويل للنص من اليمين إلى اليسار.",
    "hebrew and latin": "שלום וברוכים הבאים אל Greenroom הירוק.",
    "no letters": "— … !",
}


def speak(text: str) -> Spoken:
    """Words at a plausible pace, a longer pause after each sentence."""
    words: list[Word] = []
    at = 0.05
    for match in re.finditer(r"[^\W_][\w'.]*", text):
        seconds = 0.1 + len(match.group()) * 0.05
        words.append(Word(at, at + seconds, match.start(), match.end()))
        at += seconds + (0.3 if match.group().endswith(".") else 0)
    return Spoken(text, bytes(2 * int(22050 * (at + 0.2))), 22050, (), tuple(words), "test")


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
@pytest.mark.parametrize("line_chars", [LINE_CHARS, 24])
def test_cues_hold_every_word_in_order_and_fit(text: str, line_chars: int) -> None:
    spoken = speak(text)
    cues = build_cues(read_tokens(spoken, 2.0), line_chars=line_chars)
    assert "".join(join(cue.tokens) for cue in cues).replace(" ", "") == text.replace(" ", "")
    assert all(len(cue.lines) <= 2 and all(len(join(line)) <= line_chars for line in cue.lines) for cue in cues)
    for before, after in itertools.pairwise(cues):
        assert before.start < before.end <= after.start
    for word in spoken.words:
        middle = 2.0 + (word.start + word.end) / 2
        assert sum(cue.start <= middle < cue.end for cue in cues) == 1


def test_cues_break_where_sentences_end() -> None:
    cues = build_cues(read_tokens(speak(BRIEFING)))
    assert [cue.text.replace("\n", " ") for cue in cues][:2] == [
        "Welcome to your briefing!",
        "I'm Jaz, analyst at BizPredict.",
    ]
    assert all(len(cue.tokens) > 1 for cue in cues), "no orphan words"


def test_one_spoken_word_over_two_tokens_and_two_over_one() -> None:
    text = "New York rose 3.4%."
    words = (Word(0.1, 0.7, 0, 8), Word(0.7, 1.0, 9, 13), Word(1.0, 1.3, 14, 15), Word(1.3, 1.8, 16, 17))
    tokens = read_tokens(Spoken(text, bytes(90_000), 22050, (), words, "test"))
    assert [token.text for token in tokens] == ["New", "York", "rose", "3.4%."]
    assert tokens[0].start == 0.1 and tokens[2].start == 0.7
    assert (tokens[3].start, tokens[3].end) == (1.0, 1.8)
    assert all(a.end <= b.start for a, b in itertools.pairwise(tokens))


def test_webvtt_is_read_back_with_its_word_times(tmp_path: Path) -> None:
    cues = build_cues(read_tokens(speak(BRIEFING)))
    file = tmp_path / "reply.vtt"
    file.write_text(write_webvtt(cues, note="Made with AI"), encoding="utf-8")
    read = webvtt.read(str(file))
    assert len(read) == len(cues)
    for theirs, ours in zip(read.captions, cues, strict=True):
        assert theirs.start_in_seconds + theirs.start_time.milliseconds / 1000 == pytest.approx(ours.start, abs=1e-3)
        stamps = [
            int(h) * 3600 + int(m) * 60 + float(s)
            for h, m, s in re.findall(r"<(\d\d):(\d\d):(\d\d\.\d{3})>", theirs.raw_text)
        ]
        assert stamps == sorted(set(stamps)) and all(ours.start < at < ours.end for at in stamps)
        assert len(stamps) == len({token.start for token in ours.tokens}) - 1
    assert "&lt;this&gt;" in file.read_text(encoding="utf-8")
    assert "new ones &amp;" in re.sub(r"<[\d:.]+>", "", file.read_text(encoding="utf-8"))


def test_srt_is_read_back(tmp_path: Path) -> None:
    cues = build_cues(read_tokens(speak(BRIEFING)))
    file = tmp_path / "reply.srt"
    file.write_text(write_srt(cues), encoding="utf-8")
    assert [cue.raw_text for cue in webvtt.from_srt(str(file)).captions] == [cue.text for cue in cues]


def test_vendored_fonts_cover_latin_greek_and_cyrillic() -> None:
    assert all(has_glyph(char) for char in "Zażółć gęślą jaźń — “Ελλάδα” Привет, straße €5 ½ 3×4 ’…")
    assert not has_glyph("京")
    assert text_width("iii", 40) < text_width("mmm", 40)


@pytest.mark.parametrize("aspect", ["16:9", "9:16"])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_drawn_captions_stay_in_the_safe_area(aspect: str, text: str) -> None:
    layout = LAYOUTS[aspect]  # type: ignore[index]
    for cue in build_cues(read_tokens(speak(text)), line_chars=layout.line_chars)[:2]:
        x, y, width, height = CaptionPlate(cue, layout).at(cue.start).rect
        assert all(side % 2 == 0 for side in (x, y, width, height))
        assert x >= 32 and x + width <= layout.width - 32
        assert y >= layout.height // 2 and y + height <= layout.caption_bottom


def test_only_the_word_being_spoken_is_lit() -> None:
    layout = LAYOUTS["16:9"]
    cue = build_cues(read_tokens(speak(BRIEFING)))[0]
    plate = CaptionPlate(cue, layout)
    for token in cue.tokens:
        lit = plate.at(token.start + 0.01)
        changed = np.flatnonzero((lit.colours[1] != plate.rest.colours[1]).any(0))
        span = (changed[-1] - changed[0]) * 2
        assert span <= text_width(token.text, layout.font_px) + 4, token.text
        assert (lit.inverse[0] == plate.rest.inverse[0]).mean() > 0.999
    assert plate.at(cue.tokens[-1].end + 0.4) is plate.rest


def test_a_long_name_stays_on_the_picture() -> None:
    for layout in LAYOUTS.values():
        tag = draw_name_tag(NameTag("Maximiliana " * 6, "Director of everything & <more> " * 4, "#2f6db5"), layout)
        assert tag.rect.x + tag.rect.width <= layout.width


def test_a_face_painted_under_overlays_is_not_damaged() -> None:
    rng = np.random.default_rng(1)
    layout = LAYOUTS["16:9"]
    clean = Canvas(layout.width, layout.height)
    overlays = Overlays(clean.planes)
    label = draw_label("AI-generated", layout)
    overlays.show("label", label)
    overlays.update([])
    for _ in range(6):
        x, y = (int(v) * 2 for v in rng.integers(0, (900, 500)))
        painted = label.rect._replace(x=x, y=y, width=240, height=80)
        for i, plane in enumerate(clean.planes):
            k = 1 if i == 0 else 2
            plane[y // k : (y + 80) // k, x // k : (x + 240) // k] = rng.integers(30, 200)
        overlays.update([painted])
    straight = Overlays(clean.planes)
    straight.show("label", label)
    straight.update([])
    for theirs, ours in zip(overlays.canvas.planes, straight.canvas.planes, strict=True):
        assert np.array_equal(theirs, ours)
    overlays.show("label", None)
    overlays.update([])
    for ours, under in zip(overlays.canvas.planes, clean.planes, strict=True):
        assert np.array_equal(ours, under)
