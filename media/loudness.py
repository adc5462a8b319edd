"""How loud a sound is for people (ITU-R BS.1770-4) and how to bring it to a wanted loudness.

Sound is float32 (samples, channels) at 48 kHz, -1..1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter1d, uniform_filter1d
from scipy.signal import resample_poly, sosfilt

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

RATE = 48_000
TARGET_LUFS = -16.0
CEILING_DBTP = -2.0
"""Highest true peak before encoding; AAC adds up to a decibel, and the file must stay below -1 dBTP."""

# BS.1770-4 tables 1 and 2: the head's shelf and the low cut, biquads for 48 kHz
_K_WEIGHTING: F64 = np.array(
    [
        [1.53512485958697, -2.69169618940638, 1.19839281085285, 1, -1.69065929318241, 0.73248077421585],
        [1, -2, 1, 1, -1.99004745483398, 0.99007225036621],
    ]
)
_STEP = RATE // 10
_HOLD = 48
"""Samples per step of the limiter's gain: one millisecond."""


def measure_lufs(sound: F32) -> float:
    """Integrated loudness in LUFS, gated at -70 LUFS and 10 LU below the mean; -inf for silence or under 0.4 s."""
    blocks = len(sound) // _STEP
    if blocks < 4:
        return float("-inf")
    energy: F64 = np.zeros(blocks)
    for channel in range(sound.shape[1]):
        weighted = sosfilt(_K_WEIGHTING, sound[: blocks * _STEP, channel].astype(np.float64))
        energy += (weighted.reshape(blocks, _STEP) ** 2).mean(1)
    windows = (energy[:-3] + energy[1:-2] + energy[2:-1] + energy[3:]) / 4
    loud = windows[_lufs(windows) > -70]
    if not len(loud):
        return float("-inf")
    gate = float(_lufs(loud.mean())) - 10
    return float(_lufs(loud[_lufs(loud) > gate].mean()))


def _lufs(energy: F64 | np.floating[Any]) -> F64:
    return np.asarray(-0.691 + 10 * np.log10(np.maximum(energy, 1e-12)))


def measure_true_peak(sound: F32) -> float:
    """The highest peak between the samples too (4 times oversampled), in dBTP; -inf for silence."""
    peak = max((float(np.abs(piece).max()) for piece in _oversampled(sound)), default=0.0)
    return 20 * float(np.log10(peak)) if peak > 0 else float("-inf")


def _oversampled(sound: F32) -> list[F32]:
    return [resample_poly(sound[at : at + 4 * RATE], 4, 1, axis=0) for at in range(0, len(sound), 4 * RATE)]


def normalise(sound: F32, lufs: float = TARGET_LUFS, ceiling_db: float = CEILING_DBTP) -> F32:
    """The sound at `lufs` with no true peak above `ceiling_db`; silence comes back as it is.

    Limiting costs a little loudness, so gain and limiter are adjusted to each other, four times at most.
    """
    heard = measure_lufs(sound)
    if not np.isfinite(heard):
        return sound
    gain_db = lufs - heard
    for _ in range(4):
        made = limit(sound * np.float32(10 ** (gain_db / 20)), ceiling_db)
        short = lufs - measure_lufs(made)
        if abs(short) < 0.1:
            break
        gain_db += short
    return made


def limit(sound: F32, ceiling_db: float = CEILING_DBTP) -> F32:
    """The sound with true peaks held below `ceiling_db` by a gain that looks 4 ms ahead and recovers as softly."""
    ceiling = 10 ** (ceiling_db / 20)
    if not len(sound):
        return sound
    peaks = np.concatenate([np.abs(piece).max(1) for piece in _oversampled(sound)])
    steps = -(-len(sound) // _HOLD)
    held = np.zeros(steps * _HOLD * 4, np.float32)
    held[: len(peaks)] = peaks
    loudest = held.reshape(steps, _HOLD * 4).max(1)
    if loudest.max() <= ceiling:
        return sound
    gain = np.minimum(1, ceiling / np.maximum(loudest, 1e-9))
    gain = uniform_filter1d(minimum_filter1d(gain, 11, mode="nearest"), 7, mode="nearest")
    smooth = np.interp(np.arange(len(sound)), np.arange(steps) * _HOLD + _HOLD / 2, gain).astype(np.float32)
    return np.asarray(sound * smooth[:, None], np.float32)
