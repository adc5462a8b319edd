"""The same reply by the same recipe is one film; a failed one is asked for again; what a crash cut short is found."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from core.errors import NotFound
from core.models import Render
from store import conversation, render


@pytest.fixture
async def wanted(db, person) -> Render:
    async with db.as_user(person) as conn:
        here = await conversation.create(conn, person, "jaz")
    return Render(
        id=str(uuid4()),
        owner=person,
        conversation_id=here.id,
        message_id=str(uuid4()),
        card_id=str(uuid4()),
        key=uuid4().hex,
        aspect="9:16",
        state="queued",
    )


def again(one: Render) -> Render:
    return one.model_copy(update={"id": str(uuid4()), "card_id": str(uuid4())})


async def test_ten_presses_of_the_same_button_are_one_film(db, person, wanted):
    async def press() -> tuple[Render, bool]:
        async with db.as_user(person) as conn:
            return await render.request(conn, again(wanted))

    answers = await asyncio.gather(*(press() for _ in range(10)))
    assert len({one.id for one, _ in answers}) == 1
    assert sum(fresh for _, fresh in answers) == 1


async def test_a_film_is_made_and_read_back(db, person, wanted):
    async with db.as_user(person) as conn:
        assert await render.request(conn, wanted) == (wanted, True)
        running = await render.start(conn, wanted.id)
        assert (running.state, running.attempts) == ("running", 1)
        done = await render.finish(
            conn, wanted.id, digest="a" * 64, poster="b" * 64, captions="c" * 64, subtitles="d" * 64, seconds=4.5
        )
        assert done.model_dump() == wanted.model_dump() | {
            "state": "ready",
            "attempts": 1,
            "digest": "a" * 64,
            "poster": "b" * 64,
            "captions": "c" * 64,
            "subtitles": "d" * 64,
            "seconds": 4.5,
        }
        assert await render.get(conn, wanted.id) == await render.for_card(conn, wanted.card_id) == done
        assert await render.request(conn, again(wanted)) == (done, False)


async def test_a_failed_film_is_queued_again_on_its_card(db, person, wanted):
    async with db.as_user(person) as conn:
        await render.request(conn, wanted)
        await render.start(conn, wanted.id)
        failed = await render.fail(conn, wanted.id, "The disk is full.")
        assert (failed.state, failed.problem) == ("failed", "The disk is full.")
        kept, fresh = await render.request(conn, again(wanted))
    assert fresh and (kept.id, kept.card_id) == (wanted.id, wanted.card_id)
    assert (kept.state, kept.problem, kept.attempts) == ("queued", None, 0)


async def test_another_reply_of_the_same_recipe_is_a_film_of_its_own(db, person, wanted):
    other = again(wanted).model_copy(update={"message_id": str(uuid4())})
    async with db.as_user(person) as conn:
        assert await render.request(conn, wanted) == (wanted, True)
        assert await render.request(conn, other) == (other, True)


async def test_the_service_finds_what_a_crash_cut_short(db, person, wanted):
    done = again(wanted).model_copy(update={"key": "done"})
    async with db.as_user(person) as conn:
        for one in (wanted, done):
            await render.request(conn, one)
            await render.start(conn, one.id)
        await render.finish(conn, done.id, digest="a" * 64)
    async with db.as_service() as conn:
        assert [one.id for one in await render.unfinished(conn) if one.owner == person] == [wanted.id]


async def test_somebody_elses_film_is_not_found(db, person, wanted, new_person):
    async with db.as_user(person) as conn:
        await render.request(conn, wanted)
    stranger = await new_person()
    for act in (
        render.get,
        render.start,
        lambda c, i: render.fail(c, i, "x"),
        lambda c, i: render.finish(c, i, "a" * 64),
    ):
        with pytest.raises(NotFound):
            async with db.as_user(stranger) as conn:
                await act(conn, wanted.id)
    with pytest.raises(NotFound):
        async with db.as_user(stranger) as conn:
            await render.request(conn, again(wanted).model_copy(update={"owner": stranger, "key": "k"}))
