"""Text → speech by a pool of warm espeak-ng processes, with true phoneme and word times.

`SpeechPool.speak` gives sound and the times of the words *as they are read*: the spoken text ("five dollars") is
mapped back to the display text ("$5").
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import re
import sys
import tempfile
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import Interrupted, ProviderDown
from core.models import Voice
from core.speech import Phoneme, Spoken, Word
from media.pipe import frame, receive
from media.spoken import SpokenText, spoken
from media.voicefile import voice_file, voice_key

RATE = 22050
"""Hz of the offline voice."""
PIECE_CHARS = 320
"""Longer texts are spoken in pieces, so that no answer's first clause waits behind a long one."""
ANSWER_SECONDS = 30.0
"""A worker that takes longer for one piece is ended and the piece tried again."""
START_SECONDS = 60.0
ENGINE = "espeak klatt5"
_BREATH = {".": 0.24, "!": 0.24, "?": 0.26, "…": 0.3, ",": 0.12, ";": 0.16, ":": 0.18, "—": 0.14}
_BREATH_ELSE = 0.16
_SILENCE_SECONDS = 0.12
_SILENT = "_"
"""The phoneme symbol of a pause."""
_TOKEN = re.compile(r"[^\s—]+")


# --- times -----------------------------------------------------------------------------------------------------------


def tokens(text: str) -> list[tuple[int, int]]:
    """Spans of the words people read: runs without white space that have a letter or digit."""
    return [m.span() for m in _TOKEN.finditer(text) if any(character.isalnum() for character in m[0])]


def place_words(
    said: SpokenText, events: Iterable[tuple[float, int, int]], phonemes: Sequence[Phoneme], voiced: float
) -> tuple[Word, ...]:
    """Times of every display word.

    `events` are (seconds, position, length) of words in `said.text`. Several display words said by one event share its
    time by their length; several events of one display word ("$5") are one word. `voiced` is where the sound ends.
    """
    spans = tokens(said.original)
    if not spans or voiced <= 0:
        return ()
    ends = [b for _, b in spans]
    starts: dict[int, float] = {}
    for seconds, position, length in sorted(events):
        a, _ = said.span(position, position + length)
        index = min(bisect_right(ends, a), len(spans) - 1)
        starts.setdefault(index, seconds)
    known = sorted(starts)
    knots: list[tuple[int, float]] = []
    for index in known:  # a voice never goes back, its events may
        knots.append((index if knots else 0, max(starts[index], knots[-1][1] if knots else 0.0)))
    if not knots:
        knots = [(0, 0.0)]
    knots.append((len(spans), voiced))
    words: list[Word] = []
    for (index, start), (after, end) in itertools.pairwise(knots):
        end = _before_pause(start, max(start, end), phonemes)
        weights = [b - a for a, b in spans[index:after]]
        total, passed = sum(weights), 0
        for (a, b), weight in zip(spans[index:after], weights, strict=True):
            begin = start + (end - start) * passed / total
            passed += weight
            words.append(Word(round(begin, 4), round(start + (end - start) * passed / total, 4), a, b))
    return tuple(words)


def _before_pause(start: float, end: float, phonemes: Sequence[Phoneme]) -> float:
    """Where the sound of a word that may last until `end` stops: at the pause that follows it, if one does."""
    low = bisect_right(phonemes, start, key=lambda phoneme: phoneme.start)
    high = bisect_right(phonemes, end - 1e-6, key=lambda phoneme: phoneme.start)
    while high > low and phonemes[high - 1].symbol == _SILENT:
        high -= 1
        end = phonemes[high].start
    return end


def _phonemes(events: Iterable[tuple[float, str]]) -> tuple[Phoneme, ...]:
    out: list[Phoneme] = []
    for seconds, symbol in events:
        symbol = symbol.strip() or _SILENT
        if symbol.startswith("_"):
            symbol = _SILENT
        if symbol == _SILENT and out and out[-1].symbol == _SILENT:
            continue
        out.append(Phoneme(max(seconds, out[-1].start if out else 0.0), symbol))
    return tuple(out)


def silence(text: str, voice: str, rate: int = RATE, seconds: float = _SILENCE_SECONDS) -> Spoken:
    """What is said for a text without a word in it."""
    return Spoken(text, bytes(2 * int(rate * seconds)), rate, (), (), voice)


def join(text: str, pieces: Sequence[tuple[int, Spoken]]) -> Spoken:
    """One utterance of several at the same rate; each comes with the offset of its text in `text`."""
    pcm, phonemes, words, at = bytearray(), list[Phoneme](), list[Word](), 0.0
    for offset, piece in pieces:
        phonemes += (Phoneme(at + p.start, p.symbol) for p in piece.phonemes)
        words += (Word(at + w.start, at + w.end, offset + w.char_from, offset + w.char_to) for w in piece.words)
        pcm += piece.pcm
        at = len(pcm) / 2 / piece.rate
    last = pieces[-1][1]
    return Spoken(text, bytes(pcm), last.rate, tuple(phonemes), tuple(words), last.voice)


def pieces_of(text: str, limit: int = PIECE_CHARS) -> list[tuple[int, str]]:
    """(offset, piece) of a text, cut after sentences, else words, else anywhere; no piece is over `limit`."""
    out: list[tuple[int, str]] = []
    at = 0
    while len(text) - at > limit:
        window = text[at : at + limit]
        cut = max((m.end() for m in re.finditer(r"[.!?…。\uff01\uff1f][\"')\]]*\s", window)), default=0)
        cut = cut or max((m.end() for m in re.finditer(r"\s", window)), default=0) or limit
        out.append((at, text[at : at + cut]))
        at += cut
    return [*out, (at, text[at:])]


# --- workers ---------------------------------------------------------------------------------------------------------


_Answer = tuple[dict[str, Any], bytes]


@dataclass(slots=True)
class _Job:
    request: dict[str, Any]
    answer: asyncio.Future[_Answer]
    tries: int = 0


class _Died(Exception):
    """The worker ended or hung in the middle of a request."""


class SpeechPool:
    """Warm workers behind one queue; the first clause of an answer goes before everything else that waits."""

    def __init__(self, workers: int = 2) -> None:
        self.workers = workers
        self._queue: asyncio.PriorityQueue[tuple[int, int, _Job]] = asyncio.PriorityQueue()
        self._numbers = itertools.count()
        self._tasks: list[asyncio.Task[None]] = []
        self._processes: dict[int, asyncio.subprocess.Process] = {}
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._files: dict[Voice, Path] = {}
        self._starting = asyncio.Lock()

    async def start(self, workers: int | None = None) -> None:
        """Start the workers and wait until each has loaded the library.

        Raises:
            ProviderDown: a worker could not start.
        """
        async with self._starting:
            if self._tasks:
                return
            self.workers = workers or self.workers
            self._folder = tempfile.TemporaryDirectory(prefix="greenroom-voices-")
            for process in await asyncio.gather(*(_spawn() for _ in range(self.workers))):
                slot = len(self._tasks)
                self._processes[slot] = process
                self._tasks.append(asyncio.create_task(self._serve(slot), name=f"speech-{slot}"))

    async def warm(self, voices: Iterable[Voice]) -> None:
        """Write the voice files and let every worker speak a word of each."""
        await self.start()
        await asyncio.gather(*(self.speak("Ready.", voice) for voice in voices for _ in range(self.workers)))

    async def close(self) -> None:
        """End the workers; waiting requests fail with `ProviderDown`."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        while not self._queue.empty():
            job = self._queue.get_nowait()[2]
            if not job.answer.done():
                job.answer.set_exception(ProviderDown("The offline voice was shut down."))
        await asyncio.gather(*(_end(process) for process in self._processes.values()))
        self._processes.clear()
        self._files.clear()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the living workers."""
        return tuple(process.pid for process in self._processes.values() if process.returncode is None)

    async def speak(
        self, text: str, voice: Voice, *, first: bool = False, cancel: asyncio.Event | None = None
    ) -> Spoken:
        """Speak `text`: s16le mono PCM at 22,050 Hz, a natural pause at its end, no silence at its start.

        Raises:
            Interrupted: `cancel` was set; the worker is free again at once.
            ProviderDown: two workers in a row ended while speaking this.
            InvalidInput: the voice's language is not one espeak-ng speaks.
        """
        await self.start()
        parts = [
            (offset, await self._speak_piece(piece, voice, first=first, cancel=cancel))
            for offset, piece in pieces_of(text)
        ]
        return parts[0][1] if len(parts) == 1 else join(text, parts)

    async def _speak_piece(self, text: str, voice: Voice, *, first: bool, cancel: asyncio.Event | None) -> Spoken:
        said = spoken(text)
        if not any(character.isalnum() for character in said.text):
            return silence(text, ENGINE)
        number = next(self._numbers)
        request = {
            "id": number,
            "text": said.text,
            "voice": str(self._file(voice)),
            "rate": voice.rate,
            "pause": _BREATH.get(said.text.rstrip("\"')]}”\u2019»")[-1:], _BREATH_ELSE),
        }
        job = _Job(request, asyncio.get_running_loop().create_future())
        self._queue.put_nowait((0 if first else 1, number, job))
        header, pcm = await _unless(cancel, job.answer)
        if "error" in header:
            raise ProviderDown(f"The offline voice could not say that: {header['error']}")
        phonemes = _phonemes(header["phonemes"])
        words = place_words(said, (tuple(word) for word in header["words"]), phonemes, header["voiced"])
        return Spoken(text, pcm, header["rate"], phonemes, words, ENGINE)

    def _file(self, voice: Voice) -> Path:
        """The voice file of `voice`, written at its first use."""
        if voice not in self._files:
            if self._folder is None:
                raise ProviderDown("The offline voice was shut down.")
            path = Path(self._folder.name, voice_key(voice))
            path.write_text(voice_file(voice), "utf-8")
            self._files[voice] = path
        return self._files[voice]

    async def _serve(self, slot: int) -> None:
        """Give one worker the queue's requests, one at a time, and replace it when it ends."""
        while True:
            priority, number, job = await self._next(slot)
            if job.answer.done():
                continue
            try:
                answer = await self._ask(slot, job)
            except (_Died, ProviderDown) as error:
                job.tries += 1
                if job.tries < 2:
                    self._queue.put_nowait((priority, number, job))
                elif not job.answer.done():
                    failure = ProviderDown("The offline voice stopped twice while saying this.")
                    failure.__cause__ = error
                    job.answer.set_exception(failure)
                continue
            except asyncio.CancelledError:
                if not job.answer.done():
                    job.answer.set_exception(ProviderDown("The offline voice was shut down."))
                raise
            if not job.answer.done():
                job.answer.set_result(answer)

    async def _next(self, slot: int) -> tuple[int, int, _Job]:
        """The next request; a worker that ends meanwhile is replaced at once."""
        waiting = asyncio.ensure_future(self._queue.get())
        try:
            while not waiting.done():
                process = self._processes.get(slot)
                if process is None:
                    await waiting
                    break
                ended = asyncio.ensure_future(process.wait())
                await asyncio.wait({waiting, ended}, return_when=asyncio.FIRST_COMPLETED)
                if ended.done():
                    del self._processes[slot]
                    with contextlib.suppress(ProviderDown):  # tried again, and reported, with the next request
                        self._processes[slot] = await _spawn()
                else:
                    ended.cancel()
            return waiting.result()
        except asyncio.CancelledError:
            if waiting.done() and not waiting.cancelled():
                self._queue.put_nowait(waiting.result())  # so that `close` can tell who asked
            raise
        finally:
            waiting.cancel()

    async def _ask(self, slot: int, job: _Job) -> _Answer:
        process = self._processes.get(slot)
        if process is None:
            process = self._processes[slot] = await _spawn()
        assert process.stdin is not None and process.stdout is not None

        def stop(answer: asyncio.Future[Any]) -> None:
            if answer.cancelled() and process.stdin is not None:
                with contextlib.suppress(OSError, RuntimeError):
                    process.stdin.write(frame({"cancel": job.request["id"]}))

        job.answer.add_done_callback(stop)
        try:
            process.stdin.write(frame(job.request))
            await process.stdin.drain()
            return await asyncio.wait_for(receive(process.stdout), ANSWER_SECONDS)
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            self._processes.pop(slot, None)
            await _end(process, patience=0)
            raise _Died from error
        finally:
            job.answer.remove_done_callback(stop)


async def _unless(cancel: asyncio.Event | None, answer: asyncio.Future[_Answer]) -> _Answer:
    """Wait for `answer`, unless `cancel` is set first."""
    if cancel is None:
        return await answer
    stopped = asyncio.ensure_future(cancel.wait())
    try:
        waited: set[asyncio.Future[Any]] = {stopped, answer}
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        if cancel.is_set():
            raise Interrupted("Stopped.")
        return answer.result()
    finally:
        stopped.cancel()
        answer.cancel()


async def _spawn() -> asyncio.subprocess.Process:
    """Start `python -m media.espeak` and wait until it is ready."""
    root = str(Path(__file__).resolve().parent.parent)
    inherited = os.environ.get("PYTHONPATH")
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([root, inherited] if inherited else [root]),
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "media.espeak", stdin=pipe, stdout=pipe, env=environment
    )
    assert process.stdout is not None
    try:
        await asyncio.wait_for(receive(process.stdout), START_SECONDS)
    except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
        await _end(process, patience=0)
        raise ProviderDown("The offline voice could not start.") from error
    except asyncio.CancelledError:
        await _end(process, patience=0)
        raise
    return process


async def _end(process: asyncio.subprocess.Process, patience: float = 2.0) -> None:
    """Close the worker's stdin, which ends it; kill it when it does not."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), patience)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
