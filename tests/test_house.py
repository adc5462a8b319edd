"""The shape of the house: rules that a review would otherwise have to repeat, each with its reason."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest

from api import cli
from api.env_example import FILE, env_example, env_names
from core.settings import Settings

ROOT = Path(__file__).parent.parent
MAX_LINES = 400
GENERATED = {"web/src/wire/types.ts"}
LOCKS = ("requirements.lock", "requirements-dev.lock")
NPM_LOCKS = ("web/package-lock.json", "tests/e2e/chromium/package-lock.json")
PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md")])
ADDRESS = re.compile(r"https?://|git\+|file:")


def tracked(*suffixes: str) -> list[Path]:
    """Files git knows or would know, so that what is ignored is ignored here too."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found = [ROOT / line for line in listed.stdout.splitlines() if line.endswith(suffixes)]
    return [path for path in found if path.is_file()]


def test_no_file_is_longer_than_400_lines() -> None:
    """A longer file has two subjects: split it by what it is about, not by size."""
    files = tracked(".py", ".ts", ".tsx", ".css", ".sql", ".sh")
    assert len(files) > 100
    lengths = {path.relative_to(ROOT).as_posix(): len(path.read_text("utf-8").splitlines()) for path in files}
    assert {name: n for name, n in lengths.items() if n > MAX_LINES and name not in GENERATED} == {}


def test_supabase_is_a_folder_and_not_a_package() -> None:
    """With an __init__.py our folder would hide the library of the same name from every import."""
    assert (ROOT / "supabase" / "migrations").is_dir()
    assert not list((ROOT / "supabase").rglob("*.py"))


def test_no_installed_package_has_a_name_of_ours() -> None:
    """Our packages have plain top-level names, so a dependency that ships one of them would shadow or be shadowed."""
    ours = {path.parent.name for path in ROOT.glob("*/__init__.py")} | {"tests", "web"}
    assert {"agent", "api", "core", "tools", "prompts"} <= ours
    taken = {}
    for one in distributions():
        name = one.metadata["Name"].lower()
        tops = {file.parts[0].removesuffix(".py") for file in one.files or () if file.suffix == ".py"}
        if name != "greenroom" and tops & ours:
            taken[name] = sorted(tops & ours)
    assert taken == {}


def test_locks_hold_names_versions_and_hashes_only() -> None:
    """An address in a lock ties every installation to the machine it was made on."""
    for name in (*LOCKS, *NPM_LOCKS):
        text = (ROOT / name).read_text("utf-8")
        lines = [line for line in text.splitlines() if ADDRESS.search(line)]
        lines = [line for line in lines if '"url":' not in line]  # where a package asks for donations
        assert lines == [], name
        assert '"resolved"' not in text, name
    for name in LOCKS:
        assert not re.search(r"^--?(?:index|extra|find)", (ROOT / name).read_text("utf-8"), re.MULTILINE)


def test_every_locked_package_has_a_hash_and_both_locks_agree() -> None:
    """The development lock holds all of the other in the same versions: what is tested is what people install."""
    pins = {}
    for name in LOCKS:
        entries = re.split(r"\n(?=\S)", (ROOT / name).read_text("utf-8").strip())
        found = [re.match(r"([\w.-]+)(?:\[[^]]*\])?==(\S+)", entry) for entry in entries]
        assert all(found), name
        assert all("--hash=sha256:" in entry for entry in entries), name
        pins[name] = {(one[1], one[2]) for one in found if one}
    assert len(pins[LOCKS[0]]) > 50
    assert pins[LOCKS[0]] <= pins[LOCKS[1]]


def test_every_dependency_is_locked() -> None:
    """`make lock` was run after the last change of pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = {LOCKS[0]: project["dependencies"]}
    wanted[LOCKS[1]] = project["dependencies"] + project["optional-dependencies"]["dev"]
    for name, needs in wanted.items():
        locked = {line.split("==")[0].split("[")[0] for line in (ROOT / name).read_text().splitlines() if "==" in line}
        names = {re.split(r"[\[<>=;! ]", need)[0].lower().replace("_", "-") for need in needs}
        assert names - locked == set(), name


@pytest.mark.parametrize("name", NPM_LOCKS)
def test_every_optional_npm_package_is_in_the_lock(name: str) -> None:
    """`npm ci` refuses a lock without the binaries of other systems, which a registry may lack when it is written."""
    packages = json.loads((ROOT / name).read_text("utf-8"))["packages"]
    there = {path.rsplit("node_modules/", 1)[-1] for path in packages}
    asked = {need for package in packages.values() for need in package.get("optionalDependencies", {})}
    assert asked - there == set()
    assert all(package.get("integrity") or not path or package.get("link") for path, package in packages.items())


def test_env_example_is_up_to_date() -> None:
    """It is written by `python -m api.env_example`, so that it never tells of settings that are not there."""
    assert FILE.read_text("utf-8") == env_example()


def test_env_example_names_every_setting_and_no_secret() -> None:
    text = env_example()
    for name, field in Settings.model_fields.items():
        assert f"#{env_names(name, field)[0]}=" in text
    for line in text.splitlines():
        if "KEY=" in line or "SECRET=" in line or "DATABASE_URL=" in line:
            assert line.endswith("="), line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_what_the_docs_tell_to_type_exists(page: Path) -> None:
    """Commands, targets, modules and files in README and docs are real, so a reader can follow them."""
    text = page.read_text("utf-8")
    typed = "\n".join(
        re.findall(r"```(?:sh|bash|console)?\n(.*?)```", text, re.DOTALL) + re.findall(r"`([^`\n]+)`", text)
    )
    targets = set(re.findall(r"^([a-z0-9-]+):(?!=)", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for target in re.findall(r"(?<![\w-])make ([a-z][a-z0-9-]*)", typed):
        assert target in targets, f"make {target}"
    for line in re.findall(r"(?:^|[`\s/])greenroom ((?:serve|chat|ask|persona|migrate|doctor)\b[^\n|#`]*)", typed):
        command_is_understood(line)
    for line in re.findall(r"^\$? ?greenroom ([^\n|#]+)", typed, re.MULTILINE):
        command_is_understood(line)
    for module in re.findall(r"python3? -m ((?:api|tests|bench|media|prompts)[\w.]*)", typed):
        place = ROOT / module.replace(".", "/")
        assert place.with_suffix(".py").exists() or (place / "__main__.py").exists(), module


def command_is_understood(line: str) -> None:
    words = [word for word in shlex.split(line.strip()) if word != "…"]
    try:
        cli.parser().parse_args(words)
    except SystemExit as end:
        assert end.code == 0, f"greenroom {line}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_and_pictures_in_the_docs_are_there(page: Path) -> None:
    for link in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text("utf-8")):
        assert (page.parent / link).exists(), link
    for picture in re.findall(r'<img[^>]+src="([^":]+)"', page.read_text("utf-8")):
        assert (page.parent / picture).exists(), picture


def test_readme_maps_every_folder() -> None:
    folders = {path.relative_to(ROOT).parts[0] for path in tracked("") if len(path.relative_to(ROOT).parts) > 1}
    text = (ROOT / "README.md").read_text("utf-8")
    assert {name for name in folders if not name.startswith(".") and f"{name}/" not in text} == set()


def test_no_name_says_nothing() -> None:
    """A manager, helper or utility is a module nobody has found the noun for."""
    vague = re.compile(r"(?:^|_)(?:manager|helper|utils?|service|handler|misc|common)s?(?:_|$)")
    assert [path.name for path in tracked(".py", ".ts", ".tsx") if vague.search(path.stem.lower())] == []


def test_tests_wait_for_what_happens_and_skip_nothing() -> None:
    """A sleep is either too short on a slow machine or too long on a fast one; a skipped test is no test.

    Looking again every few hundredths of a second is no such sleep, nor is one that is there to be cancelled.
    """
    sleeps = re.compile(r"\bsleep\((\d[\d._]*)\)")
    skips = re.compile(r"pytest\.skip\(|mark\.skip\b|mark\.xfail|importorskip")
    found = set()
    for path in tracked(".py"):
        if not path.is_relative_to(ROOT / "tests") or path == Path(__file__):
            continue
        for line in path.read_text("utf-8").splitlines():
            if skips.search(line) or any(0.1 < float(seconds) < 60 for seconds in sleeps.findall(line)):
                found.add(f"{path.relative_to(ROOT)}: {line.strip()}")
    assert found == set()
