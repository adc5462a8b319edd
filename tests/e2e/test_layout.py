"""Every width from a small phone to a desktop; on a phone the stage gives way when its room is needed."""

from __future__ import annotations

import pytest

from tests.e2e.browser import PHONE, Room
from tests.e2e.conftest import Enter

QUESTION = "How long does an A/B test have to run before I can believe it?"
WIDER = """(() => {
    const wide = document.documentElement.clientWidth;
    const CLIPPED = '.sr-only, .table-scroll, .skip, pre, .stage-picture';
    const over = [...document.querySelectorAll('body *')].filter(one => {
        const box = one.getBoundingClientRect();
        return box.width > 1 && box.height > 1 && (box.right > wide + 1 || box.left < -1)
            && getComputedStyle(one).position !== 'fixed' && !one.closest(CLIPPED);
    });
    return {scrolls: document.documentElement.scrollWidth > wide,
            over: over.slice(0, 5).map(one => `${one.tagName}.${one.className}`)};
})()"""


def shown(room: Room, selector: str) -> tuple[float, float]:
    """(top, height) of what is in the window; fails when part of it is outside."""
    box = room.page.locator(selector).first.bounding_box()
    window = room.page.viewport_size
    assert box is not None and window is not None, selector
    assert box["y"] >= -1 and box["y"] + box["height"] <= window["height"] + 1, f"{selector} is outside the window"
    return box["y"], box["height"]


@pytest.mark.parametrize("width", [320, 390, 768, 1440])
def test_nothing_is_wider_than_the_window(open_room: Enter, width: int) -> None:
    room = open_room(viewport={"width": width, "height": 844}).enter()
    assert room.read(WIDER) == {"scrolls": False, "over": []}
    room.ask("Remember that my verylongwordwithoutanyspaceatall" + "x" * 120 + " matters")
    room.ask(QUESTION)
    assert room.read(WIDER) == {"scrolls": False, "over": []}
    shown(room, ".composer-box")


def test_a_phone_shows_face_answer_and_message_box_together(open_room: Enter) -> None:
    room = open_room(viewport=PHONE, has_touch=True, is_mobile=True).enter()
    room.say(QUESTION)
    room.until_speaking()
    _, stage = shown(room, ".stage")
    shown(room, ".composer-box")
    _, log = shown(room, ".log-scroll")
    assert stage < PHONE["height"] * 0.45
    assert log > 200, "the conversation has no room"


def test_the_stage_becomes_a_pill_when_the_keyboard_is_open(open_room: Enter) -> None:
    room = open_room(viewport=PHONE, has_touch=True, is_mobile=True).enter()
    room.ask("Hello")
    assert room.page.locator(".stage-strip").count() == 1
    room.composer.tap()
    room.page.set_viewport_size({"width": PHONE["width"], "height": 480})
    room.page.locator(".stage-pill").wait_for()
    _, height = shown(room, ".stage")
    assert height < 90
    shown(room, ".composer-box")
    room.composer.blur()
    room.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    room.page.locator(".stage-strip").wait_for()


def test_the_stage_becomes_a_pill_for_a_card_and_by_hand(open_room: Enter) -> None:
    room = open_room(viewport=PHONE, has_touch=True, is_mobile=True).enter()
    room.ask("hmm what about the thing")
    room.page.locator(".card").last.wait_for()
    room.page.locator(".stage-pill").wait_for()
    room.page.get_by_role("button", name="Make the stage big").click()
    room.page.locator(".stage-strip").wait_for()
    room.page.get_by_role("button", name="Make the stage small").click()
    room.page.locator(".stage-pill").wait_for()


def test_the_cast_is_reached_on_a_phone(open_room: Enter) -> None:
    room = open_room(viewport=PHONE, has_touch=True, is_mobile=True).enter()
    room.page.get_by_role("button", name="Cast and conversations").click()
    room.member("Sarah").tap()
    room.until("greenroom.state().conversation?.persona_id === 'sarah' && greenroom.state().loaded")
    room.page.get_by_role("dialog").wait_for(state="hidden")
    room.page.locator(".phone-name", has_text="Sarah").wait_for()


def test_the_newest_words_stay_in_sight(room: Room) -> None:
    for text in (QUESTION, "Mean or median for order values?", "What should I be tracking for inventory?"):
        room.ask(text)
    at_end = "(one => one.scrollHeight - one.scrollTop - one.clientHeight < 4)(document.querySelector('.log-scroll'))"
    room.until(at_end, 5)
    room.page.set_viewport_size({"width": 1440, "height": 500})
    room.log.hover()
    room.page.mouse.wheel(0, -900)
    jump = room.page.get_by_role("button", name="Jump to latest")
    jump.click()
    room.until(at_end, 5)
