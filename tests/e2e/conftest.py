from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.crash.process import ServerProcess
from tests.e2e.browser import DESKTOP, Room, open_browser

Enter = Callable[..., Room]
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("e2e")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with open_browser() as browser:
        yield browser


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One room as a process, shared by the tests that leave it running."""
    with ServerProcess(tmp_path_factory.mktemp("room")) as running:
        yield running


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[ServerProcess]:
    """A room of this test's own, to stop and start."""
    running = ServerProcess(tmp_path)
    try:
        yield running.start()
    finally:
        running.stop()


@pytest.fixture
def open_room(chromium: Browser, server: ServerProcess) -> Iterator[Enter]:
    """Opens a tab in a browser context of its own; at the end no tab may have had a fault."""
    rooms: list[Room] = []

    def open_one(base: str | None = None, **context: Any) -> Room:
        made = Room(chromium.new_context(**{"viewport": DESKTOP} | context), base or server.base)
        rooms.append(made)
        return made

    yield open_one
    faults = [fault for room in rooms for fault in room.unexpected()]
    for room in rooms:
        room.page.context.close()
    assert not faults, faults


@pytest.fixture
def room(open_room: Enter) -> Room:
    """The room on a desktop, entered."""
    return open_room().enter()
