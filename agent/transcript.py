"""Rows of a conversation and the events that tell of them: always saved first, then published."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import uuid4

from agent.publisher import Publisher
from core.calls import Ask
from core.models import Action, CardPart, ChoicesCard, Message, TextPart
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
