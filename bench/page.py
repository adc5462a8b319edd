"""What the first view of the room costs on the wire: the page itself, and one persona's face."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from playwright.sync_api import Response

from bench.row import Row, row
from tests.crash.process import ServerProcess
from tests.e2e.browser import DESKTOP, Room, open_browser

PAGE_KINDS = ("document", "script", "stylesheet", "font", "image")
COMPRESSED = (".woff2", ".webp", ".png", ".jpg")


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder, ServerProcess(Path(folder)) as server, open_browser() as browser:
        seen: list[Response] = []
        room = Room(browser.new_context(viewport=DESKTOP), server.base)  # type: ignore[arg-type]
        room.page.on("response", lambda response: seen.append(response))
        room.enter()
        room.until("document.querySelector('canvas.face') && !document.querySelector('.face-hidden')")
        room.page.wait_for_load_state("networkidle")
        personas = room.state()["personas"]
        page = {one.url: one for one in seen if "/atlas/" not in one.url and one.request.resource_type in PAGE_KINDS}
        sizes = {urlsplit(url).path: _gz(urlsplit(url).path, one.body()) for url, one in page.items()}
        faces = {one["id"]: _atlas_bytes(one["atlas_url"], server.base) for one in personas}
        own = {one.url: int(one.headers["content-length"]) for one in seen if "/atlas/" in one.url}
    parts = ", ".join(f"{Path(path).suffix or 'html'} {size / 1000:.0f}" for path, size in sizes.items())
    biggest = max(faces, key=lambda name: faces[name])
    return [
        row("page, gzipped: all it loads on first view", sum(sizes.values()) / 1000, "kB", "<= 200", parts),
        row("face atlas, the biggest of the cast", faces[biggest] / 1000, "kB", "<= 600",
            ", ".join(f"{name} {size / 1000:.0f}" for name, size in faces.items())),
        row("first view: pictures of faces loaded in all", sum(own.values()) / 1000, "kB", "", f"{len(own)} files"),
    ]  # fmt: skip


def _gz(path: str, body: bytes) -> int:
    return len(body) if path.endswith(COMPRESSED) else len(gzip.compress(body, 9))


def _atlas_bytes(url: str, base: str) -> int:
    """Manifest (gzipped) and every sheet the page fetches to show and move one face."""
    with httpx.Client(base_url=base, timeout=120) as client:
        answer = client.get(url)
        answer.raise_for_status()
        manifest = answer.json()
        layers = manifest["layers"]
        names = [
            layers["base"]["file"],
            layers["head"]["file"],
            *manifest["mouths"]["files"],
            *manifest["eyes"]["files"],
        ]
        sheets = [client.get(f"{url.rsplit('/', 1)[0]}/{name}").raise_for_status().content for name in names]
        return len(gzip.compress(answer.content)) + sum(map(len, sheets))
