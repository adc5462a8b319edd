from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.serving import Served, serving


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """One real room for all tests of the doors: embedded Postgres, offline brain, offline voice."""
    async with serving(
        tmp_path_factory.mktemp("room"), messages_per_minute=100_000, sessions_per_minute=100_000
    ) as room:
        yield room


@pytest.fixture
def token(served: Served) -> str:
    return served.token()
