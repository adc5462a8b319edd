"""The terminal client: against a real room, and what it writes for each event."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import pytest

from api.chat import Terminal, find_persona, sign_in
from api.chat_screen import Screen, plain
from api.rest import Personas
from core.errors import Unavailable
from core.events import CardUpsert, MessageCompleted, MessageCreated, MessageDelta, MessageRetracted
from core.models import Action, ChoicesCard, Message, TextPart, VideoCard
from tests.serving import Served


class Paper:
    """Everything written, and a way to wait for some of it."""

    def __init__(self) -> None:
        self.text = ""
        self._grown = asyncio.Event()

    def write(self, text: str) -> None:
        self.text += text
        self._grown.set()

    async def until(self, wanted: Callable[[str], bool]) -> None:
        async with asyncio.timeout(30):
            while not wanted(self.text):
                self._grown.clear()
                await self._grown.wait()


async def lines(*typed: str) -> AsyncIterator[str]:
    for line in typed:
        yield line


async def converse(served: Served, *typed: str, persona: str | None = "jaz") -> str:
    paper = Paper()
    screen = Screen(paper.write, served.base)
    await Terminal(served.base, lines(*typed), screen, persona=persona, patient=True).run()
    return paper.text


async def test_a_question_is_answered_and_offers_its_buttons(served: Served) -> None:
    text = await converse(served, "/new", "What is a good conversion rate?")
    assert "Jaz: Hi, I'm Jaz" in text
    assert "between one and four percent" in text
    assert text.index("[1] Keep as video") > text.index("between one and four percent")
    assert text.count("between one and four percent") == 1


async def test_another_persona_takes_over(served: Served) -> None:
    text = await converse(served, "/persona sarah", "Who are you?", "/persona nobody", "/personas")
    assert "I'm Sarah" in text.split("Sarah: Hello", 1)[1]
    assert "There is nobody called nobody here" in text and "jenniel" in text


async def test_a_number_presses_a_choice(served: Served) -> None:
    text = await converse(served, "sales", "1", "9", persona="sarah")
    first = text.split("[1] ", 1)[1].split("   [2]", 1)[0]
    assert f"You: {first}" in text
    answer = text.split(f"You: {first}", 1)[1]
    assert "Sarah: " in answer and len(answer) > 100
    assert "no button of that number" in answer


async def test_a_lost_connection_comes_back_and_loses_nothing(served: Served) -> None:
    """The room closes every socket in between: the terminal returns by itself and goes on in the same conversation."""
    paper = Paper()
    screen = Screen(paper.write, served.base)

    async def typed() -> AsyncIterator[str]:
        yield "What is conversion rate?"
        await served.app.state.door.close("The room is restarting.")
        yield "How is average order value calculated?"

    terminal = Terminal(served.base, typed(), screen, persona="jaz", patient=True)
    await terminal.run()
    assert "The room is restarting." in paper.text and "trying again" in paper.text
    assert "share of visits" in paper.text and "order value" in paper.text.split("trying again")[1].lower()
    assert paper.text.count("share of visits") == 1
    async with served.client() as http:
        items = (await http.get("/api/conversations")).json()["items"]
    assert [one["id"] for one in items].count(terminal.conversation or "") == 1


async def test_no_room_is_said_in_words() -> None:
    with pytest.raises(Unavailable, match=r"No room answers at http://127\.0\.0\.1:9.*greenroom serve"):
        await sign_in("http://127.0.0.1:9")


async def test_personas_are_found_by_id_name_or_part(served: Served) -> None:
    async with served.client() as http:
        cast = tuple(Personas.model_validate((await http.get("/api/personas")).json()).items)
    for wanted in ("jenniel", "Professor Jenniel", "JENNIEL", "professor"):
        found = find_persona(cast, wanted)
        assert found is not None and found.id == "jenniel"
    assert find_persona(cast, "a") is None  # several have one


# ------------------------------------------------------------------ the screen


def message(text: str, state: str = "done", **more: object) -> Message:
    made = {"id": "m1", "role": "assistant", "persona_id": "jaz", "parts": (TextPart(text=text),), "state": state}
    return Message.model_validate(made | {"created_at": datetime.now(UTC)} | more)


def fresh() -> tuple[Screen, list[str]]:
    written: list[str] = []
    screen = Screen(written.append, "http://room")
    screen.cast = {"jaz": "Jaz"}
    return screen, written


def delta(offset: int, text: str) -> MessageDelta:
    return MessageDelta(message_id="m1", part=0, offset=offset, text=text)


def test_deltas_are_written_once_whatever_comes_twice() -> None:
    """Offsets count UTF-16 code units: the face below is two of them."""
    screen, written = fresh()
    screen.show(MessageCreated(seq=1, message=message("", "streaming")))
    assert screen.show(delta(0, "Hi 😀 "))
    assert screen.show(delta(0, "Hi 😀 "))
    assert screen.show(delta(3, "😀 there"))
    assert not screen.show(delta(40, "lost"))
    screen.show(MessageCompleted(seq=2, message=message("Hi 😀 there, you.")))
    screen.show(MessageCompleted(seq=3, message=message("Hi 😀 there, you.")))
    assert "".join(written) == "Jaz: Hi 😀 there, you.\n"
    assert screen.streaming is None


def test_a_retracted_answer_starts_over() -> None:
    screen, written = fresh()
    screen.show(MessageCreated(seq=1, message=message("", "streaming")))
    screen.show(delta(0, "Half a"))
    screen.show(MessageRetracted(message_id="m1", reason="The answer started over."))
    screen.show(delta(0, "Whole."))
    screen.show(MessageCompleted(seq=2, message=message("Whole.")))
    assert "".join(written) == "Jaz: Half a\nThe answer started over.\nWhole.\n"


def test_an_answer_cannot_steer_the_terminal() -> None:
    assert plain("a\x1b[2Jb\x07c\x9bd\te\n") == "a[2Jbcd\te\n"


def test_a_ready_video_gives_its_whole_address() -> None:
    screen, written = fresh()
    card = VideoCard(
        id="c1", rev=1, message_id="m1", title="t", aspect="16:9", state="ready", src="/api/videos/x.mp4?k=1"
    )
    screen.show(CardUpsert(seq=1, card=card))
    screen.show(CardUpsert(seq=2, card=card))
    assert "".join(written) == "The video is ready: http://room/api/videos/x.mp4?k=1\n"


def test_choices_and_keeping_are_numbered_together() -> None:
    screen, written = fresh()
    choices = ChoicesCard(id="c1", rev=1, prompt="?", actions=(Action(id="a", label="First"),))
    screen.show(CardUpsert(seq=1, card=choices))
    done = MessageCompleted(
        seq=2,
        message=message(
            "Which?",
            parts=({"kind": "text", "text": "Which?"}, {"kind": "card", "card_id": "c1"}),
            actions=({"id": "keep.wide", "label": "Keep"},),
        ),
    )
    screen.show(done)
    buttons = screen.offered(done)
    assert buttons is not None
    assert [(one.card_id, one.action_id) for one in buttons] == [("c1", "a"), ("m1", "keep.wide")]
    assert "[1] First   [2] Keep" in "".join(written)
