"""A fact is kept once and forgotten by any words that mean it."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from core.errors import InvalidInput, NotFound, TooLarge
from store import memory


async def keep(db, person, *facts, limit=50):
    for fact in facts:
        async with db.as_user(person) as conn:
            await memory.remember(conn, person, fact, limit)


async def texts(db, person):
    async with db.as_user(person) as conn:
        return [one.text for one in await memory.recall(conn)]


async def test_the_same_fact_in_other_clothes_is_one(db, person):
    await keep(db, person, "Their launch is in May", "their  LAUNCH is in may!", "Their launch is in June")
    assert await texts(db, person) == ["Their launch is in May", "Their launch is in June"]


async def test_facts_in_any_script_are_different_facts(db, person):
    await keep(db, person, "Их собаку зовут Рекс", "她的狗叫小白", "彼の犬はポチ")
    assert len(await texts(db, person)) == 3


async def test_the_same_fact_at_once_is_one_and_the_limit_holds(db, person):
    await asyncio.gather(*(keep(db, person, "Their name is Ada") for _ in range(8)))
    assert await texts(db, person) == ["Their name is Ada"]
    results = await asyncio.gather(*(keep(db, person, f"Fact {n}", limit=5) for n in range(8)), return_exceptions=True)
    assert sum(isinstance(result, TooLarge) for result in results) == 4
    assert len(await texts(db, person)) == 5
    await keep(db, person, "their name is ada", limit=5)


@pytest.mark.parametrize(
    ("about", "gone"),
    [
        ("launch", {"Their launch is in May"}),
        ("my launches", {"Their launch is in May"}),
        ("that thing about my dog's name", {"Their dog's name is Rex"}),
        ("dog", {"Their dog's name is Rex", "They walk dogs on Sundays"}),
        ("what I told you about Rex, please", {"Their dog's name is Rex"}),
        ("dog launch", set()),
        ("that", set()),
        ("", set()),
        ("%", set()),
        ("my", set()),
    ],
)
async def test_forgetting_takes_the_facts_that_are_meant(db, person, about, gone):
    facts = ["Their launch is in May", "Their dog's name is Rex", "They walk dogs on Sundays"]
    await keep(db, person, *facts)
    async with db.as_user(person) as conn:
        assert {one.text for one in await memory.forget(conn, about)} == gone
    assert await texts(db, person) == [fact for fact in facts if fact not in gone]


async def test_forgetting_everything_takes_mine_alone(db, person, new_person):
    other = await new_person()
    await keep(db, person, "One", "Two")
    await keep(db, other, "One")
    async with db.as_user(person) as conn:
        assert [one.text for one in await memory.forget(conn, None)] == ["One", "Two"]
    assert await texts(db, person) == [] and await texts(db, other) == ["One"]


async def test_one_is_forgotten_by_its_id_by_its_owner(db, person, new_person):
    await keep(db, person, "One", "Two")
    async with db.as_user(person) as conn:
        one = (await memory.recall(conn))[0]
    for who, key in ((await new_person(), one.id), (person, str(uuid4())), (person, "x")):
        with pytest.raises(NotFound):
            async with db.as_user(who) as conn:
                await memory.forget_one(conn, key)
    async with db.as_user(person) as conn:
        assert await memory.forget_one(conn, one.id) == one
    assert await texts(db, person) == ["Two"]


@pytest.mark.parametrize("text", ["", "  ", "!?", "\0", "x" * 2001])
async def test_what_says_nothing_or_too_much_is_refused(db, person, text):
    with pytest.raises(InvalidInput):
        await keep(db, person, text)
