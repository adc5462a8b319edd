"""The pose track: lips in time, closures kept, a face that lives, and chunks that join."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.speech import MOUTHS, VISEMES, VisemeSpan, mouth_index
from media.face.pose import FPS, PERIOD, idle, track
from media.face.states import EYE_STATES, SHUT

P, F, A, X = (VISEMES.index(name) for name in ("P", "F", "A", "X"))


def babble(seconds: float, seed: int) -> list[VisemeSpan]:
    rng = random.Random(seed)
    spans, at = [], 0.0
    while at < seconds:
        end = min(seconds, at + rng.uniform(0.03, 0.16))
        spans.append(VisemeSpan(at, end, rng.randrange(len(VISEMES))))
        at = end
    return spans


def blinks(eyes: tuple[int, ...]) -> int:
    shut = [index % 8 == SHUT for index in eyes]
    return sum(now and not before for before, now in zip([False, *shut], shut, strict=False))


def test_same_input_same_track() -> None:
    spans = babble(4, 1)
    assert track(spans, 4, seed=3) == track(spans, 4, seed=3)
    assert track(spans, 4, seed=3).head != track(spans, 4, seed=4).head


def test_values_are_in_range() -> None:
    pose = track(babble(8, 2), 8, seed=1)
    assert len(pose.mouth) == len(pose.eyes) == len(pose.head) == 200
    assert all(0 <= mouth < MOUTHS for mouth in pose.mouth)
    assert all(0 <= eyes < len(EYE_STATES) for eyes in pose.eyes)
    assert all(x % 2 == 0 and y % 2 == 0 and abs(x) <= 10 and abs(y) <= 10 for x, y in pose.head)


@settings(max_examples=80, deadline=None)
@given(
    start=st.floats(0.1, 1.5), length=st.floats(0.02, 0.2), closure=st.sampled_from([P, F]), chunk=st.integers(0, 5000)
)
def test_a_closure_is_never_missed(start: float, length: float, closure: int, chunk: int) -> None:
    end = start + length
    spans = [VisemeSpan(0, start, A), VisemeSpan(start, end, closure), VisemeSpan(end, 2, A)]
    shown = [i for i, mouth in enumerate(track(spans, 2, start_frame=chunk).mouth) if mouth == closure]
    assert shown
    assert all(start - 0.045 <= i / FPS <= end for i in shown)


def test_every_closure_of_running_speech_is_shown_in_its_own_time() -> None:
    spans = list(babble(30, 7))
    pose = track(spans, 30)
    for span in spans:
        if span.viseme in (P, F):
            frames = range(max(0, int((span.start - 0.045) * FPS)), min(len(pose), int(span.end * FPS) + 2))
            assert any(pose.mouth[i] == span.viseme for i in frames), span


@pytest.mark.parametrize("onset", [0.5 + k * 0.007 for k in range(12)])
def test_lips_lead_the_sound_by_at_most_45_ms_and_never_lag(onset: float) -> None:
    pose = track([VisemeSpan(0, onset, X), VisemeSpan(onset, 1.5, A)], 1.5)
    first = next(i for i, mouth in enumerate(pose.mouth) if mouth == A)
    moved = next(i for i, mouth in enumerate(pose.mouth) if mouth != X)
    assert -0.045 <= moved / FPS - onset <= 0.0
    assert first - moved <= 1


def test_half_way_mouths_join_neighbours() -> None:
    pose = track([VisemeSpan(0, 0.40, A), VisemeSpan(0.40, 0.8, X)], 0.8)
    assert mouth_index(A, X) in pose.mouth


def test_silence_without_spans_is_a_resting_mouth() -> None:
    assert set(track([], 1.0).mouth) == {X}


@pytest.mark.parametrize("seed", range(6))
def test_blink_rate_is_human(seed: int) -> None:
    per_minute = blinks(track(babble(60, seed), 60, seed=seed).eyes)
    assert 10 <= per_minute <= 32
    resting = blinks(idle(seed=seed).eyes) * 60 / PERIOD
    assert 8 <= resting <= 30


def test_a_sentence_ends_with_a_blink() -> None:
    spans = [VisemeSpan(0, 1.2, A), VisemeSpan(1.2, 2.0, X)]
    prompt = 0
    for seed in range(12):
        eyes = track(spans, 2.0, seed=seed, start_frame=1000).eyes
        shut = [i / FPS for i, index in enumerate(eyes) if index % 8 == SHUT]
        assert any(0.75 <= t <= 1.95 for t in shut), seed
        prompt += any(1.2 <= t <= 1.7 for t in shut)
    assert prompt >= 8


def test_chunks_join_without_a_jump() -> None:
    for seed in range(5):
        whole = track([], 8, seed=seed, start_frame=40)
        first, second = track([], 4, seed=seed, start_frame=40), track([], 4, seed=seed, start_frame=140)
        assert first.head + second.head == whole.head
        assert first.eyes + second.eyes == whole.eyes


def test_speech_joins_idle_on_the_same_clock() -> None:
    rest = idle(seed=5)
    spoken = track(babble(3, 5), 3, seed=5, start_frame=120)
    for axis in (0, 1):
        assert abs(spoken.head[0][axis] - rest.head[119][axis]) <= 2
        assert abs(spoken.head[-1][axis] - rest.head[120 + len(spoken)][axis]) <= 2


@pytest.mark.parametrize("seed", range(8))
def test_idle_loops_without_a_jump(seed: int) -> None:
    pose = idle(seed=seed)
    ring = [*pose.head, pose.head[0]]
    for (x0, y0), (x1, y1) in pairwise(ring):
        assert abs(x1 - x0) <= 2 and abs(y1 - y0) <= 2
    assert len(set(pose.head)) > 6
    assert pose.eyes[-1] % 8 != SHUT and pose.eyes[0] % 8 != SHUT


def test_loud_moments_raise_the_brows_and_nod() -> None:
    energy = [0.1] * 100
    energy[50] = 1.0
    calm, loud = track([], 4, energy=[0.1] * 100), track([], 4, energy=energy)
    assert all(eyes < 8 for eyes in calm.eyes)
    assert any(eyes >= 16 for eyes in loud.eyes[47:58])
    assert max(b[1] - a[1] for a, b in zip(calm.head[46:58], loud.head[46:58], strict=True)) >= 2


def test_impossible_requests_are_refused() -> None:
    with pytest.raises(InvalidInput):
        track([], -1)
    with pytest.raises(InvalidInput):
        track([], 1, fps=5)
