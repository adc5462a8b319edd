"""No finding of axe-core in any layout, with a conversation, a card and a panel open, and in the empty room."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest

from tests.e2e.browser import DESKTOP, PHONE, Room
from tests.e2e.conftest import Enter

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
RULES = "axe.run(document, {resultTypes: ['violations']})"
LAYOUTS = [(size, scheme) for size in ("desktop", "phone") for scheme in ("light", "dark")]


def findings(room: Room) -> list[str]:
    if not room.read("typeof axe === 'object'"):
        room.page.add_script_tag(path=AXE)
    found: dict[str, Any] = room.read(RULES)
    return [
        f"{one['id']} ({one['impact']}): {node['html'][:120]} | {node['failureSummary'][:200]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


def opened(open_room: Enter, size: str, scheme: str) -> Room:
    """axe is a script of ours that the page's own policy would refuse."""
    return open_room(
        viewport=DESKTOP if size == "desktop" else PHONE,
        color_scheme=scheme,
        reduced_motion="reduce",
        bypass_csp=True,
        has_touch=size == "phone",
    )


@pytest.mark.parametrize(("size", "scheme"), LAYOUTS)
def test_a_conversation_is_accessible(open_room: Enter, size: str, scheme: Literal["light", "dark"]) -> None:
    room = opened(open_room, size, scheme).enter("jaz" if size == "desktop" else None)
    room.ask("Mean or median for order values?")
    room.until_speaking()
    assert findings(room) == []
    room.composer.press("Escape")
    room.until_quiet()
    room.ask("hmm what about the thing")
    room.page.locator(".card").last.wait_for()
    room.composer.press("Escape")
    room.until_quiet()
    assert findings(room) == []
    room.page.get_by_role("button", name="Timings").first.click()
    room.page.get_by_role("dialog").wait_for()
    assert findings(room) == []


@pytest.mark.parametrize(("size", "scheme"), LAYOUTS)
def test_the_empty_room_is_accessible(open_room: Enter, size: str, scheme: Literal["light", "dark"]) -> None:
    room = opened(open_room, size, scheme).enter()
    room.page.locator(".greeting").wait_for()
    assert findings(room) == []
    if size == "phone":
        room.page.get_by_role("button", name="Cast and conversations").click()
        room.page.get_by_role("dialog").wait_for()
        assert findings(room) == []
