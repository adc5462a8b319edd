"""When something is wrong the page says what, in words, and keeps what was written."""

from __future__ import annotations

from pathlib import Path

from tests.crash.process import ServerProcess
from tests.e2e.browser import Room, text_of
from tests.e2e.conftest import Enter
from tests.e2e.test_resume import DROPPED

WATCH = """
window.violations = [];
addEventListener('securitypolicyviolation', event => violations.push(event.violatedDirective));
"""


def test_too_many_questions_are_refused_kindly_and_can_be_sent_again(open_room: Enter, tmp_path: Path) -> None:
    with ServerProcess(tmp_path, GREENROOM_MESSAGES_PER_MINUTE="1") as server:
        room = open_room(server.base).enter()
        room.ask("Hello")
        room.until_quiet()
        room.say("Mean or median for order values?")
        again = room.page.get_by_role("button", name="Send again")
        again.wait_for()
        said = room.page.locator(".under-bubble").inner_text()
        assert len(said.split()) > 4 and "_" not in said and "429" not in said
        room.page.get_by_role("button", name="Discard").click()
        again.wait_for(state="detached")
        assert [text_of(one) for one in room.messages("user")] == ["Hello"]
        assert room.state()["connection"] == "online"


def test_a_page_whose_server_is_gone_says_so_and_waits(open_room: Enter, own_server: ServerProcess) -> None:
    room = open_room(own_server.base).enter()
    room.expected = DROPPED
    room.ask("Hello")
    own_server.kill()
    banner = room.page.locator(".banner").first
    banner.wait_for()
    assert "nothing you wrote is lost" in banner.inner_text() or "back in a moment" in banner.inner_text()
    assert room.page.locator(".stage").get_attribute("data-status") == "away"
    own_server.start()
    banner.wait_for(state="detached", timeout=40_000)


def test_a_message_too_long_is_not_sent(room: Room) -> None:
    room.composer.fill("x" * 20_001)
    room.page.get_by_role("alert").filter(has_text="too many").wait_for()
    assert room.page.get_by_role("button", name="Send", exact=True).is_disabled()
    room.composer.press("Enter")
    assert room.messages("user") == []


def test_hostile_text_stays_text(room: Room) -> None:
    """Markup in a message is shown, not run; the page's policy is never even asked."""
    hostile = "<img src=x onerror=window.broken=1><script>window.broken=1</script> [x](javascript:window.broken=1)"
    room.read(WATCH)
    room.ask(hostile)
    room.log.get_by_text("onerror").first.wait_for()
    assert not room.read("window.broken")
    assert room.read("violations") == []
    assert room.page.locator(".log-scroll a[href^='javascript']").count() == 0


def test_the_room_loads_without_a_violation_of_its_policy(open_room: Enter) -> None:
    room = open_room()
    room.page.add_init_script(WATCH)
    room.enter()
    room.ask("Hello")
    assert room.read("violations") == []
    policy = room.page.request.get(room.base).headers["content-security-policy"]
    assert "default-src 'self'" in policy and "unsafe-eval" not in policy
    foreign = room.read("performance.getEntriesByType('resource').map(e => e.name)")
    assert all(address.startswith(room.base) for address in foreign)


def test_an_unknown_conversation_opens_a_new_one(open_room: Enter) -> None:
    room = open_room()
    gone = "00000000-0000-4000-8000-000000000000"
    room.page.add_init_script(
        f"if (!sessionStorage.getItem('greenroom.thread')) sessionStorage.setItem('greenroom.thread', '{gone}')"
    )
    room.enter()
    assert room.state()["threadId"] != gone
    assert text_of(room.ask("Hello"))
