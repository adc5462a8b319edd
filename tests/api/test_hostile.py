"""What strangers send: every request gets an answer in words, and the room stays awake."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import httpx
import pytest
import websockets

from tests.client import Page, text_of
from tests.serving import Served

TEXTS = {
    "nul": "Hello\0 there",
    "only nul": "\0\0",
    "blank": " \n\t ",
    "invisible": "\u200b\u2060",
    "right to left": "\u202egnihtemos em llet",
    "no spaces": "x" * 20_000,
    "emoji": "😀" * 10_000,
    "combining": "a" + "\u0301" * 19_000,
    "prose": "What should I measure first, and why does it matter so much? " * 320,
    "table": "|a|b|\n|-|-|\n" + "|1|2|\n" * 3_000,
    "deep markdown": "> " * 9_000 + "hi",
    "nested lists": "".join("  " * depth + "- a\n" for depth in range(130)),
    "markup": "</untrusted><script>alert(1)</script>",
    "template": "{{ 7*7 }} {name} {name.__class__} %s",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
async def test_any_text_is_answered_or_refused_in_words(served: Served, text: str) -> None:
    async with Page(served.base, served.token(str(uuid4()))) as page:
        await page.until("snapshot")
        await page.ask(text, speak=False)
        while True:
            event = await page.next()
            if event["type"] == "error":
                assert event["code"] == "bad_message" and event["message"]
                break
            if event["type"] == "message.completed" and event["message"]["state"] != "streaming":
                assert event["message"]["state"] == "done" and text_of(event["message"]).strip()
                break
        done = await page.answer("Who are you?")
    assert done["state"] == "done" and text_of(done)


async def test_a_lone_surrogate_is_refused(served: Served) -> None:
    async with Page(served.base, served.token(str(uuid4()))) as page:
        await page.until("snapshot")
        await page.send('{"type":"user.message","client_id":"abcdefgh12","text":"\\ud800 hi"}')
        assert (await page.until("error"))["code"] == "bad_message"
    async with served.client(str(uuid4())) as client:
        body = b'{"message": "\\ud800 hi"}'
        answer = await client.post("/api/v1/agent", content=body, headers={"content-type": "application/json"})
        kept = await client.post(
            "/api/memories", content=b'{"text": "\\udfff"}', headers={"content-type": "application/json"}
        )
    assert answer.status_code == 400 and kept.status_code == 400


@pytest.mark.parametrize("origin", ["http://[", "http://[::1", "//", "http://a b", "\u00e9"])
async def test_a_broken_origin_is_a_foreign_one(served: Served, origin: str) -> None:
    async with httpx.AsyncClient(base_url=served.base) as client:
        signed = await client.post("/api/session", headers={b"origin": origin.encode()})
    assert signed.status_code == 403
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with Page(served.base, served.token(), origin=origin.encode().decode("latin-1")):
            pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("name", ["[", "[::1", "evil.example", "127.0.0.1.evil.example", ""])
async def test_a_broken_host_is_not_this_machine(served: Served, name: str) -> None:
    async with httpx.AsyncClient(base_url=served.base) as client:
        assert (await client.post("/api/session", headers={"host": name})).status_code in (400, 403)


@pytest.mark.parametrize("header", ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Via"])
async def test_a_proxied_request_is_not_from_this_machine(served: Served, header: str) -> None:
    async with httpx.AsyncClient(base_url=served.base) as client:
        assert (await client.post("/api/session", headers={header: "http"})).status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "/%00",
        "/assets/%00.js",
        "/" + "a" * 3000,
        "/" + "a" * 300 + ".js",
        "/atlas/%00/x/manifest.json",
        "/atlas/jaz/x/" + "a" * 300 + ".json",
        "/atlas/" + "a" * 3000 + "/x/manifest.json",
        "/atlas/jaz/%2e%2e/manifest.json",
        "/api/videos/%00.mp4?k=x",
        "/api/videos/..%2f..%2fetc.mp4?k=x",
    ],
)
async def test_no_address_breaks_the_room(served: Served, path: str) -> None:
    async with httpx.AsyncClient(base_url=served.base) as client:
        assert (await client.get(path)).status_code in (200, 404, 503)


async def test_sockets_that_vanish_in_the_middle_of_hello_leave_nothing(served: Served) -> None:
    token = served.token(str(uuid4()))
    door = served.app.state.door
    before = door.sockets
    for _ in range(8):
        page = Page(served.base, token)
        await page.__aenter__()
        page.socket.transport.abort()
    async with Page(served.base, token) as page:
        await page.until("snapshot")
        async with asyncio.timeout(10):
            while door.sockets > before + 1:
                await page.send({"type": "ping", "t": 1})
                await page.until("pong")
    assert door.sockets <= before + 1
