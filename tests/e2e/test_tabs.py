"""Two tabs of one person in one conversation."""

from __future__ import annotations

from tests.e2e.browser import Room, text_of
from tests.e2e.conftest import Enter

QUESTION = "What should I be tracking for inventory?"


def second_tab(open_room: Enter, first: Room) -> Room:
    """A tab that knows the conversation and that nobody has touched: no script is run in it, since that would count
    as a gesture."""
    thread = first.state()["threadId"]
    second = open_room()
    second.page.add_init_script(f"sessionStorage.setItem('greenroom.thread', '{thread}')")
    second.page.goto(first.base)
    return second


def test_both_tabs_follow_the_conversation(open_room: Enter, room: Room) -> None:
    second = second_tab(open_room, room)
    second.composer.wait_for()
    answer = room.ask(QUESTION)
    first_words = " ".join(text_of(answer).split()[:4])
    second.log.get_by_text(QUESTION).wait_for()
    second.log.get_by_text(first_words).first.wait_for()
    room.until_quiet()
    reply = second.ask("Mean or median for order values?")
    room.until(lambda: len(room.messages("assistant")) == 2 and room.messages("assistant")[1]["state"] == "done")
    room.until(lambda: room.messages() == second.messages())
    assert text_of(room.messages("assistant")[1]) == text_of(reply)


def test_an_untouched_tab_asks_before_it_speaks(open_room: Enter, room: Room) -> None:
    second = second_tab(open_room, room)
    second.composer.wait_for()
    second.page.locator("canvas.face").wait_for()
    room.say(QUESTION)
    room.until_speaking()
    tap = second.page.get_by_role("button", name="Tap to hear")
    tap.wait_for()
    tap.click()
    second.until_speaking()
    tap.wait_for(state="hidden")


def test_a_stop_in_one_tab_silences_the_other(open_room: Enter, room: Room) -> None:
    second = second_tab(open_room, room)
    second.composer.wait_for()
    room.say(QUESTION)
    room.until_speaking()
    tap = second.page.get_by_role("button", name="Tap to hear")
    tap.click()
    second.until_speaking()
    second.composer.press("Escape")
    room.until("!greenroom.speech.speaking", 5)
