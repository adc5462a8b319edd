"""Who may import whom (docs/decisions/0001): the contracts of pyproject.toml hold, and each of them can fail."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
PYPROJECT = ROOT / "pyproject.toml"
SHARED = {"providers.ports", "providers.catalog", "providers.brains", "providers.program", "providers.http"}
"""What vendors' files have in common: the ports, the choice among them, and what runs a program."""

# contract → (module, an import it must not have)
PLANTED = {
    "layers": ("store/planted.py", "import tools.registry"),
    "graph": ("tools/planted.py", "import langgraph"),
    "chat-adapters": ("tools/planted.py", "from langchain_core import messages"),
    "wire": ("agent/planted.py", "import fastapi"),
    "database": ("agent/planted.py", "import psycopg"),
    "vendors": ("tools/planted.py", "import httpx"),
    "no-vendor-meets-a-vendor": ("providers/local.py", "import providers.openai"),
    "pictures-and-sound": ("providers/planted.py", "import av"),
    "core": ("core/planted.py", "import time"),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    program = "from importlinter.cli import lint_imports_command as run; run(['--no-cache'])"
    return subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True)


def settings() -> dict[str, object]:
    held: dict[str, object] = tomllib.loads(PYPROJECT.read_text("utf-8"))["tool"]["importlinter"]
    return held


def contracts() -> dict[str, dict[str, object]]:
    return {str(one["id"]): one for one in settings()["contracts"]}  # type: ignore[attr-defined]


def test_the_contracts_hold() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_contract_has_a_planted_violation() -> None:
    assert set(PLANTED) == set(contracts())


def test_a_planted_violation_of_each_contract_is_caught(tmp_path: Path) -> None:
    """A contract that names a folder or a package wrongly holds forever; each one must be seen to break."""
    for package in settings()["root_packages"]:  # type: ignore[attr-defined]
        shutil.copytree(ROOT / package, tmp_path / package, ignore=lambda _, names: not_python(names))
    shutil.copy(PYPROJECT, tmp_path)
    for module, violation in PLANTED.values():
        with (tmp_path / module).open("a") as file:
            file.write(f"\n{violation}\n")
    done = lint(tmp_path)
    assert done.returncode == 1
    for id, contract in contracts().items():
        assert f"{contract['name']} BROKEN" in " ".join(done.stdout.split()), f"{id} was not caught:\n{done.stdout}"


def not_python(names: list[str]) -> list[str]:
    return [name for name in names if "." in name and not name.endswith(".py")] + ["__pycache__", "shipped", "fonts"]


def test_every_vendor_is_in_the_contract() -> None:
    """A new file in providers/ is a vendor's, to be kept apart from the others, unless it is named above as shared."""
    files = {
        f"providers.{path.stem}"
        for path in (ROOT / "providers").iterdir()
        if (path.suffix == ".py" and path.stem != "__init__") or (path / "__init__.py").exists()
    }
    assert files - SHARED == set(contracts()["no-vendor-meets-a-vendor"]["modules"])  # type: ignore[call-overload]


def test_a_new_top_level_package_is_under_contract() -> None:
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert found - {"bench"} == set(settings()["root_packages"])  # type: ignore[call-overload]
