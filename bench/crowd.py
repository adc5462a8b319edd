"""Many people in the room at once, each over a websocket of their own, each checking every event they are sent."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import psutil  # type: ignore[import-untyped]
from pydantic import SecretStr

from core.settings import Settings
from store.auth import LocalTokens
from tests.client import Event, Page, text_of
from tests.crash.process import ServerProcess

SECRET = "a crowd comes in by tokens of its own making"
QUESTIONS = (
    "Do discounts actually make us money?",
    "What should I be tracking for inventory?",
    "Which traffic source is worth paying for?",
    "How do I know when it's time to reorder a product?",
    "What counts as a good conversion rate?",
    "How long does an A/B test have to run before I can believe it?",
)
PING_SECONDS = 5.0
DOOR = 24
"""How many come in at the same time."""


def open_server(folder: Path) -> ServerProcess:
    """A server that the crowd's tokens are good for; not started yet."""
    return ServerProcess(folder, GREENROOM_JWT_SECRET=SECRET)


def tokens(count: int) -> list[str]:
    """Tokens of as many different people."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(_env_file=None, data_dir=Path(folder), jwt_secret=SecretStr(SECRET))  # type: ignore[call-arg]
        maker = LocalTokens(settings)
        return [maker.mint(str(uuid4()), 3600) for _ in range(count)]


class Person:
    """One person with one tab. `faults` are broken promises of the wire, in words."""

    def __init__(self, base: str, token: str) -> None:
        self.page = Page(base, token)
        self.faults: list[str] = []
        self.asked: dict[str, str] = {}
        self.seen: set[str] = set()
        """Ids of the messages any event was about."""
        self.kept = 0
        self.delays: list[float] = []
        """From a message's creation in the server to its arrival here, seconds."""
        self.first_speech: list[float] = []
        """From sending a question to the first chunk of speech, seconds."""
        self.round_trips: list[float] = []
        self._messages: dict[str, Event] = {}
        self._finished = 0
        self._spoken = 0
        self._changed = asyncio.Event()
        self._asked_at: float | None = None
        self._last = "the snapshot"
        self._utterance = ""

    async def enter(self) -> None:
        await self.page.__aenter__()
        self.thread = (await self.page.until("welcome"))["thread_id"]
        snapshot = await self.page.until("snapshot")
        self._seq: int = snapshot["seq"]
        self._messages = {message["id"]: message for message in snapshot["messages"]}
        self._reading = asyncio.create_task(self._read())
        self._pinging = asyncio.create_task(self._ping())

    async def leave(self) -> None:
        for task in (self._reading, self._pinging):
            task.cancel()
        await asyncio.gather(self._reading, self._pinging, return_exceptions=True)
        await self.page.__aexit__(None, None, None)

    async def ask(self, text: str) -> None:
        """Ask, and wait until the answer is whole and all of its speech is here."""
        client_id = uuid4().hex
        self.asked[client_id] = text
        wanted = (self._finished + 1, self._spoken + 1)
        self._asked_at = time.perf_counter()
        await self.page.ask(text, client_id=client_id)
        while self._finished < wanted[0] or self._spoken < wanted[1]:
            self._changed.clear()
            await self._changed.wait()
            if self._reading.done():
                raise ConnectionError(f"The line broke in the middle of an answer: {self._reading.exception()!r}")
        # a listener in no time, so that the server never waits for one
        await self.page.send({"type": "speech.ack", "utterance_id": self._utterance, "buffered_ms": 0})

    async def check(self) -> None:
        """Compare what the events told with what the server has kept."""
        snapshots = self._snapshots = asyncio.Queue[Event]()
        await self.page.send({"type": "resync"})
        snapshot = await asyncio.wait_for(snapshots.get(), 30)
        if snapshot["conversation"]["id"] != self.thread:
            self.faults.append("a snapshot of another conversation came")
        if snapshot["seq"] != self._seq:
            self.faults.append(f"the server has {snapshot['seq']} kept events, {self._seq} came")
        kept = {message["id"]: message for message in snapshot["messages"]}
        if kept != self._messages:
            self.faults.append("the kept events do not add up to the snapshot")
        counted = Counter(message["client_id"] for message in snapshot["messages"] if message["role"] == "user")
        if counted != Counter(dict.fromkeys(self.asked, 1)):
            self.faults.append("not every question is kept exactly once")
        if foreign := self.seen - kept.keys():
            self.faults.append(f"{len(foreign)} events were about messages of somebody else")

    # ------------------------------------------------------------------ reading

    async def _read(self) -> None:
        while True:
            event = await self.page.next()
            self.page.events.clear()
            self._take(event)
            self._changed.set()

    async def _ping(self) -> None:
        while True:
            await self.page.send({"type": "ping", "t": time.perf_counter()})
            await asyncio.sleep(PING_SECONDS)

    def _take(self, event: Event) -> None:
        kind = event["type"]
        if kind == "snapshot":
            self._snapshots.put_nowait(event)
            return
        if "seq" in event:
            self.kept += 1
            if event["seq"] != self._seq + 1:
                self.faults.append(f"event {event['seq']} ({kind}) came after {self._seq} ({self._last})")
            self._last = kind
            self._seq = event["seq"]
        if "message_id" in event:
            self.seen.add(event["message_id"])
        if kind == "conversation.changed" and event["conversation"]["id"] != self.thread:
            self.faults.append("another conversation's change came")
        if kind in ("message.created", "message.completed"):
            self._place(event["message"], new=kind == "message.created")
        if kind == "pong":
            self.round_trips.append(time.perf_counter() - event["t"])
        if kind == "error":
            self.faults.append(f"refused: {event['message']}")
        if kind == "speech.chunk":
            if self._asked_at is not None:
                self.first_speech.append(time.perf_counter() - self._asked_at)
                self._asked_at = None
            self._utterance = event["utterance_id"]
            self._spoken += event["final"]

    def _place(self, message: Event, *, new: bool) -> None:
        self.seen.add(message["id"])
        self._messages[message["id"]] = message
        if message["role"] == "user" and self.asked.get(message["client_id"]) != text_of(message):
            self.faults.append("somebody else's question came")
        if new:
            self.delays.append(time.time() - datetime.fromisoformat(message["created_at"]).timestamp())
        elif message["role"] == "assistant" and message["state"] != "streaming":
            self._finished += 1
            if message["state"] != "done":
                self.faults.append(f"an answer ended {message['state']}")


@dataclass
class Crowd:
    """What a crowd saw in `seconds`; `memory` is the resident size of server and children, [second, bytes]."""

    seconds: float
    talkers: list[Person]
    idle: list[Person]
    memory: list[tuple[float, int]] = field(default_factory=list)

    @property
    def people(self) -> list[Person]:
        return self.talkers + self.idle

    @property
    def kept(self) -> int:
        return sum(one.kept for one in self.people)

    @property
    def faults(self) -> list[str]:
        found = [fault for one in self.people for fault in one.faults]
        owners = Counter(message for one in self.people for message in one.seen)
        return found + [f"message {message} went to {count} people" for message, count in owners.items() if count > 1]

    def growth(self, warm_up: float) -> float:
        """Resident memory at the end as a ratio of that right after the warm-up (medians of a sixth of the rest)."""
        after = [size for at, size in self.memory if at >= warm_up]
        part = max(1, len(after) // 6)
        first, last = sorted(after[:part]), sorted(after[-part:])
        return last[len(last) // 2] / first[len(first) // 2]


async def gather_crowd(
    server: ServerProcess, *, talkers: int, idle: int, seconds: float, questions: Sequence[str] = QUESTIONS
) -> Crowd:
    """Let them all in; the talkers ask one question after the other until `seconds` are over, then all compare."""
    everybody = [Person(server.base, token) for token in tokens(talkers + idle)]
    crowd = Crowd(seconds, everybody[:talkers], everybody[talkers:])
    watching = asyncio.create_task(_watch(server.pid, crowd))
    try:
        for group in _groups(everybody, DOOR):
            await asyncio.gather(*(one.enter() for one in group))
        began = time.monotonic()
        crowd.memory.clear()

        async def talk(person: Person, start: int) -> None:
            turn = start
            while time.monotonic() - began < seconds:
                await person.ask(questions[turn % len(questions)])
                turn += 1

        await asyncio.gather(*(talk(one, number) for number, one in enumerate(crowd.talkers)))
        for group in _groups(everybody, DOOR):
            await asyncio.gather(*(one.check() for one in group))
    finally:
        watching.cancel()
        await asyncio.gather(*(one.leave() for one in everybody if hasattr(one, "_pinging")))
    return crowd


async def _watch(pid: int, crowd: Crowd) -> None:
    server, began = psutil.Process(pid), time.monotonic()
    while True:
        crowd.memory.append((time.monotonic() - began, server.memory_info().rss))
        await asyncio.sleep(0.5)


def _groups(people: Sequence[Person], size: int) -> Iterable[Sequence[Person]]:
    return (people[start : start + size] for start in range(0, len(people), size))
