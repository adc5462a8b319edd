"""The websocket protocol, against the real server."""

from __future__ import annotations

import array
import asyncio
import math
from uuid import uuid4

import pytest
import websockets

from core.speech import MOUTHS
from tests.client import Page, text_of
from tests.serving import Served


async def test_hello_is_answered_by_welcome_and_snapshot(served: Served, token: str) -> None:
    async with Page(served.base, token) as page:
        welcome, snapshot = await page.next(), await page.next()
    assert welcome["type"] == "welcome" and welcome["resume"] == "snapshot"
    assert {p["id"] for p in welcome["personas"]} >= {"jaz", "marcus", "sarah", "alex", "jenniel"}
    assert "offline" in welcome["brain"]
    assert snapshot["type"] == "snapshot" and snapshot["conversation"]["id"] == welcome["thread_id"]


async def test_an_empty_conversation_is_used_again(served: Served) -> None:
    token = served.token(str(uuid4()))
    ids = []
    for _ in range(2):
        async with Page(served.base, token) as page:
            ids.append((await page.until("welcome"))["thread_id"])
    assert ids[0] == ids[1]


async def test_an_answer_streams_as_text_and_sound_with_a_face(served: Served) -> None:
    async with Page(served.base, served.token(str(uuid4())), persona_id="jenniel") as page:
        await page.until("snapshot")
        await page.ask("Should we chase market share?")
        done = await page.finished()
        final = await page.until("speech.chunk", lambda e: e["final"])
    assert "profit" in text_of(done).lower() and done["state"] == "done" and done["brain"]
    deltas = [e for e in page.events if e["type"] == "message.delta"]
    assert "".join(e["text"] for e in deltas) == text_of(done)
    assert [e["offset"] for e in deltas] == sorted(e["offset"] for e in deltas)
    chunks = [e for e in page.events if e["type"] == "speech.chunk"]
    assert [c["index"] for c in chunks] == list(range(len(chunks))) and final is chunks[-1]
    for chunk in [c for c in chunks if c["audio"]]:
        samples = array.array("h", chunk["audio"])
        assert max(map(abs, samples)) > 1000
        assert chunk["ms"] == pytest.approx(len(samples) / chunk["rate"] * 1000, abs=0.1)
        track = chunk["track"]
        frames = math.ceil(chunk["ms"] / 1000 * track["fps"] - 1e-6)
        assert len(track["mouth"]) == len(track["eyes"]) == len(track["head"]) == frames
        assert len(set(track["mouth"])) > 2 and all(0 <= m < MOUTHS for m in track["mouth"])
        words = [chunk["text"][a:b] for _, a, b in chunk["words"]]
        assert words and all(word.strip() for word in words)
        assert [t for t, _, _ in chunk["words"]] == sorted(t for t, _, _ in chunk["words"])
    said = " ".join(c["text"] for c in chunks if c["text"])
    assert len(said) >= 0.9 * len(text_of(done))


async def test_every_stage_is_timed(served: Served) -> None:
    async with Page(served.base, served.token(str(uuid4()))) as page:
        await page.until("snapshot")
        await page.ask("What is AOV?")
        last = await page.until(
            "message.completed", lambda e: any(t["stage"] == "speech_done" for t in e["message"]["timings"])
        )
    stages = [t["stage"] for t in last["message"]["timings"]]
    assert {"received", "thinking", "first_text", "first_clause", "first_speech", "text_done"} <= set(stages)


async def test_a_message_sent_three_times_is_one(served: Served) -> None:
    async with Page(served.base, served.token(str(uuid4()))) as page:
        await page.until("snapshot")
        client_id = uuid4().hex
        for _ in range(3):
            await page.ask("Hello", speak=False, client_id=client_id)
        await page.finished()
        await page.send({"type": "resync"})
        snapshot = await page.until("snapshot")
    assert [m["role"] for m in snapshot["messages"]] == ["user", "assistant"]


async def test_kept_events_are_gapless_and_replayed(served: Served) -> None:
    token = served.token(str(uuid4()))
    async with Page(served.base, token) as page:
        thread = (await page.until("welcome"))["thread_id"]
        await page.answer("Hello")
        await page.answer("What is AOV?")
    seqs = [e["seq"] for e in page.events if "seq" in e and e["type"] not in ("welcome", "snapshot")]
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
    async with Page(served.base, token, thread_id=thread, last_seq=seqs[1]) as again:
        welcome = await again.next()
        assert welcome["resume"] == "replay"
        replayed = [await again.next() for _ in seqs[2:]]
    assert [e["seq"] for e in replayed] == seqs[2:]
    kept = {e["seq"]: e for e in page.events if "seq" in e and e["type"] not in ("welcome", "snapshot")}
    assert all(kept[e["seq"]] == e for e in replayed)
    async with Page(served.base, token, thread_id=thread, last_seq=10_000) as ahead:
        assert (await ahead.next())["resume"] == "snapshot"


async def test_two_windows_follow_the_same_conversation(served: Served) -> None:
    token = served.token(str(uuid4()))
    async with Page(served.base, token) as one:
        thread = (await one.until("welcome"))["thread_id"]
        async with Page(served.base, token, thread_id=thread) as two:
            await two.until("snapshot")
            await one.ask("Hello", speak=False)
            first, second = await one.finished(), await two.finished()
    assert first == second


async def test_people_never_hear_each_other(served: Served) -> None:
    async with (
        Page(served.base, served.token(str(uuid4()))) as mine,
        Page(served.base, served.token(str(uuid4()))) as theirs,
    ):
        await mine.until("snapshot")
        await theirs.until("snapshot")
        await mine.answer("What is AOV?", speak=True)
        await theirs.send({"type": "ping", "t": 1})
        await theirs.until("pong")
    assert [e["type"] for e in theirs.events] == ["welcome", "snapshot", "pong"]


async def test_stopping_keeps_what_was_heard_in_whole_words(served: Served) -> None:
    async with Page(served.base, served.token(str(uuid4())), persona_id="jenniel") as page:
        thread = (await page.until("welcome"))["thread_id"]
        await page.ask("Should we chase market share?")
        chunk = await page.until("speech.chunk")
        await page.send(
            {"type": "stop", "reason": "barge_in", "utterance_id": chunk["utterance_id"], "heard": [0, 900]}
        )
        done = await page.until("message.completed", lambda e: e["message"]["state"] == "stopped")
    message = done["message"]
    heard = text_of(message)[: message["heard"]]
    assert 0 < message["heard"] < len(text_of(message)) and not text_of(message)[message["heard"]].isalnum()
    state = await served.app.state.backstage.graph.aget_state({"configurable": {"thread_id": thread}})
    assert state.next == () and state.values["messages"][-1].text.startswith(heard.rstrip())
    assert len(state.values["messages"][-1].text) <= len(heard) + 2


async def test_a_stop_before_anything_was_heard_says_so(served: Served) -> None:
    async with Page(served.base, served.token(str(uuid4())), persona_id="jenniel") as page:
        thread = (await page.until("welcome"))["thread_id"]
        await page.ask("Should we chase market share?")
        await page.until("speech.chunk")
        await page.send({"type": "stop", "reason": "user"})
        done = await page.until("message.completed", lambda e: e["message"]["state"] == "stopped")
    assert done["message"]["heard"] == 0
    state = await served.app.state.backstage.graph.aget_state({"configurable": {"thread_id": thread}})
    assert state.values["messages"][-1].text.strip() == "—"


async def test_many_interrupted_answers_do_not_silence_the_next(served: Served) -> None:
    async with Page(served.base, served.token(str(uuid4())), persona_id="jenniel") as page:
        await page.until("snapshot")
        for _ in range(6):
            await page.ask("Should we chase market share?")
            await page.until("speech.chunk")
            await page.send({"type": "stop", "reason": "user"})
        await page.ask("Who are you?")
        await page.until("speech.chunk", lambda e: e["final"])


async def test_a_stop_before_any_sound_leaves_a_whole_history(served: Served) -> None:
    async with Page(served.base, served.token(str(uuid4()))) as page:
        await page.until("snapshot")
        await page.ask("What is AOV?")
        await page.send({"type": "stop", "reason": "user"})
        await page.finished()
        done = await page.answer("Hello again")
    assert done["state"] == "done" and text_of(done)


async def test_a_new_question_interrupts_the_old_answer(served: Served) -> None:
    async with Page(served.base, served.token(str(uuid4()))) as page:
        await page.until("snapshot")
        for number in range(6):
            await page.ask(f"What is AOV? {number}")
        await page.ask("How are you?")
        finished: set[str] = set()
        while len(finished) < 7:
            finished.add((await page.finished())["id"])
        await page.send({"type": "resync"})
        snapshot = await page.until("snapshot")
    assert [m["role"] for m in snapshot["messages"]] == ["user", "assistant"] * 7
    assert all(m["state"] != "streaming" for m in snapshot["messages"])


@pytest.mark.parametrize("thread", ["nonsense", str(uuid4()), "00000000-0000-0000-0000-000000000000"])
async def test_an_unknown_conversation_is_4404(served: Served, token: str, thread: str) -> None:
    async with Page(served.base, token, thread_id=thread) as page:
        assert await page.closed() == 4404


async def test_somebody_elses_conversation_is_4404(served: Served) -> None:
    async with Page(served.base, served.token(str(uuid4()))) as mine:
        thread = (await mine.until("welcome"))["thread_id"]
        async with Page(served.base, served.token(str(uuid4())), thread_id=thread) as theirs:
            assert await theirs.closed() == 4404


async def test_the_agent_path_refuses_another_users_id(served: Served) -> None:
    me, other = str(uuid4()), str(uuid4())
    async with Page(served.base, served.token(me), path=f"/api/v1/agent/ws/{other}") as page:
        assert await page.closed() == 4403
    async with Page(served.base, served.token(me), path=f"/api/v1/agent/ws/{me}") as page:
        assert (await page.next())["user_id"] == me


@pytest.mark.parametrize("bad", ["", "x", "a.b.c", "e30.e30.", "x" * 9000])
async def test_a_bad_token_is_4401(served: Served, bad: str) -> None:
    async with Page(served.base, bad) as page:
        assert await page.closed() == 4401


async def test_an_expired_token_is_4401(served: Served) -> None:
    async with Page(served.base, served.token(seconds=-3600)) as page:
        assert await page.closed() == 4401


@pytest.mark.parametrize("first", ['{"type":"ping","t":1}', "not json", '{"type":"hello"}', "[]", ""])
async def test_the_first_message_must_be_hello(served: Served, first: str) -> None:
    async with websockets.connect(served.base.replace("http", "ws") + "/api/ws") as socket:
        await socket.send(first)
        with pytest.raises(websockets.ConnectionClosed) as end:
            await asyncio.wait_for(socket.recv(), 10)
    assert end.value.rcvd is not None and end.value.rcvd.code == 4401


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://localhost.evil.example", "null", "http://127.0.0.1:1"]
)
async def test_a_foreign_origin_is_refused_before_it_is_in(served: Served, token: str, origin: str) -> None:
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with Page(served.base, token, origin=origin):
            pass
    assert refused.value.response.status_code == 403


async def test_our_own_origin_is_let_in(served: Served, token: str) -> None:
    async with Page(served.base, token, origin=served.base) as page:
        assert (await page.next())["type"] == "welcome"


@pytest.mark.parametrize(
    "sent",
    [
        "not json",
        "{}",
        '{"type":"hologram"}',
        '{"type":"user.message","client_id":"x","text":"too short an id"}',
        '{"type":"user.message","client_id":"abcdefgh12","text":""}',
        '{"type":"user.message","client_id":"abcdefgh12","text":"hi","sudo":true}',
        '{"type":"action","client_id":"abcdefgh12","card_id":"../../etc","action_id":"keep.wide"}',
        '{"type":"stop","heard":[1]}',
        '{"type":"speech.ack","utterance_id":"u","buffered_ms":-1}',
        '{"type":"auth.refresh","token":"x"}',
        "[" * 5000,
        '{"type":"ping","t":"\\ud800"}',
        b"\x00\x01\x02binary",
    ],
)
async def test_nonsense_is_refused_in_words_and_the_socket_lives(served: Served, token: str, sent: str | bytes) -> None:
    async with Page(served.base, token) as page:
        await page.until("snapshot")
        await page.send(sent)
        refused = await page.until("error")
        assert refused["message"] and refused["code"] in ("bad_message", "not_found", "auth")
        await page.send({"type": "ping", "t": 7})
        assert (await page.until("pong"))["t"] == 7


async def test_a_text_over_the_limit_is_refused(served: Served, token: str) -> None:
    async with Page(served.base, token) as page:
        await page.until("snapshot")
        await page.ask("x" * 20_001)
        assert (await page.until("error"))["code"] == "bad_message"


async def test_a_huge_frame_closes_the_socket(served: Served, token: str) -> None:
    async with Page(served.base, token) as page:
        await page.until("snapshot")
        await page.send("x" * (served.settings.max_frame_bytes + 1))
        assert await page.closed() == 1009


async def test_refreshing_with_somebody_elses_token_is_refused(served: Served, token: str) -> None:
    async with Page(served.base, token) as page:
        await page.until("snapshot")
        await page.send({"type": "auth.refresh", "token": served.token(str(uuid4()))})
        assert (await page.until("error"))["code"] == "auth"
