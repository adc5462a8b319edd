"""The embedded server starts, is shared, ends, and comes back from anything that can be done to it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from core.errors import NotConfigured, Unavailable
from store import embedded
from store.embedded import SUPERUSER, EmbeddedPostgres

OPTIONS = {"fsync": "off", "max_connections": "30", "shared_buffers": "16MB"}


@pytest.fixture(scope="module")
def initialised(tmp_path_factory) -> Path:
    """A cluster made once, which tests copy."""
    folder = tmp_path_factory.mktemp("made") / "pg"
    EmbeddedPostgres(folder, options=OPTIONS).start().stop()
    return folder


@pytest.fixture
def folder(initialised, tmp_path) -> Iterator[Path]:
    copy = tmp_path / "pg"
    shutil.copytree(initialised, copy)
    yield copy
    EmbeddedPostgres(copy, options=OPTIONS).stop()


def ask(cluster: EmbeddedPostgres, query: str = "select 1"):
    with psycopg.connect(cluster.url(SUPERUSER, "postgres"), autocommit=True) as conn:
        cursor = conn.execute(query)
        return cursor.fetchone() if cursor.description else None


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def test_it_starts_from_nothing_answers_and_ends(tmp_path):
    cluster = EmbeddedPostgres(tmp_path / "new" / "pg", options=OPTIONS)
    assert not cluster.answers()
    cluster.start()
    try:
        assert cluster.answers() and ask(cluster) == (1,)
        assert ask(cluster, "show listen_addresses") == ("",)
        assert (tmp_path / "new" / "pg").stat().st_mode & 0o077 == 0
    finally:
        assert cluster.stop()
    assert not cluster.answers() and cluster.pid() is None
    assert cluster.stop(), "stopping twice is nothing"


def test_the_second_to_come_attaches_and_the_last_to_go_stops_it(folder):
    first, second = EmbeddedPostgres(folder, options=OPTIONS).start(), EmbeddedPostgres(folder).start()
    assert first.pid() == second.pid()
    assert first.stop() is False
    assert ask(second) == (1,)
    assert second.stop() is True
    assert not second.answers()


def test_six_starters_at_once_run_one_server(folder):
    clusters = [EmbeddedPostgres(folder, options=OPTIONS) for _ in range(6)]
    threads = [threading.Thread(target=cluster.start) for cluster in clusters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({cluster.pid() for cluster in clusters}) == 1
    assert [cluster.stop() for cluster in clusters] == [False] * 5 + [True]


def test_another_process_that_dies_with_it_running_leaves_one_to_attach_to(folder):
    code = (
        "import os, sys; from pathlib import Path; from store.embedded import EmbeddedPostgres;"
        "print(EmbeddedPostgres(Path(sys.argv[1])).start().pid(), flush=True); os.kill(os.getpid(), 9)"
    )
    child = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True)
    assert child.returncode == -9, child.stderr
    cluster = EmbeddedPostgres(folder).start()
    assert cluster.pid() == int(child.stdout)
    assert cluster.stop(), "a dead process holds nothing"


def test_a_killed_server_starts_again_with_every_row(folder):
    with EmbeddedPostgres(folder, options=OPTIONS) as cluster:
        ask(cluster, "create table kept as select generate_series(1, 1000) n")
        kill(cluster.pid())
        cluster.start()
        assert ask(cluster, "select count(*) from kept") == (1000,)


def test_a_pid_file_of_a_process_that_is_somebody_else_is_stale(folder):
    bystander = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        lines = [str(bystander.pid), str(folder / "data"), "1700000000", "5432", str(folder), "", "", "ready"]
        (folder / "data" / "postmaster.pid").write_text("\n".join(lines))
        (folder / ".s.PGSQL.5432.lock").write_text(f"{bystander.pid}\n")
        with EmbeddedPostgres(folder, options=OPTIONS) as cluster:
            assert ask(cluster) == (1,)
        assert bystander.poll() is None, "whoever has the number now is left alone"
    finally:
        bystander.communicate(b"\n")


def test_a_pid_file_of_a_zombie_or_of_garbage_is_stale(folder):
    zombie = subprocess.Popen(["true"])
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    try:
        for text in (f"{zombie.pid}\n{folder / 'data'}\n", "", "not a number\n"):
            (folder / "data" / "postmaster.pid").write_text(text)
            with EmbeddedPostgres(folder, options=OPTIONS) as cluster:
                assert ask(cluster) == (1,)
    finally:
        zombie.wait()


def test_a_socket_nobody_listens_on_is_not_an_answer(folder):
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as left:
        left.bind(str(folder / ".s.PGSQL.5432"))
    cluster = EmbeddedPostgres(folder, options=OPTIONS)
    assert not cluster.answers()
    with cluster:
        assert ask(cluster) == (1,)


def test_a_half_made_cluster_is_made_again(tmp_path):
    half = tmp_path / "pg" / "data.init"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("16\n")
    with EmbeddedPostgres(tmp_path / "pg", options=OPTIONS) as cluster:
        assert ask(cluster) == (1,)
    assert not half.exists()


def test_a_very_long_path_gets_its_socket_elsewhere(initialised, tmp_path):
    far = tmp_path / ("long" * 15) / ("name" * 15) / "pg"
    far.parent.mkdir(parents=True)
    shutil.copytree(initialised, far)
    cluster = EmbeddedPostgres(far, options=OPTIONS)
    assert len(str(cluster.socket_folder)) < 80 and cluster.socket_folder != far
    with cluster:
        assert ask(cluster) == (1,)
        assert cluster.socket_folder.stat().st_mode & 0o077 == 0
    shutil.rmtree(cluster.socket_folder)


def test_a_folder_with_spaces_and_signs_works(initialised, tmp_path):
    odd = tmp_path / "my data & 50% #1?"
    shutil.copytree(initialised, odd)
    with EmbeddedPostgres(odd, options=OPTIONS) as cluster:
        assert ask(cluster) == (1,)


def test_a_cluster_of_another_version_is_not_touched(folder):
    with pytest.raises(NotConfigured, match="GREENROOM_POSTGRES_VERSION=16"):
        EmbeddedPostgres(folder, 18).start()


def test_a_version_that_did_not_come_along_is_said(tmp_path):
    with pytest.raises(NotConfigured, match="DATABASE_URL"):
        EmbeddedPostgres(tmp_path / "pg", 17).start()


def test_a_server_that_refuses_says_why(folder):
    with pytest.raises(Unavailable, match="no_such_setting"):
        EmbeddedPostgres(folder, options={"no_such_setting": "1"}).start()


def test_postgres_18_runs_too(tmp_path):
    with EmbeddedPostgres(tmp_path / "pg", 18, options=OPTIONS) as cluster:
        assert ask(cluster, "show server_version_num")[0].startswith("18")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs a stand-in")
def test_root_without_user_namespaces_runs_it_as_nobody_and_back(initialised):
    """The folder changes hands with the mode, in a place the stand-in can enter."""
    home = Path("/var/tmp") / f"greenroom-test-{os.getpid()}"
    shutil.copytree(initialised, home)
    try:
        for mode, owner in (("nobody", embedded.nobody().pw_uid), ("userns", 0), ("nobody", embedded.nobody().pw_uid)):
            if mode == "userns" and embedded.running_mode() != "userns":
                continue
            with EmbeddedPostgres(home, options=OPTIONS, mode=mode) as cluster:
                assert ask(cluster) == (1,)
                assert (home / "data").stat().st_uid == owner
    finally:
        shutil.rmtree(home)


async def _until(condition, seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(condition):
            await asyncio.sleep(0.01)


async def test_watch_brings_a_killed_server_back_each_time(folder):
    cluster = EmbeddedPostgres(folder, options=OPTIONS)
    await asyncio.to_thread(cluster.start)
    watching = asyncio.create_task(cluster.watch())
    try:
        for _ in range(3):
            old = cluster.pid()
            kill(old)
            await _until(lambda old=old: cluster.pid() not in (None, old) and cluster.answers())
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
    assert await asyncio.to_thread(cluster.stop)


async def test_watch_of_one_process_heals_what_another_started(folder):
    starter, watcher = EmbeddedPostgres(folder, options=OPTIONS), EmbeddedPostgres(folder, options=OPTIONS)
    await asyncio.to_thread(starter.start)
    await asyncio.to_thread(watcher.start)
    watching = asyncio.create_task(watcher.watch())
    try:
        old = starter.pid()
        kill(old)
        await _until(lambda: watcher.pid() not in (None, old) and watcher.answers())
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
        await asyncio.to_thread(starter.stop)
        assert await asyncio.to_thread(watcher.stop)
