"""Frames between this program and a worker: u32le length of a JSON header, u32le length of a body, header, body."""

from __future__ import annotations

import json
import struct
from asyncio import StreamReader
from typing import Any, BinaryIO

_LENGTHS = struct.Struct("<II")


def read_frame(stream: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    """One frame, or None at the end of the stream."""
    lengths = stream.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return None
    header, body = _LENGTHS.unpack(lengths)
    read = stream.read(header + body)
    if len(read) < header + body:
        return None
    return json.loads(read[:header]), read[header:]


def frame(header: dict[str, Any], body: bytes = b"") -> bytes:
    """One frame as bytes."""
    encoded = json.dumps(header).encode()
    return _LENGTHS.pack(len(encoded), len(body)) + encoded + body


async def receive(stream: StreamReader) -> tuple[dict[str, Any], bytes]:
    """One frame; raises asyncio.IncompleteReadError at the end of the stream."""
    header, body = _LENGTHS.unpack(await stream.readexactly(_LENGTHS.size))
    read = await stream.readexactly(header + body)
    return json.loads(read[:header]), read[header:]
