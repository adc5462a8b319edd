import itertools
import math
import re
from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from core.errors import Interrupted, InvalidInput
from core.models import Aspect
from core.speech import PoseTrack, Spoken, Word
from media import captions, clip, codec, lettering
from media.codec import Canvas, Rect
from media.probe import caption_coverage, probe

RATE = 22050
MOUTH = Rect(860, 500, 200, 100)
IDLE = PoseTrack(25, (0,) * 50, (0,) * 50, tuple((0, 0) if i < 25 else (6, 2) for i in range(50)))


class MouthOnly:
    """A painter whose face is a grey wall with a dark mouth, as open as the mouth index says."""

    def __init__(self, aspect: Aspect = "16:9") -> None:
        layout = lettering.LAYOUTS[aspect]
        canvas = Canvas(layout.width, layout.height)
        canvas.planes[0][...] = np.linspace(90, 180, layout.width, dtype=np.uint8)
        self.planes = canvas.planes
        self.heads: list[tuple[int, int]] = []

    def frame(self, mouth: int, eyes: int, head: tuple[int, int]) -> Iterable[tuple[int, int, int, int]]:
        self.heads.append(head)
        x, y, width, height = MOUTH
        self.planes[0][y : y + height, x : x + width] = 140
        self.planes[0][y : y + mouth * 8, x : x + width] = 30
        return [MOUTH]


def say(text: str = "Revenue rose twelve percent this week, honestly.", level: float = 0.2) -> tuple[Spoken, PoseTrack]:
    """One burst of noise per word, and a mouth that is open while it lasts."""
    rng = np.random.default_rng(len(text))
    words: list[Word] = []
    at = 0.1
    for match in re.finditer(r"\w+", text):
        seconds = 0.12 + len(match.group()) * 0.03
        words.append(Word(at, at + seconds, *match.span()))
        at += seconds + 0.06 + 0.1 * rng.random()
    seconds = at + 0.213
    sound = np.zeros(int(seconds * RATE))
    mouth = [0] * math.ceil(len(sound) / RATE * 25)
    for word in words:
        first, past = int(word.start * RATE), int(word.end * RATE)
        swell = np.sin(np.linspace(0, np.pi, past - first))
        sound[first:past] = rng.standard_normal(past - first) * swell * level
        for i in range(len(mouth)):
            inside = (i + 0.5) / 25 - word.start
            if 0 <= inside <= word.end - word.start:
                mouth[i] = 1 + round(9 * math.sin(math.pi * inside / (word.end - word.start)))
    pcm = (np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes()
    track = PoseTrack(25, tuple(mouth), (0,) * len(mouth), ((2, 0),) * len(mouth))
    return Spoken(text, pcm, RATE, (), tuple(words), "test"), track


REPLY = [say(), say("And it will rise again, quickly and surely.")]
TAG = lettering.NameTag("Jaz", "Business analyst", "#2f6db5")


@pytest.fixture(scope="module", params=["16:9", "9:16"])
def film(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Aspect, clip.ClipFacts]:
    folder = tmp_path_factory.mktemp("film")
    facts = clip.render_reply(
        folder / "f.mp4",
        painter=MouthOnly(request.param),
        idle=IDLE,
        utterances=REPLY,
        aspect=request.param,
        name_tag=TAG,
        poster_path=folder / "p.jpg",
    )
    return folder / "f.mp4", request.param, facts


def test_film_is_as_long_as_its_sound_and_measures_well(film: tuple[Path, Aspect, clip.ClipFacts]) -> None:
    path, aspect, facts = film
    timetable = clip.arrange([spoken for spoken, _ in REPLY])
    assert facts.frames == timetable.frames == math.ceil(timetable.seconds * 25 - 1e-6)
    measured = probe(path, mouth=MOUTH)
    assert (measured.width, measured.height) == ((1920, 1080) if aspect == "16:9" else (1080, 1920))
    assert measured.frames == facts.frames and measured.fps == 25 and measured.uniform
    assert measured.video_start == 0 and measured.audio_start == 0
    assert measured.audio_seconds is not None
    assert abs(measured.video_seconds - measured.audio_seconds) < 0.04
    assert measured.lufs == pytest.approx(-16, abs=0.5)
    assert measured.true_peak_db is not None and measured.true_peak_db <= -1
    assert not measured.black and not measured.silent
    assert "AI" in measured.comment
    assert measured.lip_sync is not None
    assert abs(measured.lip_sync.offset_ms) <= 20 and measured.lip_sync.trust > 0.4


def test_utterances_begin_on_their_frames(film: tuple[Path, Aspect, clip.ClipFacts]) -> None:
    heard, rate = codec.read_sound(film[0])
    timetable = clip.arrange([spoken for spoken, _ in REPLY])
    level = np.abs(heard[:, 0])
    for (spoken, _), start in zip(REPLY, timetable.starts, strict=True):
        word = start / 25 + spoken.words[0].start
        assert level[int((word + 0.03) * rate) : int((word + 0.1) * rate)].max() > 0.05
        assert level[int((word - 0.09) * rate) : int((word - 0.02) * rate)].max() < 0.02


def test_captions_cover_every_word_and_are_drawn(film: tuple[Path, Aspect, clip.ClipFacts]) -> None:
    path, aspect, _ = film
    spoken = [one for one, _ in REPLY]
    timetable = clip.arrange(spoken)
    tokens = clip.caption_tokens(spoken, timetable)
    layout = lettering.LAYOUTS[aspect]
    cues = captions.build_cues(tokens, line_chars=layout.line_chars)
    words = [
        Word(start / 25 + word.start, start / 25 + word.end, word.char_from, word.char_to)
        for one, start in zip(spoken, timetable.starts, strict=True)
        for word in one.words
    ]
    assert caption_coverage(words, cues) == 1
    assert caption_coverage(words, cues[:1]) < 0.9
    x, y, width, height = lettering.CaptionPlate(cues[0], layout).rest.rect
    during = codec.read_frame(path, (cues[0].start + cues[0].end) / 2)[y : y + height, x : x + width]
    before = codec.read_frame(path, 0.0)[y : y + height, x : x + width]
    assert during.mean() < before.mean() - 40, "a dark plate"
    assert (during.min(axis=2) > 200).any(), "white words"
    lit = (during[..., 0] > 200) & (during[..., 2] < 130)
    assert lit.any() and not ((before[..., 0] > 200) & (before[..., 2] < 130)).any(), "one of them lit"


def test_name_tag_comes_and_goes_and_the_label_stays(film: tuple[Path, Aspect, clip.ClipFacts]) -> None:
    path, aspect, facts = film
    layout = lettering.LAYOUTS[aspect]
    wall = codec.to_rgb(MouthOnly(aspect).planes).astype(int)

    def change(sprite: codec.Rect, at: float) -> float:
        x, y, width, height = sprite
        shown = codec.read_frame(path, at)[y : y + height, x : x + width].astype(int)
        return float(np.abs(shown - wall[y : y + height, x : x + width]).mean())

    tag, label = lettering.draw_name_tag(TAG, layout).rect, lettering.draw_label(clip.LABEL, layout).rect
    assert change(tag, 0.0) < 4 and change(tag, 2.0) > 40 and change(tag, facts.seconds - 0.05) < 4
    assert all(change(label, at) > 40 for at in (0.0, facts.seconds / 2, facts.seconds - 0.05))


def test_poster_has_the_tag_but_no_captions(film: tuple[Path, Aspect, clip.ClipFacts]) -> None:
    layout = lettering.LAYOUTS[film[1]]
    with Image.open(film[0].with_name("p.jpg")) as image:
        assert max(image.size) == 1280
        pixels = np.asarray(image.resize((layout.width, layout.height))).astype(int)
    assert not ((pixels[..., 0] > 200) & (pixels[..., 2] < 130)).any()
    x, y, width, height = lettering.draw_name_tag(TAG, layout).rect
    assert pixels[y + 4 : y + height - 4, x + 20 : x + width - 4].mean() < 90


def test_head_moves_at_most_two_pixels_a_frame() -> None:
    idle = PoseTrack(25, (0,), (0,), ((-10, 8),))
    spoken, track = say()
    timetable = clip.arrange([spoken])
    poses = clip.compose_track(idle, [track], timetable)
    assert len(poses) == timetable.frames
    for (_, _, before), (_, _, after) in itertools.pairwise(poses):
        assert abs(after[0] - before[0]) <= 2 and abs(after[1] - before[1]) <= 2
    start = timetable.starts[0]
    assert [pose[0] for pose in poses[start : start + len(track)]] == list(track.mouth), "the mouth is never delayed"
    assert poses[-1][2] == (-10, 8)


def test_a_stopped_film_leaves_nothing_and_progress_only_rises(tmp_path: Path) -> None:
    shares: list[float] = []
    with pytest.raises(Interrupted):
        clip.render_reply(
            tmp_path / "f.mp4",
            painter=MouthOnly(),
            idle=IDLE,
            utterances=REPLY,
            aspect="16:9",
            on_progress=shares.append,
            should_stop=lambda: len(shares) > 3,
        )
    assert shares == sorted(shares) and len(shares) == 4
    assert not list(tmp_path.iterdir())


def test_nothing_to_say_or_a_face_of_the_wrong_shape_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput):
        clip.render_reply(tmp_path / "f.mp4", painter=MouthOnly(), idle=IDLE, utterances=[], aspect="16:9")
    with pytest.raises(InvalidInput):
        clip.render_reply(tmp_path / "f.mp4", painter=MouthOnly(), idle=IDLE, utterances=REPLY, aspect="9:16")


def test_a_bare_film_shows_only_the_face(tmp_path: Path) -> None:
    painter = MouthOnly()
    clip.render_reply(
        tmp_path / "f.mp4", painter=painter, idle=IDLE, utterances=REPLY[:1], aspect="16:9", captioned=False, label=None
    )
    with av.open(str(tmp_path / "f.mp4")) as file:
        assert len(file.streams.audio) == 1
    last = codec.read_frame(tmp_path / "f.mp4", 60).astype(int)
    assert np.abs(last - codec.to_rgb(painter.planes)).mean() < 3
