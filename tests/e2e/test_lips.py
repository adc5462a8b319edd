"""The measure of lips against sound tells true: it finds a lag put in on purpose."""

from __future__ import annotations

import numpy as np
import pytest

from core.speech import VISEMES
from tests.e2e.lips import Heard, correlate


@pytest.mark.parametrize("late", [-0.1, -0.02, 0.0, 0.06, 0.15])
def test_a_lag_is_found(late: float) -> None:
    chance = np.random.default_rng(7)
    strides = np.cumsum(chance.uniform(0.06, 0.2, 120))
    shapes = chance.choice([VISEMES.index(name) for name in "XPEAO"], 120)
    loud = {VISEMES.index(name): level for name, level in zip("XPEAO", (0.0, 0.01, 0.05, 0.12, 0.08), strict=True)}
    sound = [
        (float(at), loud[int(shapes[np.searchsorted(strides, at)])]) for at in np.arange(0, strides[-1] - 0.01, 0.005)
    ]
    frames = np.arange(1.0, strides[-1] - 1.0, 1 / 60)
    mouths = [(float(at), int(shapes[np.searchsorted(strides, at - late)])) for at in frames]
    found, strength = correlate(Heard(sound, mouths))
    assert abs(found - late) <= 0.015
    assert strength > 0.8
