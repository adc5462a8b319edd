"""`greenroom doctor`: each part can be found working and can be found broken, and no secret is printed."""

from __future__ import annotations

import argparse
import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from pydantic import SecretStr

from api import doctor, doctor_parts, webapp
from core.settings import Settings

SECRET = "sk-very-secret-and-long"


def settings(folder: Path, **more: Any) -> Settings:
    return Settings(_env_file=None, data_dir=folder / "var", port=0, brain="offline", **more)  # type: ignore[call-arg]


@contextmanager
def vendor(status: int) -> Iterator[tuple[str, list[str]]]:
    """A server that answers every GET with `status`; its base URL and the authorisations it was shown."""
    shown: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shown.append(self.headers.get("authorization", ""))
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", shown
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def test_a_good_installation_is_told_part_by_part(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert await doctor.run(settings(tmp_path), argparse.Namespace()) == 0
    lines = capsys.readouterr().out.splitlines()
    parts = [line[5:15].strip() for line in lines if line[:5] in doctor.MARKS.values()]
    first = "python packages node page data personas faces database voice better"
    assert " ".join(parts) == f"{first} films brain port browser"
    assert lines[-1] == "Everything the room needs works."
    assert not (tmp_path / "var").exists()


async def test_what_is_broken_gives_exit_code_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = settings(tmp_path, voice_engine="piper", piper_voice=tmp_path / "none.onnx")
    monkeypatch.setattr(doctor_parts, "dist", lambda: tmp_path / "nowhere")
    assert await doctor.run(broken, argparse.Namespace()) == 1
    told = capsys.readouterr().out
    assert "FAIL page" in told and "make web" in told
    assert "FAIL better" in told
    assert "ok   voice" in told, "the offline voice works all the same"
    assert "2 parts do not work" in told


@pytest.mark.parametrize(
    ("status", "state", "says"),
    [
        (200, "ok", "answers"),
        (404, "ok", "can be reached"),
        (401, "broken", "refuses the key"),
        (503, "note", "has a fault now"),
    ],
)
def test_the_brain_is_asked_and_its_key_never_shown(tmp_path: Path, status: int, state: str, says: str) -> None:
    with vendor(status) as (base, shown):
        asked = settings(tmp_path).model_copy(
            update={"brain": "openai", "openai_base_url": base, "openai_api_key": SecretStr(SECRET)}
        )
        found = doctor_parts.check_brain(asked)
    assert (found.state, shown) == (state, [f"Bearer {SECRET}"])
    assert says in found.says and SECRET not in found.says


def test_a_brain_out_of_reach_is_worth_a_note(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{closed.getsockname()[1]}/v1"
        asked = settings(tmp_path).model_copy(
            update={"brain": "openai", "openai_base_url": base, "openai_api_key": SecretStr(SECRET)}
        )
        found = doctor_parts.check_brain(asked)
    assert found.state == "note" and "cannot be reached" in found.says and "offline rules" in found.says


def test_a_taken_port_is_broken_and_says_which_to_take(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        found = doctor_parts.check_port(settings(tmp_path).model_copy(update={"port": port}))
    assert found.state == "broken" and f"--port {port + 1}" in found.says


def test_a_folder_that_is_a_file_cannot_hold_data(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("")
    found = doctor_parts.check_data(settings(tmp_path))
    assert found.state == "broken" and "GREENROOM_DATA_DIR" in found.says


def test_missing_and_other_packages_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = tmp_path / "requirements.lock"
    monkeypatch.setattr(doctor_parts, "LOCK", lock)
    lock.write_text(
        "pydantic==0.1 \\\n    --hash=sha256:00\nnot-for-us==1 ; sys_platform == 'win32' \\\n    --hash=x\n"
    )
    found = doctor_parts.check_packages(settings(tmp_path))
    assert found.state == "note" and "pydantic" in found.says and "not-for-us" not in found.says
    lock.write_text("surely-not-installed==1 \\\n    --hash=sha256:00\n")
    found = doctor_parts.check_packages(settings(tmp_path))
    assert found.state == "broken" and "surely-not-installed" in found.says


def test_an_old_page_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webapp, "source_digest", lambda: "other")
    assert webapp.STAMP.exists(), "build the page first: make web"
    found = doctor_parts.check_page(settings(tmp_path))
    assert found.state == "note" and "make web" in found.says


async def test_a_database_out_of_reach_is_broken_without_its_password(tmp_path: Path) -> None:
    address = SecretStr(f"postgresql://postgres:{SECRET}@127.0.0.1:9/postgres?connect_timeout=2")
    async with asyncio.timeout(60):
        found = await doctor_parts.check_database(settings(tmp_path).model_copy(update={"database_url": address}))
    assert found.state == "broken" and SECRET not in found.says


def test_a_check_that_fails_by_surprise_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def surprise() -> None:
        raise RuntimeError("the disk is on fire")

    monkeypatch.setattr(webapp, "node_program", surprise)
    found = doctor_parts.check_node(settings(tmp_path))
    assert found.state == "broken" and "the disk is on fire" in found.says
