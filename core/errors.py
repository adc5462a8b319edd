"""Every error this project raises on purpose, as one tree.

GreenroomError                code, status, retryable and one sentence a person understands
├── InvalidInput              400  what was sent cannot be used; nothing was changed
├── NotSignedIn               401  no token, or one that is expired, forged or for somebody else
├── Forbidden                 403  signed in, but this is not allowed here
├── NotFound                  404  does not exist, or belongs to somebody else (same answer for both)
├── Conflict                  409  somebody changed it meanwhile; the fresh state follows
├── TooLarge                  413  over a limit named in core/settings.py
├── Busy                      429  rate limit, or one run per conversation; try again
├── Unavailable               503  a part this needs is not there now
│   ├── ProviderDown          503  a vendor did not answer, or answered with its own fault
│   └── NotConfigured         503  needs a setting; the message names it
└── Interrupted               499  the person stopped it
"""

from __future__ import annotations


class GreenroomError(Exception):
    """Base of the tree. `str(error)` is the sentence shown to people."""

    code = "internal"
    status = 500
    retryable = False

    def __init__(self, message: str, *, ref: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.ref = ref


class InvalidInput(GreenroomError):
    code, status = "bad_message", 400


class NotSignedIn(GreenroomError):
    code, status = "auth", 401


class Forbidden(GreenroomError):
    code, status = "forbidden", 403


class NotFound(GreenroomError):
    code, status = "not_found", 404


class Conflict(GreenroomError):
    code, status = "conflict", 409


class TooLarge(GreenroomError):
    code, status = "too_large", 413


class Busy(GreenroomError):
    code, status, retryable = "rate", 429, True


class Unavailable(GreenroomError):
    code, status, retryable = "unavailable", 503, True


class ProviderDown(Unavailable):
    code = "provider"


class NotConfigured(Unavailable):
    code, retryable = "not_configured", False


class Interrupted(GreenroomError):
    code, status = "interrupted", 499
