"""REST: sign-in, conversations, memories, faces, headers and errors."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest

from tests.client import Page
from tests.serving import Served


async def test_local_sign_in_gives_a_token_the_socket_takes(served: Served) -> None:
    async with httpx.AsyncClient(base_url=served.base) as client:
        session = (await client.post("/api/session")).json()
        again = (await client.post("/api/session")).json()
    assert session["user_id"] == again["user_id"] and session["expires_in"] > 60
    async with Page(served.base, session["access_token"]) as page:
        assert (await page.next())["user_id"] == session["user_id"]


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "127.0.0.1.evil.example:80"},
        {"x-forwarded-for": "10.0.0.9"},
        {"forwarded": "for=10.0.0.9"},
        {"x-real-ip": "10.0.0.9"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ],
)
async def test_local_sign_in_is_for_this_machine_only(served: Served, headers: dict[str, str]) -> None:
    async with httpx.AsyncClient(base_url=served.base) as client:
        for path in ("/api/session", "/api/chat"):
            reply = await client.post(path, headers=headers, json={"message": "hi"} if path == "/api/chat" else None)
            assert reply.status_code == 403 and reply.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/conversations"),
        ("PATCH", f"/api/conversations/{uuid4()}"),
        ("DELETE", f"/api/conversations/{uuid4()}"),
        ("GET", "/api/memories"),
        ("DELETE", "/api/memories"),
        ("GET", "/api/personas"),
        ("POST", "/api/v1/agent"),
    ],
)
async def test_everything_personal_needs_a_token(served: Served, method: str, path: str) -> None:
    async with httpx.AsyncClient(base_url=served.base) as client:
        for headers in ({}, {"authorization": "Bearer nonsense"}, {"authorization": "Basic dTpw"}):
            reply = await client.request(method, path, headers=headers)
            assert reply.status_code == 401 and reply.json()["code" if "code" in reply.json() else "title"] == "auth"
            assert reply.headers["www-authenticate"] == "Bearer"


async def test_conversations_are_listed_renamed_and_deleted(served: Served) -> None:
    me = str(uuid4())
    async with Page(served.base, served.token(me)) as page:
        thread = (await page.until("welcome"))["thread_id"]
        await page.answer("What is AOV?")
        async with served.client(me) as client:
            (item,) = (await client.get("/api/conversations")).json()["items"]
            assert item["id"] == thread and item["title"] == "What is AOV?"
            renamed = (await client.patch(f"/api/conversations/{thread}", json={"title": "Order value"})).json()
            assert renamed["title"] == "Order value"
            changed = await page.until("conversation.changed", lambda e: e["conversation"]["title"] == "Order value")
            assert changed["conversation"]["id"] == thread
            assert (await client.patch(f"/api/conversations/{thread}", json={"title": " "})).status_code == 400
            async with served.client(str(uuid4())) as stranger:
                assert (await stranger.patch(f"/api/conversations/{thread}", json={"title": "x"})).status_code == 404
                assert (await stranger.delete(f"/api/conversations/{thread}")).status_code == 404
                assert (await stranger.get("/api/conversations")).json() == {"items": []}
            assert (await client.delete(f"/api/conversations/{thread}")).status_code == 204
            assert (await client.get("/api/conversations")).json() == {"items": []}


async def test_memories_are_inspected_and_deleted(served: Served) -> None:
    me = str(uuid4())
    async with Page(served.base, served.token(me)) as page, served.client(me) as client:
        await page.until("snapshot")
        await page.answer("Remember that our launch is in May")
        (fact,) = (await client.get("/api/memories")).json()["items"]
        assert "May" in fact["text"]
        async with served.client(str(uuid4())) as stranger:
            assert (await stranger.get("/api/memories")).json() == {"items": []}
            assert (await stranger.delete(f"/api/memories/{fact['id']}")).status_code == 404
        assert (await client.delete(f"/api/memories/{fact['id']}")).status_code == 204
        assert (await client.get("/api/memories")).json() == {"items": []}


async def test_faces_are_public_immutable_and_complete(served: Served) -> None:
    async with served.client() as client:
        for persona in (await client.get("/api/personas")).json()["items"]:
            reply = await client.get(persona["atlas_url"])
            assert reply.status_code == 200 and "immutable" in reply.headers["cache-control"]
            manifest = reply.json()
            assert len(manifest["mouths"]["cells"]) == 78 and manifest["complete"]
            base = persona["atlas_url"].rsplit("/", 1)[0]
            total = len(reply.content)
            for name in manifest["files"]:
                file = await client.get(f"{base}/{name}")
                assert file.status_code == 200 and file.headers["content-type"] == "image/webp"
                total += len(file.content)
            assert total <= 600_000, f"{persona['id']}: {total} bytes"
            assert (await client.get(persona["portrait_url"])).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/atlas/jaz/0000000000000000/manifest.json",
        "/atlas/nobody/0000000000000000/manifest.json",
        "/atlas/jaz/%2e%2e/%2e%2e/secret.json",
        "/atlas/jaz/x/..%2f..%2fmanifest.json",
        "/../pyproject.toml",
        "/%2e%2e/pyproject.toml",
        "/assets/..%2f..%2f..%2fpyproject.toml",
        "/api/nothing",
        "/pyproject.toml",
        f"/api/videos/{uuid4()}.mp4",
        f"/api/videos/{uuid4()}.mp4?k=x",
        "/api/videos/..%2f..%2fsecret.mp4?k=x",
    ],
)
async def test_other_paths_lead_nowhere(served: Served, path: str) -> None:
    async with httpx.AsyncClient(base_url=served.base) as client:
        reply = await client.get(path)
    assert reply.status_code in (404, 405) and "greenroom" not in reply.text.replace("urn:greenroom", "")


async def test_headers_keep_the_page_to_itself(served: Served) -> None:
    async with httpx.AsyncClient(base_url=served.base) as client:
        reply = await client.get("/api/config")
    assert reply.headers["content-security-policy"].startswith("default-src 'self'")
    assert "unsafe-eval" not in reply.headers["content-security-policy"]
    assert reply.headers["x-content-type-options"] == "nosniff"


async def test_a_large_body_is_refused_declared_or_not(served: Served) -> None:
    async def stream() -> object:
        for _ in range(40):
            yield b"x" * 65_536

    async with served.client() as client:
        declared = await client.post("/api/v1/agent", content=b"x" * (served.settings.max_body_bytes + 1))
        assert declared.status_code == 413
        chunked = await client.post("/api/v1/agent", content=stream())  # type: ignore[arg-type]
        assert chunked.status_code == 413


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"message":1}', b'{"message":""}', b'{"message":"hi","x":1}', b"\xff"]
)
async def test_malformed_bodies_get_a_readable_400(served: Served, body: bytes) -> None:
    async with served.client() as client:
        for path in ("/api/chat", "/api/v1/agent"):
            reply = await client.post(path, content=body, headers={"content-type": "application/json"})
            assert reply.status_code == 400 and reply.json()["detail"]


async def test_health_and_docs(served: Served) -> None:
    async with httpx.AsyncClient(base_url=served.base) as client:
        health = (await client.get("/health")).json()
        assert health["status"] == "ok" and health["database"]["status"] == "ok"
        paths = (await client.get("/openapi.json")).json()["paths"]
        assert {"/api/chat", "/api/v1/agent", "/api/session", "/health"} <= set(paths)
        assert (await client.get("/docs")).status_code == 200
