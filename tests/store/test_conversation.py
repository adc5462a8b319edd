"""What is said is kept once, in order, and whoever was away can catch up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from core.calls import Ask, KeepReply
from core.errors import Conflict, InvalidInput, NotFound
from core.models import Action, CardPart, ChoicesCard, Conversation, Message, TextPart, VideoCard
from store import conversation
from store.db import Database


def said(text: str = "Hello", client_id: str | None = None, **more: object) -> Message:
    return Message.model_validate(
        {
            "id": str(uuid4()),
            "role": "user",
            "parts": (TextPart(text=text),),
            "created_at": datetime.now(UTC),
            "client_id": client_id,
            **more,
        }
    )


def choices(rev: int = 1, card_id: str | None = None) -> ChoicesCard:
    return ChoicesCard(id=card_id or str(uuid4()), rev=rev, prompt="Which?", actions=(Action(id="a", label="A"),))


@pytest.fixture
def begin(db: Database, person: str) -> Callable[[], Awaitable[Conversation]]:
    async def make() -> Conversation:
        async with db.as_user(person) as conn:
            return await conversation.create(conn, person, "jaz")

    return make


async def test_an_added_message_and_its_event_are_read_back_as_they_were(db, person, begin):
    here = await begin()
    message = said("Grüße 👋 'quoted' \\u0000 stays text")
    async with db.as_user(person) as conn:
        created = await conversation.add_message(conn, here.id, message)
    async with db.as_user(person) as conn:
        assert await conversation.history(conn, here.id, 10) == [message]
        assert await conversation.message(conn, message.id) == (here.id, message)
        assert await conversation.events_after(conn, here.id, 0, 10) == [created]
        assert (await conversation.get(conn, here.id)).seq == created.seq == 1


async def test_a_nul_is_dropped_and_broken_unicode_is_refused(db, person, begin):
    here = await begin()
    async with db.as_user(person) as conn:
        created = await conversation.add_message(conn, here.id, said("a\0b\\u0000c"))
    assert created.message.text == "ab\\u0000c"
    with pytest.raises(InvalidInput):
        async with db.as_user(person) as conn:
            await conversation.add_message(conn, here.id, said("\ud800"))


async def test_twenty_writers_number_their_events_without_a_gap(db, person, begin):
    here = await begin()

    async def write(number: int) -> int:
        async with db.as_user(person) as conn:
            created = await conversation.add_message(conn, here.id, said(f"{number}"))
            completed = await conversation.save_message(conn, here.id, created.message)
            return completed.seq

    await asyncio.gather(*(write(number) for number in range(20)))
    async with db.as_user(person) as conn:
        events = await conversation.events_after(conn, here.id, 0, 100)
        assert [event.seq for event in events] == list(range(1, 41))
        assert (await conversation.get(conn, here.id)).seq == 40


async def test_the_same_client_id_sent_at_once_by_twenty_is_one_message(db, person, begin):
    here, other = await begin(), await begin()

    async def send(_: int) -> bool:
        async with db.as_user(person) as conn:
            return await conversation.add_message(conn, here.id, said(client_id="same-id-1")) is not None

    assert sum(await asyncio.gather(*(send(number) for number in range(20)))) == 1
    async with db.as_user(person) as conn:
        assert len(await conversation.history(conn, here.id, 50)) == 1
        assert (await conversation.get(conn, here.id)).seq == 1
        assert await conversation.seen(conn, here.id, "same-id-1")
        assert not await conversation.seen(conn, other.id, "same-id-1")
        assert await conversation.add_message(conn, other.id, said(client_id="same-id-1")) is not None


async def test_a_rolled_back_write_leaves_no_hole(db, person, begin):
    here = await begin()
    with pytest.raises(RuntimeError):
        async with db.as_user(person) as conn:
            await conversation.add_message(conn, here.id, said())
            raise RuntimeError
    async with db.as_user(person) as conn:
        assert (await conversation.add_message(conn, here.id, said())).seq == 1


async def test_replay_covers_what_was_missed_or_says_it_does_not(db, person, begin, monkeypatch):
    monkeypatch.setattr(conversation, "KEEP_EVENTS", 100)
    here = await begin()
    async with db.as_user(person) as conn:
        for number in range(200):
            await conversation.add_message(conn, here.id, said(f"{number}"))
    async with db.as_user(person) as conn:
        missed = await conversation.events_after(conn, here.id, 150, 500)
        assert [event.seq for event in missed] == list(range(151, 201))
        assert [event.message.text for event in missed] == [str(number) for number in range(150, 200)]
        assert await conversation.events_after(conn, here.id, 200, 500) == []
        assert await conversation.events_after(conn, here.id, 201, 500) is None, "from a future that was lost"
        assert await conversation.events_after(conn, here.id, 150, 49) is None, "more than the limit"
        assert len(await conversation.events_after(conn, here.id, 150, 50)) == 50
        assert await conversation.events_after(conn, here.id, 10, 500) is None, "trimmed"
        here, messages, _ = await conversation.snapshot(conn, here.id)
    assert here.seq == 200
    assert [message.text for message in messages] == [str(number) for number in range(200)]


async def test_a_change_is_an_event_that_carries_the_conversation(db, person, begin):
    here = await begin()
    async with db.as_user(person) as conn:
        changed = await conversation.change(conn, here.id, title="  A  new\ntitle ", persona_id="marcus")
    assert (changed.conversation.title, changed.conversation.persona_id, changed.seq) == ("A new title", "marcus", 1)
    async with db.as_user(person) as conn:
        now = await conversation.get(conn, here.id)
        assert now.model_copy(update={"updated_at": changed.conversation.updated_at}) == changed.conversation
        assert await conversation.events_after(conn, here.id, 0, 10) == [changed]
        for title in ("  ", "x" * 201):
            with pytest.raises(InvalidInput):
                await conversation.change(conn, here.id, title=title)


async def test_an_empty_conversation_is_opened_again_and_one_with_messages_is_not(db, person):
    async def open_it(persona: str = "jaz") -> Conversation:
        async with db.as_user(person) as conn:
            return await conversation.open_new(conn, person, persona)

    opened = await asyncio.gather(*(open_it() for _ in range(6)))
    assert len({one.id for one in opened}) == 1
    again = await open_it("sarah")
    assert (again.id, again.persona_id) == (opened[0].id, "sarah")
    async with db.as_user(person) as conn:
        await conversation.add_message(conn, again.id, said())
    assert (await open_it()).id != again.id


async def test_the_list_is_newest_first_in_pages(db, person, begin):
    made = [await begin() for _ in range(5)]
    async with db.as_user(person) as conn:
        await conversation.add_message(conn, made[1].id, said())
    async with db.as_user(person) as conn:
        first = await conversation.listed(conn, 2)
        rest = await conversation.listed(conn, 9, first[-1].updated_at)
    assert [one.id for one in first + rest] == [made[n].id for n in (1, 4, 3, 2, 0)]


async def test_streamed_text_is_kept_without_an_event_until_the_message_is_done(db, person, begin):
    here = await begin()
    card = CardPart(card_id=str(uuid4()))
    answer = said("", role="assistant", state="streaming", parts=(TextPart(text=""), card))
    async with db.as_user(person) as conn:
        await conversation.add_message(conn, here.id, answer)
    async with db.as_user(person) as conn:
        await conversation.save_text(conn, answer.id, "Half an ans\0wer")
    async with db.as_service() as conn:
        left = [(where, one) for who, where, one in await conversation.unfinished(conn) if who == person]
    assert [(where, one.parts) for where, one in left] == [(here.id, (TextPart(text="Half an answer"), card))]
    done = answer.model_copy(update={"state": "done", "parts": (TextPart(text="All."),), "brain": "offline rules"})
    async with db.as_user(person) as conn:
        assert (await conversation.save_message(conn, here.id, done)).seq == 2
        await conversation.save_text(conn, answer.id, "too late")
        assert await conversation.history(conn, here.id, 5) == [done]
    async with db.as_service() as conn:
        assert person not in {who for who, _, _ in await conversation.unfinished(conn)}


async def test_a_card_keeps_its_calls_and_refuses_an_old_rev(db, person, begin):
    here = await begin()
    card, calls = choices(), {"a": Ask(text="Tell me"), "keep": KeepReply(aspect="9:16")}
    async with db.as_user(person) as conn:
        upsert = await conversation.save_card(conn, here.id, card, calls)
        assert await conversation.card(conn, card.id) == (here.id, card, calls)
        await conversation.save_card(conn, here.id, choices(3, card.id), {})
    for rev in (2, 3):
        with pytest.raises(Conflict):
            async with db.as_user(person) as conn:
                await conversation.save_card(conn, here.id, choices(rev, card.id), calls)
    async with db.as_user(person) as conn:
        _, _, cards = await conversation.snapshot(conn, here.id)
        assert cards == [choices(3, card.id)]
        events = await conversation.events_after(conn, here.id, 0, 10)
        assert events[0] == upsert and [event.seq for event in events] == [1, 2]


async def test_a_video_card_is_read_back_as_one(db, person, begin):
    here = await begin()
    film = VideoCard(id=str(uuid4()), rev=1, message_id=str(uuid4()), title="T", aspect="9:16", state="rendering")
    async with db.as_user(person) as conn:
        await conversation.save_card(conn, here.id, film, {})
        assert (await conversation.card(conn, film.id))[1] == film


async def test_a_deleted_conversation_takes_everything_with_it(db, person, begin):
    here = await begin()
    card = choices()
    async with db.as_user(person) as conn:
        await conversation.add_message(conn, here.id, said())
        await conversation.save_card(conn, here.id, card, {})
        await conversation.delete(conn, here.id)
    async with db.as_service() as conn:
        for table in ("messages", "cards", "events"):
            cursor = await conn.execute(f"select count(*) from {table} where conversation_id = %s", (here.id,))
            assert await cursor.fetchone() == (0,), table


@pytest.mark.parametrize("where", ["not a uuid", "", str(uuid4())])
async def test_what_does_not_exist_is_not_found(db, person, where):
    calls = (
        lambda conn: conversation.get(conn, where),
        lambda conn: conversation.snapshot(conn, where),
        lambda conn: conversation.events_after(conn, where, 0, 1),
        lambda conn: conversation.change(conn, where, title="x"),
        lambda conn: conversation.delete(conn, where),
        lambda conn: conversation.add_message(conn, where, said()),
        lambda conn: conversation.save_message(conn, where, said()),
        lambda conn: conversation.save_card(conn, where, choices(), {}),
        lambda conn: conversation.message(conn, where),
        lambda conn: conversation.card(conn, where),
    )
    for call in calls:
        with pytest.raises(NotFound):
            async with db.as_user(person) as conn:
                await call(conn)


async def test_somebody_elses_conversation_is_not_found_whatever_is_tried(db, person, begin, new_person):
    here = await begin()
    message, card = said(), choices()
    async with db.as_user(person) as conn:
        await conversation.add_message(conn, here.id, message)
        await conversation.save_card(conn, here.id, card, {})
    stranger = await new_person()
    calls = (
        lambda conn: conversation.get(conn, here.id),
        lambda conn: conversation.add_message(conn, here.id, said()),
        lambda conn: conversation.save_message(conn, here.id, message),
        lambda conn: conversation.delete(conn, here.id),
        lambda conn: conversation.message(conn, message.id),
        lambda conn: conversation.card(conn, card.id),
    )
    for call in calls:
        with pytest.raises(NotFound):
            async with db.as_user(stranger) as conn:
                await call(conn)
    async with db.as_user(stranger) as conn:
        assert await conversation.listed(conn) == []
        await conversation.save_text(conn, message.id, "mine now")
    async with db.as_user(person) as conn:
        assert await conversation.history(conn, here.id, 5) == [message]
