"""Whoever speaks up is heard: the voice stops at the first typed character, Escape, Stop or a new message, and what
was cut never comes back. The bounds here are generous; `python -m bench room` has the strict ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest

from tests.e2e.browser import Room, text_of

QUESTION = "How long does an A/B test have to run before I can believe it?"
SILENT_WITHIN_SECONDS = 0.25
LATE_SECONDS = 1.5
SILENCE = 0.001


def by_typing(room: Room) -> None:
    room.composer.press("w")


def by_escape(room: Room) -> None:
    room.composer.press("Escape")


def by_stop_button(room: Room) -> None:
    room.page.get_by_role("button", name="Stop", exact=True).click()


def by_stage_button(room: Room) -> None:
    room.page.get_by_role("button", name="Stop talking").click()


@pytest.mark.parametrize("interrupt", [by_typing, by_escape, by_stop_button, by_stage_button])
def test_the_voice_stops_at_once(room: Room, interrupt: Callable[[Room], None]) -> None:
    room.say(QUESTION)
    room.until_speaking()
    interrupt(room)
    room.until("greenroom.speech.silentAt > greenroom.speech.cutAt")
    cut = room.read("ear.context.currentTime")
    room.page.wait_for_timeout(LATE_SECONDS * 1000)
    assert room.read("ear.silenceAfter()") < SILENT_WITHIN_SECONDS
    assert room.loudest_since(cut + 0.1) <= SILENCE, "it spoke again"
    assert not room.read("greenroom.speech.speaking")
    answer = room.answer(0)
    room.until(lambda: room.page.locator(".stopped").count() == (answer["state"] == "stopped"))


def test_a_new_message_cuts_the_old_answer(room: Room) -> None:
    room.say(QUESTION)
    room.until_speaking()
    old = room.read("greenroom.speech.pieces()[0].message")
    room.composer.fill("")
    room.say("What should I be tracking for inventory?")
    room.until("greenroom.speech.pieces().length && greenroom.speech.speaking")
    room.page.wait_for_timeout(300)
    assert all(piece["message"] != old for piece in room.read("greenroom.speech.pieces()"))
    answer = room.answer(1)
    assert "stock" in text_of(answer).lower() or "inventory" in text_of(answer).lower()


@pytest.mark.parametrize("when", ["at once", "first word"])
def test_an_answer_cut_before_its_first_sound_never_sounds(room: Room, when: Literal["at once", "first word"]) -> None:
    room.ask("Hello")
    room.until_speaking()
    room.until_quiet()
    spoke, cut = room.cut_early(QUESTION, when)
    room.page.wait_for_timeout(LATE_SECONDS * 1000)
    if when == "at once":
        assert not spoke
    assert room.loudest_since(cut + (SILENT_WITHIN_SECONDS if spoke else 0)) <= SILENCE
    room.until_quiet()
    # and the next question is answered aloud
    room.say("Mean or median for order values?")
    room.until_speaking()


def test_reading_on_does_not_interrupt(room: Room) -> None:
    room.say(QUESTION)
    room.until_speaking()
    room.log.focus()
    room.page.keyboard.press("ArrowUp")
    room.page.keyboard.press("Tab")
    room.page.wait_for_timeout(300)
    assert room.read("greenroom.speech.speaking")
