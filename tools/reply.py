"""Keep a reply as a video."""

from __future__ import annotations

from collections.abc import Callable

from core.calls import KeepReply
from core.errors import Conflict, InvalidInput, NotFound
from core.events import CardUpsert, Event
from core.models import Action, Message, Render, VideoCard
from store import conversation
from store import render as renders
from store.db import Database
from tools.context import Context, Outcome

TITLE_CHARS = 60


async def keep_reply(ctx: Context, call: KeepReply) -> Outcome:
    """Start rendering a finished reply as a captioned video; its card shows the progress. The same reply in the
    same form is rendered once."""
    message = await _find(ctx, call.message_id)
    if message.role != "assistant" or not message.text.strip():
        raise InvalidInput("Only a spoken reply can be kept as a video.")
    if message.state == "streaming":
        raise InvalidInput("That reply isn't finished yet. Ask again when it is.")
    cast = await ctx.cast()
    persona = next((one for one in cast if one.id == message.persona_id), cast[0])
    render = await ctx.renders.request(
        owner=ctx.user_id,
        conversation_id=ctx.conversation_id,
        message=message,
        persona=persona,
        aspect=call.aspect,
    )
    await show(ctx.db, render, ctx.link, ctx.emit, title=title(message))
    form = "an upright" if call.aspect == "9:16" else "a wide"
    making = f"I'm making {form} video of that reply. You can watch it here when it's done."
    return Outcome(
        said="That video is made already. Here it is." if render.state == "ready" else making,
        data={"render": render.id, "state": render.state},
        card_id=render.card_id,
    )


async def show(
    db: Database,
    render: Render,
    link: Callable[[str, str], str],
    emit: Callable[[Event], None],
    *,
    title: str | None = None,
) -> None:
    """Bring the video's card up to what the render is now and tell the room. Whoever else shows it at the same time,
    the card ends at the newest state."""
    while True:
        try:
            emit(await _shown(db, render, link, title))
            return
        except Conflict:
            continue


async def _shown(db: Database, render: Render, link: Callable[[str, str], str], title: str | None) -> CardUpsert:
    """The card is read before the render: a change between the two makes the save a Conflict."""
    async with db.as_service() as conn:
        try:
            _, old, _ = await conversation.card(conn, render.card_id)
        except NotFound:
            old = None
        now = await renders.get(conn, render.id)
        rev, title = (old.rev + 1, getattr(old, "title", title)) if old else (1, title)
        card = video_card(now, rev, title or "Reply", link)
        calls = {"retry": KeepReply(aspect=now.aspect, message_id=now.message_id)} if card.actions else {}
        return await conversation.save_card(conn, now.conversation_id, card, calls)


def video_card(render: Render, rev: int, title: str, link: Callable[[str, str], str]) -> VideoCard:
    """The card people see for a render in any state."""
    ready, failed = render.state == "ready", render.state == "failed"
    return VideoCard(
        id=render.card_id,
        rev=rev,
        message_id=render.message_id,
        title=title,
        aspect=render.aspect,
        state="ready" if ready else "failed" if failed else "rendering",
        pct=1.0 if ready else 0.0,
        src=link(render.id, "mp4") if ready else None,
        poster=link(render.id, "jpg") if ready and render.poster else None,
        captions=link(render.id, "vtt") if ready and render.captions else None,
        download=f"{link(render.id, 'mp4')}&download=1" if ready else None,
        seconds=render.seconds,
        problem=render.problem if failed else None,
        actions=(Action(id="retry", label="Try again", style="primary"),) if failed else (),
    )


def title(message: Message) -> str:
    """The first words of a reply, as a film's title."""
    words = " ".join(message.text.split())
    return words if len(words) <= TITLE_CHARS else words[:TITLE_CHARS].rsplit(" ", 1)[0].rstrip(",;:.") + "…"


async def _find(ctx: Context, message_id: str | None) -> Message:
    async with ctx.db.as_user(ctx.user_id) as conn:
        if message_id is not None:
            where, message = await conversation.message(conn, message_id)
            if where != ctx.conversation_id:
                raise NotFound("There is no such reply in this conversation.")
            return message
        history = await conversation.history(conn, ctx.conversation_id, 50)
    for message in reversed(history):
        spoken = message.role == "assistant" and message.state != "streaming" and message.text.strip()
        if spoken and message.id != ctx.message_id:
            return message
    raise NotFound("There is no reply to keep yet. Ask me something first.")
