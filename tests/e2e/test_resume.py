"""Reload, a dropped line, a restarted server: the conversation is whole again and what was written goes out once."""

from __future__ import annotations

from tests.crash.process import ServerProcess
from tests.e2e.browser import Room, text_of
from tests.e2e.conftest import Enter

QUESTION = "Do discounts actually make us money?"
ONLINE = "greenroom.state().connection === 'online'"
DROPPED = ["ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "ERR_INTERNET_DISCONNECTED", "WebSocket connection to"]


def questions(room: Room) -> list[str]:
    return [text_of(message) for message in room.messages("user")]


def test_a_reload_restores_the_conversation(room: Room) -> None:
    answer = room.ask(QUESTION)
    thread = room.state()["threadId"]
    room.page.reload()
    room.until("window.greenroom && greenroom.state().loaded && greenroom.state().messages.length > 0")
    assert room.state()["threadId"] == thread
    assert questions(room) == [QUESTION]
    assert text_of(room.messages("assistant")[-1]) == text_of(answer)
    assert room.page.get_by_text(text_of(answer).split(". ")[0][:40]).first.is_visible()


def test_a_reload_in_mid_answer_loses_no_word(room: Room) -> None:
    room.say(QUESTION)
    room.until("greenroom.marks.firstDelta > 0")
    room.page.reload()
    room.until("window.greenroom && greenroom.state().loaded && greenroom.state().messages.length > 0")
    answer = room.answer(0)
    assert answer["state"] in ("done", "stopped") and text_of(answer)
    assert questions(room) == [QUESTION]


def test_a_restarted_server_is_found_again(open_room: Enter, own_server: ServerProcess) -> None:
    room = open_room(own_server.base).enter()
    room.expected = DROPPED
    room.ask(QUESTION)
    own_server.stop()
    room.until("greenroom.state().connection !== 'online'")
    room.page.get_by_text("restarting").or_(room.page.get_by_text("Reconnecting")).first.wait_for()
    # written while nobody is there
    room.say("Mean or median for order values?")
    room.page.get_by_text("Not sent yet").wait_for()
    own_server.start()
    room.until(ONLINE, 40)
    answer = room.answer(1)
    assert "median" in text_of(answer).lower()
    assert questions(room) == [QUESTION, "Mean or median for order values?"]
    assert room.page.get_by_text("Not sent yet").count() == 0
    assert not room.state()["needsSync"]
    snapshot_ids = [message["id"] for message in room.messages()]
    assert len(snapshot_ids) == len(set(snapshot_ids)) == 4


def test_a_killed_server_in_mid_answer_is_found_again(open_room: Enter, own_server: ServerProcess) -> None:
    room = open_room(own_server.base).enter()
    room.expected = DROPPED
    room.say(QUESTION)
    room.until("greenroom.marks.firstDelta > 0")
    own_server.kill()
    room.until("greenroom.state().connection !== 'online'")
    own_server.start()
    room.until(ONLINE, 40)
    room.until("greenroom.state().messages.every(m => m.state !== 'streaming')")
    assert questions(room) == [QUESTION]
    assert "median" in text_of(room.ask("Mean or median for order values?")).lower()


def test_a_line_that_dies_is_replaced(room: Room) -> None:
    """The socket is cut from outside the page, as a network does it; the page comes back without a reload."""
    room.expected = DROPPED
    room.ask(QUESTION)
    room.until_quiet()
    room.read("window.here = true")
    room.page.context.set_offline(True)
    room.read("ear.sockets.forEach(socket => socket.close())")
    room.until("greenroom.state().connection !== 'online'")
    room.page.get_by_text("Reconnecting").first.wait_for()
    room.say("Mean or median for order values?")
    room.page.get_by_text("Not sent yet").wait_for()
    room.page.context.set_offline(False)
    room.until(ONLINE)
    assert "median" in text_of(room.answer(1)).lower()
    assert questions(room) == [QUESTION, "Mean or median for order values?"]
    assert room.read("window.here"), "the page was loaded anew"
