"""Many at once on one server process: nobody misses an event, gets one twice, or gets somebody else's."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from bench.crowd import gather_crowd, open_server

pytestmark = pytest.mark.load

TALKERS, IDLE, SECONDS = 20, 200, 10.0


async def test_twenty_talk_while_two_hundred_wait(tmp_path: Path) -> None:
    with open_server(tmp_path) as server:
        crowd = await gather_crowd(server, talkers=TALKERS, idle=IDLE, seconds=SECONDS)
        assert psutil.pid_exists(server.pid), server.log()[-3000:]
    assert crowd.faults == []
    assert all(one.asked and one.kept >= 3 * len(one.asked) for one in crowd.talkers)
    assert all(one.round_trips and one.kept == 0 for one in crowd.idle)
