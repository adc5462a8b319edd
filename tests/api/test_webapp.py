"""The page is built when its sources changed, and only then."""

from __future__ import annotations

from pathlib import Path

import pytest

from api import webapp
from core.errors import Unavailable


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    web = tmp_path / "web"
    (web / "src").mkdir(parents=True)
    for name in webapp.INPUTS:
        (web / name).write_text(name)
    (web / "src" / "main.tsx").write_text("hello")
    monkeypatch.setattr(webapp, "WEB", web)
    monkeypatch.setattr(webapp, "DIST", web / "dist")
    monkeypatch.setattr(webapp, "STAMP", web / "dist" / ".stamp")
    monkeypatch.setattr(webapp, "PACKAGES_STAMP", web / "node_modules" / ".lock-sha256")
    return web


@pytest.fixture
def steps(site: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The steps taken, each played by a tool that leaves what the real one would."""
    taken: list[str] = []

    def run(command: list[str], purpose: str) -> None:
        step = next(word for word in command if word in ("ci", "--noEmit", "build"))
        taken.append(step)
        if step == "ci":
            (site / "node_modules").mkdir(exist_ok=True)
        if step == "build":
            (site / "dist").mkdir(exist_ok=True)
            (site / "dist" / "index.html").write_text("page")

    monkeypatch.setattr(webapp, "_run", run)
    return taken


def test_installs_checks_and_builds_once(steps: list[str]) -> None:
    webapp.build()
    assert steps == ["ci", "--noEmit", "build"]
    webapp.build()
    assert steps == ["ci", "--noEmit", "build"]


def test_a_changed_source_builds_again_without_installing(site: Path, steps: list[str]) -> None:
    webapp.build()
    (site / "src" / "main.tsx").write_text("hello again")
    webapp.build()
    assert steps[3:] == ["--noEmit", "build"]


def test_a_changed_lock_installs_again(site: Path, steps: list[str]) -> None:
    webapp.build()
    (site / "package-lock.json").write_text("other")
    webapp.build()
    assert steps[3:] == ["ci", "--noEmit", "build"]


def test_a_test_file_is_not_part_of_the_page(site: Path, steps: list[str]) -> None:
    webapp.build()
    (site / "src" / "main.test.ts").write_text("expect")
    webapp.build()
    assert len(steps) == 3


def test_a_renamed_file_changes_the_digest(site: Path) -> None:
    before = webapp.source_digest()
    (site / "src" / "main.tsx").rename(site / "src" / "other.tsx")
    assert webapp.source_digest() != before


def test_force_builds_what_is_current(steps: list[str]) -> None:
    webapp.build()
    webapp.build(force=True)
    assert steps.count("build") == 2


def test_a_failing_tool_is_quoted(site: Path) -> None:
    with pytest.raises(Unavailable, match=r"(?s)Could not try.*boom"):
        webapp._run([str(webapp.node_program()), "-e", "console.error('boom'); process.exit(3)"], "try")
