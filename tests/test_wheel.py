"""The wheel: built from this checkout, installed on its own, it brings all it needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
INSIDE = """
import json
from importlib.resources import files
from pathlib import Path
import api, core, store
from api.page import dist
from media.face import atlas
from prompts import Personas
from store.migrate import migrations
looks = atlas.shipped_looks()
print(json.dumps({
    "from": sorted({str(Path(package.__file__).parent.parent) for package in (api, core, store)}),
    "page": (dist() / "index.html").is_file() and str(dist()),
    "migrations": [one.name for one in migrations()],
    "personas": [one.id for one in Personas().all()],
    "notes": {one.id: len(Personas().notes(one.id)) for one in Personas().all()},
    "faces": [name for name, look in looks.items() if atlas.find(look, name, "16:9", Path("none")) is not None],
    "template": (files("prompts") / "system.j2").is_file(),
}))
"""


@dataclass(frozen=True)
class Installed:
    wheel: Path
    bin: Path
    site: Path

    def run(self, *command: str, folder: Path) -> subprocess.CompletedProcess[str]:
        """A program of the environment, in an empty folder and without this checkout's settings or paths."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GREENROOM_"))}
        clean |= {"GREENROOM_DATA_DIR": str(folder / "var"), "GREENROOM_PORT": "0"}
        program = [str(self.bin / command[0]), *command[1:]]
        return subprocess.run(program, cwd=folder, env=clean, capture_output=True, text=True, timeout=240)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Built by hatchling, installed without its dependencies: a .pth file lends it the ones of this environment."""
    made = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]
    build = ["wheel", "--no-deps", "--no-build-isolation", "-q", "-w", str(made), str(ROOT)]
    subprocess.run([*pip, *build], check=True, cwd=made)
    (wheel,) = made.glob("greenroom-*.whl")
    home = made / "env"
    venv.create(home, with_pip=False, symlinks=True)
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(home), "platbase": str(home)}))
    subprocess.run(
        [*pip, f"--python={home / 'bin' / 'python'}", "install", "-q", "--no-deps", "--no-index", str(wheel)],
        check=True,
    )
    ours = Path(sysconfig.get_path("purelib"))
    (site / "lent.pth").write_text(f"{ours}\n", "utf-8")
    return Installed(wheel, home / "bin", site)


def test_it_holds_our_packages_and_nothing_else(installed: Installed) -> None:
    names = zipfile.ZipFile(installed.wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    packages = {"agent", "api", "core", "jobs", "media", "prompts", "providers", "store", "tools"}
    assert tops == packages | {next(top for top in tops if top.endswith(".dist-info"))}
    assert not [name for name in names if "__pycache__" in name or name.endswith((".pyc", ".env", ".map"))]
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_it_finds_its_own_files(installed: Installed, tmp_path: Path) -> None:
    done = installed.run("python", "-c", INSIDE, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["from"] == [str(installed.site)]
    assert told["page"] == str(installed.site / "api" / "static")
    assert told["migrations"] == sorted(path.name for path in (ROOT / "supabase" / "migrations").glob("*.sql"))
    assert {"jaz", "marcus", "sarah", "alex", "jenniel"} <= set(told["personas"])
    assert all(told["notes"][name] >= 25 for name in told["personas"])
    assert set(told["faces"]) == set(told["personas"])
    assert told["template"] is True


def test_its_doctor_finds_everything_working(installed: Installed, tmp_path: Path) -> None:
    done = installed.run("greenroom", "doctor", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    for part in ("page", "personas", "faces", "database", "voice", "films"):
        assert any(line.startswith(f"ok   {part}") for line in done.stdout.splitlines()), done.stdout
