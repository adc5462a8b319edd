"""The offline voice: sound, true times, and workers that come back."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator

import numpy as np
import psutil
import pytest
import pytest_asyncio

from core.errors import Interrupted, InvalidInput, ProviderDown
from core.models import Voice
from core.speech import Phoneme, Spoken
from media import speech
from media.pipe import frame, read_frame
from media.polish import polish
from media.speech import RATE, SpeechPool, pieces_of, place_words
from media.spoken import spoken
from media.voicefile import voice_file, voice_key

VOICE = Voice()
MARCUS = Voice(gender="male", pitch=(78, 118), rate=155)
MONEY = "Revenue came in at $48,210, up 7% — on Jan. 5, 2024."


@pytest_asyncio.fixture(scope="session")
async def pool() -> AsyncIterator[SpeechPool]:
    pool = SpeechPool(1)
    await pool.start()
    yield pool
    await pool.close()


def samples(said: Spoken) -> np.ndarray:
    return np.frombuffer(said.pcm, "<i2").astype(float) / 32768


def pitch(said: Spoken) -> float:
    """Median fundamental of the loud frames, Hz, by autocorrelation."""
    wave, found = samples(said), []
    for at in range(0, wave.size - 2048, 1024):
        window = wave[at : at + 2048] - wave[at : at + 2048].mean()
        if np.sqrt((window**2).mean()) < 0.03:
            continue
        correlation = np.correlate(window, window, "full")[2047:]
        low, high = said.rate // 320, said.rate // 65
        best = low + int(correlation[low:high].argmax())
        if correlation[best] > 0.5 * correlation[0]:
            found.append(said.rate / best)
    return float(np.median(found))


async def test_display_words_have_true_times(pool: SpeechPool) -> None:
    said = await pool.speak(MONEY, VOICE)
    shown = [MONEY[word.char_from : word.char_to] for word in said.words]
    assert shown == ["Revenue", "came", "in", "at", "$48,210,", "up", "7%", "on", "Jan.", "5,", "2024."]
    length = {text: word.end - word.start for text, word in zip(shown, said.words, strict=True)}
    assert length["$48,210,"] > 2.0, "forty-eight thousand two hundred and ten dollars takes its time"
    assert length["in"] < 0.3
    spoken_at = next(p.start for p in said.phonemes if p.symbol == "f")
    money = next(word for word, text in zip(said.words, shown, strict=True) if text == "$48,210,")
    assert abs(spoken_at - money.start) < 0.03, "the word starts with its first phoneme"
    assert said.words[4].end < said.words[5].start, "the comma's pause belongs to no word"


async def test_sound_is_immediate_even_and_ends_in_a_breath(pool: SpeechPool) -> None:
    for text in ("Hello, and welcome.", "What a week"):
        said = await pool.speak(text, VOICE)
        wave = samples(said)
        loud = np.flatnonzero(np.abs(wave) > 0.01)
        assert said.rate == RATE
        assert loud[0] / RATE < 0.01
        assert 0.1 < (wave.size - loud[-1]) / RATE < 0.35
        assert 0.3 < np.abs(wave).max() < 0.95
        assert said.words[-1].end <= said.seconds
        assert abs(said.words[-1].end - loud[-1] / RATE) < 0.12


async def test_times_do_not_depend_on_what_was_said_before(pool: SpeechPool) -> None:
    once = await pool.speak(MONEY, VOICE)
    await pool.speak("Something else entirely.", MARCUS)
    again = await pool.speak(MONEY, VOICE)
    assert [p.symbol for p in once.phonemes] == [p.symbol for p in again.phonemes]
    assert max(abs(a.start - b.start) for a, b in zip(once.words, again.words, strict=True)) < 0.01


async def test_personas_sound_different(pool: SpeechPool) -> None:
    text = "Let us look at why customers choose you before we talk about share."
    jaz, marcus = await pool.speak(text, VOICE), await pool.speak(text, MARCUS)
    assert 65 < pitch(marcus) < 130 < 138 < pitch(jaz) < 215
    slow = await pool.speak(text, VOICE.model_copy(update={"rate": 110}))
    assert slow.seconds > 1.25 * jaz.seconds


@pytest.mark.parametrize("text", ["", " ", "...", "—!?", "\U0001f389", "***"])
async def test_nothing_to_say_is_a_short_silence(pool: SpeechPool, text: str) -> None:
    said = await pool.speak(text, VOICE)
    assert said.words == () and said.phonemes == ()
    assert 0 < said.seconds < 0.5 and not any(said.pcm)


async def test_a_long_text_is_one_utterance(pool: SpeechPool) -> None:
    text = "This sentence is one of quite a few like it. " * 30
    said = await pool.speak(text, VOICE)
    assert len(said.words) == 300
    starts = [word.start for word in said.words]
    assert starts == sorted(starts) and said.words[-1].end <= said.seconds
    assert text[said.words[-1].char_from : said.words[-1].char_to] == "it."


async def test_the_first_clause_does_not_wait_behind_long_answers(pool: SpeechPool) -> None:
    order: list[str] = []

    async def speak(name: str, text: str, first: bool) -> None:
        await pool.speak(text, VOICE, first=first)
        order.append(name)

    async with asyncio.TaskGroup() as group:
        for i in range(6):
            group.create_task(speak(f"long {i}", "A sentence that goes on for quite some time. " * 7, False))
        await asyncio.sleep(0)
        group.create_task(speak("first", "Well, yes,", True))
    assert order.index("first") <= 1, "only the one already being spoken may come before"


async def test_cancelling_frees_the_voice(pool: SpeechPool) -> None:
    stop = asyncio.Event()
    task = asyncio.create_task(pool.speak("It goes on and on. " * 200, VOICE, cancel=stop))
    await asyncio.sleep(0)
    stop.set()
    with pytest.raises(Interrupted):
        await task
    dropped = asyncio.create_task(pool.speak("It goes on and on. " * 200, VOICE))
    await asyncio.sleep(0)
    dropped.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dropped
    assert (await pool.speak("Next.", VOICE)).words


async def test_a_dead_worker_is_replaced(pool: SpeechPool) -> None:
    for _ in range(2):
        (pid,) = pool.pids
        waiting = asyncio.create_task(pool.speak(MONEY * 5, VOICE))
        await asyncio.sleep(0)
        os.kill(pid, signal.SIGKILL)
        assert (await waiting).words
        assert pool.pids and pid not in pool.pids


async def test_a_sentence_that_kills_every_worker_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = SpeechPool(1)
    await pool.start()
    serve = SpeechPool._ask

    async def fatal(self: SpeechPool, slot: int, job: object) -> object:
        if "poison" in job.request["text"]:  # type: ignore[attr-defined]
            process = self._processes.get(slot) or await speech._spawn()
            self._processes[slot] = process
            process.kill()
            await process.wait()
        return await serve(self, slot, job)  # type: ignore[arg-type]

    monkeypatch.setattr(SpeechPool, "_ask", fatal)
    try:
        with pytest.raises(ProviderDown, match="stopped twice"):
            await pool.speak("poison", VOICE)
        assert (await pool.speak("Fine again.", VOICE)).words
    finally:
        await pool.close()
    assert pool.pids == ()


async def test_an_unknown_language_is_said_plainly(pool: SpeechPool) -> None:
    with pytest.raises(InvalidInput, match="xx-klingon"):
        await pool.speak("Hello.", Voice(language="xx-klingon"))


def test_workers_end_with_their_parent() -> None:
    """A server killed with -9 leaves no process behind: its end of the pipe closes."""
    program = (
        "import asyncio, os\nfrom media.speech import SpeechPool\n"
        "async def main():\n    pool = SpeechPool(1)\n    await pool.start()\n"
        "    print(pool.pids[0], flush=True)\n    os.kill(os.getpid(), 9)\nasyncio.run(main())\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=os.getcwd())
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.wait(30)
    parent.stdout.close()
    assert parent.returncode == -signal.SIGKILL
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(pid).wait(20)  # raises TimeoutExpired when the worker outlives its parent


def test_a_worker_answers_errors_and_goes_on(tmp_path_factory: pytest.TempPathFactory) -> None:
    voice = tmp_path_factory.mktemp("voice") / "v"
    voice.write_text(voice_file(VOICE), "utf-8")
    worker = subprocess.Popen([sys.executable, "-m", "media.espeak"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert worker.stdin and worker.stdout
    try:
        ready = read_frame(worker.stdout)
        assert ready is not None and ready[0] == {"ready": True}
        good = {"id": 2, "text": "Hello.", "voice": str(voice), "rate": 160}
        worker.stdin.write(frame({"id": 1, "text": "x", "voice": "/nowhere", "rate": 160}) + frame(good))
        worker.stdin.flush()
        bad, fine = read_frame(worker.stdout), read_frame(worker.stdout)
        assert bad is not None and bad[0]["id"] == 1 and "voice file" in bad[0]["error"]
        assert fine is not None and len(fine[1]) > RATE // 4
    finally:
        worker.stdin.close()
        assert worker.wait(20) == 0
        worker.stdout.close()


def test_words_that_share_an_event_share_its_time() -> None:
    said = spoken("out of the blue")
    events = [(0.0, 0, 3), (0.3, 4, 2), (0.6, 11, 4)]  # "of the" is one event
    words = place_words(said, events, [Phoneme(0.0, "a"), Phoneme(1.0, "_")], 1.0)
    assert [w.start for w in words] == [0.0, 0.3, 0.42, 0.6]
    assert [w.end for w in words] == [0.3, 0.42, 0.6, 1.0]


def test_pieces_are_cut_after_sentences() -> None:
    text = "One two three. " * 60
    pieces = pieces_of(text, 100)
    assert "".join(piece for _, piece in pieces) == text
    assert all(text[at : at + len(piece)] == piece and len(piece) <= 100 for at, piece in pieces)
    assert all(piece.rstrip().endswith(".") for _, piece in pieces if piece.strip())
    assert [len(piece) for _, piece in pieces_of("x" * 250, 100)] == [100, 100, 50]


def test_the_voice_file_has_the_stock_rules_and_our_voice() -> None:
    text = voice_file(MARCUS)
    assert "phonemes en-us" in text and "dictrules" in text
    assert "klatt 5" in text and "pitch 78 118" in text
    assert voice_key(MARCUS) != voice_key(VOICE)
    assert voice_key(MARCUS) == voice_key(MARCUS.model_copy(update={"rate": 200}))
    assert json.dumps(MARCUS.model_dump())


def test_polish_cuts_silence_and_keeps_the_level() -> None:
    tone = (0.2 * 32767 * np.sin(2 * np.pi * 220 * np.arange(RATE) / RATE)).astype(np.int16)
    padded = np.concatenate([np.zeros(RATE // 2, np.int16), tone, np.zeros(RATE, np.int16)])
    sound = polish(padded, RATE, pause=0.2)
    assert abs(sound.lead - 0.5) < 0.01
    assert abs(len(sound.pcm) / RATE - 1.2) < 0.02
    assert 0.1 < np.abs(sound.pcm[RATE // 4 : RATE // 2] / 32768).max() < 0.9
    rumble = (0.3 * 32767 * np.sin(2 * np.pi * 20 * np.arange(RATE) / RATE) + tone).astype(np.int16)
    spectrum = np.abs(np.fft.rfft(polish(rumble, RATE, pause=0).pcm[:RATE]))
    assert spectrum[20] < 0.2 * spectrum[220]
    assert not polish(np.zeros(100, np.int16), RATE, pause=0.1).pcm.any()
