"""Rows of renders: films made of replies."""

from __future__ import annotations

from typing import Any

import psycopg

from core.errors import NotFound
from core.models import Render
from store.row import Connection, known_uuid, new_uuid

FIELDS = tuple(Render.model_fields)
IDS = frozenset({"id", "owner", "conversation_id", "message_id", "card_id"})
COLUMNS = ", ".join(f"{name}::text" if name in IDS else name for name in FIELDS)


async def request(conn: Connection, render: Render) -> tuple[Render, bool]:
    """Queue it, True; or the same reply's render by the same recipe, False. A failed one is queued again, True."""
    values: dict[str, Any] = {name: getattr(render, name) for name in FIELDS}
    values |= {name: new_uuid(values[name], "render") for name in IDS}
    try:
        made = await _maybe(
            conn,
            f"""insert into renders ({", ".join(FIELDS)}) values ({", ".join(f"%({name})s" for name in FIELDS)})
                on conflict (owner, message_id, key) do update set
                  state = 'queued', problem = null, attempts = 0, updated_at = now()
                where renders.state = 'failed' returning {COLUMNS}""",
            values,
        )
    except psycopg.errors.ForeignKeyViolation as error:
        raise NotFound("There is no such conversation.") from error
    if made is not None:
        return made, True
    query = f"select {COLUMNS} from renders where owner = %(owner)s and message_id = %(message_id)s and key = %(key)s"
    return await _one(conn, query, values), False


async def start(conn: Connection, render_id: str) -> Render:
    """Running, one attempt more."""
    return await _set(conn, render_id, "state = 'running', attempts = attempts + 1, problem = null", {})


async def finish(
    conn: Connection,
    render_id: str,
    digest: str,
    poster: str | None = None,
    captions: str | None = None,
    seconds: float | None = None,
    subtitles: str | None = None,
) -> Render:
    """Ready: the digests of its film, poster, WebVTT and SRT, and its length in seconds."""
    values = {
        "digest": digest,
        "poster": poster,
        "captions": captions,
        "subtitles": subtitles,
        "seconds": seconds,
    }
    change = "state = 'ready', problem = null, " + ", ".join(f"{name} = %({name})s" for name in values)
    return await _set(conn, render_id, change, values)


async def fail(conn: Connection, render_id: str, problem: str) -> Render:
    """Failed, with the sentence people are shown."""
    return await _set(conn, render_id, "state = 'failed', problem = %(problem)s", {"problem": problem})


async def get(conn: Connection, render_id: str) -> Render:
    key = known_uuid(render_id, "film")
    return await _one(conn, f"select {COLUMNS} from renders where id = %(id)s", {"id": key})


async def for_card(conn: Connection, card_id: str) -> Render:
    """The render a card shows. Raises NotFound."""
    query = f"select {COLUMNS} from renders where card_id = %(card)s order by updated_at desc limit 1"
    return await _one(conn, query, {"card": known_uuid(card_id, "film")})


async def unfinished(conn: Connection) -> list[Render]:
    """Service: queued and running ones, oldest first; after a restart they are to be made again."""
    query = f"select {COLUMNS} from renders where state in ('queued', 'running') order by created_at, id"
    return [_render(row) for row in await (await conn.execute(query.encode())).fetchall()]


async def _set(conn: Connection, render_id: str, change: str, values: dict[str, Any]) -> Render:
    query = f"update renders set {change}, updated_at = now() where id = %(id)s returning {COLUMNS}"
    return await _one(conn, query, {**values, "id": known_uuid(render_id, "film")})


async def _one(conn: Connection, query: str, values: dict[str, Any]) -> Render:
    if (render := await _maybe(conn, query, values)) is None:
        raise NotFound("There is no such film.")
    return render


async def _maybe(conn: Connection, query: str, values: dict[str, Any]) -> Render | None:
    row = await (await conn.execute(query.encode(), values)).fetchone()
    return None if row is None else _render(row)


def _render(row: tuple[Any, ...]) -> Render:
    return Render.model_validate(dict(zip(FIELDS, row, strict=True)))
