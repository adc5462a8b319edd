"""`greenroom migrate`: bring the database up to date without opening the room."""

from __future__ import annotations

import argparse
import asyncio

from core.errors import InvalidInput
from core.settings import Settings
from store.embedded import EmbeddedPostgres
from store.migrate import apply_shim, migrate


async def run(settings: Settings, args: argparse.Namespace) -> int:
    if settings.database_url is not None:
        url = settings.database_url.get_secret_value()
        if args.shim:
            print("Supabase's roles and auth schema: " + ("made." if await apply_shim(url) else "there already."))
        return _tell(await migrate(url), "DATABASE_URL")
    if args.shim:
        raise InvalidInput("--shim is for a Postgres of your own: set DATABASE_URL. The embedded one has it already.")
    cluster = EmbeddedPostgres(settings.data_dir / "postgres", settings.postgres_version)
    await asyncio.to_thread(cluster.start)
    try:
        return _tell(await migrate(cluster), str(cluster.folder))
    finally:
        await asyncio.to_thread(cluster.stop)


def _tell(ran: tuple[str, ...], where: str) -> int:
    for name in ran:
        print(f"applied {name}")
    print(f"{where}: {len(ran)} migration{'s' if len(ran) != 1 else ''} applied." if ran else f"{where}: up to date.")
    return 0
