"""The nouns. All frozen; ids are UUIDs as text, times UTC. Rows, wire and prompts are made from these."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Id = Annotated[str, Field(min_length=1, max_length=64)]
Aspect = Literal["16:9", "9:16"]
MessageState = Literal["streaming", "done", "stopped", "failed"]


class Noun(BaseModel):
    """Base of every noun: frozen, no unknown fields, defaults always present in the JSON."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        ser_json_inf_nan="null",
        json_schema_serialization_defaults_required=True,
        hide_input_in_errors=True,  # what people say never reaches a log by way of a traceback
    )


class Voice(Noun):
    """How a persona sounds. The offline voice is espeak-ng's klatt5 synthesiser; the other engines take `gender`."""

    language: str = "en-us"
    gender: Literal["female", "male"] = "female"
    pitch: tuple[int, int] = (138, 205)
    """Lowest and highest pitch of the voice file, Hz."""
    rate: int = Field(default=162, ge=80, le=320)
    """Words per minute."""
    flutter: int = Field(default=4, ge=0, le=20)
    roughness: int = Field(default=1, ge=0, le=8)
    formant: float = Field(default=1.0, ge=0.9, le=1.1)
    """Formant scaling; above 1.05 words become hard to understand."""
    piper: str | None = None
    """Path of a Piper voice (.onnx) for this persona alone; else the one in settings."""


class Look(Noun):
    """How a persona is drawn. Colours are #rrggbb; the named styles are those `media/face/art.py` draws."""

    skin: str = "#e8b58f"
    hair: str = "#3a2418"
    hair_style: str = "long"
    brows: str = "#2e1c12"
    iris: str = "#5a3a22"
    lips: str = "#b4505e"
    outfit: str = "#23375f"
    outfit_style: str = "blazer"
    shirt: str = "#f6f7fb"
    accent: str = "#2f6db5"
    background: str = "#b9c9e6"
    background_style: str = "office"
    glasses: str | None = None
    beard: str | None = None
    lashes: bool = False
    earrings: str | None = None
    age: float = Field(default=0.3, ge=0, le=1)
    """0 young, 1 old: folds and grey."""
    face: str = "oval"
    """Skull: proportions of jaw, eyes, brows, nose and lips; the names are those of `media/face/anatomy.py`."""
    glasses_colour: str = "#2c2a30"
    streak: str | None = None
    """Colour of a streak in the hair (bun)."""
    portrait: str | None = None
    """Digest of a photo to animate instead of drawn art."""


class PersonaPrompt(Noun):
    """The parts the system prompt is composed from (S3-4)."""

    identity: str
    expertise: tuple[str, ...] = ()
    tone: str = ""
    vocabulary: tuple[str, ...] = ()
    """Signature words and phrases."""
    always: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


class Lines(Noun):
    """What the offline brain says in this persona's own words. `{name}` and `{topic}` are filled in; one line is
    picked by a hash of the question, so the same question gets the same answer."""

    hello: tuple[str, ...] = ("Hello, I'm {name}. What would you like to talk about?",)
    goodbye: tuple[str, ...] = ("Goodbye for now. Come back any time.",)
    thanks: tuple[str, ...] = ("You're welcome. What else is on your mind?",)
    how_are_you: tuple[str, ...] = ("I'm well, thank you, and ready to work. What shall we look at?",)
    who_are_you: tuple[str, ...] = ("I'm {name}, {role}.",)
    unknown: tuple[str, ...] = ("I have no notes on that, so I won't guess. Ask me about {topics}.",)
    rules: tuple[str, ...] = ("I'm {name}, and I stay {name}. Ask me about {topics} instead.",)
    """Answer to attempts at changing persona or rules by text."""


class Persona(Noun):
    id: Id
    aliases: tuple[str, ...] = ()
    """Other names an API caller may use, e.g. `marcus_primary`."""
    name: str
    role: str
    description: str = ""
    gender: Literal["female", "male"] = "female"
    style: str = "professional"
    hue: int = Field(default=158, ge=0, le=360)
    greeting: str = "Hello. What shall we talk about?"
    starters: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    """What to offer when a question is outside the notes; spoken, so plain words."""
    voice: Voice = Voice()
    look: Look = Look()
    prompt: PersonaPrompt
    lines: Lines = Lines()
    owner: str | None = None
    """None for the shipped ones, else the user who made it."""


class Note(Noun):
    """One section of a persona's knowledge notes."""

    heading: str
    aliases: tuple[str, ...] = ()
    """Other ways to ask for it; searched, never spoken."""
    answer: str
    """First paragraph: what is said."""
    more: str = ""
    """The rest: said on "tell me more"."""


class Passage(Noun):
    """A note found for a question, best first. `coverage` is the share (0..1) of the question's words it has."""

    heading: str
    answer: str
    more: str = ""
    score: float
    coverage: float


class Memory(Noun):
    """One fact a person asked to be remembered. Inspectable and deletable."""

    id: Id
    text: str
    created_at: datetime


class Conversation(Noun):
    id: Id
    persona_id: Id
    title: str
    seq: int = 0
    updated_at: datetime


class TextPart(Noun):
    kind: Literal["text"] = "text"
    text: str


class CardPart(Noun):
    kind: Literal["card"] = "card"
    card_id: Id


Part = Annotated[TextPart | CardPart, Field(discriminator="kind")]


class Action(Noun):
    """A button. Behind its id the server keeps the Call it was offered with, so a browser cannot alter it."""

    id: Id
    label: str
    style: Literal["primary", "secondary", "danger", "ghost"] = "secondary"
    cost: int | None = None
    needs_text: bool = False


class Timing(Noun):
    """Where one answer's time went: a stage and its milliseconds since the message arrived."""

    stage: Literal["received", "thinking", "first_text", "first_clause", "first_speech", "text_done", "speech_done"]
    ms: float


class Message(Noun):
    id: Id
    role: Literal["user", "assistant"]
    persona_id: str | None = None
    parts: tuple[Part, ...]
    state: MessageState = "done"
    brain: str | None = None
    """Which brain answered, in words for people: "offline rules", "gpt-x via OpenAI"."""
    notice: str | None = None
    """A downgrade or failure, said plainly."""
    heard: int | None = None
    """After a stop: how many characters of the text had been heard."""
    actions: tuple[Action, ...] = ()
    timings: tuple[Timing, ...] = ()
    created_at: datetime
    client_id: str | None = None

    @property
    def text(self) -> str:
        return "\n\n".join(part.text for part in self.parts if isinstance(part, TextPart))


class ChoicesCard(Noun):
    """A question with buttons: clarify, suggestions."""

    kind: Literal["choices"] = "choices"
    id: Id
    rev: int
    prompt: str
    actions: tuple[Action, ...]
    resolved: str | None = None


class VideoCard(Noun):
    """A kept reply as a film: rendering, ready or failed."""

    kind: Literal["video"] = "video"
    id: Id
    rev: int
    message_id: Id
    title: str
    aspect: Aspect
    state: Literal["rendering", "ready", "failed"]
    pct: float = Field(default=0, ge=0, le=1)
    src: str | None = None
    poster: str | None = None
    captions: str | None = None
    download: str | None = None
    seconds: float | None = None
    actions: tuple[Action, ...] = ()
    problem: str | None = None


Card = Annotated[ChoicesCard | VideoCard, Field(discriminator="kind")]


class Render(Noun):
    """A made video of one reply. `key` is the SHA-256 of its frozen recipe, so the same recipe is made once."""

    id: Id
    owner: Id
    conversation_id: Id
    message_id: Id
    card_id: Id
    key: str
    aspect: Aspect
    state: Literal["queued", "running", "ready", "failed"]
    digest: str | None = None
    poster: str | None = None
    captions: str | None = None
    subtitles: str | None = None
    """Digests of the WebVTT and the SRT."""
    seconds: float | None = None
    problem: str | None = None
    attempts: int = 0
