"""`python -m jobs.reply_worker`: makes one film in a process of its own, so that the room never waits for it.

Reads one line of JSON from stdin: `{recipe, folder, settings}`. Writes lines of JSON to stdout, at least one a second:
`{"type": "progress", stage, pct, eta_s}`, then `{"type": "done", made}` or `{"type": "failed", problem, retryable}`.
Its parent keeps stdin open; when that closes, because the parent stops the job or is gone, this process ends at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any, TextIO

from core.errors import GreenroomError
from core.settings import Settings
from jobs.make import Recipe, make_reply

NICE = 10
PULSE_SECONDS = 0.5
ENDED_BY_PARENT = 3


class _Reporter:
    """Keeps telling how far the job is, also through a step that reports nothing."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._lock = threading.Lock()
        self._stage, self._share = "Starting", 0.0
        self._began = time.monotonic()
        self._since: tuple[float, float] = (self._began, 0.0)
        self._sent = 0.0
        threading.Thread(target=self._pulse, daemon=True).start()

    def __call__(self, stage: str, share: float) -> None:
        now = time.monotonic()
        changed = stage != self._stage
        if changed:
            self._since = (now, share)
        self._stage, self._share = stage, max(self._share, min(1.0, share))
        if changed or now - self._sent > PULSE_SECONDS:
            self._tell()

    def send(self, message: dict[str, Any]) -> None:
        with self._lock:
            self._sent = time.monotonic()
            self._out.write(json.dumps(message) + "\n")
            self._out.flush()

    def _tell(self) -> None:
        self.send({"type": "progress", "stage": self._stage, "pct": round(self._share, 4), "eta_s": self._eta()})

    def _eta(self) -> float | None:
        """Seconds left at this stage's pace; None until that can be told."""
        began, first = self._since
        done, spent = self._share - first, time.monotonic() - began
        return round(spent / done * (1 - self._share), 1) if done > 0.02 and spent > 0.3 else None

    def _pulse(self) -> None:
        while True:
            time.sleep(PULSE_SECONDS)
            if time.monotonic() - self._sent > PULSE_SECONDS:
                with contextlib.suppress(OSError, ValueError):
                    self._tell()


def _end_with_parent() -> None:
    """Wait for the end of stdin, read from its descriptor: a blocked text layer would hold up a clean exit."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os._exit(ENDED_BY_PARENT)


def _read_line() -> bytes:
    line = bytearray()
    while not line.endswith(b"\n"):
        byte = os.read(sys.stdin.fileno(), 1)
        if not byte:
            os._exit(ENDED_BY_PARENT)
        line += byte
    return bytes(line)


def main() -> int:
    job = json.loads(_read_line())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(NICE)
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a library that prints must not break the lines
    report = _Reporter(out)
    settings = Settings(_env_file=None, **job["settings"])  # type: ignore[call-arg]
    try:
        made = asyncio.run(make_reply(Recipe.model_validate(job["recipe"]), Path(job["folder"]), settings, report))
    except GreenroomError as error:
        report.send({"type": "failed", "problem": error.message, "retryable": error.retryable})
        return 1
    except Exception:
        traceback.print_exc()
        report.send({"type": "failed", "problem": None, "retryable": True})
        return 1
    report.send({"type": "done", "made": made.model_dump(mode="json")})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
