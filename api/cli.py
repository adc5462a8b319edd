"""`greenroom serve | chat | ask | persona | migrate | doctor`: what the command line understands."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from pydantic import ValidationError

from core.errors import GreenroomError
from core.settings import Settings, load


def parser() -> argparse.ArgumentParser:
    """The whole grammar of the command line."""
    top = argparse.ArgumentParser(
        prog="greenroom", description="Talk to a persona that answers aloud with a face.", allow_abbrev=False
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="open the room: the page, the websocket and the REST doors")
    serve.add_argument("--host", help="address to listen on (127.0.0.1)")
    serve.add_argument("--port", type=_port, help="port to listen on (8040; 0 takes a free one)")
    serve.add_argument("--open", action=argparse.BooleanOptionalAction, help="open the page in a browser")

    chat = commands.add_parser("chat", help="talk in this terminal to a room that is open")
    chat.add_argument("--url", help="where the room is (http://127.0.0.1:8040)")
    chat.add_argument("--persona", help="who to talk to: an id such as jaz")
    chat.add_argument("--conversation", metavar="ID", help="go on with this conversation")

    ask = commands.add_parser("ask", help="ask one question without a running room; keeps nothing but the film")
    ask.add_argument("question")
    ask.add_argument("--persona", help="who answers: an id such as jaz")
    ask.add_argument("-o", "--output", type=Path, metavar="FILE.mp4", help="write the answer as a captioned film")
    ask.add_argument("--aspect", choices=("16:9", "9:16"), default="16:9", help="wide, or upright for phones")

    persona = commands.add_parser("persona", help="list, show or check personas")
    doing = persona.add_subparsers(dest="doing", required=True, metavar="list | show | check")
    doing.add_parser("list", help="who there is")
    show = doing.add_parser("show", help="everything about one persona")
    show.add_argument("id")
    check = doing.add_parser("check", help="read the texts over and ask the golden questions, offline")
    check.add_argument("id", nargs="*", help="only these")

    migrate = commands.add_parser("migrate", help="bring the database up to date: the embedded one, or DATABASE_URL")
    migrate.add_argument("--shim", action="store_true", help="first make Supabase's roles on a plain Postgres")

    commands.add_parser("doctor", help="what is installed, configured and missing, and what that means")
    return top


# command → the module with `async def run(settings, args) -> int`; imported only when asked for, so that help is quick
_ASYNC = {
    "chat": "api.chat",
    "ask": "api.ask",
    "persona": "api.persona_command",
    "migrate": "api.migrate_command",
    "doctor": "api.doctor",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit code: 0 done, 1 a problem that was told, 2 not understood, 130 interrupted."""
    args = parser().parse_args(argv)
    try:
        settings = load()
        if args.command == "serve":
            code: int = import_module("api.serve").run(settings, args)
        else:
            code = asyncio.run(import_module(_ASYNC[args.command]).run(settings, args))
    except ValidationError as error:
        print(_settings_problem(error), file=sys.stderr)
        return 1
    except GreenroomError as error:
        print(error.message, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _settings_problem(error: ValidationError) -> str:
    """What is wrong with a setting. The value stays out of it: it may be a key."""
    if error.title != Settings.__name__:
        raise error
    told = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_input=False)]
    return "A setting cannot be used. " + "; ".join(told)


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return port


if __name__ == "__main__":
    sys.exit(main())
