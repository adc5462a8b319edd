from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from core.errors import InvalidInput
from media import codec
from media.codec import SAMPLES_PER_FRAME, SOUND_RATE, Canvas, FilmWriter, Rect
from media.loudness import limit, measure_lufs, measure_true_peak, normalise

SIZE = (320, 180)
COLOURS = [(200, 40, 40), (40, 200, 40), (40, 40, 200), (240, 240, 240), (16, 16, 16), (200, 180, 150)]


def tone(seconds: float, level: float = 0.2, hz: float = 997.0) -> codec.F32:
    return (level * np.sin(2 * np.pi * hz * np.arange(int(seconds * SOUND_RATE)) / SOUND_RATE)).astype(np.float32)


def write(path: Path, frames: int = 60, **kwargs: object) -> None:
    canvas = Canvas(*SIZE)
    with FilmWriter(path, *SIZE, **kwargs) as film:  # type: ignore[arg-type]
        for i in range(frames):
            canvas.planes[0][...] = 20 + i * 3 % 200
            film.write(canvas)


def test_a_canvas_painted_on_again_leaves_earlier_frames_alone(tmp_path: Path) -> None:
    write(tmp_path / "f.mp4")
    seen = [(at, int(np.median(planes[0]))) for at, planes in codec.read_pictures(tmp_path / "f.mp4")]
    assert len(seen) == 60
    for i, (at, luma) in enumerate(seen):
        assert at == pytest.approx(i / 25, abs=1e-6)
        assert abs(luma - (20 + i * 3)) <= 2


@pytest.mark.parametrize("frames", [1, 7, 25, 131])
def test_picture_and_sound_begin_at_zero_and_are_equally_long(tmp_path: Path, frames: int) -> None:
    write(tmp_path / "f.mp4", frames, sound=tone(2.0))
    with av.open(str(tmp_path / "f.mp4")) as file:
        video, audio = file.streams.video[0], file.streams.audio[0]
        assert video.start_time == 0 and audio.start_time == 0
        assert video.frames == frames and video.average_rate == 25
        for stream, within in ((video, 1e-6), (audio, 1e-3)):
            assert stream.duration and stream.time_base
            assert float(stream.duration * stream.time_base) == pytest.approx(frames / 25, abs=within)
        assert audio.rate == 48_000 and audio.codec_context.layout.nb_channels == 2


def test_sound_is_not_shifted_against_the_picture(tmp_path: Path) -> None:
    clicks = np.zeros(SOUND_RATE * 3, np.float32)
    for second in (1, 2):
        clicks[second * SOUND_RATE : second * SOUND_RATE + 480] = tone(0.01, 0.8)
    write(tmp_path / "f.mp4", 75, sound=clicks)
    heard, rate = codec.read_sound(tmp_path / "f.mp4")
    for second in (1, 2):
        around = np.abs(heard[int((second - 0.2) * rate) : int((second + 0.2) * rate), 0])
        assert (np.argmax(around > 0.3) / rate - 0.2) == pytest.approx(0, abs=0.002)


def test_file_is_tagged_bt709_starts_fast_has_closed_gops_and_says_who_made_it(tmp_path: Path) -> None:
    write(tmp_path / "f.mp4", 300, sound=tone(12), title="A reply")
    data = (tmp_path / "f.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    with av.open(str(tmp_path / "f.mp4")) as file:
        assert "AI" in file.metadata["comment"] and file.metadata["title"] == "A reply"
        context = file.streams.video[0].codec_context
        assert (context.color_primaries, context.color_trc, context.colorspace, context.color_range) == (1, 1, 1, 1)
        assert context.pix_fmt == "yuv420p"
        packets = [packet for packet in file.demux(video=0) if packet.size]
        times = [packet.pts or 0 for packet in packets]
        order = sorted(range(len(packets)), key=lambda i: times[i])
        keys = [rank for rank, i in enumerate(order) if packets[i].is_keyframe]
        assert keys == [0, 125, 250]
        for key in keys[1:]:  # closed: nothing decoded after a key frame is shown before it
            i = order[key]
            assert all(time > times[i] for time in times[i + 1 :])


def test_colours_survive_the_way_through_a_film(tmp_path: Path) -> None:
    rgb = np.zeros((180, 320, 3), np.uint8)
    for i, colour in enumerate(COLOURS):
        rgb[:, i * 52 : (i + 1) * 52] = colour
    canvas = Canvas(*SIZE)
    for target, source in zip(canvas.planes, codec.to_planes(rgb), strict=True):
        target[...] = source
    assert np.abs(codec.to_rgb(canvas.planes)[:, 2:50].astype(int) - rgb[:, 2:50]).max() <= 3
    with FilmWriter(tmp_path / "f.mp4", *SIZE) as film:
        for _ in range(5):
            film.write(canvas)
    shown = codec.read_frame(tmp_path / "f.mp4", 0.1)
    with av.open(str(tmp_path / "f.mp4")) as file:
        theirs = next(file.decode(video=0)).to_ndarray(format="rgb24", src_colorspace="ITU709")
    for i, colour in enumerate(COLOURS):
        assert np.abs(shown[90, i * 52 + 26].astype(int) - colour).max() <= 6
        assert np.abs(theirs[90, i * 52 + 26].astype(int) - colour).max() <= 6


def test_a_film_that_fails_leaves_no_file(tmp_path: Path) -> None:
    canvas = Canvas(*SIZE)
    with pytest.raises(RuntimeError), FilmWriter(tmp_path / "f.mp4", *SIZE) as film:
        film.write(canvas)
        raise RuntimeError("disk")
    assert not list(tmp_path.iterdir())


def test_padded_rows_are_honoured(tmp_path: Path) -> None:
    """162 pixels do not fill the encoder's row alignment: arrays must not show or touch the padding."""
    canvas = Canvas(162, 90)
    assert [plane.shape for plane in canvas.planes] == [(90, 162), (45, 81), (45, 81)]
    canvas.planes[0][...] = np.arange(162, dtype=np.uint8)
    with FilmWriter(tmp_path / "f.mp4", 162, 90) as film:
        film.write(canvas)
    ((_, planes),) = codec.read_pictures(tmp_path / "f.mp4")
    assert np.abs(planes[0].astype(int) - np.arange(162)).max() <= 6


def test_odd_sides_are_refused() -> None:
    with pytest.raises(InvalidInput):
        Canvas(321, 180)


def test_jpeg_is_the_picture(tmp_path: Path) -> None:
    canvas = Canvas(*SIZE)
    canvas.planes[0][:, 160:] = 200
    (tmp_path / "p.jpg").write_bytes(codec.encode_jpeg(canvas, longest=160))
    with Image.open(tmp_path / "p.jpg") as image:
        assert image.size == (160, 90)
        assert max(image.getpixel((40, 45))) < 12 and min(image.getpixel((120, 45))) > 190  # type: ignore[arg-type]


def test_resampling_keeps_pitch_and_length() -> None:
    pcm = (np.sin(2 * np.pi * 440 * np.arange(22050) / 22050) * 16000).astype("<i2").tobytes()
    made = codec.resample(pcm, 22050)
    assert len(made) == 48_000
    assert np.argmax(np.abs(np.fft.rfft(made))) == 440


def test_rects_meet() -> None:
    assert Rect(0, 0, 10, 10).meet(Rect(4, 6, 10, 10)) == Rect(4, 6, 6, 4)
    assert Rect(0, 0, 10, 10).meet(Rect(10, 0, 4, 4)) is None


def test_loudness_of_the_standard_s_reference_tones() -> None:
    """EBU Tech 3341 cases 1, 2 and 3: 1 kHz in both channels reads its own level, and quiet parts are gated out."""

    def stereo(seconds: float, db: float) -> codec.F32:
        return np.repeat(tone(seconds, 10 ** (db / 20), 1000)[:, None], 2, axis=1)

    assert measure_lufs(stereo(20, -23)) == pytest.approx(-23, abs=0.1)
    assert measure_lufs(stereo(20, -33)) == pytest.approx(-33, abs=0.1)
    gated = np.concatenate([stereo(10, -36), stereo(60, -23), stereo(10, -36)])
    assert measure_lufs(gated) == pytest.approx(-23, abs=0.1)


def test_true_peak_sees_between_the_samples() -> None:
    """A quarter-rate tone sampled at 45 degrees has samples of 0.707 and peaks of 1."""
    at = np.arange(SOUND_RATE) * np.pi / 2 + np.pi / 4
    sound = (0.5 * np.sin(at)).astype(np.float32)[:, None]
    assert np.abs(sound).max() == pytest.approx(0.354, abs=1e-3)
    assert measure_true_peak(sound[1000:-1000]) == pytest.approx(-6.0, abs=0.8)


def test_normalised_speech_is_at_target_and_below_the_ceiling() -> None:
    rng = np.random.default_rng(0)
    bursts = np.clip(np.sin(np.arange(SOUND_RATE * 8) / SOUND_RATE * 12), 0.02, 1) ** 2
    voice = (rng.standard_normal(len(bursts)) * bursts * 0.03).astype(np.float32)[:, None].repeat(2, 1)
    voice[100_000:100_012] = 0.97
    made = normalise(voice)
    assert measure_lufs(made) == pytest.approx(-16, abs=0.3)
    assert measure_true_peak(made) <= -1.9
    assert np.array_equal(limit(voice * 0.1), voice * np.float32(0.1)), "quiet sound is not touched"
    silence = np.zeros((SOUND_RATE, 2), np.float32)
    assert normalise(silence) is silence


def test_sound_is_padded_or_cut_to_the_pictures(tmp_path: Path) -> None:
    write(tmp_path / "f.mp4", 50, sound=tone(1.0))
    heard, rate = codec.read_sound(tmp_path / "f.mp4")
    assert np.abs(heard[int(1.1 * rate) : int(1.9 * rate)]).max() < 1e-3
    assert len(heard) >= 50 * SAMPLES_PER_FRAME
