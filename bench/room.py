"""What a person feels in the room: a real Chromium, a real server process, the offline brain and voice, all on this
machine. Sound is measured by a tap at the page's loudspeaker (tests/e2e/ear.js), on the audio clock."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from bench.crowd import QUESTIONS, Person, open_server, tokens
from bench.row import Row, p50, p95, row
from tests.crash.process import ServerProcess
from tests.e2e.browser import DESKTOP, Room, open_browser
from tests.e2e.lips import Heard, collect, correlate

ALONE_QUESTIONS = 48
CROWD_QUESTIONS = 24
OTHERS = 9
INTERRUPTIONS = 24
EARLY_INTERRUPTIONS = 16
SPEECH_SECONDS = 180.0
PART_SECONDS = 60.0
QUIET_SECONDS = 1.5
"""How long after an early interruption a late sound would still be noticed."""
FRAME_MS = 1000 / 60
SAYINGS = (
    "Why did sales drop last month?",
    "What drives conversion the most?",
    "How do I forecast next quarter?",
    "Which products should I reorder first?",
    *QUESTIONS,
    "Explain cohort analysis to me, please.",
    "Mean or median for order values?",
    "Returns are eating us alive, help",
    "Tell me more",
)


class Others:
    """Other people in the room, on a thread and a loop of their own."""

    def __init__(self, server: ServerProcess, count: int) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._people = [Person(server.base, token) for token in tokens(count)]
        self._turn = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._together([one.enter() for one in self._people])).result(60)
        return self

    def __exit__(self, *exc: object) -> None:
        self._run(self._together([one.leave() for one in self._people])).result(60)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def ask(self) -> Future[None]:
        """All of them ask at once; done when all have heard everything."""
        self._turn += 1
        asked = [one.ask(SAYINGS[(number + self._turn) % len(SAYINGS)]) for number, one in enumerate(self._people)]
        return self._run(self._together(asked))

    @property
    def first_speech(self) -> list[float]:
        return [one for person in self._people for one in person.first_speech]

    def _run(self, work: Coroutine[Any, Any, None]) -> Future[None]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    @staticmethod
    async def _together(work: list[Coroutine[Any, Any, None]]) -> None:
        await asyncio.gather(*work)


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder, open_server(Path(folder)) as server, _enter(server) as room:
        return [
            *_alone(room),
            *_in_company(server, room),
            *_interrupted(room),
            *_interrupted_early(room),
            *_lips_and_frames(room),
        ]


@contextmanager
def _enter(server: ServerProcess) -> Iterator[Room]:
    with open_browser() as browser:
        room = Room(browser.new_context(viewport=DESKTOP), server.base).enter()  # type: ignore[arg-type]
        room.until("document.querySelector('canvas.face') && !document.querySelector('.face-hidden')")
        # the first question of all starts voices, fonts and caches
        for text in SAYINGS[:3]:
            _first_audio(room, text)
        yield room
        if faults := room.unexpected():
            raise AssertionError(f"The page had faults: {faults[:3]}")


def _first_audio(room: Room, text: str) -> dict[str, float]:
    """Ask; the page's marks once sound is scheduled, in ms since sending. Then silence, for the next question."""
    room.composer.fill(text)
    room.composer.press("Enter")
    room.until("greenroom.marks.firstAudio > 0")
    marks: dict[str, float] = room.read("greenroom.marks")
    _hush(room)
    return {name: at - marks["sent"] for name, at in marks.items()}


def _hush(room: Room) -> None:
    room.composer.press("Escape")
    room.until_quiet()


def _alone(room: Room) -> list[Row]:
    turns = [_first_audio(room, SAYINGS[number % len(SAYINGS)]) for number in range(ALONE_QUESTIONS)]
    audio = [turn["firstAudio"] for turn in turns]
    words = [turn["firstDelta"] for turn in turns]
    heard = [turn["audible"] for turn in turns]
    beside = f"first word {p50(words):.0f} ms, audible {p50(heard):.0f} ms (medians); {len(turns)} questions"
    return [
        row("first audio scheduled after send, one talker, p50", p50(audio), "ms", "", beside),
        row("first audio scheduled after send, one talker, p95", p95(audio), "ms", "<= 300", beside),
    ]


def _in_company(server: ServerProcess, room: Room) -> list[Row]:
    audio = []
    with Others(server, OTHERS) as others:
        others.ask().result(120)
        for number in range(CROWD_QUESTIONS):
            room.composer.fill(SAYINGS[number % len(SAYINGS)])
            talking = others.ask()
            room.composer.press("Enter")
            room.until("greenroom.marks.firstAudio > 0")
            audio.append(room.read("greenroom.marks.firstAudio - greenroom.marks.sent"))
            _hush(room)
            talking.result(120)
        heard = [one * 1000 for one in others.first_speech]
    beside = f"the other {OTHERS} got theirs after {p50(heard):.0f} ms, p95 {p95(heard):.0f} ms"
    return [
        row("first audio scheduled after send, ten at once, p50", p50(audio), "ms", "", beside),
        row("first audio scheduled after send, ten at once, p95", p95(audio), "ms", "<= 500", beside),
    ]


def _interrupted(room: Room) -> list[Row]:
    """Half by Escape, half by the first typed character."""
    ends, pages, latencies = [], [], []
    for number in range(INTERRUPTIONS):
        room.say(SAYINGS[number % len(SAYINGS)])
        room.until("greenroom.speech.speaking && ear.peak() > 0.02")
        room.composer.press("Escape" if number % 2 else "w")
        room.until("greenroom.speech.silentAt > 0")
        room.page.wait_for_timeout(400)
        ends.append(room.read("ear.silenceAfter()") * 1000)
        pages.append(room.read("greenroom.speech.silentAt - ear.gestures.at(-1).wall"))
        latencies.append(room.read("ear.gestures.at(-1).latency") * 1000)
        room.composer.fill("")
        room.until_quiet()
    outside = [end + latency for end, latency in zip(ends, latencies, strict=True)]
    beside = f"the page's own meter: {p50(pages):.0f} ms; with the loudspeaker's delay p95 {p95(outside):.0f} ms"
    return [
        row("barge-in to silence, p50", p50(ends), "ms", "", beside),
        row("barge-in to silence, p95", p95(ends), "ms", "<= 100", beside),
    ]


def _interrupted_early(room: Room) -> list[Row]:
    """Escape before the first sound: at once, or when the first word stands there."""
    worst = 0.0
    early = 0
    for number in range(EARLY_INTERRUPTIONS):
        speaking, at = room.cut_early(SAYINGS[number % len(SAYINGS)], "first word" if number % 2 else "at once")
        room.page.wait_for_timeout(QUIET_SECONDS * 1000)
        loudest = room.loudest_since(at + 0.1 if speaking else at)
        worst = max(worst, loudest)
        early += not speaking
        room.until_quiet()
    return [
        row("barge-in before the first audio: loudest sound later", worst, "RMS", "<= 0.001",
            f"{early} of {EARLY_INTERRUPTIONS} cut before any sound; speech is about 0.1"),
    ]  # fmt: skip


def _lips_and_frames(room: Room) -> list[Row]:
    heard = Heard()
    room.read("(ear.take(), ear.ticks.splice(0), ear.mouths.splice(0))")
    number = 0
    while len(heard.sound) * 0.005 < SPEECH_SECONDS:
        room.say(SAYINGS[number % len(SAYINGS)])
        number += 1
        room.until("greenroom.speech.speaking")
        while room.read("greenroom.speech.speaking"):
            room.page.wait_for_timeout(250)
            collect(room, heard)
        room.until_quiet()
    ticks: list[float] = room.read("ear.ticks")
    begin, end = heard.mouths[0][0], heard.mouths[-1][0]
    whole, strength = correlate(heard)
    first, _ = correlate(heard, begin, begin + PART_SECONDS)
    last, _ = correlate(heard, end - PART_SECONDS, end)
    beside = f"r = {strength:.2f} over {len(heard.sound) * 0.005:.0f} s of speech; + is mouth after sound"
    rates, late = _frames(ticks)
    seconds = f"{len(rates)} s of talking, worst second {min(rates):.0f}"
    return [
        row("|mouth - sound|", abs(whole) * 1000, "ms", "<= 45", f"{whole * 1000:+.0f} ms, {beside}"),
        row("|mouth - sound|, last minute", abs(last) * 1000, "ms", "<= 45", f"{last * 1000:+.0f} ms"),
        row("mouth against sound, drift first to last minute", abs(last - first) * 1000, "ms", "<= 15",
            f"{first * 1000:+.0f} to {last * 1000:+.0f} ms"),
        row("frames per second while talking, median", p50(rates), "fps", ">= 58", seconds),
        row("frames late while talking", late * 100, "%", "", "longer than 1.5 frames of 60 Hz"),
    ]  # fmt: skip


def _frames(ticks: list[float]) -> tuple[list[float], float]:
    """(frames in each whole second of talking, share of frames that came late). A negative tick begins a stretch."""
    rates, late, count = [], 0, 0
    begin = frames = 0.0
    before = 0.0
    for tick in ticks:
        if tick < 0:
            begin, frames, before = -tick, 0, -tick
            continue
        frames += 1
        count += 1
        late += tick - before > 1.5 * FRAME_MS
        before = tick
        if tick - begin >= 1000:
            rates.append(frames * 1000 / (tick - begin))
            begin, frames = tick, 0
    return rates, late / max(1, count)
