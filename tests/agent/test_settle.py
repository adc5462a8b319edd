"""Rows of answers when the database goes away, or the conversation does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import psycopg
import pytest
import pytest_asyncio

from agent.publisher import Publisher
from agent.transcript import Transcript, blank_answer
from core.events import Frame, MessageCompleted
from core.models import CardPart, Message, TextPart
from store import conversation
from store import db as database_module
from store.bus import Bus
from store.db import Database
from store.embedded import SUPERUSER, EmbeddedPostgres


@pytest.fixture
def bus() -> Bus[Frame]:
    return Bus()


@pytest_asyncio.fixture(loop_scope="session")
async def transcript(db: Database, bus: Bus[Frame]) -> AsyncIterator[Transcript]:
    made = Transcript(db, Publisher(bus))
    yield made
    await made.close()


async def opened(db: Database, person: str) -> tuple[str, Message]:
    answer = blank_answer("jaz")
    async with db.as_user(person) as conn:
        here = (await conversation.create(conn, person, "jaz")).id
        await conversation.add_message(conn, here, answer)
    return here, answer


async def kept(db: Database, message: Message) -> Message:
    async with db.as_service() as conn:
        return (await conversation.message(conn, message.id))[1]


async def test_two_writers_of_one_message_lose_nothing(db: Database, transcript: Transcript, person: str) -> None:
    here, answer = await opened(db, person)
    cards = [str(uuid4()) for _ in range(12)]
    await asyncio.gather(*(transcript.join_card(person, here, answer.id, card) for card in cards))
    assert {part.card_id for part in (await kept(db, answer)).parts if isinstance(part, CardPart)} == set(cards)


async def test_an_answer_in_a_deleted_conversation_is_let_go(db: Database, transcript: Transcript, person: str) -> None:
    here, answer = await opened(db, person)
    async with db.as_user(person) as conn:
        await conversation.delete(conn, here)
    await transcript.settle(person, here, answer.model_copy(update={"state": "failed"}))


async def test_an_answer_is_kept_once_the_database_is_back(
    db: Database,
    transcript: Transcript,
    bus: Bus[Frame],
    person: str,
    postgres_cluster: EmbeddedPostgres,
    database: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, answer = await opened(db, person)
    ended = answer.model_copy(update={"state": "stopped", "parts": (TextPart(text="Half of it"),)})
    monkeypatch.setattr(database_module, "PATIENCE_SECONDS", 0.2)
    with psycopg.connect(postgres_cluster.url(SUPERUSER, "postgres"), autocommit=True) as admin:
        admin.execute(f"alter database {database} allow_connections false".encode())
        try:
            admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (database,))
            async with bus.subscribe(here) as frames:
                await transcript.settle(person, here, ended)
                assert frames.waiting() == 0
                admin.execute(f"alter database {database} allow_connections true".encode())
                async with asyncio.timeout(30):
                    event = (await frames.get()).event
        finally:
            admin.execute(f"alter database {database} allow_connections true".encode())
    assert isinstance(event, MessageCompleted) and event.message.state == "stopped"
    assert (await kept(db, answer)).text == "Half of it"
