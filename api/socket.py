"""The websocket: hello, snapshot or replay, then commands in and events out (notes in core/events.py)."""

from __future__ import annotations

import asyncio
import contextlib
import time
from uuid import UUID, uuid4

import structlog
from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import ValidationError

from agent.rooms import Rooms
from agent.transcript import unbroken
from api.auth import backstage, origin_allowed
from api.door import Door
from api.outbox import Outbox, encode
from api.personas import view
from core.errors import GreenroomError, NotFound, NotSignedIn, Unavailable
from core.events import (
    ActionTaken,
    AuthRefresh,
    Bye,
    Command,
    Frame,
    Hello,
    Kept,
    MessageDelta,
    Ping,
    Pong,
    Refused,
    Resync,
    Snapshot,
    SpeechAck,
    SpeechChunk,
    Stop,
    UserMessage,
    Welcome,
    command,
)
from core.models import Conversation, TextPart
from store import conversation, memory
from store.auth import Claims, ensure_user
from store.bus import Subscription

log = structlog.get_logger()
router = APIRouter()

REFUSED_CODES = {"auth", "bad_message", "conflict", "forbidden", "not_found", "rate", "too_large", "unavailable"}
CLOSE_CODES = {401: 4401, 403: 4403, 404: 4404}
BEATS_MISSED = 2.5
CLOSE_SECONDS = 2


@router.websocket("/api/ws")
async def room_socket(ws: WebSocket) -> None:
    await serve(ws, None)


@router.websocket("/api/v1/agent/ws/{user_id}")
async def agent_socket(ws: WebSocket, user_id: str) -> None:
    """The same protocol; the token must be this user's."""
    await serve(ws, user_id)


async def serve(ws: WebSocket, only_user: str | None) -> None:
    door: Door = ws.app.state.door
    settings = backstage(ws).settings
    if not origin_allowed(ws, settings):
        await ws.close(4403)
        return
    address = ws.client.host if ws.client else ""
    if not door.knock(address):
        await ws.close(4029)
        return
    await ws.accept()
    try:
        async with asyncio.timeout(settings.hello_seconds):
            hello = command.validate_json(await ws.receive_text())
    except TimeoutError:
        await ws.close(4408, "Say hello first.")
        return
    except (ValidationError, WebSocketDisconnect, KeyError, RuntimeError):
        await _close(ws, 4401, "The first message must be hello.")
        return
    finally:
        door.answered(address)
    if not isinstance(hello, Hello):
        await _close(ws, 4401, "The first message must be hello.")
        return
    try:
        claims = backstage(ws).tokens.verify(hello.token)
    except NotSignedIn as error:
        await _close(ws, 4401, error.message)
        return
    if only_user is not None and claims.sub != only_user:
        await _close(ws, 4403, "That is somebody else's room.")
        return
    connection = Connection(ws, claims, hello)
    if not door.enter(connection):
        await _close(ws, 4029, "Too many windows are open.")
        return
    try:
        await connection.run()
    finally:
        door.leave(connection)


class Connection:
    """One browser window in one conversation."""

    def __init__(self, ws: WebSocket, claims: Claims, hello: Hello) -> None:
        self.id = uuid4().hex[:12]
        self.claims = claims
        self._ws, self._hello = ws, hello
        self._back = backstage(ws)
        self._rooms: Rooms = ws.app.state.rooms
        self._settings = self._back.settings
        self._outbox = Outbox(self._settings.max_outbox_bytes)
        self._heard_from = time.monotonic()
        self._seq = 0
        self._tokens = float(self._settings.commands_per_second)
        self._tokens_at = time.monotonic()
        self._leaving: tuple[int, str] | None = None

    # ------------------------------------------------------------------ life

    async def run(self) -> None:
        try:
            await self._stay()
        except GreenroomError as error:
            code = 1012 if error.status == 503 else CLOSE_CODES.get(error.status, 1011)
            await _close(self._ws, code, error.message)

    async def _stay(self) -> None:
        await ensure_user(self._back.db, self.claims)
        here = await self._find_conversation()
        self._conversation_id = here.id
        async with self._back.bus.subscribe(here.id) as frames:
            self._rooms.enter(self.claims.sub, here.id, self.id, speak=self._hello.speak)
            try:
                await self._greet(here)
                await self._live(frames)
            finally:
                self._rooms.leave(here.id, self.id)

    async def _live(self, frames: Subscription[Frame]) -> None:
        tasks = [
            asyncio.create_task(work, name=name)
            for name, work in (
                ("read", self._read()),
                ("pump", self._pump()),
                ("forward", self._forward(frames)),
                ("watch", self._watch()),
            )
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                if error := task.exception():
                    log.error("socket.failed", task=task.get_name(), exc_info=error)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            if self._leaving is not None:
                await _close(self._ws, *self._leaving)

    async def farewell(self, reason: str, retry_after_ms: int) -> None:
        """The server is about to restart: say so and close."""
        with contextlib.suppress(Exception):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._ws.send_text(encode(Frame(Bye(reason=reason, retry_after_ms=retry_after_ms))))  # type: ignore[arg-type]
        await _close(self._ws, 1012, reason)

    async def _find_conversation(self) -> Conversation:
        persona = self._hello.persona_id or self._back.default_persona
        # one connection at a time: a crowd at the door that each held one and waited for another would never move
        cast = await self._back.cast(self.claims.sub)
        async with self._back.db.as_user(self.claims.sub) as conn:
            if self._hello.thread_id is None:
                known = persona if any(one.id == persona for one in cast) else cast[0].id
                return await conversation.open_new(conn, self.claims.sub, known)
            try:
                UUID(self._hello.thread_id)
            except ValueError:
                raise NotFound("There is no such conversation.") from None
            return await conversation.get(conn, self._hello.thread_id)

    async def _greet(self, here: Conversation) -> None:
        last = self._hello.last_seq
        replay = None
        if last is not None and self._hello.thread_id is not None:
            async with self._back.db.as_user(self.claims.sub) as conn:
                replay = await conversation.events_after(conn, here.id, last, self._settings.replay_events)
        cast = await self._back.cast(self.claims.sub)
        self._send(
            Welcome(
                session_id=self.id,
                user_id=self.claims.sub,
                thread_id=here.id,
                seq=here.seq,
                resume="snapshot" if replay is None else "replay",
                heartbeat_ms=self._settings.heartbeat_ms,
                build=self._ws.app.state.build,
                brain=self._back.brain,
                voice=self._back.speech.name,
                personas=tuple(view(one) for one in cast),
            )
        )
        if replay is None:
            await self._send_snapshot()
            return
        self._seq = last or 0
        for event in replay:
            self._seq = event.seq
            self._send(event)
        if (streaming := self._rooms.streaming(here.id)) is not None:
            self._send(MessageDelta(message_id=streaming.id, part=0, offset=0, text=streaming.text))

    async def _send_snapshot(self) -> None:
        while True:
            async with self._back.db.as_user(self.claims.sub) as conn:
                memories = await memory.recall(conn)
                here, messages, cards = await conversation.snapshot(conn, self._conversation_id)
            # an event that was forwarded meanwhile must not be taken back
            if here.seq >= self._seq:
                break
        if (streaming := self._rooms.streaming(here.id)) is not None:
            text = TextPart(text=streaming.text)
            messages = [
                m.model_copy(update={"parts": (text, *m.parts[1:])}) if m.id == streaming.id else m for m in messages
            ]
        self._seq = here.seq
        self._send(
            Snapshot(
                seq=here.seq, conversation=here, messages=tuple(messages), cards=tuple(cards), memories=tuple(memories)
            )
        )

    # ------------------------------------------------------------------ out

    def _send(self, event: object) -> None:
        self._outbox.push(Frame(event))  # type: ignore[arg-type]

    async def _forward(self, frames: Subscription[Frame]) -> None:
        while True:
            try:
                frame = await frames.get()
            except Unavailable:
                self._leaving = (4008, "Reading too slowly.")
                return
            if isinstance(frame.event, Kept):
                if frame.event.seq <= self._seq:
                    continue
                self._seq = frame.event.seq
            if isinstance(frame.event, SpeechChunk) and not self._hello.speak:
                continue
            self._outbox.push(frame)

    async def _pump(self) -> None:
        while (frame := await self._outbox.take()) is not None:
            data = encode(frame)
            try:
                await (self._ws.send_bytes(data) if isinstance(data, bytes) else self._ws.send_text(data))
            except (WebSocketDisconnect, RuntimeError):
                return
        self._leaving = (4008, "Reading too slowly.")

    async def _watch(self) -> None:
        beat = self._settings.heartbeat_ms / 1000
        while True:
            await asyncio.sleep(beat)
            if self._outbox.overflowed:
                self._leaving = (4008, "Reading too slowly.")
                return
            if time.monotonic() - self._heard_from > BEATS_MISSED * beat:
                self._leaving = (4000, "No sign of life.")
                return
            if time.time() > self.claims.exp:
                self._leaving = (4401, "The sign-in has expired.")
                return

    # ------------------------------------------------------------------ in

    async def _read(self) -> None:
        while True:
            try:
                message = await self._ws.receive()
            except (WebSocketDisconnect, RuntimeError):
                return
            if message["type"] == "websocket.disconnect":
                return
            self._heard_from = time.monotonic()
            if not self._allowed():
                self._leaving = (4029, "Too many messages at once.")
                return
            text = message.get("text")
            if text is None:
                self._send(Refused(code="bad_message", message="Only text frames are understood."))
                continue
            try:
                await self._take(command.validate_json(text))
            except ValidationError as error:
                self._send(Refused(code="bad_message", message=_readable(error)))

    async def _take(self, received: Command) -> None:
        ref = getattr(received, "client_id", None)
        try:
            # a page that leaves in the middle of a command must not leave it half done
            await unbroken(self._obey(received))
        except GreenroomError as error:
            code = error.code if error.code in REFUSED_CODES else "unavailable" if error.status == 503 else "internal"
            self._send(Refused(code=code, message=error.message, retryable=error.retryable, ref=ref))  # type: ignore[arg-type]
        except Exception:
            log.exception("command.failed", type=received.type)
            message = "That didn't work, and it is our fault. Please try again."
            self._send(Refused(code="internal", message=message, retryable=True, ref=ref))

    async def _obey(self, received: Command) -> None:
        user, here = self.claims.sub, self._conversation_id
        match received:
            case Ping():
                self._send(Pong(t=received.t))
            case UserMessage():
                await self._rooms.say(user, here, received)
            case ActionTaken():
                await self._rooms.act(user, here, received)
            case Stop():
                await self._rooms.stop(user, here, received)
            case SpeechAck():
                self._rooms.room(user, here).listeners.holds(self.id, received.buffered_ms / 1000)
            case Resync():
                await self._send_snapshot()
            case AuthRefresh():
                fresh = self._back.tokens.verify(received.token)
                if fresh.sub != user:
                    raise NotSignedIn("That token belongs to somebody else.")
                self.claims = fresh
            case Hello():
                self._send(Refused(code="bad_message", message="Hello was said already."))

    def _allowed(self) -> bool:
        """Token bucket: bursts of two seconds' worth, then `commands_per_second`."""
        now, rate = time.monotonic(), self._settings.commands_per_second
        self._tokens = min(2.0 * rate, self._tokens + (now - self._tokens_at) * rate)
        self._tokens_at = now
        self._tokens -= 1
        return self._tokens >= 0


def _readable(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False)[:3]
    return "; ".join(f"{'.'.join(map(str, one['loc'])) or 'message'}: {one['msg']}" for one in found)[:300]


async def _close(ws: WebSocket, code: int, reason: str) -> None:
    with contextlib.suppress(Exception):
        async with asyncio.timeout(CLOSE_SECONDS):
            await ws.close(code, reason[:120])
