"""Mouth shapes, and times for sound that came without them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import numpy as np
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from core.models import Voice
from core.speech import VISEMES, Phoneme, Spoken, VisemeSpan, Word
from media.align import align, align_by_pauses, fit, spread
from media.speech import SpeechPool
from media.viseme import shapes, visemes

TEXT = "The market was quiet, but our stores were busy. Please review the report before Friday."


def names(symbol: str) -> list[str]:
    return [VISEMES[shape] for shape in shapes(symbol)]


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("m", ["P"]),
        ("ˈaɪ", ["A", "E"]),
        ("oʊ", ["O"]),
        ("aʊ", ["A", "O"]),
        ("tʃ", ["SH"]),
        ("dʒ", ["SH"]),
        ("θ", ["TH"]),
        ("ɹ", ["R"]),
        ("n̩", ["T"]),
        ("ɔːɹ", ["O", "R"]),
        ("_", ["X"]),
        ("", ["X"]),
        ("f", ["F"]),
        ("z", ["S"]),
    ],
)
def test_a_symbol_has_its_shapes(symbol: str, expected: list[str]) -> None:
    assert names(symbol) == expected


def test_a_diphthong_is_split_55_to_45() -> None:
    spans = visemes([Phoneme(0.0, "aɪ"), Phoneme(1.0, "m"), Phoneme(1.5, "b"), Phoneme(2.0, "_")], 2.5)
    shape = {name: VISEMES.index(name) for name in VISEMES}
    assert spans == (
        VisemeSpan(0.0, 0.55, shape["A"]),
        VisemeSpan(0.55, 1.0, shape["E"]),
        VisemeSpan(1.0, 2.0, shape["P"]),
        VisemeSpan(2.0, 2.5, shape["X"]),
    )


@given(st.lists(st.builds(Phoneme, st.floats(-1, 9), st.text(max_size=3)), max_size=30), st.floats(0, 8))
def test_shapes_cover_the_utterance_without_a_gap(phonemes: list[Phoneme], seconds: float) -> None:
    spans = visemes(phonemes, seconds)
    assert sum(span.end - span.start for span in spans) == pytest.approx(seconds)
    edges = [span.start for span in spans] + [seconds]
    assert all(span.end == after for span, after in zip(spans, edges[1:], strict=True))
    assert all(0 <= span.viseme < len(VISEMES) for span in spans)


@pytest_asyncio.fixture(scope="module")
async def pool() -> AsyncIterator[SpeechPool]:
    pool = SpeechPool(1)
    yield pool
    await pool.close()


def error(found: tuple[Word, ...], truth: tuple[Word, ...]) -> float:
    """Mean onset error, seconds."""
    assert [(w.char_from, w.char_to) for w in found] == [(w.char_from, w.char_to) for w in truth]
    return float(np.mean([abs(a.start - b.start) for a, b in zip(found, truth, strict=True)]))


def in_order(words: tuple[Word, ...]) -> bool:
    times = [time for word in words for time in (word.start, word.end)]
    return times == sorted(times)


@pytest.mark.parametrize(
    "other",
    [
        Voice(gender="male", pitch=(78, 118), rate=130),
        Voice(language="en-gb", gender="male", pitch=(90, 140), rate=200),
    ],
    ids=["slow", "fast British"],
)
async def test_another_voice_is_aligned(pool: SpeechPool, other: Voice) -> None:
    reference, truth = await pool.speak(TEXT, Voice()), await pool.speak(TEXT, other)
    phonemes, words = align(truth.pcm, truth.rate, TEXT, reference)
    assert error(words, truth.words) <= 0.060
    assert in_order(words) and len(phonemes) == len(reference.phonemes)
    by_pauses = align_by_pauses(truth.pcm, truth.rate, reference)[1]
    assert error(by_pauses, truth.words) < 0.5 * error(spread(TEXT, truth.seconds)[1], truth.words)


async def test_sound_in_the_middle_of_noise_and_at_another_rate_is_aligned(pool: SpeechPool) -> None:
    reference, truth = await pool.speak(TEXT, Voice()), await pool.speak(TEXT, Voice(pitch=(90, 140), rate=150))
    wave = np.frombuffer(truth.pcm, "<i2").astype(float)
    half = wave[::2]  # 11,025 Hz
    lead = np.zeros(4410)
    noisy = np.concatenate([lead, half, lead]) + np.random.default_rng(1).normal(0, 20, half.size + 8820)
    _, words = align(noisy.astype("<i2").tobytes(), 11025, TEXT, reference)
    shifted = tuple(Word(w.start + 0.4, w.end + 0.4, w.char_from, w.char_to) for w in truth.words)
    assert error(words, shifted) <= 0.060


async def test_foreign_sound_becomes_an_utterance_like_ours(pool: SpeechPool) -> None:
    reference, truth = await pool.speak(TEXT, Voice()), await pool.speak(TEXT, Voice(pitch=(90, 140), rate=150))
    pcm = bytes(2 * 11025) + truth.pcm + bytes(2 * 22050)
    said = fit(TEXT, pcm, truth.rate, reference, "Other")
    assert (said.rate, said.voice) == (22050, "Other")
    assert abs(said.seconds - truth.seconds) < 0.1
    assert error(said.words, truth.words) <= 0.060


async def test_sound_that_is_not_the_text_still_gives_ordered_times(pool: SpeechPool) -> None:
    reference = await pool.speak(TEXT, Voice())
    noise = np.random.default_rng(0).normal(0, 3000, 22050).astype("<i2").tobytes()
    for pcm in (noise, bytes(44100), noise[:200]):
        _, words = align(pcm, 22050, TEXT, reference)
        assert in_order(words) and all(0 <= w.start <= w.end <= len(pcm) / 44100 for w in words)
    assert align(b"", 22050, TEXT, reference) == ((), ())
    assert align(noise, 22050, "", Spoken("", b"", 22050, (), (), "")) == ((), ())


def test_text_alone_spreads_evenly() -> None:
    phonemes, words = spread("ab cd", 3.0)
    assert [(w.start, w.end) for w in words] == [(0.0, 1.0), (1.5, 2.5)]
    assert [p.symbol for p in phonemes] == ["æ", "b", "_", "k", "d", "_"]
    assert spread("...", 2.0) == ((), ())
