"""Asking over HTTP: `/api/chat` with the reply as a video, and `/api/v1/agent` for everything the socket can."""

from __future__ import annotations

import asyncio
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from agent.backstage import Backstage
from agent.rooms import Rooms
from api.auth import backstage, person, person_here
from core.errors import Conflict, Interrupted, InvalidInput, NotFound, Unavailable
from core.events import MAX_TEXT, ActionTaken, UserMessage
from core.models import Action, Card, CardPart, Message, Render
from store import conversation
from store.auth import Claims
from tools.persona import find

router = APIRouter(tags=["agent"])
Person = Annotated[Claims, Depends(person)]
PersonHere = Annotated[Claims, Depends(person_here)]

VIDEO_SECONDS = 300
"""Longest wait of `/api/chat` for its video."""


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class ChatAsked(Body):
    message: str = Field(min_length=1, max_length=MAX_TEXT)
    persona: str | None = Field(default=None, max_length=80)


class ChatAnswered(BaseModel):
    success: bool
    ai_response: str
    video_url: str
    video_id: str


class AgentAsked(Body):
    message: str | None = Field(default=None, min_length=1, max_length=MAX_TEXT)
    persona: str | None = Field(default=None, max_length=80)
    conversation_id: str | None = Field(default=None, max_length=64)
    client_id: str | None = Field(default=None, min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")
    action_id: str | None = Field(default=None, max_length=64, description="Press a button instead of saying something")
    card_id: str | None = Field(default=None, max_length=64)


class AgentAnswered(BaseModel):
    conversation_id: str
    message: Message | None
    text: str
    actions: list[Action]
    cards: list[Card]


@router.post("/api/chat")
async def chat(request: Request, who: PersonHere, body: ChatAsked) -> ChatAnswered:
    """Ask, and get the answer as text and as a captioned video that plays with Range."""
    back, rooms = backstage(request), _rooms(request)
    here = await _open(back, who, None, body.persona)
    said = UserMessage(client_id=uuid4().hex, text=body.message, speak=False)
    message = await _answer(await rooms.say(who.sub, here, said))
    if not message.text.strip():
        raise Unavailable(message.notice or "There was no answer. Please ask again.")
    cast = await back.cast(who.sub)
    persona = next((one for one in cast if one.id == message.persona_id), cast[0])
    render = await back.renders.request(
        owner=who.sub, conversation_id=here, message=message, persona=persona, aspect="16:9"
    )
    done = await _rendered(back, who, render)
    return ChatAnswered(
        success=True, ai_response=message.text, video_url=back.links.video(done.id, "mp4"), video_id=done.id
    )


@router.post("/api/v1/agent")
async def agent(request: Request, who: Person, body: AgentAsked) -> AgentAnswered:
    """One turn of the same engine as the websocket: say something, or press a button."""
    back, rooms = backstage(request), _rooms(request)
    if (body.message is None) == (body.action_id is None):
        raise InvalidInput("Send either a message or an action_id.")
    here = await _open(back, who, body.conversation_id, body.persona)
    client_id = body.client_id or uuid4().hex
    message: Message | None = None
    if body.message is not None:
        task = await rooms.say(who.sub, here, UserMessage(client_id=client_id, text=body.message, speak=False))
        message = await _answer(task)
    else:
        pressed = ActionTaken(client_id=client_id, card_id=body.card_id or "", action_id=body.action_id or "")
        await rooms.act(who.sub, here, pressed)
    async with back.db.as_user(who.sub) as conn:
        _, _, cards = await conversation.snapshot(conn, here)
    shown = {part.card_id for part in message.parts if isinstance(part, CardPart)} if message else {body.card_id}
    return AgentAnswered(
        conversation_id=here,
        message=message,
        text=message.text if message else "",
        actions=list(message.actions) if message else [],
        cards=[card for card in cards if card.id in shown],
    )


def _rooms(request: Request) -> Rooms:
    rooms: Rooms = request.app.state.rooms
    return rooms


async def _open(back: Backstage, who: Claims, conversation_id: str | None, persona: str | None) -> str:
    """The id of the person's conversation: the one named, or a new one with the persona."""
    cast = await back.cast(who.sub)
    chosen = find(cast, persona or back.default_persona).id
    async with back.db.as_user(who.sub) as conn:
        if conversation_id is None:
            return (await conversation.create(conn, who.sub, chosen)).id
        here = await conversation.get(conn, conversation_id)
        if persona is None or here.persona_id == chosen:
            return here.id
        changed = await conversation.change(conn, here.id, persona_id=chosen)
    back.publisher.publish(here.id, changed)
    return here.id


async def _answer(task: asyncio.Task[Message] | None) -> Message:
    if task is None:
        raise Conflict("That message was taken before; its answer is in the conversation.")
    await asyncio.wait([task])
    if task.cancelled():
        raise Interrupted("That answer was stopped before it began.")
    return task.result()


async def _rendered(back: Backstage, who: Claims, render: Render) -> Render:
    """Wait until the video is made. Raises Unavailable with the reason when it can't be."""
    try:
        async with asyncio.timeout(VIDEO_SECONDS):
            done = await back.rendered(render)
    except TimeoutError:
        raise Unavailable("The video takes longer than expected; it is still being made.") from None
    if done.owner != who.sub:
        raise NotFound("There is no such video.")
    if done.state != "ready":
        raise Unavailable(f"The video could not be made: {done.problem or 'unknown reason'}")
    return done
