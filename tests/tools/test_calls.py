"""Every Call through the one door, against the real database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import uuid4

import pytest
import pytest_asyncio

from core.calls import Ask, Forget, KeepReply, ListPersonas, Recall, Remember, SwitchPersona
from core.errors import InvalidInput, NotFound, TooLarge
from core.events import CardUpsert, ConversationChanged, Event, MemoriesChanged
from core.models import Message, MessageState, Render, TextPart, VideoCard
from core.settings import Settings
from jobs.reply import ReplyRenders
from prompts import Limits, Personas
from store import conversation
from store import render as renders
from store.blob import Blobs
from store.db import Database
from tools import reply
from tools.context import Context
from tools.registry import dispatch


async def nothing(*_: object) -> None: ...


def link(render_id: str, kind: str) -> str:
    return f"/{render_id}.{kind}?k=x"


@pytest_asyncio.fixture(loop_scope="session")
async def ctx(db: Database, person: str, settings: Settings, told: list[Event]) -> Context:
    """A person in a conversation with Jaz; films are queued and nobody makes them."""
    cast = Personas(extra_prompt=None, extra_folder=None, limits=Limits(persona_bytes=65536, notes_bytes=524288)).all()

    async def everybody() -> tuple[object, ...]:
        return tuple(cast)

    async with db.as_user(person) as conn:
        here = await conversation.create(conn, person, "jaz")
    return Context(
        user_id=person,
        conversation_id=here.id,
        message_id=None,
        settings=settings.model_copy(update={"max_memories": 3}),
        db=db,
        cast=everybody,  # type: ignore[arg-type]
        renders=ReplyRenders(settings, db, Blobs(settings.data_dir / "blobs"), on_progress=nothing, on_done=nothing),
        emit=told.append,
        link=link,
    )


@pytest.fixture
def told() -> list[Event]:
    return []


async def said(ctx: Context, text: str, *, role: str = "assistant", state: MessageState = "done") -> Message:
    message = Message.model_validate(
        {
            "id": str(uuid4()),
            "role": role,
            "persona_id": "jaz",
            "parts": (TextPart(text=text),),
            "state": state,
            "created_at": datetime.now(UTC),
        }
    )
    async with ctx.db.as_user(ctx.user_id) as conn:
        await conversation.add_message(conn, ctx.conversation_id, message)
    return message


async def test_facts_are_kept_told_and_forgotten(ctx: Context, told: list[Event]) -> None:
    assert "don't remember anything" in (await dispatch(ctx, Recall())).said
    outcome = await dispatch(ctx, Remember(fact="  their dog is called Rex "))
    assert outcome.said == "I'll remember: Their dog is called Rex."
    await dispatch(ctx, Remember(fact="Their launch is in May!"))
    recalled = await dispatch(ctx, Recall())
    assert recalled.said.endswith("Their dog is called Rex. Their launch is in May!")
    assert "about “cats”" in (await dispatch(ctx, Forget(about="cats"))).said
    assert (await dispatch(ctx, Forget(about="my dog"))).said == "Forgotten: Their dog is called Rex."
    assert (await dispatch(ctx, Forget())).data == {"forgotten": 1}
    assert (await dispatch(ctx, Forget())).said == "I had nothing remembered."
    lists = [[m.text for m in e.memories] for e in told if isinstance(e, MemoriesChanged)]
    assert lists[-1] == [] and ["Their launch is in May!"] in lists


async def test_facts_have_a_limit_and_need_words(ctx: Context) -> None:
    for number in range(3):
        await dispatch(ctx, Remember(fact=f"They have {number} shops"))
    with pytest.raises(TooLarge):
        await dispatch(ctx, Remember(fact="They have too many shops"))
    with pytest.raises(InvalidInput):
        await dispatch(ctx, Remember(fact="?!"))


async def test_a_persona_takes_over_once(ctx: Context, told: list[Event]) -> None:
    assert "Marcus" in (await dispatch(ctx, ListPersonas())).said
    outcome = await dispatch(ctx, SwitchPersona(persona="marcus_primary"))
    assert outcome.next_persona == "marcus"
    assert [e.conversation.persona_id for e in told if isinstance(e, ConversationChanged)] == ["marcus"]
    again = await dispatch(ctx, SwitchPersona(persona="marcus"))
    assert again.next_persona is None and "already" in again.said and len(told) == 1


async def test_a_suggestion_is_not_a_tool(ctx: Context) -> None:
    with pytest.raises(InvalidInput):
        await dispatch(ctx, Ask(text="Hello"))


async def test_only_a_finished_reply_of_this_conversation_is_kept(
    ctx: Context, new_person: Callable[[], Awaitable[str]]
) -> None:
    with pytest.raises(NotFound, match="Ask me something first"):
        await dispatch(ctx, KeepReply())
    question = await said(ctx, "What is AOV?", role="user")
    silent = await said(ctx, "  ", state="stopped")
    running = await said(ctx, "It is", state="streaming")
    for message, problem in ((question, "spoken reply"), (silent, "spoken reply"), (running, "isn't finished")):
        with pytest.raises(InvalidInput, match=problem):
            await dispatch(ctx, KeepReply(message_id=message.id))
    for unknown in ("nonsense", str(uuid4())):
        with pytest.raises(NotFound):
            await dispatch(ctx, KeepReply(message_id=unknown))
    answer = await said(ctx, "Average order value is what one order brings.")
    other = await new_person()
    async with ctx.db.as_user(other) as conn:
        theirs = (await conversation.create(conn, other, "jaz")).id
    thief = Context(
        **{
            **{name: getattr(ctx, name) for name in Context.__slots__},
            "user_id": other,
            "conversation_id": theirs,
        }
    )
    with pytest.raises(NotFound):
        await dispatch(thief, KeepReply(message_id=answer.id))


async def test_the_latest_reply_is_kept_once_in_each_form(ctx: Context, told: list[Event]) -> None:
    await said(ctx, "Average order value is what one order brings.")
    wide, again = await dispatch(ctx, KeepReply()), await dispatch(ctx, KeepReply())
    tall = await dispatch(ctx, KeepReply(aspect="9:16"))
    assert wide.card_id == again.card_id != tall.card_id
    assert "a wide video" in wide.said and "an upright video" in tall.said
    cards = [e.card for e in told if isinstance(e, CardUpsert)]
    assert [(c.rev, c.state) for c in cards if isinstance(c, VideoCard) and c.id == wide.card_id] == [
        (1, "rendering"),
        (2, "rendering"),
    ]


async def test_a_film_that_many_tell_of_ends_as_what_it_is(ctx: Context, told: list[Event]) -> None:
    """A press that came while the film was finished wrote “rendering” over “ready”, or lost the card to a conflict."""
    await said(ctx, "Average order value is what one order brings.")
    queued = (await dispatch(ctx, KeepReply())).data["render"]
    async with ctx.db.as_service() as conn:
        before: Render = await renders.get(conn, queued)
        film = Blobs(ctx.settings.data_dir / "blobs").put(b"a film")
        after = await renders.finish(conn, queued, film, seconds=2)
    await asyncio.gather(*(reply.show(ctx.db, old, link, told.append) for old in (before, after) * 4))
    async with ctx.db.as_user(ctx.user_id) as conn:
        _, card, _ = await conversation.card(conn, before.card_id)
    assert isinstance(card, VideoCard) and card.state == "ready" and card.rev == 9
    assert "made already" in (await dispatch(ctx, KeepReply())).said
