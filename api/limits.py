"""Bodies above the limit are refused before they are read, whatever their Content-Length says."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

REFUSAL = (
    b'{"type":"urn:greenroom:too_large","title":"too_large","status":413,'
    b'"detail":"That is larger than this room accepts.","retryable":false}'
)


class BodyLimit:
    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app, self.max_bytes = app, max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = next((v for k, v in scope["headers"] if k == b"content-length"), b"0")
        if not declared.isdigit() or int(declared) > self.max_bytes:
            await _refuse(send)
            return
        taken = 0
        answered = False

        async def limited() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self.max_bytes:
                raise _TooLarge
            return message

        async def watched(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await self.app(scope, limited, watched)
        except _TooLarge:
            if not answered:
                await _refuse(send)


class _TooLarge(Exception):
    """A body went on beyond the limit."""


async def _refuse(send: Send) -> None:
    start = [(b"content-type", b"application/problem+json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": start})
    await send({"type": "http.response.body", "body": REFUSAL})
