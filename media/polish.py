"""Small studio for the offline voice: what makes a dry synthesiser easier to listen to, and nothing more.

70 Hz high-pass, light compression, a little of a short room, a limiter; silence at both ends is cut so that the first
sound is immediate, and a chosen pause is put at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, lfilter, sosfilt

Samples = NDArray[np.int16]
Wave = NDArray[np.float64]

ROOM_SHARE = 0.10
"""Share of the room in the sound."""
ROOM_SECONDS = 0.09
CEILING = 0.89
"""Largest sample, of 1: -1 dBFS."""
QUIET = 0.004
"""Below this (of the peak, -48 dB) the ends of an utterance are silence."""
HEAD_SECONDS = 0.004
"""Kept before the first sound, so that its onset is not cut."""


@dataclass(frozen=True, slots=True)
class Polished:
    """`lead` seconds were cut from the start; `pause` seconds of silence are at the end of `pcm`."""

    pcm: Samples
    lead: float
    pause: float


@cache
def _high_pass(rate: int) -> NDArray[np.float64]:
    sections: NDArray[np.float64] = butter(2, 70, "highpass", fs=rate, output="sos")
    return sections


@cache
def _room(rate: int) -> Wave:
    """Impulse response of a small furnished room, the direct sound left out. Seeded: always the same room."""
    noise = np.random.default_rng(7)
    time = np.arange(int(ROOM_SECONDS * rate)) / rate
    tail = noise.normal(size=time.size) * np.exp(-time / 0.018) * (time > 0.0025)
    tail = lfilter([0.45], [1, -0.55], tail)
    return np.asarray(tail / np.sqrt(np.sum(tail**2)), np.float64)


def _compress(wave: Wave, rate: int) -> Wave:
    """2:1 above -20 dB of the peak, 25 ms smoothing, made up again by the limiter's gain."""
    smooth = np.exp(-1 / (0.025 * rate))
    level = np.sqrt(np.maximum(lfilter([1 - smooth], [1, -smooth], wave**2), 1e-12))
    threshold = 0.1 * max(float(np.abs(wave).max()), 1e-9)
    return np.asarray(wave * np.minimum(1.0, (threshold / level) ** 0.5), np.float64)


def _limit(wave: Wave, rate: int) -> Wave:
    """Even loudness (RMS of the voiced part at -17 dBFS), then a soft ceiling."""
    voiced = wave[np.abs(wave) > 0.02 * max(float(np.abs(wave).max()), 1e-9)]
    if voiced.size == 0:
        return wave
    wave = wave * (0.141 / max(float(np.sqrt(np.mean(voiced**2))), 1e-9))
    knee = 0.7
    over = np.abs(wave) > knee
    room = CEILING - knee
    wave[over] = np.sign(wave[over]) * (knee + room * np.tanh((np.abs(wave[over]) - knee) / room))
    return wave


def polish(pcm: Samples, rate: int, *, pause: float) -> Polished:
    """Raw s16 mono at `rate` Hz → the same, polished, with `pause` seconds of silence at the end."""
    wave = pcm.astype(np.float64) / 32768
    peak = float(np.abs(wave).max()) if wave.size else 0.0
    if peak < 1e-4:
        return Polished(np.zeros(int(pause * rate), np.int16), 0.0, pause)
    loud = np.flatnonzero(np.abs(wave) > QUIET * peak)
    begin = max(0, int(loud[0]) - int(HEAD_SECONDS * rate))
    wave = wave[begin : int(loud[-1]) + 1]
    wave = np.asarray(sosfilt(_high_pass(rate), wave), np.float64)
    wave = _compress(wave, rate)
    room = _room(rate)
    size = wave.size
    wet = np.asarray(fftconvolve(wave, room), np.float64)
    wave = np.concatenate([wave, np.zeros(room.size - 1)]) + ROOM_SHARE * wet
    wave = _limit(wave, rate)
    fade = int(0.003 * rate)
    wave[:fade] *= np.linspace(0, 1, fade)[: wave[:fade].size]
    wanted = size + int(pause * rate)
    if wanted > wave.size:
        wave = np.concatenate([wave, np.zeros(wanted - wave.size)])
    tail = wave.size - size
    dither = np.random.default_rng(wave.size).uniform(-0.5, 0.5, wave.size)
    return Polished(np.clip(np.round(wave * 32767 + dither), -32767, 32767).astype(np.int16), begin / rate, tail / rate)
