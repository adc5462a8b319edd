"""espeak-ng in a process of its own: `python -m media.espeak` answers requests on stdin until stdin closes.

The library is GPL-3 and not safe to use from two threads, so only this program loads it; `media/speech.py` talks to it
over pipes, in the frames of `media/pipe.py`.

request   {"id", "text", "voice": path of a voice file, "rate": words per minute}   or {"cancel": id}
answer    {"id", "rate": Hz, "phonemes": [[s, ipa]], "words": [[s, char, chars]], "cancelled"} + s16le mono PCM
          or {"id", "error"}; the first answer is {"ready": true}
"""

from __future__ import annotations

import ctypes as C
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import espeakng_loader
import numpy as np
from numpy.typing import NDArray

from media.pipe import frame, read_frame

VOLUME = 65
"""Of 0..100 and more; from 100 on the klatt voices clip."""

Samples = NDArray[np.int16]

_SYNCHRONOUS = 2
_PHONEME_EVENTS, _PHONEME_IPA, _DONT_EXIT = 0x1, 0x2, 0x8000
_RATE, _VOLUME = 1, 2
_END, _WORD, _PHONEME = 0, 1, 7
_UTF8 = 1
_BUFFER_MS = 60


class _Id(C.Union):
    _fields_ = (("number", C.c_int), ("name", C.c_char_p), ("string", C.c_char * 8))


class _Event(C.Structure):
    _fields_ = (
        ("type", C.c_int),
        ("unique_identifier", C.c_uint),
        ("text_position", C.c_int),
        ("length", C.c_int),
        ("audio_position", C.c_int),
        ("sample", C.c_int),
        ("user_data", C.c_void_p),
        ("id", _Id),
    )


_CALLBACK = C.CFUNCTYPE(C.c_int, C.POINTER(C.c_short), C.c_int, C.POINTER(_Event))


@dataclass(slots=True)
class Utterance:
    """Raw sound and times: seconds, and character positions in the text that was spoken."""

    pcm: Samples
    phonemes: list[tuple[float, str]] = field(default_factory=list)
    words: list[tuple[float, int, int]] = field(default_factory=list)
    cancelled: bool = False


class Espeak:
    """The library, once per process."""

    def __init__(self) -> None:
        self._lib = C.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path().encode()
        options = _PHONEME_EVENTS | _PHONEME_IPA | _DONT_EXIT
        self.rate: int = self._lib.espeak_Initialize(_SYNCHRONOUS, _BUFFER_MS, data, options)
        if self.rate <= 0:
            raise RuntimeError("espeak-ng could not start")
        self._sink: Callable[[Any, int, Any], int] | None = None
        self._callback = _CALLBACK(lambda wave, count, events: self._sink(wave, count, events) if self._sink else 0)
        self._lib.espeak_SetSynthCallback(self._callback)
        self._voice = ""

    def load(self, voice: str, rate: int) -> None:
        """Use the voice file at path `voice`, `rate` words per minute."""
        if voice != self._voice:
            if self._lib.espeak_ng_SetVoiceByFile(os.fsencode(voice)) != 0:
                raise ValueError(f"espeak-ng cannot read the voice file {os.path.basename(voice)}")
            self._voice = voice
        self._lib.espeak_SetParameter(_RATE, rate, 0)
        self._lib.espeak_SetParameter(_VOLUME, VOLUME, 0)

    def synthesise(self, text: str, stop: Callable[[], bool]) -> Utterance:
        """Speak `text`; `stop()` is asked every 60 ms of sound and ends the synthesis when true."""
        parts: list[Samples] = []
        spoken = Utterance(np.zeros(0, np.int16))

        def sink(wave: Any, count: int, events: Any) -> int:
            if wave and count > 0:
                parts.append(np.ctypeslib.as_array(wave, (count,)).copy())
            i = 0
            while events[i].type != _END:
                event = events[i]
                seconds = event.sample / self.rate
                if event.type == _PHONEME:
                    spoken.phonemes.append((seconds, event.id.string.decode("utf-8", "ignore")))
                elif event.type == _WORD and event.length > 0:
                    spoken.words.append((seconds, event.text_position - 1, event.length))
                i += 1
            spoken.cancelled = stop()
            return int(spoken.cancelled)

        encoded = text.replace("\0", " ").encode("utf-8", "replace") + b"\0"
        self._sink = sink
        try:
            failed = self._lib.espeak_Synth(encoded, C.c_size_t(len(encoded)), 0, 1, 0, _UTF8, None, None)
            self._lib.espeak_Synchronize()
        finally:
            self._sink = None
        if failed and not spoken.cancelled:
            raise RuntimeError(f"espeak-ng failed with code {failed}")
        if parts:
            spoken.pcm = np.concatenate(parts)
        return spoken


def _answer(espeak: Espeak, request: dict[str, Any], stop: Callable[[], bool]) -> bytes:
    """Speak one request and make its answer."""
    from media.polish import polish  # scipy takes a while; who only wants the library need not wait for it

    try:
        espeak.load(request["voice"], request["rate"])
        raw = espeak.synthesise(request["text"], stop)
        if raw.cancelled or stop():
            return frame({"id": request["id"], "cancelled": True})
        sound = polish(raw.pcm, espeak.rate, pause=request.get("pause", 0.0))
    except Exception as error:  # whatever went wrong belongs to this request alone
        return frame({"id": request["id"], "error": f"{type(error).__name__}: {error}"})
    last = max(0.0, len(sound.pcm) / espeak.rate - sound.pause)

    def moved(seconds: float) -> float:
        return round(min(max(0.0, seconds - sound.lead), last), 4)

    header = {
        "id": request["id"],
        "rate": espeak.rate,
        "voiced": round(last, 4),
        "phonemes": [(moved(at), symbol) for at, symbol in raw.phonemes],
        "words": [(moved(at), char, chars) for at, char, chars in raw.words],
    }
    return frame(header, sound.pcm.astype("<i2").tobytes())


def main() -> None:
    """Serve until stdin closes, which it also does when the parent is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # whatever the library prints must not look like an answer
    requests: queue.Queue[dict[str, Any]] = queue.Queue()
    cancelled: set[int] = set()

    def listen() -> None:
        while (message := read_frame(sys.stdin.buffer)) is not None:
            if "cancel" in message[0]:
                cancelled.add(message[0]["cancel"])
            else:
                requests.put(message[0])
        os._exit(0)

    espeak = Espeak()
    from media.polish import polish

    polish(np.full(2048, 1000, np.int16), espeak.rate, pause=0.0)  # the first sentence must not wait for its filters
    threading.Thread(target=listen, daemon=True).start()
    answers.write(frame({"ready": True}))
    while True:
        request = requests.get()
        number = request["id"]
        answers.write(_answer(espeak, request, lambda number=number: number in cancelled))  # type: ignore[misc]
        cancelled.discard(number)


if __name__ == "__main__":
    main()
