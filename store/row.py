"""Between rows and nouns: ids in, JSON out. Everything a row keeps passes through here once."""

from __future__ import annotations

from typing import Any, TypeAlias, TypeVar
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from pydantic import BaseModel
from pydantic_core import PydanticSerializationError

from core.errors import InvalidInput, NotFound

Connection: TypeAlias = AsyncConnection[TupleRow]
"""A connection with a transaction open under somebody's role. Code that is given one never commits."""

M = TypeVar("M", bound=BaseModel)


def known_uuid(text: str, what: str) -> UUID:
    """The id of something looked up. Raises NotFound when it cannot be anybody's."""
    try:
        return UUID(text)
    except (ValueError, AttributeError, TypeError) as error:
        raise NotFound(f"There is no such {what}.") from error


def new_uuid(text: str, what: str) -> UUID:
    """The id of something being written. Raises InvalidInput when it is not a UUID."""
    try:
        return UUID(text)
    except (ValueError, AttributeError, TypeError) as error:
        raise InvalidInput(f"The id of a {what} must be a UUID.") from error


def storable(model: M) -> M:
    """The same noun without U+0000, the one character Postgres cannot keep. Raises InvalidInput on broken Unicode."""
    try:
        plain = "\\u0000" not in model.model_dump_json()
    except (PydanticSerializationError, UnicodeEncodeError) as error:
        raise InvalidInput("The text contains broken characters and cannot be kept.") from error
    return model if plain else type(model).model_validate(_without_nul(model.model_dump()))


def clean(text: str) -> str:
    """`storable` for a bare string."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput("The text contains broken characters and cannot be kept.") from error
    return text.replace("\0", "")


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, dict):
        return {key: _without_nul(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nul(item) for item in value]
    return value
