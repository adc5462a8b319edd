"""`/health`: is the room working, part by part."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from api.auth import backstage
from core.errors import GreenroomError

router = APIRouter(tags=["health"])

DATABASE_SECONDS = 1
"""People wait ten seconds for a database that restarts; who asks whether it is there does not."""


@router.get("/health")
async def health(request: Request) -> JSONResponse:
    """200 when the room can answer, 503 when it can't; the parts say why. Holds no secrets."""
    back = backstage(request)
    try:
        database: dict[str, object] = {"status": "ok", "ms": round(await back.ping(DATABASE_SECONDS), 1)}
    except (GreenroomError, OSError) as error:
        database = {"status": "down", "detail": str(error)}
    problems = back.personas.problems()
    body = {
        "status": "ok" if database["status"] == "ok" else "down",
        "build": request.app.state.build,
        "brain": back.brain,
        "voice": back.speech.name,
        "database": database,
        "personas": {
            "status": "ok" if not problems else "warning",
            "problems": {str(k): v for k, v in problems.items()},
        },
        "renders": {"running": len(back.renders.pids)},
        "sockets": request.app.state.door.sockets,
    }
    return JSONResponse(body, 200 if database["status"] == "ok" else 503, headers={"cache-control": "no-store"})
