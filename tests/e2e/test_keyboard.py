"""The whole room without a mouse, and as a screen reader hears it."""

from __future__ import annotations

from tests.e2e.browser import Room, text_of

FOCUS = """(() => {
    const element = document.activeElement;
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    const around = element.closest('.composer-box, .mode, label') ?? element;
    const ring = [element, around].some(one => {
        const shown = getComputedStyle(one);
        return (shown.outlineStyle !== 'none' && parseFloat(shown.outlineWidth) > 0) || shown.boxShadow !== 'none';
    });
    return {
        name: element.getAttribute('aria-label') || element.textContent.trim().replace(/\\s+/g, ' ') || element.tagName,
        kind: element.tagName, seen: box.width > 0 && box.height > 0 && style.visibility !== 'hidden', ring,
    };
})()"""
MOST_STOPS = 400
"""Every conversation of the tests before is a stop too, and its menu another."""


def tab_to(room: Room, name: str, *, back: bool = False) -> dict[str, object]:
    """Press Tab until something with this name has the focus; every stop on the way must be seen."""
    for _ in range(MOST_STOPS):
        room.page.keyboard.press("Shift+Tab" if back else "Tab")
        focus: dict[str, object] = room.read(FOCUS)
        assert focus["kind"] == "BODY" or (focus["seen"] and focus["ring"]), f"the focus is invisible on {focus}"
        if str(focus["name"]).startswith(name):
            return focus
    raise AssertionError(f"Tab never comes to {name!r}")


def test_the_first_stop_skips_to_the_message_box(room: Room) -> None:
    room.page.keyboard.press("Tab")
    assert room.read("document.activeElement.textContent") == "Skip to the message box"
    room.page.keyboard.press("Enter")
    room.page.keyboard.type("Hello")
    assert room.composer.input_value() == "Hello"


def test_the_whole_room_by_keyboard(room: Room) -> None:
    page = room.page
    tab_to(room, "Marcus")
    page.keyboard.press("Enter")
    room.until("greenroom.state().conversation?.persona_id === 'marcus' && greenroom.state().loaded")

    tab_to(room, "Message")
    page.keyboard.type("How do I build a 13-week cash flow forecast?")
    page.keyboard.press("Enter")
    room.until_speaking()
    page.keyboard.press("Escape")
    room.until("!greenroom.speech.speaking", 5)
    room.until_quiet()
    assert room.read("document.activeElement.id") == "composer", "the focus went away while the answer was stopped"

    page.keyboard.type("Gross margin vs net margin?")
    page.keyboard.press("Enter")
    room.answer(1)
    room.until_quiet()
    tab_to(room, "Keep", back=True)
    page.keyboard.press("Enter")
    page.locator(".card-video").wait_for()

    tab_to(room, "Memory", back=True)
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for()
    assert room.read("document.querySelector('[role=dialog]').contains(document.activeElement)")
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")
    room.until(lambda: str(room.read(FOCUS)["name"]).startswith("Memory"), 2)

    tab_to(room, "Timings")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_text("First sound scheduled").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")


def test_escape_in_a_panel_closes_it_and_lets_the_voice_go_on(room: Room) -> None:
    room.say("How long does an A/B test have to run before I can believe it?")
    room.until_speaking()
    room.page.get_by_role("button", name="Timings").first.click()
    room.page.get_by_role("dialog").wait_for()
    room.page.keyboard.press("Escape")
    room.page.get_by_role("dialog").wait_for(state="hidden")
    assert room.read("greenroom.speech.speaking")


def test_a_screen_reader_hears_each_answer_once_and_whole(room: Room) -> None:
    room.read(
        """() => {
            window.announced = [];
            for (const region of document.querySelectorAll('[aria-live=polite]')) {
                new MutationObserver(() => announced.push(region.textContent))
                    .observe(region, {childList: true, characterData: true, subtree: true});
            }
        }"""
    )
    answer = room.ask("What should I be tracking for inventory?")
    room.until("announced.some(text => text.includes(' said: '))")
    room.until_quiet()
    said = [text for text in room.read("announced") if " said: " in text]
    assert len(said) == 1
    assert text_of(answer).split()[0] in said[0] and text_of(answer).split()[-1].strip("*") in said[0]


def test_an_input_method_may_use_enter(room: Room) -> None:
    room.composer.fill("konnichiwa")
    room.read(
        """() => document.querySelector('#composer').dispatchEvent(
            new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true, cancelable: true}))"""
    )
    assert room.messages("user") == []
    room.composer.press("Shift+Enter")
    assert room.messages("user") == []
    assert room.composer.input_value() == "konnichiwa\n"
