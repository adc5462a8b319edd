"""Addresses of made films that carry their own right to be fetched, so that a <video> element can use them."""

from __future__ import annotations

import hashlib
import hmac

KINDS = {"mp4": "video/mp4", "jpg": "image/jpeg", "vtt": "text/vtt", "srt": "application/x-subrip"}


class Links:
    """Signs and checks `/api/videos/{render id}.{kind}?k={signature}`. The signature covers the render id."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def video(self, render_id: str, kind: str) -> str:
        return f"/api/videos/{render_id}.{kind}?k={self.signature(render_id)}"

    def signature(self, render_id: str) -> str:
        return hmac.new(self._secret, f"video:{render_id}".encode(), hashlib.sha256).hexdigest()[:43]

    def valid(self, render_id: str, signature: str) -> bool:
        return hmac.compare_digest(self.signature(render_id).encode(), signature.encode("utf-8", "replace"))
