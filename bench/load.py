"""220 people on one server process for a minute: what they are sent, how late, and what it costs in memory."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from bench.crowd import gather_crowd, open_server
from bench.row import Row, p50, p95, row

TALKERS, IDLE, SECONDS, WARM_UP_SECONDS = 20, 200, 60.0, 15.0


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder, open_server(Path(folder)) as server:
        crowd = asyncio.run(gather_crowd(server, talkers=TALKERS, idle=IDLE, seconds=SECONDS))
    delays = [one for person in crowd.people for one in person.delays]
    speech = [one for person in crowd.talkers for one in person.first_speech]
    pings = [one for person in crowd.idle for one in person.round_trips]
    who = f"{TALKERS} talking, {IDLE} idle, {SECONDS:.0f} s"
    asked = sum(len(one.asked) for one in crowd.talkers)
    peak = max(size for _, size in crowd.memory)
    for fault in crowd.faults[:10]:
        print(f"  load: {fault}")
    return [
        row("load: events lost, doubled or astray", len(crowd.faults), "", "<= 0", f"{crowd.kept} kept events, {who}"),
        row("load: server memory at the end", crowd.growth(WARM_UP_SECONDS), "x", "<= 1.1",
            f"after {WARM_UP_SECONDS:.0f} s of warm-up; at most {peak / 1e6:.0f} MB"),
        row("load: message created to received, p50", p50(delays) * 1000, "ms", "", who),
        row("load: message created to received, p95", p95(delays) * 1000, "ms", "", who),
        row("load: question to first speech received, p50", p50(speech) * 1000, "ms", "", f"{asked} questions"),
        row("load: question to first speech received, p95", p95(speech) * 1000, "ms", "", f"{asked} questions"),
        row("load: ping of an idle socket, p95", p95(pings) * 1000, "ms", "", who),
    ]  # fmt: skip
