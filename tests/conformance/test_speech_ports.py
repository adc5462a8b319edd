"""Every Speech port keeps the same promises, whichever engine is behind it."""

from __future__ import annotations

import asyncio
import shlex
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from core.models import Voice
from core.settings import Settings
from core.speech import VISEMES, Spoken
from media.viseme import visemes
from providers.catalog import speech
from providers.ports import Speech

ROOT = Path(__file__).parents[2]
FAKE = ROOT / "tests" / "providers" / "fake_voice.py"


def program(folder: Path, name: str) -> Path:
    """An executable called `name` that speaks."""
    path = folder / name
    python, fake, root = (shlex.quote(str(part)) for part in (sys.executable, FAKE, ROOT))
    path.write_text(f'#!/bin/sh\nPYTHONPATH={root} exec {python} {fake} "$@"\n', "utf-8")
    path.chmod(0o755)
    return path


@pytest_asyncio.fixture(scope="module", params=["espeak", "piper", "os", "fallback"])
async def port(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Speech]:
    folder = tmp_path_factory.mktemp("voices")
    model = folder / "voice.onnx"
    model.touch()
    values = {
        "espeak": {},
        "piper": {"piper_voice": model, "piper_command": str(program(folder, "piper"))},
        "os": {"os_voice_command": str(program(folder, "flite"))},
        "fallback": {"voice_engine": "piper", "piper_voice": folder / "missing.onnx"},
    }[request.param]
    settings = Settings(**{"voice_engine": request.param, "speech_workers": 1, **values}, _env_file=None)
    made = speech(settings)
    yield made
    await made.close()


@pytest.fixture
def say(port: Speech) -> Callable[..., Awaitable[Spoken]]:
    async def speak(text: str, voice: Voice | None = None, *, first: bool = False) -> Spoken:
        said = await port.speak(text, voice or Voice(), first=first)
        check(said, text)
        return said

    return speak


def check(said: Spoken, text: str) -> None:
    """What holds for every utterance."""
    assert said.text == text and said.voice and said.rate >= 16000
    assert len(said.pcm) % 2 == 0 and said.seconds > 0
    times = [time for word in said.words for time in (word.start, word.end)]
    assert times == sorted(times), "words overlap or go back"
    assert not times or (times[0] >= 0 and times[-1] <= said.seconds)
    starts = [phoneme.start for phoneme in said.phonemes]
    assert starts == sorted(starts)
    covered = {i for word in said.words for i in range(word.char_from, word.char_to)}
    spans = [(word.char_from, word.char_to) for word in said.words]
    assert spans == sorted(spans) and all(0 <= a < b <= len(text) for a, b in spans)
    if said.words:
        assert all(i in covered for i, character in enumerate(text) if character.isalnum())
        wave = np.frombuffer(said.pcm, "<i2").astype(float) / 32768
        loud = np.flatnonzero(np.abs(wave) > 0.02)
        assert np.abs(wave).max() > 0.1, "silence instead of speech"
        assert loud[0] / said.rate < 0.05, "silence before the first sound"
        assert np.abs(wave).max() < 1.0
        assert {VISEMES[s.viseme] for s in visemes(said.phonemes, said.seconds)} - {"X"}


async def test_a_sentence(say: Callable[..., Awaitable[Spoken]]) -> None:
    said = await say("Welcome to the briefing, I hope you are well.", first=True)
    assert len(said.words) == 9
    assert 1.5 < said.seconds < 6


async def test_it_takes_figures_signs_and_abbreviations(say: Callable[..., Awaitable[Spoken]]) -> None:
    said = await say("Dr. Lee's KPIs: $48,210 (up 7%) at 3:30 p.m. — see example.com!")
    assert len(said.words) == 11


@pytest.mark.parametrize("text", ["", "   ", "...!?", "—", "\U0001f389\U0001f44d\U0001f3fd"])
async def test_nothing_to_say_is_a_short_silence(say: Callable[..., Awaitable[Spoken]], text: str) -> None:
    said = await say(text)
    assert said.words == () and said.seconds < 0.6 and not any(said.pcm)


@pytest.mark.parametrize(
    "text",
    [
        "Ein schöner Gruß, déjà vu.",
        "你好 means hello.",
        "Привет, Jaz!",
        "Great \U0001f680 work",
        "x" * 90,
        "'$(rm -rf x)' `a`",
    ],
    ids=["accents", "Chinese", "Cyrillic", "emoji", "no spaces", "shell"],
)
async def test_any_text_is_spoken(say: Callable[..., Awaitable[Spoken]], text: str) -> None:
    assert (await say(text)).words


async def test_a_long_text(say: Callable[..., Awaitable[Spoken]]) -> None:
    text = "Customers choose what is different and useful to them. " * 15
    said = await say(text)
    assert len(said.words) == 9 * 15
    assert said.seconds > 20


async def test_the_voice_is_honoured(say: Callable[..., Awaitable[Spoken]]) -> None:
    text = "We look at the numbers before we talk about plans."
    slow, fast = await say(text, Voice(rate=110)), await say(text, Voice(rate=240))
    assert slow.seconds > 1.4 * fast.seconds


async def test_two_at_once_do_not_mix(say: Callable[..., Awaitable[Spoken]]) -> None:
    short, longer = await asyncio.gather(say("Yes."), say("No, not before the end of the month."))
    assert len(short.words) == 1 and len(longer.words) == 8
    assert short.seconds < longer.seconds
