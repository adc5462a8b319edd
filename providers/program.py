"""Speech by a program on this machine that turns text into a WAV file: run it, read the sound, find the times."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import shutil
import sys
import tempfile
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.errors import NotConfigured, ProviderDown
from core.models import Voice
from core.speech import Spoken
from media.align import fit
from media.speech import silence
from media.spoken import spoken
from providers.ports import Speech

PROGRAM_SECONDS = 45.0
"""A program that takes longer for one sentence is ended."""


def find(command: str | None, names: Sequence[str], advice: str) -> str:
    """Path of `command`, or of the first of `names` that is installed.

    Raises:
        NotConfigured: with `advice`.
    """
    for name in [command] if command else names:
        if path := shutil.which(name):
            return path
    missing = f"{command} was not found." if command else f"None of {', '.join(names)} is installed."
    raise NotConfigured(f"{missing} {advice}")


async def run(command: Sequence[str], stdin: bytes = b"") -> bytes:
    """Run a program to its end and return its stdout. It is killed when the task is cancelled.

    Raises:
        ProviderDown: it failed or took too long; the message has its last line.
    """
    name = Path(command[0]).name
    pipe = asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=pipe, stdout=pipe, stderr=pipe, env=os.environ | {"PYTHONIOENCODING": "utf-8"}
        )
    except OSError as error:
        raise ProviderDown(f"{name} could not be started.") from error
    try:
        out, err = await asyncio.wait_for(process.communicate(stdin), PROGRAM_SECONDS)
    except TimeoutError as error:
        raise ProviderDown(f"{name} did not answer in {PROGRAM_SECONDS:.0f} seconds.") from error
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode != 0:
        last = err.decode("utf-8", "replace").strip().splitlines()[-1:] or [f"exit code {process.returncode}"]
        raise ProviderDown(f"{name} failed: {last[0][:200]}")
    return out


def read_wav(data: bytes, name: str) -> tuple[bytes, int]:
    """s16le mono PCM and its rate, Hz, of a WAV file; several channels are averaged.

    Raises:
        ProviderDown: not 16-bit PCM WAV.
    """
    try:
        with wave.open(io.BytesIO(data)) as file:
            channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
            pcm = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise ProviderDown(f"{name} did not write a sound file.") from error
    if width != 2 or rate <= 0:
        raise ProviderDown(f"{name} wrote {8 * width}-bit sound; 16-bit is needed.")
    if channels > 1:
        frames = np.frombuffer(pcm[: len(pcm) // (2 * channels) * 2 * channels], "<i2").reshape(-1, channels)
        pcm = frames.mean(axis=1).astype("<i2").tobytes()
    return pcm, rate


class ProgramSpeech:
    """Base of the speech ports that run a program. `reference`, the offline voice, says the same words for the times;
    it stays open when this port closes."""

    name = "program"

    def __init__(self, reference: Speech) -> None:
        self._reference = reference
        self._turn = asyncio.Semaphore(2)

    def command(self, voice: Voice, text: Path, out: Path) -> list[str]:
        """The command that reads the UTF-8 file `text` (also on its stdin) and writes the WAV file `out`.

        Raises:
            NotConfigured: a program or file is missing.
        """
        raise NotImplementedError

    async def speak(self, text: str, voice: Voice, *, first: bool = False) -> Spoken:
        said = spoken(text)
        if not any(character.isalnum() for character in said.text):
            return silence(text, self.name)
        words = f"{said.text}\n".encode("utf-8", "replace")
        with tempfile.TemporaryDirectory(prefix="greenroom-voice-") as folder:
            script, out = Path(folder, "text.txt"), Path(folder, "out.wav")
            script.write_bytes(words)
            command = self.command(voice, script, out)
            async with self._turn:
                stdout = await run(command, words)
            program = Path(command[0]).name
            pcm, rate = read_wav(out.read_bytes() if out.exists() else stdout, program)
        reference = await self._reference.speak(text, voice, first=first)
        return await asyncio.to_thread(fit, text, pcm, rate, reference, self.name)

    async def warm(self, voices: Sequence[Voice]) -> None:
        await self._reference.warm(voices)
        if voices:
            await self.speak("Ready.", voices[0])

    async def close(self) -> None:
        """Nothing is kept open between sentences."""


def python_module(name: str) -> list[str] | None:
    """Command that runs a module of this Python, if it is installed."""
    from importlib.util import find_spec

    return [sys.executable, "-m", name] if find_spec(name) else None
