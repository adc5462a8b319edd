"""The wire: `Event` (server → browser) and `Command` (browser → server), one discriminated union each.

JSON text frames with a `type`. The one binary frame is speech: u32le header length, the JSON of `SpeechChunk`,
then 16-bit PCM. **Kept** events carry a gapless `seq` per conversation, are stored and replayed after a reconnect;
**passing** ones carry none and only make it pleasant: whatever a person can see is rebuilt from the snapshot and
the kept events. Close codes: 4000 heartbeat, 4401 auth, 4403 origin, 4404 no such conversation, 4408 hello too
late, 4008 slow consumer, 4009 message too big, 4029 too many messages, 1012 restart.

TypeScript is generated from here (`make protocol`) into web/src/wire; a test compares the bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from core.models import Card, Conversation, Memory, Message, Noun

PROTOCOL = 1


class PersonaView(Noun):
    """What the page needs to show and animate one persona."""

    id: str
    name: str
    role: str
    description: str
    hue: int
    greeting: str
    starters: tuple[str, ...]
    atlas_url: str
    """The face atlas's manifest.json; its sheets stand beside it. Holds the idle pose track too."""
    portrait_url: str
    mine: bool = False


class Track(Noun):
    """`core.speech.PoseTrack` on the wire."""

    fps: int
    mouth: tuple[int, ...]
    eyes: tuple[int, ...]
    head: tuple[tuple[int, int], ...]


# ------------------------------------------------------------------ server → browser


class Passing(Noun):
    v: Literal[1] = 1


class Kept(Noun):
    v: Literal[1] = 1
    seq: int = Field(description="Per conversation, gapless: the resume cursor.")


class Welcome(Passing):
    type: Literal["welcome"] = "welcome"
    session_id: str
    user_id: str
    thread_id: str
    seq: int
    resume: Literal["replay", "snapshot"]
    heartbeat_ms: int
    build: str
    brain: str
    """The brain that will answer, in words for people."""
    voice: str
    personas: tuple[PersonaView, ...]


class Snapshot(Passing):
    type: Literal["snapshot"] = "snapshot"
    seq: int
    conversation: Conversation
    messages: tuple[Message, ...]
    cards: tuple[Card, ...]
    memories: tuple[Memory, ...]


class ConversationChanged(Kept):
    """Title or persona changed."""

    type: Literal["conversation.changed"] = "conversation.changed"
    conversation: Conversation


class MessageCreated(Kept):
    type: Literal["message.created"] = "message.created"
    message: Message


class MessageCompleted(Kept):
    """The message as it is now, whole: after its last word, a stop, a failure, or a card joined it."""

    type: Literal["message.completed"] = "message.completed"
    message: Message


class CardUpsert(Kept):
    type: Literal["card.upsert"] = "card.upsert"
    card: Card


class MessageDelta(Passing):
    type: Literal["message.delta"] = "message.delta"
    message_id: str
    part: int
    offset: int = Field(description="Character (UTF-16 code unit) offset: makes deltas idempotent and gaps detectable.")
    text: str


class MessageRetracted(Passing):
    """A retry or another brain starts the answer over: drop the streamed text and its speech."""

    type: Literal["message.retracted"] = "message.retracted"
    message_id: str
    reason: str


class MessageBrain(Passing):
    """Which brain is answering this message now, and what was downgraded, if anything."""

    type: Literal["message.brain"] = "message.brain"
    message_id: str
    brain: str
    notice: str | None = None


class ToolRunning(Passing):
    type: Literal["tool.running"] = "tool.running"
    message_id: str
    name: str
    label: str
    """What is being done, in words for people: "Looking at the cast"."""


class JobProgress(Passing):
    type: Literal["job.progress"] = "job.progress"
    card_id: str
    stage: str
    pct: float
    eta_s: float | None = None


class SpeechChunk(Passing):
    """Header of a BINARY frame: u32le header length, this JSON, then the sound (PCM, 16-bit LE, mono)."""

    type: Literal["speech.chunk"] = "speech.chunk"
    utterance_id: str
    message_id: str
    index: int
    codec: Literal["pcm16"] = "pcm16"
    rate: int
    ms: float
    text: str
    """Plain words as people read them: the caption."""
    char_start: int
    char_end: int
    """The chunk's span in the message's text (code units)."""
    words: tuple[tuple[int, int, int], ...] = Field(description="[start ms, from, to] into `text`")
    track: Track
    final: bool = False


class SpeechCancel(Passing):
    type: Literal["speech.cancel"] = "speech.cancel"
    utterance_id: str | None = None


class TurnTiming(Passing):
    """Server stages of the answer under way; the finished message carries them all."""

    type: Literal["turn.timing"] = "turn.timing"
    message_id: str
    stage: str
    ms: float


class MemoriesChanged(Passing):
    type: Literal["memories.changed"] = "memories.changed"
    memories: tuple[Memory, ...]


class PersonasChanged(Passing):
    """A persona file was edited, added or removed."""

    type: Literal["personas.changed"] = "personas.changed"
    personas: tuple[PersonaView, ...]


class Refused(Passing):
    """An error a person can read. `ref` is the client_id it answers, if any."""

    type: Literal["error"] = "error"
    code: Literal[
        "auth",
        "bad_message",
        "conflict",
        "forbidden",
        "not_found",
        "rate",
        "too_large",
        "unavailable",
        "internal",
        "version",
    ]
    message: str
    retryable: bool = False
    ref: str | None = None


class Pong(Passing):
    type: Literal["pong"] = "pong"
    t: float


class Bye(Passing):
    type: Literal["bye"] = "bye"
    reason: str
    retry_after_ms: int = 0


KeptEvent = Annotated[ConversationChanged | MessageCreated | MessageCompleted | CardUpsert, Field(discriminator="type")]
Event = Annotated[
    Welcome
    | Snapshot
    | ConversationChanged
    | MessageCreated
    | MessageCompleted
    | CardUpsert
    | MessageDelta
    | MessageRetracted
    | MessageBrain
    | ToolRunning
    | JobProgress
    | SpeechChunk
    | SpeechCancel
    | TurnTiming
    | MemoriesChanged
    | PersonasChanged
    | Refused
    | Pong
    | Bye,
    Field(discriminator="type"),
]


def utf16_length(text: str) -> int:
    """Length of `text` in UTF-16 code units, as JavaScript counts characters."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


# ------------------------------------------------------------------ browser → server


class Incoming(BaseModel):
    """Commands are strict: unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


ClientId = Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
Token = Annotated[str, Field(min_length=1, max_length=8192)]
MAX_TEXT = 20_000


class Hello(Incoming):
    """The first message, within five seconds. `thread_id` null opens a new conversation."""

    type: Literal["hello"] = "hello"
    v: Literal[1] = 1
    token: Token
    thread_id: str | None = Field(default=None, max_length=64)
    last_seq: int | None = Field(default=None, ge=0)
    locale: str = Field(default="en", max_length=35)
    speak: bool = True
    codecs: tuple[str, ...] = Field(default=(), max_length=8)
    persona_id: str | None = Field(default=None, max_length=64)


class AuthRefresh(Incoming):
    type: Literal["auth.refresh"] = "auth.refresh"
    token: Token


class UserMessage(Incoming):
    type: Literal["user.message"] = "user.message"
    client_id: ClientId
    text: str = Field(min_length=1, max_length=MAX_TEXT)
    persona_id: str | None = Field(default=None, max_length=64)
    speak: bool = True


class ActionTaken(Incoming):
    """A button press. `card_id` is the card or message that offered it; the Call is looked up on the server."""

    type: Literal["action"] = "action"
    client_id: ClientId
    card_id: str = Field(max_length=64)
    action_id: str = Field(max_length=64)
    base_rev: int = Field(default=0, ge=0)
    text: str | None = Field(default=None, max_length=2000)


class Stop(Incoming):
    type: Literal["stop"] = "stop"
    reason: Literal["user", "barge_in", "navigation"] = "user"
    utterance_id: str | None = Field(default=None, max_length=64)
    heard: tuple[int, int] | None = Field(
        default=None,
        description="[speech chunk index, ms into it]: where the voice was cut. The server maps it to text.",
    )


class SpeechAck(Incoming):
    type: Literal["speech.ack"] = "speech.ack"
    utterance_id: str = Field(max_length=64)
    buffered_ms: int = Field(ge=0, le=3_600_000)


class Resync(Incoming):
    type: Literal["resync"] = "resync"


class Ping(Incoming):
    type: Literal["ping"] = "ping"
    t: float


Command = Annotated[
    Hello | AuthRefresh | UserMessage | ActionTaken | Stop | SpeechAck | Resync | Ping, Field(discriminator="type")
]

QUIET = ConfigDict(hide_input_in_errors=True)
event: TypeAdapter[Event] = TypeAdapter(Event, config=QUIET)
kept_event: TypeAdapter[KeptEvent] = TypeAdapter(KeptEvent, config=QUIET)
command: TypeAdapter[Command] = TypeAdapter(Command, config=QUIET)


@dataclass(frozen=True, slots=True)
class Frame:
    """One event on its way to sockets; `audio` makes it a binary frame."""

    event: Event
    audio: bytes | None = None
