"""Rows of what people asked to be remembered."""

from __future__ import annotations

import re
import unicodedata

from core.errors import InvalidInput, NotFound, TooLarge
from core.models import Memory
from store.row import Connection, clean, known_uuid, new_uuid
from store.words import stem

COLUMNS = "id::text, text, created_at"
# Words that say nothing about which fact is meant: "forget that thing about my dog" is about a dog.
EMPTY_WORDS = frozenset(
    """
    a about all an and any are at be been but by can d did do does every fact facts for forget from
    had has have he her hers him his i in is it its know like ll m me memory mine my of on or our
    ours please re remember remembered s said she so something stuff t that the their theirs them
    they thing things this to told us ve was we were what when where which who will with you your
    yours
    """.split()  # noqa: SIM905
)


async def remember(conn: Connection, owner: str, text: str, limit: int) -> Memory:
    """Keep a fact. The same words again, whatever their case, spacing and punctuation, are the fact already kept.

    Raises InvalidInput without a word in it, TooLarge when `limit` facts are kept.
    """
    text = " ".join(clean(text).split())
    key = " ".join(_words(text))
    if not key or len(text) > 2000:
        raise InvalidInput("A fact to remember needs some words, and at most 2000 characters.")
    who = new_uuid(owner, "person")
    known = await (
        await conn.execute(f"select {COLUMNS} from memories where owner = %s and key = %s", (who, key))
    ).fetchone()
    if known is not None:
        return _memory(known)
    await conn.execute("select pg_advisory_xact_lock(hashtextextended('remember ' || %s, 0))", (str(who),))
    count = await (await conn.execute("select count(*) from memories where owner = %s", (who,))).fetchone()
    if count is not None and count[0] >= limit:
        raise TooLarge(f"I keep {limit} things about you at most. Tell me one to forget first.")
    row = await (
        await conn.execute(
            f"""insert into memories (owner, text, key) values (%s, %s, %s)
                on conflict (owner, key) do update set text = memories.text returning {COLUMNS}""",
            (who, text, key),
        )
    ).fetchone()
    assert row is not None
    return _memory(row)


async def recall(conn: Connection) -> list[Memory]:
    """Everything remembered, oldest first."""
    cursor = await conn.execute(f"select {COLUMNS} from memories order by created_at, id")
    return [_memory(row) for row in await cursor.fetchall()]


async def forget(conn: Connection, about: str | None) -> list[Memory]:
    """Forget the facts that have every meaningful word of `about` in some form; all of them when None.

    Returns what was forgotten. Words that fit no fact, or no meaningful word at all, forget nothing.
    """
    going = await recall(conn)
    if about is not None:
        asked = _stems(about)
        going = [memory for memory in going if asked and asked <= _stems(memory.text)]
    if going:
        await conn.execute("delete from memories where id = any(%s::uuid[])", ([memory.id for memory in going],))
    return going


async def forget_one(conn: Connection, memory_id: str) -> Memory:
    """Forget this fact and return it. Raises NotFound."""
    key = known_uuid(memory_id, "memory")
    row = await (await conn.execute(f"delete from memories where id = %s returning {COLUMNS}", (key,))).fetchone()
    if row is None:
        raise NotFound("There is no such memory.")
    return _memory(row)


def _memory(row: tuple[object, ...]) -> Memory:
    return Memory.model_validate({"id": row[0], "text": row[1], "created_at": row[2]})


def _words(text: str) -> list[str]:
    """Words and numbers of any script."""
    return re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).casefold())


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in _words(text) if word not in EMPTY_WORDS)
