from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.serving import Served, serving

KEY = "sk-secret-of-the-room-0123456789"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def modelled(tmp_path_factory: pytest.TempPathFactory, llmock_server: Any) -> AsyncIterator[Served]:
    """A room whose brain is a language model: an OpenAI-compatible emulator on loopback."""
    async with serving(
        tmp_path_factory.mktemp("modelled"),
        OPENAI_API_KEY=KEY,
        OPENAI_BASE_URL=llmock_server.base_url("openai"),
        OPENAI_MODEL="room-1",
        messages_per_minute=100_000,
    ) as room:
        yield room
