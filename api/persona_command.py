"""`greenroom persona list | show | check`."""

from __future__ import annotations

import argparse
import sys
import textwrap

import yaml

from api.ask import own_room
from api.persona_check import Finding, Result, check, read_golden
from core.models import Persona
from core.settings import Settings
from prompts import SHIPPED, Limits, Personas

UNLIMITED = 1_000_000


async def run(settings: Settings, args: argparse.Namespace) -> int:
    if args.doing == "check":
        return await run_check(settings, args.id)
    cast = Personas(
        extra_prompt=settings.avatar_system_prompt,
        extra_folder=settings.personas,
        limits=Limits(persona_bytes=settings.max_persona_bytes, notes_bytes=settings.max_notes_bytes),
    )
    if args.doing == "list":
        for one in cast.all():
            print(f"{one.id:<12} {one.name:<20} {one.role}")
    else:
        show(cast, cast.get(args.id))
    for problem in cast.problems().values():
        print(problem, file=sys.stderr)
    return 0


def show(cast: Personas, persona: Persona) -> None:
    """The persona as YAML, then the headings of what it knows."""
    document = persona.model_dump(mode="json", exclude={"owner"})
    print(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100), end="")
    notes = cast.notes(persona.id)
    print(f"\n# {len(notes)} notes")
    for note in notes:
        print(f"#   {note.heading}")


async def run_check(settings: Settings, ids: list[str]) -> int:
    """Exit code 1 when anything was found."""
    folders = [SHIPPED / "golden", *([settings.personas / "golden"] if settings.personas else [])]
    golden = read_golden(folders)
    async with own_room(settings, brain="offline", messages_per_minute=UNLIMITED) as (back, rooms):
        personas = [back.personas.get(id) for id in ids] or list(back.personas.all())
        results = await check(back, rooms, personas, golden)
        named = zip([*(persona.name for persona in personas), "Small talk"], results, strict=True)
        failed = sum(tell(name, result) for name, result in named)
        files = back.personas.problems()
    for problem in files.values():
        print(problem)
    return 1 if failed or files else 0


def tell(name: str, result: Result) -> int:
    """Print one result; how many findings it has."""
    found = len(result.findings)
    print(f"{name}: {result.checked} checks, " + ("all good" if not found else f"{found} to mend"))
    for finding in result.findings:
        print(textwrap.indent(describe(finding), "  "))
    return found


def describe(finding: Finding) -> str:
    lines = [f"{finding.where}: {finding.problem}"]
    if finding.ask:
        lines.append(f"  asked  {textwrap.shorten(finding.ask, 160)}")
    if finding.said:
        lines.append(f"  said   {textwrap.shorten(finding.said, 240)}")
    return "\n".join(lines)
