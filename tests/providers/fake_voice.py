"""A voice program for tests: takes Piper's or flite's arguments and really speaks, with another espeak voice.

Text that has "gibberish" fails, "stereo" is written in stereo at 16 kHz, "mute" is written as silence.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import wave
from pathlib import Path

import numpy as np

from core.models import Voice
from media.espeak import Espeak
from media.voicefile import voice_file

parser = argparse.ArgumentParser()
parser.add_argument("--model")
parser.add_argument("--output_file")
parser.add_argument("--length_scale", type=float, default=1.0)
parser.add_argument("-voice", choices=["slt", "rms"])
parser.add_argument("--setf")
parser.add_argument("-f", dest="script")
parser.add_argument("-o", dest="out")
options = parser.parse_args()
piper = options.model is not None
text = sys.stdin.read() if piper else Path(options.script).read_text("utf-8")
if "gibberish" in text:
    print("loading", "cannot say gibberish", sep="\n", file=sys.stderr)
    sys.exit(3)
stretch = options.length_scale if piper else float(options.setf.removeprefix("duration_stretch="))
voice = Voice(language="en-gb", gender="male", pitch=(85, 130))
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder, "voice")
    path.write_text(voice_file(voice), "utf-8")
    espeak = Espeak()
    espeak.load(str(path), round(165 / stretch))
    pcm = espeak.synthesise(text, lambda: False).pcm
if "mute" in text:
    pcm = np.zeros_like(pcm)
stereo = "stereo" in text
if stereo:
    from media.align import resample

    pcm = np.repeat(resample(pcm.astype(float), espeak.rate, 16000).astype(np.int16), 2)
with wave.open(options.output_file if piper else options.out, "wb") as file:
    file.setnchannels(2 if stereo else 1)
    file.setsampwidth(2)
    file.setframerate(16000 if stereo else espeak.rate)
    file.writeframes(pcm.astype("<i2").tobytes())
