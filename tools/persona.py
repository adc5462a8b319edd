"""The cast: who is there, and letting somebody else take over."""

from __future__ import annotations

from collections.abc import Sequence

from core.calls import ListPersonas, SwitchPersona
from core.errors import InvalidInput, NotFound
from core.models import Persona
from store import conversation
from tools.context import Context, Outcome


async def list_personas(ctx: Context, call: ListPersonas) -> Outcome:
    """Name everybody in the cast with their role."""
    cast = await ctx.cast()
    lines = [f"{persona.name}, {persona.role[:1].lower()}{persona.role[1:]}" for persona in cast]
    return Outcome(
        said=f"In this room you can talk to {join_words(lines, separator='; ')}.",
        data={"personas": [{"id": p.id, "name": p.name, "role": p.role} for p in cast]},
    )


async def switch_persona(ctx: Context, call: SwitchPersona) -> Outcome:
    """Hand the conversation to another persona from the next message on."""
    cast = await ctx.cast()
    chosen = find(cast, call.persona)
    async with ctx.db.as_user(ctx.user_id) as conn:
        current = await conversation.get(conn, ctx.conversation_id)
        if current.persona_id == chosen.id:
            return Outcome(said=f"You are already talking to {chosen.name}.", data={"persona": chosen.id})
        changed = await conversation.change(conn, ctx.conversation_id, persona_id=chosen.id)
    ctx.emit(changed)
    return Outcome(
        said=f"Here is {chosen.name}.", data={"persona": chosen.id, "name": chosen.name}, next_persona=chosen.id
    )


def find(cast: Sequence[Persona], wanted: str) -> Persona:
    """The persona meant by an id, alias, name or part of a name.

    Raises NotFound naming the cast, InvalidInput when several fit.
    """
    key = wanted.strip().casefold()
    for persona in cast:
        if key in {persona.id.casefold(), persona.name.casefold(), *(alias.casefold() for alias in persona.aliases)}:
            return persona
    near = [p for p in cast if key and (key in p.name.casefold().split() or key in p.name.casefold())]
    if len(near) == 1:
        return near[0]
    if near:
        raise InvalidInput(f"“{wanted}” could be {join_words([p.name for p in near], last='or')}. Which one?")
    raise NotFound(f"There is no “{wanted}” here. The cast is {join_words([p.name for p in cast])}.")


def join_words(words: Sequence[str], *, separator: str = ",", last: str = "and") -> str:
    """`["a", "b", "c"]` → "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{f'{separator} '.join(words[:-1])} {last} {words[-1]}"
