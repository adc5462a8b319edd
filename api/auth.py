"""Who is asking: bearer tokens, local sign-in on loopback only, and which web origins may talk to us."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from fastapi import Request
from starlette.requests import HTTPConnection

from agent.backstage import Backstage
from core.errors import Forbidden, NotSignedIn
from core.settings import Settings
from store.auth import Claims, ensure_user

FORWARDED = frozenset({"forwarded", "via", "x-real-ip", "true-client-ip", "cf-connecting-ip"})


def backstage(connection: HTTPConnection) -> Backstage:
    found: Backstage = connection.app.state.backstage
    return found


async def person(request: Request) -> Claims:
    """The signed-in person of a REST call. Raises NotSignedIn."""
    back = backstage(request)
    token = bearer(request.headers)
    if token is None:
        raise NotSignedIn("Sign in first: send the token as “Authorization: Bearer …”.")
    claims = back.tokens.verify(token)
    await ensure_user(back.db, claims)
    return claims


async def person_here(request: Request) -> Claims:
    """As `person`, but a request from this very machine needs no token: it is the local person."""
    if bearer(request.headers) is not None:
        return await person(request)
    back = backstage(request)
    require_local(request, back.settings)
    claims = back.tokens.verify(back.tokens.mint())
    await ensure_user(back.db, claims)
    return claims


def bearer(headers: Mapping[str, str]) -> str | None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def require_local(connection: HTTPConnection, settings: Settings) -> None:
    """Raises Forbidden unless a program on this machine asks for this machine by a loopback name.

    The name is checked too, since a hostile page can point its own domain at 127.0.0.1; a forwarded request is
    somebody else's, whatever the proxy's address.
    """
    client = connection.client.host if connection.client else ""
    host = hostname(connection.headers.get("host", ""))
    forwarded = any(name in FORWARDED or name.startswith("x-forwarded-") for name in connection.headers)
    if forwarded or not is_loopback(client) or not is_loopback(host) or not origin_allowed(connection, settings):
        raise Forbidden("Local sign-in works only on the machine the room runs on, at localhost.")


def hostname(netloc: str) -> str:
    """The name in a Host header, without its port; empty when it is none."""
    try:
        return urlsplit(f"//{netloc}").hostname or ""
    except ValueError:
        return ""


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def origin_allowed(connection: HTTPConnection, settings: Settings) -> bool:
    """Same origin as the page we serve, one from settings, or no browser at all (no Origin header)."""
    origin = connection.headers.get("origin")
    if origin is None:
        return True
    if origin in settings.origins:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc == connection.headers.get("host")
