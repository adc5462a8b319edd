"""The verbs. One frozen model each: the model's tool schema, a button's payload, a REST body and a CLI argument.

The docstring of a Call is what a chat model reads.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from core.models import Aspect, Id


class BaseCall(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_serialization_defaults_required=True, hide_input_in_errors=True
    )

    for_model: ClassVar[bool] = True
    """Whether a chat model may make it; the others are buttons only."""


class ListPersonas(BaseCall):
    """Say who is in the cast: every persona the person can talk to, with name and role."""

    tool: Literal["persona.list"] = "persona.list"


class SwitchPersona(BaseCall):
    """Let another persona take over this conversation. Only when the person asks for somebody else."""

    tool: Literal["persona.switch"] = "persona.switch"
    persona: str = Field(max_length=80, description="Id or name of the persona to bring in")


class Remember(BaseCall):
    """Remember one short fact about the person, in the third person ("Their launch is in May").
    Only when they ask for it or tell you their name."""

    tool: Literal["memory.remember"] = "memory.remember"
    fact: str = Field(min_length=2, max_length=280)


class Forget(BaseCall):
    """Forget remembered facts about the person: those that match `about`, or all of them when they say everything."""

    tool: Literal["memory.forget"] = "memory.forget"
    about: str | None = Field(default=None, max_length=280, description="Words of the fact; null for everything")


class Recall(BaseCall):
    """List what is remembered about the person."""

    tool: Literal["memory.recall"] = "memory.recall"


class KeepReply(BaseCall):
    """Render your previous reply as a captioned video that can be downloaded. Free."""

    tool: Literal["reply.keep"] = "reply.keep"
    aspect: Aspect = Field(default="16:9", description="16:9 wide, or 9:16 upright for phones")
    message_id: Id | None = Field(default=None, description="Null for the latest reply")


class Ask(BaseCall):
    """Say a text in the person's name: the payload of a suggestion button."""

    tool: Literal["ask"] = "ask"
    for_model: ClassVar[bool] = False
    text: str = Field(min_length=1, max_length=2000)


Call = Annotated[
    ListPersonas | SwitchPersona | Remember | Forget | Recall | KeepReply | Ask, Field(discriminator="tool")
]

CALLS: tuple[type[BaseCall], ...] = (ListPersonas, SwitchPersona, Remember, Forget, Recall, KeepReply, Ask)

call: TypeAdapter[Call] = TypeAdapter(Call, config=ConfigDict(hide_input_in_errors=True))
