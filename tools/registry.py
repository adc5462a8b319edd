"""The one door to every use case: a Call in, an Outcome out."""

from __future__ import annotations

from typing import assert_never

from core.calls import (
    Ask,
    Call,
    Forget,
    KeepReply,
    ListPersonas,
    Recall,
    Remember,
    SwitchPersona,
)
from core.errors import InvalidInput
from tools import memory, persona, reply
from tools.context import Context, Outcome


async def dispatch(ctx: Context, call: Call) -> Outcome:
    """Run `call` for `ctx.user_id`. Raises from core/errors.py; nothing has happened then."""
    match call:
        case ListPersonas():
            return await persona.list_personas(ctx, call)
        case SwitchPersona():
            return await persona.switch_persona(ctx, call)
        case Remember():
            return await memory.remember(ctx, call)
        case Forget():
            return await memory.forget(ctx, call)
        case Recall():
            return await memory.recall(ctx, call)
        case KeepReply():
            return await reply.keep_reply(ctx, call)
        case Ask():
            raise InvalidInput("A suggestion is said as a message, not run as a tool.")
        case _:
            assert_never(call)
