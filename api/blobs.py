"""Files: faces (public, immutable) and made videos (signed addresses, with Range)."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, Response

from api.auth import backstage
from api.personas import ASPECT, recipe
from core.errors import NotFound
from store import render as renders
from store.links import KINDS

router = APIRouter()

FACE_FILE = re.compile(r"[a-z0-9_-]{1,64}\.(json|webp|png)")
PERSONA_ID = re.compile(r"[^\0]{1,64}")
IMMUTABLE = {"cache-control": "public, max-age=31536000, immutable"}
TYPES = {"json": "application/json", "webp": "image/webp", "png": "image/png"}


@router.get("/atlas/{persona_id}/{recipe_hash}/{name}", tags=["faces"])
async def atlas_file(request: Request, persona_id: str, recipe_hash: str, name: str) -> Response:
    """One file of a persona's face atlas. The address holds the look's recipe hash, so it never changes."""
    back = backstage(request)
    match = FACE_FILE.fullmatch(name)
    persona = await back.find_persona(persona_id) if match and PERSONA_ID.fullmatch(persona_id) else None
    if match is None or persona is None or recipe(persona) != recipe_hash:
        raise NotFound("There is no such face.")
    path = await back.faces.folder(persona, ASPECT) / name
    if not path.is_file():
        raise NotFound("There is no such face.")
    return FileResponse(path, media_type=TYPES[match[1]], headers=IMMUTABLE)


@router.get("/api/videos/{render_id}.{kind}", tags=["videos"])
@router.head("/api/videos/{render_id}.{kind}", include_in_schema=False)
async def video(
    request: Request, render_id: str, kind: str, k: Annotated[str, Query(max_length=64)] = "", download: bool = False
) -> Response:
    """A made video, its poster (jpg) or captions (vtt, srt). `k` is the signature its card carries."""
    back = backstage(request)
    if kind not in KINDS or not back.links.valid(render_id, k):
        raise NotFound("There is no such video, or the address is not complete.")
    async with back.db.as_service() as conn:
        made = await renders.get(conn, render_id)
    digest = {"mp4": made.digest, "jpg": made.poster, "vtt": made.captions, "srt": made.subtitles}[kind]
    if made.state != "ready" or digest is None:
        raise NotFound("That video isn't ready.")
    name = f"greenroom-{made.aspect.replace(':', 'x')}-{made.id[:8]}.{kind}"
    return FileResponse(
        back.blobs.path(digest),
        media_type=KINDS[kind],
        filename=name,
        content_disposition_type="attachment" if download else "inline",
        headers={"cache-control": "private, max-age=31536000, immutable", "accept-ranges": "bytes"},
    )
