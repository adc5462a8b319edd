"""Voices of other programs: how they are called, what is said when they are missing, and who speaks instead."""

from __future__ import annotations

import asyncio
import shlex
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from core.errors import NotConfigured, ProviderDown
from core.models import Voice
from core.settings import Settings
from media.speech import SpeechPool
from providers import program
from providers.catalog import FallbackSpeech, speech
from providers.local import OfflineSpeech
from providers.os_voice import OsSpeech
from providers.piper import PiperSpeech
from providers.ports import Speech

ROOT = Path(__file__).parents[2]
FAKE = Path(__file__).with_name("fake_voice.py")
TEXT = "The market was quiet, but our stores were busy all week."


@pytest_asyncio.fixture(scope="module")
async def offline() -> AsyncIterator[OfflineSpeech]:
    port = OfflineSpeech(SpeechPool(1))
    yield port
    await port.close()


def script(path: Path, body: str) -> str:
    path.write_text(f"#!/bin/sh\n{body}\n", "utf-8")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def fake(tmp_path: Path) -> str:
    """A piper that speaks; it keeps its arguments and stdin beside it."""
    body = (
        f'echo "$@" > {tmp_path}/arguments\ntee {tmp_path}/stdin | '
        f'PYTHONPATH={shlex.quote(str(ROOT))} {shlex.quote(sys.executable)} {shlex.quote(str(FAKE))} "$@"'
    )
    return script(tmp_path / "piper", body)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "voice.onnx"
    path.touch()
    return path


async def test_piper_is_given_words_a_model_and_a_rate(
    offline: OfflineSpeech, fake: str, model: Path, tmp_path: Path
) -> None:
    port = PiperSpeech(offline, model, fake)
    said = await port.speak("It made $5 today.", Voice(rate=81))
    assert (tmp_path / "stdin").read_text() == "It made five dollars today.\n"
    arguments = (tmp_path / "arguments").read_text()
    assert f"--model {model}" in arguments and "--length_scale 2.000" in arguments
    assert said.voice == "Piper"
    assert [said.text[w.char_from : w.char_to] for w in said.words] == ["It", "made", "$5", "today."]


async def test_a_persona_may_have_its_own_piper_voice(
    offline: OfflineSpeech, fake: str, model: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own.onnx"
    own.touch()
    await PiperSpeech(offline, model, fake).speak("Hello.", Voice(piper=str(own)))
    assert f"--model {own}" in (tmp_path / "arguments").read_text()


async def test_its_times_are_those_of_its_sound(offline: OfflineSpeech, fake: str, model: Path) -> None:
    said = await PiperSpeech(offline, model, fake).speak(TEXT, Voice(rate=130))
    reference = await offline.speak(TEXT, Voice(rate=130))
    quiet = next(w for w in said.words if said.text[w.char_from : w.char_to] == "quiet,")
    wave = np.abs(np.frombuffer(said.pcm, "<i2").astype(float))
    level = [wave[i : i + 220].mean() for i in range(0, wave.size, 220)]
    pause = int((quiet.end + 0.05) * 100)
    assert max(level[pause : pause + 5]) < 0.05 * max(level), "the pause after the comma is where the times say"
    assert said.seconds != reference.seconds


async def test_stereo_at_another_rate_is_taken(offline: OfflineSpeech, fake: str, model: Path) -> None:
    said = await PiperSpeech(offline, model, fake).speak("This is stereo sound.", Voice())
    assert said.rate == 22050 and len(said.words) == 4 and 0.8 < said.seconds < 3


async def test_a_mute_engine_gives_silence_and_no_words(offline: OfflineSpeech, fake: str, model: Path) -> None:
    said = await PiperSpeech(offline, model, fake).speak("Stay mute now.", Voice())
    assert said.words == () and not any(said.pcm)


async def test_what_is_missing_is_named(offline: OfflineSpeech, model: Path, tmp_path: Path) -> None:
    missing = str(tmp_path / "nothing")
    for port, words in (
        (PiperSpeech(offline, None), "GREENROOM_PIPER_VOICE"),
        (PiperSpeech(offline, tmp_path / "gone.onnx"), "gone.onnx"),
        (PiperSpeech(offline, model, missing), "GREENROOM_PIPER_COMMAND"),
        (OsSpeech(offline, missing), "GREENROOM_OS_VOICE_COMMAND"),
    ):
        with pytest.raises(NotConfigured, match=words):
            await port.speak(TEXT, Voice())


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("cat > /dev/null; echo one >&2; echo 'no such voice' >&2; exit 4", "no such voice"),
        ("cat > /dev/null; exit 5", "exit code 5"),
        ("cat > /dev/null; echo hello", "did not write a sound file"),
        ("exit 0", "did not write a sound file"),
    ],
)
async def test_a_failing_program_is_reported(
    offline: OfflineSpeech, model: Path, tmp_path: Path, body: str, words: str
) -> None:
    port = PiperSpeech(offline, model, script(tmp_path / "bad", body))
    with pytest.raises(ProviderDown, match=words):
        await port.speak(TEXT, Voice())


async def test_a_program_that_hangs_is_ended(
    offline: OfflineSpeech, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = script(tmp_path / "slow", f"echo $$ > {tmp_path}/pid; exec sleep 600")
    port = PiperSpeech(offline, model, command)
    monkeypatch.setattr(program, "PROGRAM_SECONDS", 0.3)
    with pytest.raises(ProviderDown, match="did not answer"):
        await port.speak(TEXT, Voice())
    monkeypatch.setattr(program, "PROGRAM_SECONDS", 60)
    (tmp_path / "pid").unlink()
    task = asyncio.create_task(port.speak(TEXT, Voice()))
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():
        await asyncio.sleep(0.01)
    pid = int((tmp_path / "pid").read_text())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not Path(f"/proc/{pid}").exists() or sys.platform != "linux"


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("say", ["-v Samantha", "-r 150", "--data-format=LEI16@22050", "-f text.txt"]),
        ("flite", ["-voice slt", "duration_stretch=1.133", "-o out.wav"]),
        ("text2wave", ["text.txt -o out.wav", "Duration_Stretch 1.133"]),
        ("powershell", ["SelectVoiceByHints('Female')", "SetOutputToWaveFile('out.wav')", "Rate = -1"]),
    ],
)
def test_each_system_voice_is_called_in_its_own_way(
    offline: OfflineSpeech, tmp_path: Path, name: str, parts: list[str]
) -> None:
    port = OsSpeech(offline, script(tmp_path / name, "exit 0"))
    command = " ".join(port.command(Voice(rate=150), Path("text.txt"), Path("out.wav")))
    for part in parts:
        assert part in command


class Broken:
    """A better voice that works only while `up`."""

    name = "Better"

    def __init__(self, inner: Speech) -> None:
        self.inner, self.up = inner, False

    async def speak(self, text: str, voice: Voice, *, first: bool = False) -> object:
        if not self.up:
            raise ProviderDown("It is out of breath.")
        return await self.inner.speak(text, voice, first=first)

    async def warm(self, voices: object) -> None:
        raise NotConfigured("It is not there.")

    async def close(self) -> None: ...


async def test_the_offline_voice_speaks_instead_and_says_so(offline: OfflineSpeech) -> None:
    better = Broken(offline)
    port = FallbackSpeech(better, offline)  # type: ignore[arg-type]
    await port.warm([Voice()])
    assert port.notice and "It is not there." in port.notice
    said = await port.speak("Hello.", Voice())
    assert said.words and said.voice.startswith("espeak")
    assert port.notice == "Better could not speak, so the offline voice does. It is out of breath."
    better.up = True
    await port.speak("Hello.", Voice())
    assert port.notice is None and port.name == "Better"


def test_the_settings_choose_the_voice() -> None:
    plain = speech(Settings(voice_engine="espeak", _env_file=None))
    assert isinstance(plain, OfflineSpeech) and isinstance(plain, Speech)
    for engine, name in (("piper", "Piper"), ("os", "System voice")):
        port = speech(Settings(voice_engine=engine, _env_file=None))
        assert isinstance(port, FallbackSpeech) and isinstance(port, Speech) and port.name == name
