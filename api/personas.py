"""Personas as the page sees them, and where their faces are."""

from __future__ import annotations

from core.events import PersonaView
from core.models import Aspect, Persona
from media.face import atlas

ASPECT: Aspect = "16:9"
HASH_CHARS = 16


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
    return atlas.recipe(persona.look, ASPECT, atlas.HEIGHTS[ASPECT])[:HASH_CHARS]
