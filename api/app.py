"""The FastAPI application: opens everything, serves the page, the REST doors and the websocket."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from agent.backstage import open_backstage
from agent.pace import Pace
from agent.rooms import Rooms
from api import blobs, chat_rest, health, page, rest, socket
from api.door import Door
from api.limits import BodyLimit
from api.logs import configure
from core.errors import GreenroomError
from core.events import PROTOCOL
from core.settings import Settings, load

log = structlog.get_logger()

CSP = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; style-src 'self' 'unsafe-inline'; "
    "connect-src 'self' ws: wss:; worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'self'; object-src 'none'"
)
DOCS_CSP = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application. `settings` default to the process's own."""
    settings = settings or load()
    configure(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_backstage(settings) as back:
            app.state.backstage = back
            app.state.rooms = rooms = Rooms(back, back.graph, back.publisher)
            await rooms.recover()
            try:
                yield
            finally:
                await rooms.close()

    app = FastAPI(
        title="Greenroom",
        description="Talk to a persona that answers aloud with a face. The websocket protocol is in core/events.py.",
        version="0.1.0",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.settings = settings
    app.state.door = Door(settings)
    app.state.sessions = Pace(settings.sessions_per_minute)
    app.state.build = build_id(page.dist())
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes)
    if settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.origins),
            allow_methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=["authorization", "content-type"],
        )
    app.middleware("http")(headers)
    app.add_exception_handler(GreenroomError, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _fault)
    for router in (health.router, rest.router, chat_rest.router, socket.router, blobs.router, page.router):
        app.include_router(router)
    return app


def build_id(dist: Path) -> str:
    """Changes when the page or the protocol does; an open page then offers a reload."""
    index = dist / "index.html"
    digest = hashlib.sha256(index.read_bytes() if index.is_file() else b"").hexdigest()[:12]
    return f"{PROTOCOL}-{digest}"


async def headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    path = request.url.path
    response.headers["content-security-policy"] = DOCS_CSP if path == "/docs" else CSP
    response.headers["x-content-type-options"] = "nosniff"
    response.headers["referrer-policy"] = "same-origin"
    response.headers["permissions-policy"] = "camera=(), microphone=(), geolocation=()"
    response.headers["cross-origin-opener-policy"] = "same-origin"
    response.headers.setdefault("cache-control", "no-cache")
    return response


def problem(status: int, code: str, detail: str, *, retryable: bool = False) -> JSONResponse:
    """RFC 9457 problem document with our `code` and `retryable`."""
    body = {"type": f"urn:greenroom:{code}", "title": code, "status": status, "detail": detail, "retryable": retryable}
    return JSONResponse(body, status, media_type="application/problem+json")


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, GreenroomError)
    response = problem(error.status, error.code, error.message, retryable=error.retryable)
    if error.status == 401:
        response.headers["www-authenticate"] = "Bearer"
    if error.status == 429:
        response.headers["retry-after"] = "10"
    return response


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = [f"{'.'.join(map(str, one['loc'][1:])) or 'body'}: {one['msg']}" for one in error.errors()[:5]]
    return problem(400, "bad_message", "; ".join(found)[:500])


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    names = {
        413: ("too_large", "That is larger than this room accepts."),
        404: ("not_found", "There is nothing at this address."),
        405: ("bad_message", "Not with this method."),
    }
    code, detail = names.get(error.status_code, ("internal", str(error.detail)))
    return problem(error.status_code, code, detail)


async def _fault(request: Request, error: Exception) -> Response:
    log.exception("request.failed", path=request.url.path, exc_info=error)
    return problem(500, "internal", "That didn't work, and it is our fault. Please try again.", retryable=True)
