"""Personas as the page sees them, and the files of their faces."""

from __future__ import annotations

import asyncio
from pathlib import Path

from core.events import PersonaView
from core.models import Persona
from media.face import atlas

ASPECT = "16:9"


def view(persona: Persona) -> PersonaView:
    base = f"/atlas/{persona.id}/{recipe(persona)}"
    return PersonaView(
        id=persona.id,
        name=persona.name,
        role=persona.role,
        description=persona.description,
        hue=persona.hue,
        greeting=persona.greeting,
        starters=persona.starters,
        atlas_url=f"{base}/manifest.json",
        portrait_url=f"{base}/portrait.webp",
        mine=persona.owner is not None,
    )


def recipe(persona: Persona) -> str:
    """The short recipe hash in a face's address: a changed look is a new address, so caches never lie."""
    return atlas.recipe(persona.look, ASPECT)[:16]


async def folder(persona: Persona, cache: Path) -> Path:
    """Where the files of this persona's atlas are; built first when nobody has seen this look before."""
    return await asyncio.to_thread(atlas.folder_for, persona.id, persona.look, ASPECT, cache)
