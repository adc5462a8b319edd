"""Files by content: bytes on disk under their SHA-256, rows that say who may be served which."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from core.errors import NotFound
from store.row import Connection, clean, new_uuid

CHUNK_BYTES = 1 << 20
DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Asset:
    """A file somebody owns. `bytes` is its size."""

    owner: str
    digest: str
    mime: str
    name: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Usage:
    files: int
    bytes: int


class Blobs:
    """Files in `folder`/ab/cd/abcd…; the same bytes are one file, and a file that is there is whole."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()

    def put(self, source: Path | bytes) -> str:
        """Keep these bytes, or a copy of this file, and return their digest. Durable when it returns."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=self.folder, prefix=".half-")
        half = Path(name)
        try:
            with os.fdopen(handle, "wb") as output:
                digest = hashlib.sha256()
                if isinstance(source, bytes):
                    digest.update(source)
                    output.write(source)
                else:
                    with source.open("rb") as file:
                        while chunk := file.read(CHUNK_BYTES):
                            digest.update(chunk)
                            output.write(chunk)
                output.flush()
                os.fsync(output.fileno())
            kept = self._place(digest.hexdigest())
            if not kept.exists():
                kept.parent.mkdir(parents=True, exist_ok=True)
                half.replace(kept)
                _sync_folder(kept.parent)
        finally:
            half.unlink(missing_ok=True)
        return kept.name

    def path(self, digest: str) -> Path:
        """Where the file lies. Raises NotFound when it is not here or `digest` is none."""
        file = self._place(digest)
        if not file.is_file():
            raise NotFound("There is no such file.")
        return file

    def delete(self, digest: str) -> bool:
        """Remove the file; True when it was there. Its rows are the caller's."""
        try:
            self._place(digest).unlink()
        except FileNotFoundError:
            return False
        return True

    def usage(self) -> Usage:
        """How many whole files there are and their bytes."""
        sizes = [file.stat().st_size for file in self.folder.glob("??/??/*") if DIGEST.fullmatch(file.name)]
        return Usage(files=len(sizes), bytes=sum(sizes))

    def sweep(self) -> int:
        """Remove what puts cut short by a crash have left; only while nobody puts. Returns how many."""
        halves = list(self.folder.glob(".half-*"))
        for half in halves:
            with contextlib.suppress(FileNotFoundError):
                half.unlink()
        return len(halves)

    async def own(self, conn: Connection, owner: str, digest: str, mime: str, name: str) -> Asset:
        """Let `owner` be served a file that is here. The name is the one a download gets; owning again renames it."""
        size = self.path(digest).stat().st_size
        asset = Asset(str(new_uuid(owner, "person")), digest, mime, clean(name)[:255] or digest[:12], size)
        await conn.execute(
            """insert into assets (owner, digest, mime, name, bytes) values (%s, %s, %s, %s, %s)
               on conflict (owner, digest) do update set mime = excluded.mime, name = excluded.name""",
            (asset.owner, asset.digest, asset.mime, asset.name, asset.bytes),
        )
        return asset

    def _place(self, digest: str) -> Path:
        if not DIGEST.fullmatch(digest):
            raise NotFound("There is no such file.")
        return self.folder / digest[:2] / digest[2:4] / digest


async def find(conn: Connection, digest: str) -> Asset:
    """The file's row, when whoever `conn` acts for owns it. Raises NotFound, also for somebody else's."""
    if not DIGEST.fullmatch(digest):
        raise NotFound("There is no such file.")
    query = "select owner::text, digest, mime, name, bytes from assets where digest = %s limit 1"
    row = await (await conn.execute(query, (digest,))).fetchone()
    if row is None:
        raise NotFound("There is no such file.")
    return Asset(*row)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
