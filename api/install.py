"""Sets the checkout up: a virtual environment with exactly what a lock names, and the `greenroom` command in it.

`python3 -m api.install [--dev]`, run by the Makefile with any Python ≥ 3.11; only the standard library is there yet.
Does nothing when the environment was made from this very lock.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
LOCKS = {False: "requirements.lock", True: "requirements-dev.lock"}
PIP = ("--no-input", "--disable-pip-version-check")
ASK = "import sys, sysconfig, pip; print(sysconfig.get_path('purelib'), sys.version.split()[0], sep='\\n')"
LAUNCHER = """#!/bin/sh
exec "$(dirname "$0")/python" -P -m api.cli "$@"
"""
"""-P keeps the folder one happens to stand in off the path; the .pth file puts this checkout on it."""


class CannotInstall(Exception):
    """Says in one sentence what is in the way."""


def install(venv: Path, *, dev: bool = False, root: Path = ROOT) -> bool:
    """Make `venv` hold what the lock in `root` names. True when something had to be installed. Raises CannotInstall."""
    if sys.version_info < OLDEST:
        have = ".".join(map(str, sys.version_info[:2]))
        raise CannotInstall(
            f"Greenroom needs Python 3.11 or newer and this is {have}. Name another one: make run PYTHON=python3.12"
        )
    python, site, version = _environment(venv)
    (site / "greenroom.pth").write_text(f"{root}\n", "utf-8")
    launcher = venv / "bin" / "greenroom"
    launcher.write_text(LAUNCHER, "utf-8")
    launcher.chmod(0o755)
    wanted = {name: _digest(root / name, version) for name in LOCKS.values()}
    lock = LOCKS[dev]
    # the development lock holds everything the other one does, in the same versions
    if any(_read(_stamp(venv, name)) == wanted[name] for name in {lock, LOCKS[True]}):
        return False
    for name in LOCKS.values():
        _stamp(venv, name).unlink(missing_ok=True)
    print(f"Installing what {lock} names; the first time takes about a minute.", flush=True)
    began = time.monotonic()
    _run(
        [str(python), "-m", "pip", "install", "-q", *PIP, "--require-hashes", "-r", str(root / lock)],
        f"Some packages could not be installed. {_HINT}",
    )
    _stamp(venv, lock).write_text(wanted[lock], "utf-8")
    print(f"Installed in {time.monotonic() - began:.0f} s.", flush=True)
    return True


_HINT = "Is the package index reachable? What pip said is above; run the same command to try again."


def _environment(venv: Path) -> tuple[Path, Path, str]:
    """The environment's Python, its packages folder and its version; made, or made again, when it does not work."""
    python = venv / "bin" / "python"
    for fresh in (False, True):
        if fresh:
            shutil.rmtree(venv, ignore_errors=True)
            _run(
                [sys.executable, "-m", "venv", str(venv)],
                "No virtual environment could be made. On Debian and Ubuntu: apt-get install python3-venv",
            )
        try:
            told = subprocess.run([str(python), "-c", ASK], capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        site, version = told.stdout.splitlines()
        if tuple(map(int, version.split(".")[:2])) >= OLDEST:
            return python, Path(site), version
    raise CannotInstall(f"The environment in {venv} does not work. Remove that folder and try again.")


def _stamp(venv: Path, lock: str) -> Path:
    return venv / f".{lock}.sha256"


def _digest(lock: Path, version: str) -> str:
    return hashlib.sha256(lock.read_bytes() + version.encode()).hexdigest()


def _read(path: Path) -> str | None:
    return path.read_text("utf-8") if path.exists() else None


def _run(command: list[str], problem: str) -> None:
    if subprocess.run(command, check=False).returncode != 0:
        raise CannotInstall(problem)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python3 -m api.install", description="Set the checkout up.")
    parser.add_argument("--dev", action="store_true", help="with everything the tests need")
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv", help="the environment's folder")
    args = parser.parse_args(argv)
    try:
        install(args.venv, dev=args.dev)
    except CannotInstall as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
