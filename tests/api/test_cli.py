"""The command line: what it understands, and `greenroom serve` as a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from api import cli, migrate_command
from api.serve import address_of, is_room, listen
from core.errors import Unavailable
from core.settings import Settings, load
from tests.serving import Served

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (["serve", "--port", "8041", "--open"], {"command": "serve", "port": 8041, "open": True}),
        (["serve"], {"host": None, "port": None, "open": None}),
        (["chat", "--persona", "jaz"], {"command": "chat", "persona": "jaz", "conversation": None}),
        (["ask", "Why?", "-o", "a.mp4", "--aspect", "9:16"], {"question": "Why?", "aspect": "9:16"}),
        (["persona", "check", "jaz", "sarah"], {"doing": "check", "id": ["jaz", "sarah"]}),
        (["persona", "check"], {"doing": "check", "id": []}),
        (["migrate", "--shim"], {"command": "migrate", "shim": True}),
        (["doctor"], {"command": "doctor"}),
    ],
)
def test_commands_are_understood(typed: list[str], kept: dict[str, object]) -> None:
    args = vars(cli.parser().parse_args(typed))
    assert kept.items() <= args.items()


@pytest.mark.parametrize(
    "typed", [[], ["dance"], ["ask"], ["serve", "--port", "70000"], ["ask", "x", "--aspect", "1:1"], ["persona"]]
)
def test_what_makes_no_sense_is_refused_with_usage(typed: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(typed)
    assert end.value.code == 2 and "usage: greenroom" in capsys.readouterr().err


def test_a_bad_setting_is_named_and_its_value_is_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GREENROOM_PORT", "sk-not-a-port")
    load.cache_clear()
    try:
        assert cli.main(["doctor"]) == 1
    finally:
        load.cache_clear()
    told = capsys.readouterr().err.lower()
    assert "port" in told and "integer" in told and "sk-not" not in told


def test_a_taken_port_is_told_before_anything_starts() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(Unavailable, match=rf"Port {port} is taken. Another program has it.*--port {port + 1}"):
            listen("127.0.0.1", port)


def test_a_strange_address_is_told() -> None:
    with pytest.raises(Unavailable, match=r"no address nowhere\.invalid"):
        listen("nowhere.invalid", 0)


def test_addresses_can_be_followed() -> None:
    for host, shown in (("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::1", "[::1]")):
        with listen(host, 0) as bound:
            assert address_of(bound) == f"http://{shown}:{bound.getsockname()[1]}"


async def test_an_open_room_is_told_from_other_servers(served: Served) -> None:
    assert await asyncio.to_thread(is_room, served.base)
    assert not await asyncio.to_thread(is_room, "http://127.0.0.1:9")


def test_serve_opens_a_room_and_closes_it(tmp_path: Path) -> None:
    """The process says where it is once it is ready, answers there, and ends cleanly on a signal."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("GREENROOM_", "OPENAI_"))}
    clean |= {"GREENROOM_DATA_DIR": str(tmp_path / "var"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-P", "-m", "api.cli", "serve", "--port", "0"]
    server = subprocess.Popen(
        command, env=clean, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        assert line.startswith("The room is open at http://127.0.0.1:") and "ready in" in line, line
        address = line.split()[5]
        with urllib.request.urlopen(f"{address}/health", timeout=10) as answer:
            assert json.load(answer)["status"] == "ok"
        server.send_signal(signal.SIGINT)
        rest, _ = server.communicate(timeout=60)
    finally:
        server.kill()
        server.wait()
    assert "The room is closed." in rest and server.returncode == 0
    assert not (tmp_path / "var" / "postgres" / "data" / "postmaster.pid").exists()


def test_migrate_makes_the_database_and_then_finds_it_current(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import asyncio

    settings = Settings(_env_file=None, data_dir=tmp_path / "var")  # type: ignore[call-arg]
    args = cli.parser().parse_args(["migrate"])
    assert asyncio.run(migrate_command.run(settings, args)) == 0
    first = capsys.readouterr().out
    assert first.count("applied ") == len(list((ROOT / "supabase" / "migrations").glob("*.sql")))
    assert asyncio.run(migrate_command.run(settings, args)) == 0
    assert "up to date" in capsys.readouterr().out
