"""`greenroom chat`: the room in a terminal, over the same websocket as the page. Text only; the page has the voice."""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from uuid import uuid4

import websockets
from pydantic import ValidationError
from websockets.asyncio.client import ClientConnection

from api.chat_screen import Button, Screen
from core.errors import NotFound, NotSignedIn, Unavailable
from core.events import (
    ActionTaken,
    Bye,
    CardUpsert,
    Event,
    Hello,
    Kept,
    MessageCompleted,
    MessageCreated,
    MessageDelta,
    PersonaView,
    Ping,
    Refused,
    Resync,
    Snapshot,
    Stop,
    UserMessage,
    Welcome,
)
from core.events import event as events
from core.models import VideoCard
from core.settings import Settings

HELP = """/persona NAME  talk to somebody else      /personas  who there is
/new           a new conversation         /stop      stop the answer (or Ctrl+C)
/help          this                       /quit      leave (or Ctrl+D)
A number presses the button of that number."""
BACKOFF_SECONDS = (0.4, 20.0)
AUTH, GONE = 4401, 4404
SIGN_IN_SECONDS = 10


class Terminal:
    """One conversation. `lines` are what the person types, `screen` is where everything is shown.

    With `patient` each line waits for the answer to the one before, as a script wants it; a person may interrupt.
    """

    def __init__(
        self,
        url: str,
        lines: AsyncIterator[str],
        screen: Screen,
        *,
        persona: str | None = None,
        conversation: str | None = None,
        patient: bool = False,
    ) -> None:
        self.url = url.rstrip("/")
        self.screen = screen
        self.conversation = conversation
        self._lines = lines
        self._persona = persona
        self._cast: tuple[PersonaView, ...] = ()
        self._seq: int | None = None
        self._waiting: dict[str, UserMessage] = {}
        self._ready = asyncio.Event()
        """Set once the conversation is on the screen; what is typed before that waits."""
        self._answered = asyncio.Event()
        self._answered.set()
        self._answering: str | None = None
        self._patient = patient
        self._buttons: list[Button] = []
        self._socket: ClientConnection | None = None
        self._greeted = False
        self._failures = 0
        self._heartbeat_seconds = 15.0

    async def run(self) -> None:
        """Until the person leaves. Raises Unavailable when no room answers at first, GreenroomError when shut out."""
        token = await sign_in(self.url)
        typing = asyncio.create_task(self._type())
        refused = 0
        while True:
            talking = asyncio.create_task(self._talk(token))
            await asyncio.wait([typing, talking], return_when=asyncio.FIRST_COMPLETED)
            if typing.done():
                talking.cancel()
                await asyncio.wait([talking])
                return typing.result()
            code = talking.result()
            if code == GONE:
                typing.cancel()
                raise NotFound("There is no such conversation.")
            if self._failures == 0:
                refused = 0
            refused += code == AUTH
            if refused > 2:
                typing.cancel()
                raise NotSignedIn("The room does not let us in. Is it open on another machine?")
            self.screen.note("Connection lost; trying again …", once=True)
            await self._pause()
            with suppress(Unavailable):
                token = await sign_in(self.url)

    async def _pause(self) -> None:
        low, high = BACKOFF_SECONDS
        wait = min(high, low * 2**self._failures)
        self._failures += 1
        await asyncio.sleep(wait * random.uniform(0.5, 1))

    # ------------------------------------------------------------------ the wire

    async def _talk(self, token: str) -> int:
        """One connection, from hello until it ends: its close code, 1006 when there was none."""
        address = self.url.replace("http", "ws", 1) + "/api/ws"
        try:
            async with websockets.connect(address, compression=None, max_size=None, ping_interval=None) as socket:
                resumes = self.conversation is not None
                hello = Hello(
                    token=token,
                    thread_id=self.conversation,
                    last_seq=self._seq if resumes else None,
                    speak=False,
                    persona_id=None if resumes else self._persona_id(),
                )
                await socket.send(hello.model_dump_json())
                beating = asyncio.create_task(self._beat(socket))
                try:
                    async for raw in socket:
                        self._take(raw, socket)
                finally:
                    self._socket = None
                    beating.cancel()
            return socket.close_code or 1006
        except websockets.ConnectionClosed as end:
            return end.rcvd.code if end.rcvd else 1006
        except (OSError, websockets.WebSocketException):
            return 1006

    async def _beat(self, socket: ClientConnection) -> None:
        with suppress(websockets.ConnectionClosed):
            while True:
                await asyncio.sleep(self._heartbeat_seconds)
                await socket.send(Ping(t=time.time() * 1000).model_dump_json())

    def _take(self, raw: str | bytes, socket: ClientConnection) -> None:
        if isinstance(raw, bytes):
            return
        try:
            event = events.validate_json(raw)
        except ValidationError:
            return  # a newer room may say things this terminal does not know
        if isinstance(event, Kept):
            self._seq = max(self._seq or 0, event.seq)
        self._understand(event, socket)

    def _understand(self, event: Event, socket: ClientConnection) -> None:
        match event:
            case Welcome():
                self._socket, self._failures = socket, 0
                self._cast = event.personas
                self.conversation = event.thread_id
                self._heartbeat_seconds = event.heartbeat_ms / 1000
                self.screen.cast = {one.id: one.name for one in event.personas}
                if event.resume == "replay":
                    self._resend()
            case Snapshot():
                self._seq = event.seq
                if not self._greeted:
                    self._greeted = True
                    self._greet(event)
                else:
                    self.screen.catch_up(event)
                self._buttons = self.screen.buttons(event.messages, event.cards)
                self._ready.set()
                if self._waiting:
                    self._resend()
                elif not any(message.state == "streaming" for message in event.messages):
                    self._answered.set()
            case MessageCreated(message=message):
                self._waiting.pop(message.client_id or "", None)
                if message.role == "assistant" and not self._answered.is_set():
                    self._answering = message.id
                self.screen.show(event)
            case Refused():
                self._waiting.pop(event.ref or "", None)
                self._answered.set()
                self.screen.show(event)
            case MessageCompleted(message=message):
                self.screen.show(event)
                if message.id == self._answering and message.state != "streaming":
                    self._answered.set()
            case CardUpsert(card=VideoCard(state="ready" | "failed")):
                self.screen.show(event)
                self._answered.set()
            case Bye():
                self.screen.note(event.reason)
            case MessageDelta():
                if not self.screen.show(event):
                    self._send(Resync())
            case _:
                self.screen.show(event)
        offered = self.screen.offered(event)
        if offered is not None:
            self._buttons = offered

    def _greet(self, snapshot: Snapshot) -> None:
        who = next((one for one in self._cast if one.id == snapshot.conversation.persona_id), None)
        if not snapshot.messages and who is not None:
            self.screen.say(who.name, who.greeting)
            for starter in who.starters:
                self.screen.note(f"  {starter}")
        else:
            self.screen.catch_up(snapshot)

    def _resend(self) -> None:
        """What was said while nobody listened; the room answers each client_id once."""
        for message in self._waiting.values():
            self._send(message)

    def _send(self, command: UserMessage | ActionTaken | Stop | Resync) -> None:
        if self._socket is not None:
            task = asyncio.ensure_future(self._socket.send(command.model_dump_json()))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())

    def _say(self, text: str) -> None:
        said = UserMessage(client_id=uuid4().hex, text=text, persona_id=self._persona_id(), speak=False)
        self._persona, self._buttons = None, []
        self._waiting[said.client_id] = said
        self.screen.mine.add(said.client_id)
        self._await_answer()
        self._send(said)

    def _await_answer(self) -> None:
        self._answering = None
        self._answered.clear()

    # ------------------------------------------------------------------ the person

    async def _type(self) -> None:
        async for line in self._lines:
            await self._ready.wait()
            if not await self._obey(line.strip()):
                return
            if self._patient:
                await self._answered.wait()
        await self._answered.wait()

    def stop(self) -> None:
        """Stop the answer under way."""
        self._send(Stop(reason="user"))

    async def _obey(self, line: str) -> bool:
        """Do what a typed line says. False when the person leaves."""
        word, _, rest = line.partition(" ")
        if not line:
            return True
        if line.isdigit():
            self._press(int(line))
        elif not line.startswith("/"):
            self._say(line)
        elif word in ("/quit", "/exit", "/q"):
            return False
        elif word == "/persona" and rest:
            self._choose(rest.strip())
        elif word in ("/persona", "/personas"):
            for one in self._cast:
                self.screen.note(f"  {one.id:<10} {one.name}, {one.role}")
        elif word == "/new":
            self.conversation, self._seq, self._greeted = None, None, False
            self._ready.clear()
            if self._socket is not None:
                await self._socket.close()
        elif word == "/stop":
            self.stop()
        else:
            self.screen.note(HELP)
        return True

    def _choose(self, wanted: str) -> None:
        found = find_persona(self._cast, wanted)
        if found is None:
            names = ", ".join(one.id for one in self._cast)
            self.screen.note(f"There is nobody called {wanted} here. There are: {names}.")
            return
        self._persona = found.id
        self.screen.say(found.name, found.greeting)

    def _persona_id(self) -> str | None:
        found = find_persona(self._cast, self._persona) if self._persona and self._cast else None
        return found.id if found else self._persona

    def _press(self, number: int) -> None:
        if not 1 <= number <= len(self._buttons):
            self.screen.note("There is no button of that number now.")
            return
        button = self._buttons[number - 1]
        pressed = ActionTaken(client_id=uuid4().hex, card_id=button.card_id, action_id=button.action_id)
        self._await_answer()
        self._send(pressed)


def find_persona(cast: tuple[PersonaView, ...], wanted: str) -> PersonaView | None:
    """By id, by name, or by a part of the name that only one has."""
    key = wanted.casefold()
    for one in cast:
        if key in (one.id.casefold(), one.name.casefold()):
            return one
    near = [one for one in cast if key in one.name.casefold()]
    return near[0] if len(near) == 1 else None


async def sign_in(url: str) -> str:
    """A token for the person at this machine. Raises Unavailable or NotSignedIn."""

    def post() -> str:
        request = urllib.request.Request(f"{url}/api/session", method="POST")
        # a proxy would be another machine, and local sign-in is for this one
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=SIGN_IN_SECONDS) as answer:
            return str(json.load(answer)["access_token"])

    try:
        return await asyncio.to_thread(post)
    except urllib.error.HTTPError as error:
        with suppress(ValueError, KeyError, OSError):
            raise NotSignedIn(str(json.load(error)["detail"])) from error
        raise Unavailable(f"The room at {url} does not sign anybody in (HTTP {error.code}).") from error
    except (OSError, ValueError, KeyError) as error:
        raise Unavailable(f"No room answers at {url}. Open one with `greenroom serve` first.") from error


async def typed() -> AsyncIterator[str]:
    """Lines of standard input. The thread that waits for them ends with the process."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | None] = asyncio.Queue()

    def read() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(lines.put_nowait, line)
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(lines.put_nowait, None)

    threading.Thread(target=read, name="typed", daemon=True).start()
    while (line := await lines.get()) is not None:
        yield line


async def run(settings: Settings, args: argparse.Namespace) -> int:
    url = args.url or f"http://{settings.host}:{settings.port}"
    screen = Screen(lambda text: print(text, end="", flush=True), url, colour=sys.stdout.isatty())
    patient = not sys.stdin.isatty()
    terminal = Terminal(url, typed(), screen, persona=args.persona, conversation=args.conversation, patient=patient)
    _on_interrupt(terminal.stop, screen)
    await terminal.run()
    return 0


def _on_interrupt(stop: Callable[[], None], screen: Screen) -> None:
    """Ctrl+C stops an answer; when nobody is answering it leaves."""

    def interrupted() -> None:
        if screen.streaming:
            stop()
        else:
            signal.default_int_handler(signal.SIGINT, None)

    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, interrupted)
