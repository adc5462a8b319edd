"""Memory, timings, the three modes, mute, themes, reduced motion and the list of conversations."""

from __future__ import annotations

import json

from tests.e2e.browser import Room
from tests.e2e.conftest import Enter

QUESTION = "What should I be tracking for inventory?"


def test_memory_lists_what_was_asked_to_be_kept_and_deletes_it(room: Room) -> None:
    page = room.page
    room.ask("Remember that our launch is in May")
    room.ask("Remember that I sell handmade candles")
    room.until("greenroom.state().memories.length >= 2")
    page.get_by_role("button", name="Memory").click()
    panel = page.get_by_role("dialog")
    facts = panel.locator(".fact")
    facts.filter(has_text="candles").wait_for()
    before = facts.count()
    facts.filter(has_text="launch").get_by_role("button").click()
    facts.filter(has_text="launch").wait_for(state="detached")
    assert facts.count() == before - 1
    page.reload()
    room.until("window.greenroom && greenroom.state().loaded")
    page.get_by_role("button", name="Memory").click()
    facts.filter(has_text="candles").wait_for()
    assert facts.filter(has_text="launch").count() == 0
    panel.get_by_role("button", name="Forget everything").click()
    panel.get_by_role("button", name="Forget everything").click()
    panel.locator(".panel-empty").wait_for()
    room.until("greenroom.state().memories.length === 0")


def test_timings_show_every_stage(room: Room) -> None:
    room.ask(QUESTION)
    room.until_speaking()
    room.page.get_by_role("button", name="Timings").first.click()
    panel = room.page.get_by_role("dialog")
    for stage in (
        "First word shown",
        "First speech received",
        "First sound scheduled",
        "First sound heard",
        "Message received",
        "First word written",
        "First speech made",
        "Round trip",
        "offline rules",
    ):
        panel.get_by_text(stage).first.wait_for()
    assert room.page.locator(".first-words", has_text="ms").count() == 1


def test_text_only_is_silent_and_no_speech_is_sent(open_room: Enter) -> None:
    room = open_room()
    spoken: list[int] = []
    room.page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda frame: spoken.append(1) if isinstance(frame, bytes) else None),
    )
    room.enter()
    room.page.get_by_text("Text", exact=True).click()
    room.until("greenroom.state().connection === 'online'")
    room.page.locator("canvas").wait_for(state="detached")
    room.ask(QUESTION)
    room.ask("Mean or median for order values?")
    assert not spoken
    assert not room.read("greenroom.speech.speaking") and room.read("ear.peak()") == 0
    # remembered after a reload, and gone again when the voice is wanted back
    room.page.reload()
    room.until("window.greenroom && greenroom.state().loaded")
    assert room.page.locator("canvas").count() == 0
    room.page.get_by_text("Face", exact=True).click()
    room.page.locator("canvas.face").wait_for()
    room.until("greenroom.state().connection === 'online'")
    room.say(QUESTION)
    room.until_speaking()
    assert spoken


def test_voice_only_has_no_face(room: Room) -> None:
    room.page.get_by_text("Voice", exact=True).click()
    room.page.locator("canvas").wait_for(state="detached")
    room.say(QUESTION)
    room.until_speaking()
    assert room.page.locator("canvas").count() == 0
    room.until("!document.querySelector('.captions').hidden")
    room.until("new Set([...document.querySelectorAll('.meter i')].map(bar => bar.style.transform)).size > 1")


def test_mute_is_silence_while_the_face_goes_on(room: Room) -> None:
    room.say(QUESTION)
    room.until_speaking()
    room.page.get_by_role("button", name="Mute", exact=True).click()
    room.until("ear.blocks.slice(-60).every(([, rms]) => rms < 0.003)", 5)
    assert room.read("greenroom.speech.speaking")
    mouths = "new Set(greenroom.mouths().slice(-80).map(one => one.mouth)).size"
    room.until(f"{mouths} > 3")
    room.page.get_by_role("button", name="Unmute").click()
    room.until("ear.blocks.slice(-10).some(([, rms]) => rms > 0.01)", 8)


def test_the_theme_is_chosen_and_kept(room: Room) -> None:
    page = room.page
    background = "getComputedStyle(document.body).backgroundColor"
    light = room.read(background)
    assert room.read("document.documentElement.dataset.theme") == "light"
    page.get_by_role("button", name="Theme").click()
    page.get_by_role("menuitemradio", name="Dark").click()
    room.until("document.documentElement.dataset.theme === 'dark'")
    assert room.read(background) != light
    page.reload()
    room.until("window.greenroom && greenroom.state().loaded")
    assert room.read("document.documentElement.dataset.theme") == "dark"


def test_the_theme_follows_the_system(open_room: Enter) -> None:
    room = open_room(color_scheme="dark").enter()
    assert room.read("document.documentElement.dataset.theme") == "dark"
    room.page.emulate_media(color_scheme="light")
    room.until("document.documentElement.dataset.theme === 'light'")


def test_reduced_motion_keeps_the_head_still_and_the_lips_moving(open_room: Enter) -> None:
    room = open_room(reduced_motion="reduce").enter()
    # nothing that is painted while idle changes
    room.page.locator("canvas.face").wait_for()
    room.until("greenroom.frames.paints > 0")
    paints = room.read("greenroom.frames.paints")
    room.page.wait_for_timeout(2500)
    assert room.read("greenroom.frames.paints") - paints <= 1, "the face moves while nobody speaks"
    room.say(QUESTION)
    room.until_speaking()
    room.until("new Set(greenroom.mouths().map(one => one.mouth)).size > 6")
    moving = room.read(
        "document.getAnimations().filter(one => one.playState === 'running'"
        " && one.effect.getComputedTiming().activeDuration > 200).length"
    )
    assert moving == 0, "something on the page is animated"


def test_conversations_are_listed_renamed_and_deleted(room: Room) -> None:
    page = room.page
    room.ask("Do discounts actually make us money?")
    here = page.locator(".conversation[data-here]")
    here.wait_for()
    here.get_by_role("button").nth(1).click()
    page.get_by_role("menuitem", name="Rename").click()
    page.get_by_label("Title").fill("Margins first")
    page.get_by_role("button", name="Save").click()
    page.locator(".conversation", has_text="Margins first").wait_for()
    assert page.title().startswith("Margins first")
    page.get_by_role("button", name="New conversation").click()
    room.until("greenroom.state().loaded && greenroom.state().messages.every(m => m.role !== 'user')")
    page.locator(".conversation", has_text="Margins first").get_by_role("button").first.click()
    room.until("greenroom.state().messages.some(m => m.role === 'user')")
    page.locator(".conversation", has_text="Margins first").get_by_role("button").nth(1).click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.locator(".conversation", has_text="Margins first").wait_for(state="detached")
    assert json.dumps(room.state()["messages"]).count("Do discounts") == 0
