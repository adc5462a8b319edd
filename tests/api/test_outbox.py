"""What waits for a socket: in order, joined where that loses nothing, bounded."""

from __future__ import annotations

import asyncio
import json
import struct
from datetime import UTC, datetime

from api.outbox import Outbox, encode
from core.events import (
    ConversationChanged,
    Event,
    Frame,
    JobProgress,
    MessageCreated,
    MessageDelta,
    Pong,
    Snapshot,
    SpeechCancel,
    SpeechChunk,
    Track,
)
from core.models import Conversation, Message, TextPart


def delta(offset: int, text: str, message: str = "m") -> Frame:
    return Frame(MessageDelta(message_id=message, part=0, offset=offset, text=text))


def chunk(utterance: str, size: int) -> Frame:
    track = Track(fps=25, mouth=(), eyes=(), head=())
    event = SpeechChunk(
        utterance_id=utterance,
        message_id="m",
        index=0,
        rate=22050,
        ms=1,
        text="",
        char_start=0,
        char_end=0,
        words=(),
        track=track,
    )
    return Frame(event, bytes(size))


async def drained(outbox: Outbox, count: int) -> list[Event]:
    return [frame.event for frame in [await outbox.take() for _ in range(count)] if frame]


async def test_waiting_deltas_of_a_message_become_one() -> None:
    outbox = Outbox(10_000)
    for offset, text in ((0, "He"), (2, "llo"), (5, " you")):
        outbox.push(delta(offset, text))
    (event,) = await drained(outbox, 1)
    assert isinstance(event, MessageDelta) and (event.offset, event.text) == (0, "Hello you")


async def test_a_delta_never_overtakes_what_came_between() -> None:
    outbox = Outbox(10_000)
    outbox.push(delta(0, "one"))
    outbox.push(Frame(Pong(t=1)))
    outbox.push(delta(3, "two"))
    outbox.push(delta(6, "three"))
    first, second, third = await drained(outbox, 3)
    assert isinstance(first, MessageDelta) and first.text == "one" and second.type == "pong"
    assert isinstance(third, MessageDelta) and third.text.startswith("two")


async def test_a_retracted_text_starts_over_at_zero() -> None:
    outbox = Outbox(10_000)
    outbox.push(delta(0, "wrong"))
    outbox.push(delta(0, "right"))
    (event,) = await drained(outbox, 1)
    assert isinstance(event, MessageDelta) and event.text == "right"


async def test_only_the_latest_progress_waits() -> None:
    outbox = Outbox(10_000)
    for pct in (0.1, 0.2, 0.9):
        outbox.push(Frame(JobProgress(card_id="c", stage="x", pct=pct)))
    (event,) = await drained(outbox, 1)
    assert isinstance(event, JobProgress) and event.pct == 0.9


async def test_sound_of_a_cancelled_utterance_is_dropped() -> None:
    outbox = Outbox(100_000)
    outbox.push(chunk("u-1", 1000))
    outbox.push(chunk("u-2", 1000))
    outbox.push(Frame(SpeechCancel(utterance_id="u-1")))
    events = await drained(outbox, 2)
    assert [e.type for e in events] == ["speech.chunk", "speech.cancel"]
    assert isinstance(events[0], SpeechChunk) and events[0].utterance_id == "u-2"


async def test_too_much_waiting_ends_it() -> None:
    outbox = Outbox(5_000)
    taking = asyncio.create_task(outbox.take())
    outbox.push(chunk("u-1", 10_000))
    assert outbox.overflowed and await taking is None
    outbox.push(Frame(Pong(t=1)))
    assert await outbox.take() is None


async def test_room_is_counted_by_what_still_waits() -> None:
    outbox = Outbox(5_000)
    for _ in range(100):
        outbox.push(chunk("u-1", 1000))
        assert await outbox.take() is not None
    for number in range(200):
        outbox.push(delta(number, "x"))
        outbox.push(Frame(JobProgress(card_id="c", stage="x", pct=0.5)))
    assert not outbox.overflowed


def test_speech_is_a_binary_frame_with_a_json_header() -> None:
    raw = encode(chunk("u-1", 6))
    assert isinstance(raw, bytes)
    (length,) = struct.unpack_from("<I", raw)
    assert json.loads(raw[4 : 4 + length])["utterance_id"] == "u-1" and len(raw) == 4 + length + 6
    assert json.loads(str(encode(Frame(Pong(t=2)))))["type"] == "pong"


async def test_a_delta_that_overlaps_the_text_so_far_is_never_joined_to_it() -> None:
    """Who comes back is sent the text so far, then what was queued meanwhile: joined, words appeared twice."""
    outbox = Outbox(10_000)
    for offset, text in ((0, "Hello 😀"), (6, "😀"), (8, " you")):
        outbox.push(delta(offset, text))
    events = [event for event in await drained(outbox, 3) if isinstance(event, MessageDelta)]
    assert [(event.offset, event.text) for event in events] == [(0, "Hello 😀"), (6, "😀"), (8, " you")]


async def test_a_snapshot_takes_the_place_of_what_it_holds() -> None:
    """A page that asks for it again and again holds one in store, however large it is."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    here = Conversation(id="c", persona_id="jaz", title="", seq=3, updated_at=now)
    outbox = Outbox(10_000)
    outbox.push(Frame(ConversationChanged(seq=3, conversation=here)))
    outbox.push(Frame(Pong(t=1)))
    for seq in (3, 4):
        snapshot = Snapshot(
            seq=seq, conversation=here.model_copy(update={"seq": seq}), messages=(), cards=(), memories=()
        )
        outbox.push(Frame(snapshot))
    first, second = await drained(outbox, 2)
    assert first.type == "pong" and isinstance(second, Snapshot) and second.seq == 4


async def test_long_messages_count() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    outbox = Outbox(10_000)
    long = Message(id="m", role="user", parts=(TextPart(text="x" * 6000),), created_at=now)
    outbox.push(Frame(MessageCreated(seq=1, message=long)))
    assert not outbox.overflowed
    outbox.push(Frame(MessageCreated(seq=2, message=long)))
    assert outbox.overflowed
