"""Only what we signed, for us and for a person, is somebody; everything else is told to sign in."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
import pytest
from pydantic import SecretStr

from core.errors import NotConfigured, NotSignedIn
from core.settings import Settings
from store.auth import Claims, LocalTokens, ensure_user

SECRET = "s" * 40


def tokens(data_dir: Path, secret: str | None = SECRET) -> LocalTokens:
    return LocalTokens(
        Settings(
            _env_file=None, data_dir=data_dir, jwt_secret=SecretStr(secret) if secret else None, session_seconds=600
        )
    )


def signed(secret: str = SECRET, algorithm: str = "HS256", drop: str = "", **changes: Any) -> str:
    now = int(time.time())
    claims = {"iss": "greenroom-local", "sub": str(uuid4()), "aud": "authenticated", "role": "authenticated"}
    claims |= {"exp": now + 60, "iat": now} | changes
    claims.pop(drop, None)
    return jwt.encode(claims, secret, algorithm=algorithm)


def test_a_minted_token_is_the_person_and_has_supabases_claims(tmp_path):
    ours, who = tokens(tmp_path), str(uuid4())
    before = int(time.time())
    claims = ours.verify(ours.mint(who))
    assert (claims.sub, claims.role) == (who, "authenticated")
    assert before + 600 <= claims.exp <= time.time() + 600 and claims.session_id
    raw = jwt.decode(ours.mint(), options={"verify_signature": False})
    assert set(raw) >= {"iss", "sub", "aud", "role", "exp", "iat", "session_id", "is_anonymous", "email"}
    assert {"app_metadata", "user_metadata"} <= set(raw) and raw["aud"] == "authenticated"


def test_a_token_the_test_signs_itself_is_good_so_the_bad_ones_are_bad_for_their_reason(tmp_path):
    person = uuid4()
    assert tokens(tmp_path).verify(signed(sub=person.hex)).sub == str(person)
    assert tokens(tmp_path).verify(signed(exp=int(time.time()) - 20)), "clocks differ by seconds"


def _unsigned() -> str:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{signed().split('.')[1]}."


BAD = {
    "expired": lambda: signed(exp=int(time.time()) - 60),
    "from the future": lambda: signed(iat=int(time.time()) + 600),
    "for somebody else": lambda: signed(aud="another"),
    "from somebody else": lambda: signed(iss="https://evil.example"),
    "without a signature": _unsigned,
    "another secret": lambda: signed("x" * 40),
    "another algorithm": lambda: signed(SECRET * 2, "HS512"),
    "the service": lambda: signed(role="service_role"),
    "anon": lambda: signed(role="anon"),
    "not a uuid": lambda: signed(sub="admin"),
    "an sql of a person": lambda: signed(sub="' or true --"),
    "a number of a person": lambda: signed(sub=1),
    "oversize": lambda: signed(padding="x" * 9000),
    "empty": lambda: "",
    "garbage": lambda: "a.b.c",
    "not ascii": lambda: "é.é.é",
    "nul": lambda: signed() + "\0",
    "tampered": lambda: signed()[:-4] + "AAAA",
    **{f"no {claim}": lambda claim=claim: signed(drop=claim) for claim in ("iss", "sub", "aud", "role", "exp", "iat")},
}


@pytest.mark.parametrize("kind", sorted(BAD))
def test_a_bad_token_is_nobody(tmp_path, kind):
    with pytest.raises(NotSignedIn) as refusal:
        tokens(tmp_path).verify(BAD[kind]())
    assert str(refusal.value).endswith("."), "a sentence for people"


def test_an_expired_token_says_so(tmp_path):
    ours = tokens(tmp_path)
    with pytest.raises(NotSignedIn, match="ended"):
        ours.verify(ours.mint(seconds=-60))


def test_secret_and_person_are_kept_in_files_only_their_owner_reads(tmp_path):
    first, again = tokens(tmp_path / "a", None), tokens(tmp_path / "a", None)
    assert first.local_user_id == again.local_user_id
    assert again.verify(first.mint()).sub == first.local_user_id
    files = sorted((tmp_path / "a").iterdir())
    assert len(files) == 2 and all(file.stat().st_mode & 0o777 == 0o600 for file in files)
    other = tokens(tmp_path / "b", None)
    assert other.local_user_id != first.local_user_id
    with pytest.raises(NotSignedIn):
        other.verify(first.mint())


def test_a_secret_others_could_read_is_closed_and_an_empty_one_refused(tmp_path):
    tokens(tmp_path, None)
    (tmp_path / "token-secret").chmod(0o644)
    tokens(tmp_path, None)
    assert (tmp_path / "token-secret").stat().st_mode & 0o777 == 0o600
    (tmp_path / "token-secret").write_text("")
    with pytest.raises(NotConfigured, match="empty"):
        tokens(tmp_path, None)


def test_a_short_secret_is_refused(tmp_path):
    with pytest.raises(NotConfigured, match="32"):
        tokens(tmp_path, "short")


async def test_a_person_gets_rows_once(db):
    claims = Claims(sub=str(uuid4()), role="authenticated", exp=0, iat=0, email="a@example.org")
    for _ in range(2):
        db.known_users.clear()
        await ensure_user(db, claims)
    async with db.as_user(claims.sub) as conn:
        assert await (await conn.execute("select id::text from profiles")).fetchall() == [(claims.sub,)]


async def test_where_supabase_signs_in_a_person_it_lacks_is_nobody(db, monkeypatch):
    monkeypatch.setattr(db, "local", False)
    with pytest.raises(NotSignedIn, match="account is gone"):
        await ensure_user(db, Claims(sub=str(uuid4()), role="authenticated", exp=0, iat=0))
