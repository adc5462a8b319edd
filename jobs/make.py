"""One frozen recipe → one film on disk. Knows neither rows nor who asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from core.errors import InvalidInput, TooLarge
from core.models import Aspect, Look, Persona, PersonaPrompt, Voice
from core.settings import Settings
from core.speech import PoseTrack, Spoken
from media import captions, clip, codec
from media.face import atlas as faces
from media.face import paint, pose
from media.lettering import NameTag
from media.text import StreamSegmenter
from media.viseme import visemes
from providers import catalog
from providers.ports import Speech

FILM, POSTER, VTT, SRT = "film.mp4", "poster.jpg", "captions.vtt", "captions.srt"

SPEAKING_SHARE = 0.04
DRAWING_SHARE = 0.3
"""Shares of the progress bar; drawing a face counts only when it was never drawn before."""

Report = Callable[[str, float], None]
"""(stage in words for people, share 0..1 of the whole job)."""


class Recipe(BaseModel):
    """Everything that decides what a reply's film is. Equal recipes give equal films."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    clip_version: int = clip.CLIP_VERSION
    art: str
    """Recipe of the face atlas, so that newer art is another film."""
    text: str
    """The reply's markdown."""
    persona_id: str
    name: str
    role: str
    voice: Voice
    voice_engine: str
    look: Look
    aspect: Aspect

    def freeze(self) -> bytes:
        """The bytes whose SHA-256 is the render's key."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":")).encode()

    @property
    def key(self) -> str:
        return hashlib.sha256(self.freeze()).hexdigest()


class MadeReply(BaseModel):
    """What lies in the folder now: `FILM`, `POSTER`, `VTT` and `SRT`."""

    seconds: float
    frames: int
    width: int
    height: int


def write_recipe(text: str, persona: Persona, aspect: Aspect, settings: Settings) -> Recipe:
    """Freeze a reply as `persona` would say it now. Raises InvalidInput when there is nothing to say."""
    if not text.strip():
        raise InvalidInput("There is nothing to say in this film.")
    engine: str = settings.voice_engine
    if engine == "piper":
        engine += f":{persona.voice.piper or settings.piper_voice or ''}"
    return Recipe(
        art=faces.recipe(persona.look, aspect, faces.HEIGHTS[aspect]),
        text=text,
        persona_id=persona.id,
        name=persona.name,
        role=persona.role,
        voice=persona.voice,
        voice_engine=engine,
        look=persona.look,
        aspect=aspect,
    )


async def make_reply(recipe: Recipe, folder: Path, settings: Settings, report: Report) -> MadeReply:
    """Speak, draw and render into `folder`. Raises TooLarge for a reply that would be too long a film."""
    report("Speaking", 0.0)
    utterances = await _speak(recipe, settings)
    report("Drawing the face", SPEAKING_SHARE)
    persona = Persona(
        id=recipe.persona_id, name=recipe.name, role=recipe.role, look=recipe.look, prompt=PersonaPrompt(identity="")
    )
    cache = settings.data_dir / "faces"
    drawn = SPEAKING_SHARE
    if faces.find(persona.look, persona.id, recipe.aspect, cache) is None:
        drawn += DRAWING_SHARE
        _draw_face(recipe, cache, lambda share: report("Drawing the face", SPEAKING_SHARE + DRAWING_SHARE * share))
    atlas = faces.for_persona(persona, recipe.aspect, cache)
    timetable = clip.arrange([spoken for spoken, _ in utterances])
    cues = captions.build_cues(clip.caption_tokens([spoken for spoken, _ in utterances], timetable))
    (folder / VTT).write_text(captions.write_webvtt(cues, note=codec.DISCLOSURE), encoding="utf-8")
    (folder / SRT).write_text(captions.write_srt(cues), encoding="utf-8")
    facts = clip.render_reply(
        folder / FILM,
        painter=paint.Painter(atlas),
        idle=pose.idle(seed=int(atlas.recipe[:8], 16)),
        utterances=utterances,
        aspect=recipe.aspect,
        name_tag=NameTag(recipe.name, recipe.role, recipe.look.accent),
        title=f"{recipe.name}: {utterances[0][0].text}"[:120],
        poster_path=folder / POSTER,
        on_progress=lambda share: report("Rendering", drawn + (1 - drawn) * share),
    )
    return MadeReply(seconds=facts.seconds, frames=facts.frames, width=facts.width, height=facts.height)


async def _speak(recipe: Recipe, settings: Settings) -> list[tuple[Spoken, PoseTrack]]:
    segmenter = StreamSegmenter(recipe.voice.language[:2])
    texts = [segment.text for segment in [*segmenter.push(recipe.text), *segmenter.flush()]]
    voice: Speech = catalog.speech(settings)
    said: list[Spoken] = []
    try:
        for text in texts:
            spoken = await voice.speak(text, recipe.voice)
            said.append(spoken)
            if sum(one.seconds for one in said) > settings.max_reply_seconds:
                minutes = settings.max_reply_seconds / 60
                raise TooLarge(f"That reply is too long for a film: at most {minutes:g} minutes can be kept.")
    finally:
        await voice.close()
    if not any(one.words for one in said):
        raise InvalidInput("There is nothing to say in that reply.")
    seed = int(recipe.key[:8], 16)
    starts = clip.arrange(said).starts
    return [
        (
            spoken,
            pose.track(
                visemes(spoken.phonemes, spoken.seconds), spoken.seconds, fps=codec.FPS, seed=seed, start_frame=start
            ),
        )
        for spoken, start in zip(said, starts, strict=True)
    ]


def _draw_face(recipe: Recipe, cache: Path, progress: Callable[[float], None]) -> None:
    """Draw every sprite of a face that was never drawn, and keep it for the next film and for the room."""
    atlas = faces.build(recipe.look, recipe.aspect)
    missing = range(len(faces.PAIRS))
    for index in missing:
        atlas.mouth(index)
        progress(index / len(missing))
    faces.keep(atlas, cache)
