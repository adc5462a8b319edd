"""Counting what somebody does in a minute."""

from __future__ import annotations

import pytest

from agent.pace import Pace


def test_each_key_has_its_own_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("agent.pace.time.monotonic", lambda: now[0])
    questions = Pace(2)
    assert [questions.take("a") for _ in range(3)] == [True, True, False]
    assert questions.take("b")
    now[0] = 61
    assert questions.take("a")


def test_who_was_quiet_for_a_minute_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("agent.pace.time.monotonic", lambda: now[0])
    questions = Pace(2)
    for number in range(1000):
        now[0] = number
        questions.take(f"person {number}")
    assert len(questions) <= 62
