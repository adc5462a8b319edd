"""Phoneme and word times for sound that came without them, by comparing it with the offline voice's own rendering.

`align` warps the reference onto the sound (DTW of MFCCs). `align_by_pauses` only matches the pauses, `spread` knows
nothing but the text. Source of the method: Sakoe and Chiba 1978; measured errors are in the benchmark.
"""

from __future__ import annotations

from functools import cache
from math import gcd

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct
from scipy.signal import resample_poly

from core.speech import Phoneme, Spoken, Word
from media.speech import tokens

Wave = NDArray[np.float64]
Timed = tuple[tuple[Phoneme, ...], tuple[Word, ...]]

_RATE = 16000
_HOP = 160
_WINDOW = 400
_HOP_SECONDS = _HOP / _RATE
_BAND_SECONDS = 0.8
_WARP_SECONDS = 60.0
"""Longer sound is aligned by its pauses: the warp's memory grows with the square."""
_QUIET_DB = -38.0
_PAUSE_SECONDS = 0.12
_LETTERS = {
    "a": "æ",
    "e": "ɛ",
    "i": "ɪ",
    "o": "ɔ",
    "u": "ʊ",
    "y": "i",
    "c": "k",
    "q": "k",
    "j": "dʒ",
    "r": "ɹ",
    "x": "s",
}


def resample(wave: Wave, rate: int, to: int) -> Wave:
    """`wave` at another sample rate, Hz."""
    if rate == to or wave.size == 0:
        return wave
    shared = gcd(rate, to)
    return np.asarray(resample_poly(wave, to // shared, rate // shared), np.float64)


def _wave(pcm: bytes, rate: int) -> Wave:
    return resample(np.frombuffer(pcm, "<i2").astype(np.float64) / 32768, rate, _RATE)


@cache
def _filters(bands: int = 26, size: int = 512) -> NDArray[np.float64]:
    """Mel filter bank 80..7600 Hz, (bands, size/2 + 1)."""
    low, high = (2595 * np.log10(1 + hertz / 700) for hertz in (80, 7600))
    edges = (size + 1) * 700 * (10 ** (np.linspace(low, high, bands + 2) / 2595) - 1) / _RATE
    bins = np.arange(size // 2 + 1)
    rise = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    return np.asarray(np.maximum(0, np.minimum(rise, fall)), np.float64)


def _features(wave: Wave) -> NDArray[np.float64]:
    """Normalised MFCCs and their slopes, (frames of 10 ms, 26), each row of length 1."""
    wave = wave + 1e-4 * np.random.default_rng(0).normal(size=wave.size)
    wave = np.append(wave[:1], wave[1:] - 0.97 * wave[:-1])
    wave = np.concatenate([np.zeros(_WINDOW // 2), wave, np.zeros(_WINDOW)])
    count = (wave.size - _WINDOW) // _HOP
    rows = wave[np.arange(_WINDOW) + _HOP * np.arange(count)[:, None]] * np.hamming(_WINDOW)
    power = np.abs(np.fft.rfft(rows, 512)) ** 2
    cepstra = dct(np.log(power @ _filters().T + 1e-6 * power.mean() + 1e-9), norm="ortho")[:, :13]
    cepstra = (cepstra - cepstra.mean(0)) / (cepstra.std(0) + 1e-6)
    slopes = np.gradient(cepstra, axis=0)
    both = np.hstack([cepstra, 0.7 * slopes / (slopes.std(0) + 1e-6)])
    return np.asarray(both / (np.linalg.norm(both, axis=1, keepdims=True) + 1e-9), np.float64)


def _warp(a: NDArray[np.float64], b: NDArray[np.float64]) -> Wave:
    """For each frame of `a` the frame of `b` it matches; banded DTW, one anti-diagonal at a time."""
    n, m = len(a), len(b)
    band = max(int(_BAND_SECONDS / _HOP_SECONDS), abs(n - m) // 2, int(0.15 * max(n, m)))
    steps = np.zeros((n + m - 1, n), np.int8)
    infinite = np.full(n + 1, np.inf)
    before, before2 = infinite.copy(), infinite.copy()  # index i + 1, so that i = -1 is "outside"
    for d in range(n + m - 1):
        i = np.arange(max(0, d - m + 1), min(n, d + 1))
        i = i[np.abs(d - i - i * (m / n)) <= band]
        now = infinite.copy()
        if i.size:
            cost = 1 - np.einsum("ij,ij->i", a[i], b[d - i])
            options = np.stack([before2[i], before[i], before[i + 1]])  # both step · a steps · b steps
            if d == 0:
                options[:] = 0
            step = options.argmin(0)
            now[i + 1] = options[step, np.arange(i.size)] + cost
            steps[d, i] = step
        before2, before = before, now
    total, count = np.zeros(n), np.zeros(n)
    i_at, j_at = n - 1, m - 1
    while i_at >= 0 and j_at >= 0:
        total[i_at] += j_at
        count[i_at] += 1
        step_at = steps[i_at + j_at, i_at]
        i_at -= int(step_at != 2)
        j_at -= int(step_at != 1)
    known = count > 0
    path = np.interp(np.arange(n), np.flatnonzero(known), total[known] / count[known])
    smooth = np.convolve(np.pad(path, 2, "edge"), np.ones(5) / 5, "valid")
    return np.asarray(np.maximum.accumulate(smooth), np.float64)


def _moved(reference: Spoken, xs: Wave, ys: Wave, seconds: float) -> Timed:
    """The reference's times through the map xs → ys (seconds)."""

    def move(time: float) -> float:
        return round(float(np.clip(np.interp(time, xs, ys), 0.0, seconds)), 4)

    phonemes = tuple(Phoneme(move(p.start), p.symbol) for p in reference.phonemes)
    words = tuple(Word(move(w.start), move(w.end), w.char_from, w.char_to) for w in reference.words)
    return phonemes, words


def _loud(wave: Wave) -> NDArray[np.bool_]:
    """Per 10 ms: is there voice?"""
    count = wave.size // _HOP
    level = np.sqrt((wave[: count * _HOP].reshape(count, _HOP) ** 2).mean(1) + 1e-12)
    return np.asarray(20 * np.log10(level / max(float(level.max(initial=0.0)), 1e-6)) > _QUIET_DB)


def _pauses(wave: Wave) -> tuple[tuple[float, float], list[tuple[float, float]]]:
    """((voice begins, voice ends), the pauses between), in seconds."""
    loud = np.flatnonzero(_loud(wave))
    if loud.size == 0:
        return (0.0, wave.size / _RATE), []
    gaps = np.flatnonzero(np.diff(loud) * _HOP_SECONDS >= _PAUSE_SECONDS)
    pauses = [((loud[k] + 1) * _HOP_SECONDS, loud[k + 1] * _HOP_SECONDS) for k in gaps]
    return (loud[0] * _HOP_SECONDS, (loud[-1] + 1) * _HOP_SECONDS), pauses


def fit(text: str, pcm: bytes, rate: int, reference: Spoken, voice: str) -> Spoken:
    """Another engine's s16le mono sound as an utterance like the offline voice's: its sample rate, no silence at the
    start, the reference's pause at the end, and times by `align`."""
    wave = resample(np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.float64), rate, reference.rate)
    peak = float(np.abs(wave).max(initial=0.0))
    loud = np.flatnonzero(np.abs(wave) > 0.01 * peak)
    if peak < 32 or loud.size == 0:
        return Spoken(text, bytes(2 * reference.rate // 8), reference.rate, (), (), voice)
    head = int(0.005 * reference.rate)
    wave = wave[max(0, int(loud[0]) - head) : int(loud[-1]) + 2 * head]
    gain = min(1.0, 29_000 / peak)
    voiced = np.round(wave * gain).astype("<i2").tobytes()
    phonemes, words = align(voiced, reference.rate, text, reference)
    pause = max(0.0, reference.seconds - max((word.end for word in reference.words), default=0.0))
    return Spoken(text, voiced + bytes(2 * int(pause * reference.rate)), reference.rate, phonemes, words, voice)


def align(pcm: bytes, rate: int, text: str, reference: Spoken) -> Timed:
    """Times of `reference` (the offline voice saying `text`) moved onto s16le mono `pcm` at `rate` Hz.

    Mean error 4..41 ms by voice; silence, or sound too unlike the text, falls back to pauses and then to the text.
    """
    seconds = len(pcm) / 2 / rate
    sound, model = _wave(pcm, rate), _wave(reference.pcm, reference.rate)
    if not reference.words or seconds <= 0:
        return (), ()
    if sound.size < 4 * _WINDOW or model.size < 4 * _WINDOW or float(np.abs(sound).max()) < 1e-3:
        return spread(text, seconds)
    (begin, end), _ = _pauses(sound)
    (model_begin, model_end), _ = _pauses(model)
    alike = 1 / 3 <= (end - begin) / max(model_end - model_begin, 0.01) <= 3
    if not alike or end - begin > _WARP_SECONDS:
        return align_by_pauses(pcm, rate, reference)
    cut = sound[int(begin * _RATE) : int(end * _RATE)]
    model_cut = model[int(model_begin * _RATE) : int(model_end * _RATE)]
    path = _warp(_features(model_cut), _features(cut))
    xs = np.concatenate([model_begin + np.arange(path.size) * _HOP_SECONDS, [model_end]])
    ys = np.concatenate([begin + path * _HOP_SECONDS, [end]])
    return _moved(reference, xs, np.maximum.accumulate(ys), seconds)


def align_by_pauses(pcm: bytes, rate: int, reference: Spoken) -> Timed:
    """As `align`, but straight lines between the pauses both have; for sound that is much slower or faster."""
    sound, model = _wave(pcm, rate), _wave(reference.pcm, reference.rate)
    (begin, end), there = _pauses(sound)
    (model_begin, model_end), here = _pauses(model)
    xs, ys = [model_begin], [begin]
    length, model_length = max(end - begin, 1e-3), max(model_end - model_begin, 1e-3)
    left = list(there)
    for a, b in here:
        place = (a - model_begin) / model_length
        best = min(left, key=lambda pause: abs((pause[0] - begin) / length - place), default=None)
        if best is not None and abs((best[0] - begin) / length - place) < 0.06:
            xs += [a, b]
            ys += best
            left = [pause for pause in left if pause[0] > best[0]]
    return _moved(reference, np.array([*xs, model_end]), np.array([*ys, end]), len(pcm) / 2 / rate)


def spread(text: str, seconds: float) -> Timed:
    """Times from the text alone: every letter the same length. The last resort."""
    spans = tokens(text)
    total = sum(b - a + 1 for a, b in spans)
    phonemes: list[Phoneme] = []
    words: list[Word] = []
    at = 0
    for a, b in spans:
        start, end = seconds * at / total, seconds * (at + b - a) / total
        at += b - a + 1
        words.append(Word(round(start, 4), round(end, 4), a, b))
        letters = [c for c in text[a:b].lower() if c.isalnum()]
        for k, letter in enumerate(letters):
            phonemes.append(Phoneme(round(start + (end - start) * k / len(letters), 4), _LETTERS.get(letter, letter)))
        phonemes.append(Phoneme(round(end, 4), "_"))
    return tuple(phonemes), tuple(words)
