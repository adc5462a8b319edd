"""Speech by Piper, a neural voice that runs on this machine: a program of its own (GPL-3) and a voice file (.onnx).

Piper and its voices are not part of this project; each voice has its own licence. https://github.com/OHF-Voice/piper1-gpl
"""

from __future__ import annotations

from pathlib import Path

from core.errors import NotConfigured
from core.models import Voice
from providers.ports import Offer, Speech
from providers.program import ProgramSpeech, find, python_module

_USUAL_RATE = 162
"""Words per minute of a Piper voice at length scale 1."""
_INSTALL = "Install it (pip install piper-tts) or set GREENROOM_PIPER_COMMAND to the program."


class PiperSpeech(ProgramSpeech):
    """`model` is the .onnx voice file with its .onnx.json beside it; a persona's own `voice.piper` goes before it."""

    name = "Piper"

    def __init__(self, reference: Speech, model: Path | None, command: str | None = None) -> None:
        super().__init__(reference)
        self._model = model
        self._command = command

    def command(self, voice: Voice, text: Path, out: Path) -> list[str]:
        model = Path(voice.piper) if voice.piper else self._model
        if model is None:
            raise NotConfigured("No Piper voice is chosen: set GREENROOM_PIPER_VOICE to a .onnx voice file.")
        if not model.is_file():
            raise NotConfigured(f"The Piper voice {model.name} was not found: check GREENROOM_PIPER_VOICE.")
        program = None if self._command else python_module("piper")
        program = program or [find(self._command, ("piper", "piper-tts"), _INSTALL)]
        scale = f"{_USUAL_RATE / voice.rate:.3f}"
        return [*program, "--model", str(model), "--output_file", str(out), "--length_scale", scale]


OFFERS = (
    Offer(
        "speech",
        "piper",
        lambda settings, plain: PiperSpeech(plain, settings.piper_voice, settings.piper_command),
        needs=("piper_voice",),
    ),
)
