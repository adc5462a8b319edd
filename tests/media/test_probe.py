from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import InvalidInput
from media.codec import SOUND_RATE, Canvas, FilmWriter, Rect
from media.loudness import normalise
from media.probe import probe

SIZE = (320, 180)
MOUTH = Rect(120, 100, 80, 40)
SECONDS = 9


def syllables(seed: int = 3) -> NDArray[np.float64]:
    """Openness 0..1 at 25 per second: syllables of uneven length with a pause here and there."""
    rng = np.random.default_rng(seed)
    out: list[float] = []
    while len(out) < SECONDS * 25:
        size = int(rng.integers(3, 8))
        peak = 0.0 if rng.random() < 0.25 else 0.4 + 0.6 * rng.random()
        out += list(peak * np.sin(np.linspace(0, np.pi, size, endpoint=False)) ** 2)
    return np.array(out[: SECONDS * 25])


def write(path: Path, *, sound_late: float = 0.0, skin: int = 160, black: range = range(0), frozen: range = range(0),
          mute: tuple[float, float] = (0, 0), gain: float = 1.0) -> None:  # fmt: skip
    openness = syllables()
    rng = np.random.default_rng(7)
    count = SECONDS * SOUND_RATE
    envelope = np.interp(np.arange(count) / SOUND_RATE - sound_late, (np.arange(len(openness)) + 0.5) / 25, openness)
    breath = np.convolve(rng.standard_normal(count), np.ones(8) / 8, "same")  # no treble that AAC would drop
    voice = (breath * envelope * 0.1).astype(np.float32)
    stereo = normalise(voice[:, None].repeat(2, 1)) * np.float32(gain)
    stereo[int(mute[0] * SOUND_RATE) : int(mute[1] * SOUND_RATE)] = 0
    canvas = Canvas(*SIZE)
    with FilmWriter(path, *SIZE, sound=stereo) as film:
        for i, opened in enumerate(openness):
            if i not in frozen:
                canvas.planes[0][...] = skin
                canvas.planes[0][:, :60] = rng.integers(90, 120)
                x, y, width, height = MOUTH
                canvas.planes[0][y : y + round(height * opened), x : x + width] = max(18, skin - 60)
            if i in black:
                canvas.planes[0][...] = 16
            film.write(canvas)


def test_a_clean_film_has_no_findings(tmp_path: Path) -> None:
    write(tmp_path / "f.mp4")
    measured = probe(tmp_path / "f.mp4")
    assert (measured.black, measured.frozen, measured.silent) == ((), (), ())
    assert measured.lufs == pytest.approx(-16, abs=0.5)
    assert measured.true_peak_db is not None and -12 < measured.true_peak_db <= -1
    assert (measured.width, measured.height, measured.frames, measured.fps) == (320, 180, SECONDS * 25, 25)
    assert measured.uniform and measured.lip_sync is None


def test_every_injected_defect_is_found_where_it_is(tmp_path: Path) -> None:
    write(tmp_path / "f.mp4", black=range(25, 50), frozen=range(75, 150), mute=(6.0, 8.5), gain=4)
    measured = probe(tmp_path / "f.mp4")
    (black,) = measured.black
    (frozen,) = measured.frozen
    (silent,) = measured.silent
    assert black == pytest.approx((1.0, 2.0), abs=0.09)
    assert frozen == pytest.approx((2.96, 6.0), abs=0.09)
    assert silent == pytest.approx((6.0, 8.5), abs=0.2)
    assert measured.lufs is not None and measured.lufs > -11
    assert measured.true_peak_db is not None and measured.true_peak_db > 0


@pytest.mark.parametrize("skin", [160, 60])
@pytest.mark.parametrize("late", [0.0, 0.12, -0.2, 0.4])
def test_lip_sync_is_measured_within_20_ms(tmp_path: Path, late: float, skin: int) -> None:
    write(tmp_path / "f.mp4", sound_late=late, skin=skin)
    sync = probe(tmp_path / "f.mp4", mouth=MOUTH).lip_sync
    assert sync is not None and sync.trust > 0.4
    assert sync.offset_ms == pytest.approx(late * 1000, abs=20)


def test_film_without_sound_or_picture(tmp_path: Path) -> None:
    canvas = Canvas(*SIZE)
    with FilmWriter(tmp_path / "f.mp4", *SIZE) as film:
        for _ in range(5):
            film.write(canvas)
    measured = probe(tmp_path / "f.mp4")
    assert measured.lufs is None and measured.audio_seconds is None and measured.frames == 5
    import av

    with av.open(str(tmp_path / "a.m4a"), "w", format="mp4") as file:
        stream = file.add_stream("aac", rate=48_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 48_000
        file.mux(stream.encode(frame))
        file.mux(stream.encode())
    with pytest.raises(InvalidInput):
        probe(tmp_path / "a.m4a")
