"""Rows of a conversation and the events that tell of them: always saved first, then published."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import uuid4

import structlog

from agent.publisher import Publisher
from core.calls import Ask
from core.errors import Unavailable
from core.events import Event, UserMessage
from core.models import Action, CardPart, ChoicesCard, Conversation, Message, TextPart
from store import conversation
from store.db import Database
from tools.context import Outcome

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


class Transcript:
    def __init__(self, db: Database, publisher: Publisher) -> None:
        self._db, self._publisher = db, publisher

    async def save(self, owner: str, conversation_id: str, message: Message) -> Message:
        return await unbroken(self._save(owner, conversation_id, message))

    async def _save(self, owner: str, conversation_id: str, message: Message) -> Message:
        async with self._db.as_user(owner) as conn:
            event = await conversation.save_message(conn, conversation_id, message)
        self._publisher.publish(conversation_id, event)
        return message

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

    async def join_card(self, owner: str, conversation_id: str, message: Message, outcome: Outcome) -> None:
        """Put the card that came of pressing a button under the message that offered it."""
        known = {part.card_id for part in message.parts if isinstance(part, CardPart)}
        if outcome.card_id and outcome.card_id not in known:
            parts = (*message.parts, CardPart(card_id=outcome.card_id))
            await self.save(owner, conversation_id, message.model_copy(update={"parts": parts}))


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
