"""Every knob: its default, its environment name, and every limit by name. Read from the environment and `.env`.

Names are `GREENROOM_<FIELD>` unless an alias says otherwise. Keys are secrets: they are never logged or sent.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="GREENROOM_", env_file=".env", extra="ignore", frozen=True)

    # where and how the room is served
    host: str = Field(default="127.0.0.1", description="Address to listen on; local sign-in works on loopback only.")
    port: int = Field(default=8040, ge=0, le=65535)
    origins: tuple[str, ...] = Field(
        default=(), description="Further allowed web origins, e.g. https://room.example.org"
    )
    open_browser: bool = Field(default=False, description="Open the page when the server is up.")
    data_dir: Path = Field(default=Path("var"), description="Database, made films, caches, the local signing secret.")
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    # database
    database_url: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("GREENROOM_DATABASE_URL", "DATABASE_URL"),
        description="A Postgres to use instead of the embedded one.",
    )
    postgres_version: Literal[16, 18] = Field(default=16, description="Version of the embedded Postgres.")
    pool_size: int = Field(default=16, ge=2)

    # who signs people in
    jwt_secret: SecretStr | None = Field(default=None, description="HS256 secret; a local one is made when unset.")
    jwt_issuer: str = "greenroom-local"
    session_seconds: int = Field(default=3600, ge=60)

    # the brain
    openai_api_key: SecretStr | None = Field(default=None, validation_alias=AliasChoices("OPENAI_API_KEY"))
    openai_base_url: str | None = Field(default=None, validation_alias=AliasChoices("OPENAI_BASE_URL"))
    openai_model: str = Field(
        default="gpt-5-mini", validation_alias=AliasChoices("GREENROOM_OPENAI_MODEL", "OPENAI_MODEL")
    )
    brain: Literal["auto", "offline", "openai"] = Field(
        default="auto", description="auto: OpenAI-compatible when a key or base URL is set, else offline."
    )
    brain_timeout_seconds: float = Field(default=30, gt=0)
    brain_call_budget: int = Field(default=8, ge=1, description="Model calls per turn; then a plain answer is forced.")
    history_messages: int = Field(default=60, ge=4, description="Messages of history a model is shown.")

    # personas
    avatar_system_prompt: str | None = Field(
        default=None, validation_alias=AliasChoices("AVATAR_SYSTEM_PROMPT"), description="Defines one more persona."
    )
    personas: Path | None = Field(default=None, description="A folder of further persona YAML and notes.")
    default_persona: str = "jaz"

    # the voice
    voice_engine: Literal["espeak", "piper", "os"] = Field(default="espeak", description="espeak works everywhere.")
    piper_voice: Path | None = Field(
        default=None, description="A Piper voice file, .onnx with its .onnx.json beside it."
    )
    piper_command: str | None = Field(default=None, description="The piper program; found on PATH when unset.")
    os_voice_command: str | None = Field(default=None, description="say, flite or text2wave; found when unset.")
    speech_workers: int = Field(default=2, ge=1, le=16)

    # films
    render_workers: int = Field(default=1, ge=1, le=16)
    render_attempts: int = Field(default=3, ge=1)
    max_reply_seconds: int = Field(default=180, description="Longest reply that is kept as a film.")

    # limits
    max_message_chars: int = Field(default=20_000, ge=1, le=20_000)
    max_frame_bytes: int = Field(default=131_072, description="Largest websocket frame a browser may send.")
    max_body_bytes: int = Field(default=1_048_576, description="Largest REST body.")
    max_outbox_bytes: int = Field(default=1_000_000, description="A socket that reads too slowly is cut above this.")
    max_speech_ahead_ms: int = Field(default=20_000, description="Speech waits while a browser holds more than this.")
    max_sockets_per_user: int = Field(default=16, ge=1)
    max_pending_sockets: int = Field(default=64, ge=1, description="Sockets that have not said hello, per address.")
    hello_seconds: float = Field(default=5, gt=0)
    heartbeat_ms: int = Field(default=15_000, ge=50)
    messages_per_minute: int = Field(default=60, ge=1, description="Questions per user and minute.")
    commands_per_second: int = Field(default=40, ge=1, description="Websocket frames per socket and second.")
    sessions_per_minute: int = Field(default=120, ge=1, description="Local sign-ins per minute.")
    replay_events: int = Field(default=500, ge=1, description="Kept events replayed before a snapshot is sent instead.")
    max_memories: int = Field(default=200, ge=1)
    max_persona_bytes: int = Field(default=65_536)
    max_notes_bytes: int = Field(default=524_288)

    @property
    def uses_openai(self) -> bool:
        if self.brain == "auto":
            return self.openai_api_key is not None or self.openai_base_url is not None
        return self.brain == "openai"


@cache
def load() -> Settings:
    """The process's settings, read once."""
    return Settings()
