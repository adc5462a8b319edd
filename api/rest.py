"""Sign-in, conversations and memories over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from agent.rooms import Rooms
from api.auth import backstage, person, require_local
from api.personas import view
from core.errors import Busy
from core.events import PersonaView
from core.models import Conversation, Memory
from store import conversation, memory
from store.auth import Claims, ensure_user

router = APIRouter(prefix="/api", tags=["room"])
Person = Annotated[Claims, Depends(person)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Session(BaseModel):
    access_token: str
    token_type: str = "bearer"
    user_id: str
    expires_in: int


class Config(BaseModel):
    mode: str
    build: str
    brain: str


class Conversations(BaseModel):
    items: list[Conversation]


class Memories(BaseModel):
    items: list[Memory]


class Personas(BaseModel):
    items: list[PersonaView]


class Rename(Body):
    title: str = Field(min_length=1, max_length=120)


class Remembered(Body):
    text: str = Field(min_length=2, max_length=280)


@router.post("/session")
async def sign_in(request: Request) -> Session:
    """Local mode signs the person at this machine in by itself. Refused from anywhere else."""
    back = backstage(request)
    require_local(request, back.settings)
    if not request.app.state.sessions.take("all"):
        raise Busy("Too many sign-ins in one minute. Try again shortly.")
    token = back.tokens.mint()
    claims = back.tokens.verify(token)
    await ensure_user(back.db, claims)
    return Session(access_token=token, user_id=claims.sub, expires_in=back.settings.session_seconds)


@router.get("/config")
async def config(request: Request) -> Config:
    return Config(mode="local", build=request.app.state.build, brain=backstage(request).brain)


@router.get("/personas")
async def personas(request: Request, who: Person) -> Personas:
    return Personas(items=[view(one) for one in await backstage(request).cast(who.sub)])


@router.get("/conversations")
async def conversations(
    request: Request,
    who: Person,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: datetime | None = None,
) -> Conversations:
    """The person's conversations, latest first."""
    async with backstage(request).db.as_user(who.sub) as conn:
        return Conversations(items=await conversation.listed(conn, limit, before))


@router.patch("/conversations/{conversation_id}")
async def rename(request: Request, who: Person, conversation_id: str, body: Rename) -> Conversation:
    back = backstage(request)
    async with back.db.as_user(who.sub) as conn:
        changed = await conversation.change(conn, conversation_id, title=body.title.strip() or body.title)
    back.publisher.publish(conversation_id, changed)
    return changed.conversation


@router.delete("/conversations/{conversation_id}", status_code=204)
async def delete(request: Request, who: Person, conversation_id: str) -> Response:
    rooms: Rooms = request.app.state.rooms
    await rooms.delete(who.sub, conversation_id)
    return Response(status_code=204)


@router.get("/memories")
async def memories(request: Request, who: Person) -> Memories:
    """What personas remember about the person."""
    async with backstage(request).db.as_user(who.sub) as conn:
        return Memories(items=await memory.recall(conn))


@router.post("/memories", status_code=201)
async def remember(request: Request, who: Person, body: Remembered) -> Memory:
    back = backstage(request)
    async with back.db.as_user(who.sub) as conn:
        return await memory.remember(conn, who.sub, body.text, back.settings.max_memories)


@router.delete("/memories/{memory_id}", status_code=204)
async def forget_one(request: Request, who: Person, memory_id: str) -> Response:
    async with backstage(request).db.as_user(who.sub) as conn:
        await memory.forget_one(conn, memory_id)
    return Response(status_code=204)


@router.delete("/memories", status_code=204)
async def forget_all(request: Request, who: Person) -> Response:
    async with backstage(request).db.as_user(who.sub) as conn:
        await memory.forget(conn, None)
    return Response(status_code=204)
