"""Rows of conversations, their messages, cards and kept events.

Every change a person can see returns the kept event that was stored with it, numbered without gaps. `conn` is a
transaction (store/db.py); nothing here commits, so publish the event only after the transaction has ended well.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import psycopg
from pydantic import TypeAdapter

from core.calls import Call
from core.errors import Conflict, InvalidInput, NotFound
from core.events import CardUpsert, ConversationChanged, KeptEvent, MessageCompleted, MessageCreated
from core.models import Card, Conversation, Message
from store.row import Connection, clean, known_uuid, new_uuid, storable

KEEP_EVENTS = 2000
"""Kept events per conversation; a browser that was away longer gets a snapshot."""
MAX_TITLE = 200

COLUMNS = "id::text, persona_id, title, seq, updated_at"

_messages = TypeAdapter(list[Message])
_cards = TypeAdapter(list[Card])
_card: TypeAdapter[Card] = TypeAdapter(Card)
_calls = TypeAdapter(dict[str, Call])
_events = TypeAdapter(list[KeptEvent])


async def create(conn: Connection, owner: str, persona_id: str) -> Conversation:
    """A new, empty conversation; its title is empty until there is something to call it by."""
    row = await _one(
        conn,
        f"insert into conversations (owner, persona_id, title) values (%s, %s, %s) returning {COLUMNS}",
        (new_uuid(owner, "person"), clean(persona_id), ""),
    )
    return _conversation(row)


async def open_new(conn: Connection, owner: str, persona_id: str) -> Conversation:
    """An empty conversation with this persona: the owner's newest one without messages is used again."""
    who = new_uuid(owner, "person")
    await conn.execute("select pg_advisory_xact_lock(hashtextextended('open ' || %s, 0))", (str(who),))
    cursor = await conn.execute(
        f"""select {COLUMNS} from conversations c where owner = %s
            and not exists (select from messages m where m.conversation_id = c.id)
            order by updated_at desc limit 1""",
        (who,),
    )
    if (row := await cursor.fetchone()) is None:
        return await create(conn, owner, persona_id)
    empty = _conversation(row)
    if empty.persona_id == persona_id:
        return empty
    return (await change(conn, empty.id, persona_id=persona_id)).conversation


async def get(conn: Connection, conversation_id: str) -> Conversation:
    key = known_uuid(conversation_id, "conversation")
    return _conversation(await _one(conn, f"select {COLUMNS} from conversations where id = %s", (key,)))


async def listed(conn: Connection, limit: int = 50, before: datetime | None = None) -> list[Conversation]:
    """Newest first; `before` is the `updated_at` of the last one seen."""
    cursor = await conn.execute(
        f"""select {COLUMNS} from conversations where %(before)s::timestamptz is null or updated_at < %(before)s
            order by updated_at desc limit %(limit)s""",
        {"before": before, "limit": limit},
    )
    return [_conversation(row) for row in await cursor.fetchall()]


async def change(
    conn: Connection, conversation_id: str, *, title: str | None = None, persona_id: str | None = None
) -> ConversationChanged:
    """Set title or persona. Raises InvalidInput for an empty or too long title, NotFound."""
    if title is not None:
        title = " ".join(clean(title).split())
        if not 1 <= len(title) <= MAX_TITLE:
            raise InvalidInput(f"A title has 1 to {MAX_TITLE} characters.")
    key = known_uuid(conversation_id, "conversation")
    row = await _one(
        conn,
        f"""update conversations set title = coalesce(%s, title), persona_id = coalesce(%s, persona_id)
            where id = %s returning seq + 1, {COLUMNS}""",
        (title, persona_id, key),
    )
    changed = _conversation(row[1:]).model_copy(update={"seq": row[0]})
    event = ConversationChanged(seq=changed.seq, conversation=changed)
    await conn.execute("select greenroom.keep_event(%s, %s::jsonb, %s)", (key, event.model_dump_json(), KEEP_EVENTS))
    return event


async def delete(conn: Connection, conversation_id: str) -> None:
    """The conversation and everything in it."""
    key = known_uuid(conversation_id, "conversation")
    if (await conn.execute("delete from conversations where id = %s", (key,))).rowcount == 0:
        raise NotFound("There is no such conversation.")


async def snapshot(conn: Connection, conversation_id: str) -> tuple[Conversation, list[Message], list[Card]]:
    """Everything in it, as of the conversation's `seq`: one statement, so one moment."""
    key = known_uuid(conversation_id, "conversation")
    row = await _one(
        conn,
        f"""select
              coalesce((select jsonb_agg(body order by seq) from messages where conversation_id = c.id), '[]')::text,
              coalesce((select jsonb_agg(body order by seq) from cards where conversation_id = c.id), '[]')::text,
              {COLUMNS} from conversations c where id = %s""",
        (key,),
    )
    return _conversation(row[2:]), _messages.validate_json(row[0]), _cards.validate_json(row[1])


async def events_after(conn: Connection, conversation_id: str, seq: int, limit: int) -> list[KeptEvent] | None:
    """Every kept event after `seq`, or None when they are more than `limit`, trimmed, or `seq` is from the future."""
    key = known_uuid(conversation_id, "conversation")
    row = await _one(
        conn,
        """select c.seq, coalesce((select jsonb_agg(e.body order by e.seq) from events e where e.conversation_id = c.id
               and e.seq > %(seq)s and c.seq - %(seq)s <= %(limit)s), '[]')::text
           from conversations c where c.id = %(id)s""",
        {"id": key, "seq": seq, "limit": limit},
    )
    missed = row[0] - seq
    if not 0 <= missed <= limit:
        return None
    events = _events.validate_json(row[1])
    return events if len(events) == missed else None


async def add_message(conn: Connection, conversation_id: str, message: Message) -> MessageCreated | None:
    """Add it at the end. None when its `client_id` is in this conversation already: a repeat changes nothing."""
    message = storable(message)
    key, own = known_uuid(conversation_id, "conversation"), new_uuid(message.id, "message")
    try:
        seq = await _seq(
            conn,
            "select greenroom.add_message(%s, %s, %s::jsonb, %s)",
            (key, own, message.model_dump_json(), KEEP_EVENTS),
        )
    except psycopg.errors.UniqueViolation as error:
        raise Conflict("A message with this id exists already.") from error
    return None if seq is None else MessageCreated(seq=seq, message=message)


async def seen(conn: Connection, conversation_id: str, client_id: str) -> bool:
    """Whether a message with this `client_id` is in the conversation already."""
    cursor = await conn.execute(
        "select exists (select from messages where conversation_id = %s and client_id = %s)",
        (known_uuid(conversation_id, "conversation"), client_id),
    )
    row = await cursor.fetchone()
    return bool(row and row[0])


async def has_message(conn: Connection, message_id: str) -> bool:
    cursor = await conn.execute("select 1 from messages where id = %s", (known_uuid(message_id, "message"),))
    return await cursor.fetchone() is not None


async def save_message(conn: Connection, conversation_id: str, message: Message) -> MessageCompleted:
    """Replace the message by what it is now."""
    message = storable(message)
    key, own = known_uuid(conversation_id, "conversation"), known_uuid(message.id, "message")
    query = "select greenroom.save_message(%s, %s, %s::jsonb, %s)"
    seq = await _seq(conn, query, (key, own, message.model_dump_json(), KEEP_EVENTS))
    assert seq is not None
    return MessageCompleted(seq=seq, message=message)


async def save_text(conn: Connection, message_id: str, text: str) -> None:
    """Keep what has been streamed so far, without an event. A message that is no longer streaming stays as it is."""
    await conn.execute(
        """update messages set body = jsonb_set(body, '{parts}',
             jsonb_build_array(jsonb_build_object('kind', 'text', 'text', %s::text)) || coalesce(
               (select jsonb_agg(part) from jsonb_array_elements(body -> 'parts') part
                where part ->> 'kind' <> 'text'), '[]'))
           where id = %s and state = 'streaming'""",
        (clean(text), known_uuid(message_id, "message")),
    )


async def message(conn: Connection, message_id: str) -> tuple[str, Message]:
    """The conversation's id and the message."""
    key = known_uuid(message_id, "message")
    row = await _one(conn, "select conversation_id::text, body::text from messages where id = %s", (key,), "message")
    return row[0], Message.model_validate_json(row[1])


async def history(conn: Connection, conversation_id: str, limit: int) -> list[Message]:
    """The latest `limit` messages, oldest first."""
    cursor = await conn.execute(
        "select body::text from messages where conversation_id = %s order by seq desc limit %s",
        (known_uuid(conversation_id, "conversation"), limit),
    )
    return [Message.model_validate_json(row[0]) for row in reversed(await cursor.fetchall())]


async def save_card(conn: Connection, conversation_id: str, card: Card, calls: Mapping[str, Call]) -> CardUpsert:
    """Add the card or replace it; `calls` says what each action id does. Raises Conflict unless its `rev` is new."""
    card = storable(card)
    key, own = known_uuid(conversation_id, "conversation"), new_uuid(card.id, "card")
    kept_calls = _calls.dump_json(dict(calls)).decode()
    try:
        seq = await _seq(
            conn,
            "select greenroom.save_card(%s, %s, %s::jsonb, %s::jsonb, %s)",
            (key, own, card.model_dump_json(), kept_calls, KEEP_EVENTS),
        )
    except psycopg.errors.SerializationFailure as error:
        raise Conflict("This card was changed meanwhile.") from error
    assert seq is not None
    return CardUpsert(seq=seq, card=card)


async def card(conn: Connection, card_id: str) -> tuple[str, Card, dict[str, Call]]:
    """The conversation's id, the card, and what each of its actions does."""
    query = "select conversation_id::text, body::text, calls::text from cards where id = %s"
    row = await _one(conn, query, (known_uuid(card_id, "card"),), "card")
    return row[0], _card.validate_json(row[1]), _calls.validate_json(row[2])


async def unfinished(conn: Connection) -> list[tuple[str, str, Message]]:
    """Service: (owner, conversation id, message) of every message still in state streaming, oldest first."""
    cursor = await conn.execute(
        """select owner::text, conversation_id::text, body::text from messages where state = 'streaming'
           order by body ->> 'created_at'"""
    )
    return [(row[0], row[1], Message.model_validate_json(row[2])) for row in await cursor.fetchall()]


def _conversation(row: tuple[Any, ...]) -> Conversation:
    return Conversation(id=row[0], persona_id=row[1], title=row[2], seq=row[3], updated_at=row[4])


async def _one(conn: Connection, query: str, values: Any, what: str = "conversation") -> tuple[Any, ...]:
    row = await (await conn.execute(query.encode(), values)).fetchone()
    if row is None:
        raise NotFound(f"There is no such {what}.")
    return row


async def _seq(conn: Connection, query: str, values: tuple[Any, ...]) -> int | None:
    try:
        row = await (await conn.execute(query.encode(), values)).fetchone()
    except psycopg.errors.NoDataFound as error:
        raise NotFound("There is no such conversation or message.") from error
    assert row is not None
    return None if row[0] is None else int(row[0])
