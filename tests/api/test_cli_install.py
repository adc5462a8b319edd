"""`python3 -m api.install`: an environment from a lock, made once and mended when it has to be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from api import install
from api.install import CannotInstall

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with locks that name nothing, so that nothing is fetched."""
    folder = tmp_path_factory.mktemp("a checkout")
    for name in install.LOCKS.values():
        (folder / name).write_text("# nothing\n")
    (folder / "api").symlink_to(ROOT / "api")
    return folder


def test_an_environment_is_made_once(checkout: Path) -> None:
    venv = checkout / ".venv"
    assert install.install(venv, root=checkout)
    made = (venv / "pyvenv.cfg").stat().st_mtime_ns
    assert not install.install(venv, root=checkout)
    (checkout / "requirements.lock").write_text("# nothing else\n")
    assert install.install(venv, root=checkout)
    assert (venv / "pyvenv.cfg").stat().st_mtime_ns == made, "the environment itself is kept"


def test_the_development_lock_serves_for_both(checkout: Path) -> None:
    venv = checkout / ".venv"
    assert install.install(venv, dev=True, root=checkout)
    assert not install.install(venv, root=checkout)
    (checkout / "requirements-dev.lock").write_text("# changed\n")
    assert install.install(venv, dev=True, root=checkout)


def test_it_puts_the_checkout_on_the_path_and_the_command_beside_python(checkout: Path, tmp_path: Path) -> None:
    """From any folder, also one that has an `api` of its own."""
    venv = checkout / ".venv"
    install.install(venv, root=checkout)
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "__init__.py").write_text("raise SystemExit('the wrong api')")
    where = "import api; print(api.__file__)"
    done = subprocess.run(
        [venv / "bin" / "python", "-P", "-c", where], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert Path(done.stdout.strip()) == checkout / "api" / "__init__.py"
    launcher = (venv / "bin" / "greenroom").read_text()
    assert "-P -m api.cli" in launcher and str(checkout) not in launcher


def test_a_broken_environment_is_made_again(checkout: Path) -> None:
    venv = checkout / ".venv"
    (venv / "bin" / "python").unlink()
    assert install.install(venv, root=checkout)
    subprocess.run([venv / "bin" / "python", "-c", "import pip"], check=True)


def test_a_failed_installation_is_tried_again(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    venv = checkout / ".venv"
    lock = checkout / "requirements.lock"
    lock.write_text("surely-not-a-package==1 --hash=sha256:" + "0" * 64 + "\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    for _ in range(2):
        with pytest.raises(CannotInstall, match="could not be installed"):
            install.install(venv, root=checkout)
    lock.write_text("# nothing\n")
    assert install.install(venv, root=checkout)


def test_an_old_python_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    with pytest.raises(CannotInstall, match=r"needs Python 3\.11 or newer and this is 3\.9.*PYTHON="):
        install.install(tmp_path)
