"""Facts a person asked to be remembered."""

from __future__ import annotations

from core.calls import Forget, Recall, Remember
from core.events import MemoriesChanged
from store import memory
from tools.context import Context, Outcome


async def remember(ctx: Context, call: Remember) -> Outcome:
    """Keep one fact; the same fact twice is one fact."""
    async with ctx.db.as_user(ctx.user_id) as conn:
        kept = await memory.remember(conn, ctx.user_id, call.fact.strip(), ctx.settings.max_memories)
        memories = await memory.recall(conn)
    ctx.emit(MemoriesChanged(memories=tuple(memories)))
    return Outcome(said=f"I'll remember: {sentence(kept.text)}", data={"fact": kept.text})


async def forget(ctx: Context, call: Forget) -> Outcome:
    """Delete the facts that match, or all of them."""
    async with ctx.db.as_user(ctx.user_id) as conn:
        gone = await memory.forget(conn, call.about)
        memories = await memory.recall(conn)
    ctx.emit(MemoriesChanged(memories=tuple(memories)))
    if not gone:
        about = f" about “{call.about}”" if call.about else ""
        return Outcome(said=f"I had nothing remembered{about}.", data={"forgotten": 0})
    if call.about is None:
        return Outcome(said="I have forgotten everything about you.", data={"forgotten": len(gone)})
    facts = " ".join(sentence(one.text) for one in gone)
    return Outcome(said=f"Forgotten: {facts}", data={"forgotten": len(gone)})


async def recall(ctx: Context, call: Recall) -> Outcome:
    """Say what is remembered."""
    async with ctx.db.as_user(ctx.user_id) as conn:
        memories = await memory.recall(conn)
    if not memories:
        return Outcome(said="I don't remember anything about you yet. Tell me what to remember.", data={"facts": []})
    facts = " ".join(sentence(one.text) for one in memories[:12])
    rest = f" And {len(memories) - 12} more, in the memory list." if len(memories) > 12 else ""
    return Outcome(said=f"This is what I remember about you. {facts}{rest}", data={"facts": [m.text for m in memories]})


def sentence(text: str) -> str:
    """`text` with a capital and a full stop."""
    text = text.strip()
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?')) else '.'}"
