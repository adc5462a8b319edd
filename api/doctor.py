"""`greenroom doctor`: part by part, what is there, what is missing and what that means. Never prints a secret."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator

from api.doctor_parts import (
    Finding,
    check_brain,
    check_browser,
    check_data,
    check_database,
    check_encoder,
    check_faces,
    check_node,
    check_packages,
    check_page,
    check_personas,
    check_port,
    check_python,
    check_voice,
)
from core.settings import Settings

MARKS = {"ok": "ok   ", "note": "note ", "broken": "FAIL "}


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Every part in turn; none of them changes anything that stays."""
    for quick in (check_python, check_packages, check_node, check_page, check_data, check_personas, check_faces):
        yield await asyncio.to_thread(quick, settings)
    yield await check_database(settings)
    async for finding in check_voice(settings):
        yield finding
    for slow in (check_encoder, check_brain, check_port, check_browser):
        yield await asyncio.to_thread(slow, settings)


async def run(settings: Settings, args: argparse.Namespace) -> int:
    """Exit code 1 when something that is needed does not work."""
    broken = 0
    async for finding in examine(settings):
        print(f"{MARKS[finding.state]}{finding.part:<10} {finding.says}", flush=True)
        broken += finding.state == "broken"
    if broken:
        print(f"\n{broken} part{'s do' if broken > 1 else ' does'} not work; what to do stands beside it.")
    else:
        print("\nEverything the room needs works.")
    return 1 if broken else 0
