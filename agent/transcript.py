"""Rows of a conversation and the events that tell of them: always saved first, then published."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import uuid4
from weakref import WeakValueDictionary

import structlog

from agent.publisher import Publisher
from core.calls import Ask
from core.errors import NotFound, Unavailable
from core.events import Event, UserMessage
from core.models import Action, CardPart, ChoicesCard, Conversation, Message, TextPart
from store import conversation
from store.db import Database

T = TypeVar("T")


async def unbroken(work: Coroutine[Any, Any, T]) -> T:
    """Do `work` to its end even when cancelled meanwhile: what is committed is also published. The cancellation is
    raised afterwards."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


log = structlog.get_logger()

TITLE_CHARS = 60
RETRY_SECONDS = 1.0
RESTARTED = "The room restarted while I was answering."


class Transcript:
    def __init__(self, db: Database, publisher: Publisher) -> None:
        self._db, self._publisher = db, publisher
        self._writing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """Conversation → who writes a message of it: messages are saved whole, so writers take turns."""
        self._late: set[asyncio.Task[None]] = set()

    async def save(self, owner: str, conversation_id: str, message: Message) -> Message:
        return await unbroken(self._save(owner, conversation_id, message))

    async def _save(self, owner: str, conversation_id: str, message: Message) -> Message:
        async with self._turn(conversation_id), self._db.as_user(owner) as conn:
            event = await conversation.save_message(conn, conversation_id, message)
        self._publisher.publish(conversation_id, event)
        return message

    async def settle(self, owner: str, conversation_id: str, message: Message) -> Message:
        """Save how an answer ended. Never fails: while the database is away it is tried again behind the scenes, so
        that no answer stays `streaming`, and an answer whose conversation was deleted is let go."""
        try:
            return await self.save(owner, conversation_id, message)
        except Unavailable:
            late = asyncio.create_task(self._save_late(owner, conversation_id, message))
            self._late.add(late)
            late.add_done_callback(self._late.discard)
        except NotFound:
            log.info("answer.gone")
        return message

    async def _save_late(self, owner: str, conversation_id: str, message: Message) -> None:
        while True:
            await asyncio.sleep(RETRY_SECONDS)
            try:
                await self._save(owner, conversation_id, message)
                return
            except Unavailable:
                log.warning("answer.saved_again")
            except NotFound:
                return

    async def add(self, owner: str, conversation_id: str, message: Message) -> None:
        """Put a new message at the end."""
        await unbroken(self._add(owner, conversation_id, message))

    async def _add(self, owner: str, conversation_id: str, message: Message) -> None:
        async with self._db.as_user(owner) as conn:
            created = await conversation.add_message(conn, conversation_id, message)
        if created is not None:
            self._publisher.publish(conversation_id, created)

    async def recover(self) -> int:
        """Answers that a dead process left unfinished keep their text and say what happened. Every answer that is
        `streaming` counts as left, so call it before this process answers, and with no other process on the database:
        one that answers elsewhere at this moment would be called failed until it ends. How many there were."""
        async with self._db.as_service() as conn:
            left = await conversation.unfinished(conn)
            for _, conversation_id, message in left:
                done = message.model_copy(
                    update={
                        "parts": (TextPart(text=message.text.rstrip() or RESTARTED), *message.parts[1:]),
                        "state": "failed",
                        "notice": f"{RESTARTED} Ask again and I'll go on.",
                    }
                )
                await conversation.save_message(conn, conversation_id, done)
        return len(left)

    async def close(self) -> None:
        """Give up on what could not be saved; `recover` finds it."""
        for late in tuple(self._late):
            late.cancel()
        await asyncio.gather(*self._late, return_exceptions=True)

    def _turn(self, conversation_id: str) -> asyncio.Lock:
        return self._writing.setdefault(conversation_id, asyncio.Lock())

    async def ask(
        self, owner: str, conversation_id: str, said: UserMessage, persona_id: str | None
    ) -> tuple[Conversation, Message] | None:
        """Record a question and its blank answer, once. Returns the conversation as it was before and the answer, or
        None when `client_id` was taken before. A database that dies meanwhile is tried again when it is back."""
        question = Message(
            id=str(uuid4()),
            role="user",
            parts=(TextPart(text=said.text),),
            created_at=datetime.now(UTC),
            client_id=said.client_id,
        )
        answer = blank_answer(persona_id or "")
        try:
            return await self._ask(owner, conversation_id, question, answer, persona_id)
        except Unavailable:
            log.warning("question.recorded_again")
            return await self._ask(owner, conversation_id, question, answer, persona_id)

    async def _ask(
        self, owner: str, conversation_id: str, question: Message, answer: Message, persona_id: str | None
    ) -> tuple[Conversation, Message] | None:
        events: list[Event | None] = []
        async with self._db.as_user(owner) as conn:
            held = await conversation.get(conn, conversation_id)
            answer = answer.model_copy(update={"persona_id": persona_id or held.persona_id})
            created = await conversation.add_message(conn, conversation_id, question)
            if created is None:
                # a commit whose answer got lost: pages find the events by the gap in their seq
                return (held, answer) if await conversation.has_message(conn, answer.id) else None
            events.append(created)
            new_persona = persona_id if persona_id != held.persona_id else None
            title = None if held.title else short_title(question.text)
            if new_persona or title:
                events.append(await conversation.change(conn, conversation_id, title=title, persona_id=new_persona))
            events.append(await conversation.add_message(conn, conversation_id, answer))
        for event in events:
            if event is not None:
                self._publisher.publish(conversation_id, event)
        return held, answer

    async def seen(self, owner: str, conversation_id: str, client_id: str) -> bool:
        """Whether a message with this client id is already in the conversation."""
        async with self._db.as_user(owner) as conn:
            return await conversation.seen(conn, conversation_id, client_id)

    async def offer(self, conversation_id: str, choices: Sequence[dict[str, str]]) -> tuple[CardPart, ...]:
        """A card of suggestions (`label`, and the `text` that is said when it is pressed), or nothing."""
        if not choices:
            return ()
        names = [f"choice.{i}" for i in range(len(choices))]
        card = ChoicesCard(
            id=str(uuid4()),
            rev=1,
            prompt="Pick one, or say it in your own words.",
            actions=tuple(Action(id=n, label=c["label"]) for n, c in zip(names, choices, strict=True)),
        )
        calls = {name: Ask(text=choice["text"]) for name, choice in zip(names, choices, strict=True)}
        await unbroken(self._save_card(conversation_id, card, calls))
        return (CardPart(card_id=card.id),)

    async def resolve(self, conversation_id: str, card: ChoicesCard, action_id: str) -> None:
        """Show which suggestion was taken; its buttons are gone."""
        label = next((a.label for a in card.actions if a.id == action_id), "")
        resolved = card.model_copy(update={"rev": card.rev + 1, "resolved": label, "actions": ()})
        await unbroken(self._save_card(conversation_id, resolved, {}))

    async def _save_card(self, conversation_id: str, card: ChoicesCard, calls: dict[str, Ask]) -> None:
        async with self._db.as_service() as conn:
            event = await conversation.save_card(conn, conversation_id, card, calls)
        self._publisher.publish(conversation_id, event)

    async def join_card(self, owner: str, conversation_id: str, message_id: str, card_id: str) -> None:
        """Put the card that came of pressing a button under the message that offered it."""
        await unbroken(self._join_card(owner, conversation_id, message_id, CardPart(card_id=card_id)))

    async def _join_card(self, owner: str, conversation_id: str, message_id: str, part: CardPart) -> None:
        async with self._turn(conversation_id), self._db.as_user(owner) as conn:
            _, message = await conversation.message(conn, message_id)
            if part in message.parts:
                return
            joined = message.model_copy(update={"parts": (*message.parts, part)})
            event = await conversation.save_message(conn, conversation_id, joined)
        self._publisher.publish(conversation_id, event)


def blank_answer(persona_id: str) -> Message:
    """The reply that is about to be written."""
    return Message(
        id=str(uuid4()),
        role="assistant",
        persona_id=persona_id,
        parts=(TextPart(text=""),),
        state="streaming",
        created_at=datetime.now(UTC),
    )


def short_title(text: str) -> str:
    """A conversation's title: the first words of its first question."""
    words = " ".join(text.split())
    return words if len(words) <= TITLE_CHARS else words[:TITLE_CHARS].rsplit(" ", 1)[0] + "…"
