"""Who somebody is: tokens of the shape Supabase makes, and the rows a person needs before owning anything."""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
import time
from pathlib import Path
from uuid import UUID, uuid4

import jwt
import psycopg
from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import NotConfigured, NotSignedIn
from core.settings import Settings
from store.db import Database

AUDIENCE = "authenticated"
ROLE = "authenticated"
ALGORITHM = "HS256"
LEEWAY_SECONDS = 30
MAX_TOKEN_BYTES = 8192
MIN_SECRET_BYTES = 32
REQUIRED = ("iss", "sub", "aud", "role", "exp", "iat")


class Claims(BaseModel):
    """What a verified token says. `sub` is the person, a UUID in its usual form; times are Unix seconds."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    sub: str
    role: str
    exp: int
    iat: int
    session_id: str = ""
    email: str = ""
    is_anonymous: bool = False


class LocalTokens:
    """Makes and checks the tokens of a server that signs people in itself.

    The secret is `jwt_secret`, else a file in `data_dir` only its owner may read; the one local person of a data_dir
    keeps its id in a file beside it. Raises NotConfigured for a secret too short to be one.
    """

    def __init__(self, settings: Settings) -> None:
        given = settings.jwt_secret.get_secret_value() if settings.jwt_secret else None
        self._secret = given or _kept(settings.data_dir / "token-secret", secrets.token_hex(32))
        if len(self._secret.encode()) < MIN_SECRET_BYTES:
            raise NotConfigured(f"GREENROOM_JWT_SECRET must have at least {MIN_SECRET_BYTES} characters.")
        self._issuer = settings.jwt_issuer
        self._seconds = settings.session_seconds
        self.local_user_id = str(UUID(_kept(settings.data_dir / "local-user", str(uuid4()))))

    @property
    def link_secret(self) -> bytes:
        """What `store.links.Links` signs addresses with: derived, so that neither secret tells the other."""
        return hmac.digest(self._secret.encode(), b"greenroom links", "sha256")

    def mint(self, user_id: str | None = None, seconds: int | None = None) -> str:
        """A token for `user_id`, by default the local person, that ends in `seconds` (`session_seconds`)."""
        now = int(time.time())
        subject = user_id or self.local_user_id
        claims = {
            "iss": self._issuer,
            "sub": subject,
            "aud": AUDIENCE,
            "role": ROLE,
            "exp": now + (self._seconds if seconds is None else seconds),
            "iat": now,
            "session_id": str(uuid4()),
            "is_anonymous": False,
            "email": "",
            "phone": "",
            "aal": "aal1",
            "amr": [{"method": "local", "timestamp": now}],
            "app_metadata": {"provider": "local", "providers": ["local"]},
            "user_metadata": {},
        }
        return jwt.encode(claims, self._secret, algorithm=ALGORITHM)

    def verify(self, token: str) -> Claims:
        """The claims of a token that is signed by our secret, for this audience and issuer, and not over.

        Raises NotSignedIn.
        """
        if not token:
            raise NotSignedIn("Please sign in.")
        if len(token) > MAX_TOKEN_BYTES:
            raise NotSignedIn("This sign-in is not valid here. Please sign in again.")
        try:
            claims = Claims.model_validate(
                jwt.decode(
                    token,
                    self._secret,
                    algorithms=[ALGORITHM],
                    audience=AUDIENCE,
                    issuer=self._issuer,
                    leeway=LEEWAY_SECONDS,
                    options={"require": list(REQUIRED)},
                )
            )
            person = str(UUID(claims.sub))
        except jwt.ExpiredSignatureError as error:
            raise NotSignedIn("Your sign-in has ended. Please sign in again.") from error
        except (jwt.PyJWTError, ValidationError, ValueError) as error:
            raise NotSignedIn("This sign-in is not valid here. Please sign in again.") from error
        if claims.role != ROLE:
            raise NotSignedIn("This sign-in is not a person's. Please sign in again.")
        return claims.model_copy(update={"sub": person})


async def ensure_user(db: Database, claims: Claims) -> None:
    """Make sure the person of verified `claims` has the rows that everything they own hangs on.

    Where Supabase signs people in, auth.users is its own: a person it does not have is NotSignedIn.
    """
    if claims.sub in db.known_users:
        return
    async with db.as_service() as conn:
        if db.local:
            await conn.execute(
                """insert into auth.users (id, aud, role, email, is_anonymous)
                   values (%s, 'authenticated', 'authenticated', nullif(%s, ''), %s) on conflict (id) do nothing""",
                (claims.sub, claims.email, claims.is_anonymous),
            )
        try:
            await conn.execute("insert into profiles (id) values (%s) on conflict do nothing", (claims.sub,))
        except psycopg.errors.ForeignKeyViolation as error:
            raise NotSignedIn("This account is gone. Please sign in again.") from error
    db.known_users.add(claims.sub)


def _kept(file: Path, fresh: str) -> str:
    """The text kept in `file`, made from `fresh` when missing. Of processes that come at once, one makes it."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not file.exists():
        half = file.with_name(f".{file.name}.{uuid4().hex}")
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as output:
            output.write(fresh)
            output.flush()
            os.fsync(output.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(half, file)
        half.unlink()
    if file.stat().st_mode & 0o077:
        file.chmod(0o600)
    if not (text := file.read_text().strip()):
        raise NotConfigured(f"{file} is empty. Remove it; a new one is made.")
    return text
