"""Files are found by what is in them, whole or not at all, and served to whoever owns them."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.errors import NotFound
from store.blob import Blobs, Usage, find


@pytest.fixture
def blobs(tmp_path) -> Blobs:
    return Blobs(tmp_path / "blobs")


def test_bytes_and_files_are_kept_under_their_sha256(blobs, tmp_path):
    data = os.urandom(3_000_000)
    (tmp_path / "film.mp4").write_bytes(data)
    digest = blobs.put(tmp_path / "film.mp4")
    assert digest == hashlib.sha256(data).hexdigest() == blobs.put(data)
    assert blobs.path(digest).read_bytes() == data
    assert blobs.path(digest).parts[-3:] == (digest[:2], digest[2:4], digest)
    assert blobs.usage() == Usage(1, 3_000_000)
    assert (tmp_path / "film.mp4").exists()
    assert blobs.delete(digest) and not blobs.delete(digest)
    assert blobs.usage() == Usage(0, 0)
    with pytest.raises(NotFound):
        blobs.path(digest)


def test_sixteen_at_once_keep_one_file(blobs):
    with ThreadPoolExecutor(16) as pool:
        digests = set(pool.map(lambda _: blobs.put(b"the same"), range(16)))
    assert len(digests) == 1 and blobs.usage() == Usage(1, 8)


def test_a_put_that_fails_leaves_nothing_and_a_crashed_one_is_swept(blobs, tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError):
        blobs.put(tmp_path / "missing")
    assert list(blobs.folder.iterdir()) == []
    kept = blobs.put(b"kept")
    (blobs.folder / ".half-x").write_bytes(b"cut sh")
    assert blobs.usage() == Usage(1, 4)
    assert blobs.sweep() == 1
    assert blobs.path(kept).read_bytes() == b"kept"


@pytest.mark.parametrize(
    "digest",
    [
        "",
        "..",
        "../../etc/passwd",
        "/etc/passwd",
        "a" * 63,
        "a" * 65,
        "A" * 64,
        "a" * 64 + "\n",
        "a" * 63 + "/",
        "é" * 64,
        "../" * 21 + "x",
        "a" * 32 + "\x00" + "a" * 31,
    ],
)
async def test_what_is_no_digest_is_no_path(blobs, digest, db, person):
    for act in (blobs.path, blobs.delete):
        with pytest.raises(NotFound):
            act(digest)
    with pytest.raises(NotFound):
        async with db.as_user(person) as conn:
            await find(conn, digest)


async def test_a_file_is_served_to_its_owners_only(blobs, db, person, new_person):
    other, third = await new_person(), await new_person()
    digest = blobs.put(b"film")
    for who, name in ((person, "mine.mp4"), (other, "theirs.mp4"), (person, "renamed.mp4")):
        async with db.as_user(who) as conn:
            await blobs.own(conn, who, digest, "video/mp4", name)
    async with db.as_user(person) as conn:
        asset = await find(conn, digest)
    assert (asset.owner, asset.digest, asset.mime, asset.name, asset.bytes) == (
        person,
        digest,
        "video/mp4",
        "renamed.mp4",
        4,
    )
    async with db.as_user(other) as conn:
        assert (await find(conn, digest)).name == "theirs.mp4"
    with pytest.raises(NotFound):
        async with db.as_user(third) as conn:
            await find(conn, digest)


async def test_only_a_file_that_is_here_can_be_owned(blobs, db, person):
    with pytest.raises(NotFound):
        async with db.as_user(person) as conn:
            await blobs.own(conn, person, "0" * 64, "video/mp4", "x")
