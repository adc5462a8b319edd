"""Speech by the voice the operating system brings: macOS `say`, Windows SAPI, `flite` or Festival on Linux."""

from __future__ import annotations

import sys
from pathlib import Path

from core.models import Voice
from providers.ports import Offer, Speech
from providers.program import ProgramSpeech, find

_USUAL_RATE = 170
_INSTALL = "Install flite (for example apt install flite) or set GREENROOM_OS_VOICE_COMMAND."
_SAPI = """
Add-Type -AssemblyName System.Speech
$voice = New-Object System.Speech.Synthesis.SpeechSynthesizer
$voice.SelectVoiceByHints('{gender}')
$voice.Rate = {rate}
$voice.SetOutputToWaveFile('{out}')
$voice.Speak([System.IO.File]::ReadAllText('{text}', [System.Text.Encoding]::UTF8))
$voice.Dispose()
"""


def _programs() -> tuple[str, ...]:
    """Names to look for on this system, best first."""
    if sys.platform == "darwin":
        return ("say", "flite", "text2wave")
    if sys.platform == "win32":
        return ("powershell", "pwsh")
    return ("flite", "text2wave")


def _quoted(path: Path) -> str:
    """A path inside a single-quoted PowerShell string."""
    return str(path).replace("'", "''")


class OsSpeech(ProgramSpeech):
    """`command` overrides the program that is found on PATH; its file name says how it is called."""

    name = "System voice"

    def __init__(self, reference: Speech, command: str | None = None) -> None:
        super().__init__(reference)
        self._command = command

    def command(self, voice: Voice, text: Path, out: Path) -> list[str]:
        program = find(self._command, _programs(), _INSTALL)
        kind = Path(program).stem.lower()
        if kind == "say":
            name = "Samantha" if voice.gender == "female" else "Alex"
            form = ["--file-format=WAVE", "--data-format=LEI16@22050"]
            return [program, "-v", name, "-r", str(voice.rate), *form, "-o", str(out), "-f", str(text)]
        if kind in ("powershell", "pwsh"):
            rate = max(-10, min(10, round((voice.rate / _USUAL_RATE - 1) * 10)))
            script = _SAPI.format(gender=voice.gender.title(), rate=rate, out=_quoted(out), text=_quoted(text))
            return [program, "-NoProfile", "-NonInteractive", "-Command", script]
        if kind == "text2wave":
            return [
                program,
                str(text),
                "-o",
                str(out),
                "-eval",
                f"(Parameter.set 'Duration_Stretch {self._stretch(voice)})",
            ]
        name = "slt" if voice.gender == "female" else "rms"
        stretch = f"duration_stretch={self._stretch(voice)}"
        return [program, "-voice", name, "--setf", stretch, "-f", str(text), "-o", str(out)]

    @staticmethod
    def _stretch(voice: Voice) -> str:
        return f"{_USUAL_RATE / voice.rate:.3f}"


OFFERS = (Offer("speech", "os", lambda settings, plain: OsSpeech(plain, settings.os_voice_command)),)
