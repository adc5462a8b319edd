"""Personas' knowledge notes as rows: index them, and find those that answer a question.

Postgres's full-text search names at most CANDIDATES_MAX notes, `store/rerank.py` puts them in order. Row level
security decides who may read: shipped notes everybody, a user's own persona only its owner.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from core.models import Note, Passage
from store.rerank import Candidate, Vocabulary, add_topic, rank_notes, read_terms, read_vocabulary
from store.words import STOP

CANDIDATES_MAX = 30
VOCABULARIES_MAX = 256
INDEX_VERSION = 1
"""Raised when what is kept beside the notes changes, so that unchanged notes are indexed again."""

_FIND = """
select heading, aliases, answer, more, ts_rank_cd('{0.1, 0.2, 0.5, 1.0}', words, query, 1) as rank
from public.knowledge, to_tsquery('english', %(query)s) as query
where persona_id = %(persona)s and words @@ query
order by rank desc, place limit %(limit)s
"""
_TITLES = """
select heading, aliases, answer, more, 0::float8 as rank from public.knowledge
where persona_id = %(persona)s order by place limit %(limit)s
"""
# By content digest: equal notes have equal words, so an entry can never be stale or belong to somebody else.
_vocabularies: OrderedDict[tuple[str, str], Vocabulary] = OrderedDict()

Connection = AsyncConnection[Any]


async def index(
    conn: Connection, persona_id: str, digest: str, notes: Sequence[Note], *, owner: str | None = None
) -> bool:
    """Make `notes` the persona's indexed notes. True when rows changed; the same digest and owner change nothing.

    Needs the service role. Two processes that index the same persona wait for each other until their transactions end.
    """
    digest = f"{INDEX_VERSION}:{digest}"
    await conn.execute("select pg_advisory_xact_lock(hashtextextended('knowledge:' || %s, 0))", (persona_id,))
    row = await (
        await conn.execute(
            "select digest, owner::text from public.knowledge_source where persona_id = %s", (persona_id,)
        )
    ).fetchone()
    if row is not None and tuple(row) == (digest, owner):
        return False
    await conn.execute("delete from public.knowledge_source where persona_id = %s", (persona_id,))
    await conn.execute(
        "insert into public.knowledge_source (persona_id, owner, digest, vocabulary) values (%s, %s, %s, %s)",
        (persona_id, owner, digest, Jsonb(read_vocabulary(notes).as_json())),
    )
    async with conn.cursor() as cursor:
        await cursor.executemany(
            "insert into public.knowledge (persona_id, place, heading, aliases, answer, more)"
            " values (%s, %s, %s, %s, %s, %s)",
            [
                (persona_id, place, note.heading, Jsonb(list(note.aliases)), note.answer, note.more)
                for place, note in enumerate(notes)
            ],
        )
    return True


async def remove(conn: Connection, persona_id: str) -> None:
    """Forget a persona's notes. Needs the service role."""
    await conn.execute("delete from public.knowledge_source where persona_id = %s", (persona_id,))


async def search(
    conn: Connection, persona_id: str, question: str, limit: int = 5, *, topic: str | None = None
) -> list[Passage]:
    """The persona's notes most likely to answer `question`, best first; empty when nothing comes near.

    When the question asks two things, the best note for each comes first. `topic` is what was spoken of last (a
    heading): it is what a question with nothing but a pronoun ("how do I measure that?") is about.
    """
    question = add_topic(question, topic)
    vocabulary = await _read_vocabulary(conn, persona_id)
    if vocabulary is None:
        return []
    terms = read_terms(question, vocabulary)
    words = {each for term in terms for each in (term.word, *term.stems) if each.isalnum()}
    # Postgres keeps the parts of "b-roll"; the stems of this side are of the word without its hyphen.
    words |= {part for part in re.findall(r"[a-z0-9]{3,}", question.casefold()) if part not in STOP and words}
    # Only the empty question falls back to reading titles: a text with a subject must find it.
    cursor = await conn.execute(
        _FIND if words else _TITLES,
        {
            "query": " | ".join(sorted(words)),
            "persona": persona_id,
            "limit": CANDIDATES_MAX if words else 400,
        },
    )
    candidates = [
        Candidate(heading, tuple(aliases), answer, more, rank)
        for heading, aliases, answer, more, rank in await cursor.fetchall()
    ]
    return [
        Passage(
            heading=each.candidate.heading,
            answer=each.candidate.answer,
            more=each.candidate.more,
            score=round(each.score, 4),
            coverage=round(min(each.coverage, 1.0), 4),
        )
        for each in rank_notes(question, candidates, vocabulary)[:limit]
        if each.coverage > 0
    ]


async def _read_vocabulary(conn: Connection, persona_id: str) -> Vocabulary | None:
    """The vocabulary of the notes the reader may see; None when there are none."""
    row = await (
        await conn.execute("select digest from public.knowledge_source where persona_id = %s", (persona_id,))
    ).fetchone()
    if row is None:
        return None
    key = (persona_id, str(row[0]))
    if key in _vocabularies:
        _vocabularies.move_to_end(key)
        return _vocabularies[key]
    row = await (
        await conn.execute(
            "select digest, vocabulary from public.knowledge_source where persona_id = %s", (persona_id,)
        )
    ).fetchone()
    if row is None:
        return None
    vocabulary = Vocabulary(**row[1])
    _vocabularies[persona_id, str(row[0])] = vocabulary
    while len(_vocabularies) > VOCABULARIES_MAX:
        _vocabularies.popitem(last=False)
    return vocabulary
