"""Faces nobody has seen before are drawn in a process of their own: many CPU seconds, while the room talks on."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import structlog

from core.errors import Unavailable
from core.models import Aspect, Persona
from media.face import atlas

log = structlog.get_logger()

NICENESS = 10
LONGEST_SECONDS = 180


class FaceDrawings:
    """Folders of finished atlases. Each look is drawn once at a time, however many ask for it."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._drawing: dict[str, asyncio.Task[None]] = {}
        self._one_at_a_time = asyncio.Lock()

    async def folder(self, persona: Persona, aspect: Aspect) -> Path:
        """Where the finished atlas is: shipped, cached, or drawn now. Raises Unavailable when drawing fails."""
        found = atlas.find(persona.look, persona.id, aspect, self._cache)
        if found is not None:
            return found
        recipe = atlas.recipe(persona.look, aspect, atlas.HEIGHTS[aspect])
        task = self._drawing.get(recipe)
        if task is None:
            task = self._drawing[recipe] = asyncio.create_task(self._draw(persona, aspect))
            task.add_done_callback(lambda done: self._drawing.pop(recipe, None))
        await asyncio.shield(task)
        found = atlas.find(persona.look, persona.id, aspect, self._cache)
        if found is None:
            raise Unavailable(f"{persona.name}'s face could not be drawn.")
        return found

    @property
    def drawing(self) -> int:
        """How many looks are being drawn, or wait for it."""
        return len(self._drawing)

    async def close(self) -> None:
        """End what is being drawn."""
        tasks = list(self._drawing.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _draw(self, persona: Persona, aspect: Aspect) -> None:
        async with self._one_at_a_time:
            log.info("face.drawing", persona=persona.id, aspect=aspect)
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "jobs.face"),
                stdin=asyncio.subprocess.PIPE,
                cwd=Path(__file__).resolve().parent.parent,
                env={k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "PYTHONPATH", "LANG", "TMPDIR")},
            )
            job = {"persona": persona.model_dump(mode="json"), "aspect": aspect, "cache": str(self._cache.absolute())}
            try:
                async with asyncio.timeout(LONGEST_SECONDS):
                    await process.communicate(json.dumps(job).encode())
            except TimeoutError:
                raise Unavailable(f"{persona.name}'s face takes too long to draw.") from None
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
            if process.returncode:
                raise Unavailable(f"{persona.name}'s face could not be drawn.")


def main() -> None:
    """The drawing process: one JSON job on standard input."""
    job = json.loads(sys.stdin.buffer.read())
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    persona = Persona.model_validate(job["persona"])
    atlas.for_persona(persona, job["aspect"], Path(job["cache"]))


if __name__ == "__main__":
    main()
