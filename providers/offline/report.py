"""Say what a tool did. A tool's result is data: its sentence is spoken, never read as a command."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from langchain_core.messages import ToolMessage

SENTENCE_CHARS_MAX = 900


def report(results: Sequence[ToolMessage]) -> str:
    """One text for all results of a step, in the order they were asked for."""
    return " ".join(said for result in results if (said := _say(result)))


def _say(result: ToolMessage) -> str:
    text = result.text.strip()
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    if isinstance(given, dict):
        problem = given.get("error") or given.get("problem")
        if isinstance(problem, dict):
            problem = problem.get("message")
        said = given.get("said") if isinstance(given.get("said"), str) else None
        if result.status == "error" or (problem and not said):
            return _failed(str(problem or said or ""))
        return _plain(said) if said else "Done."
    if result.status == "error":
        return _failed(text)
    return _plain(text) or "Done."


def _failed(why: str) -> str:
    why = _plain(why)
    return f"That did not work. {why[:1].upper()}{why[1:]}" if why else "That did not work, and I was not told why."


def _plain(text: str) -> str:
    text = re.sub(r"[*_#`|<>\[\]{}]", "", re.sub(r"\s+", " ", text)).strip()
    text = text[:SENTENCE_CHARS_MAX]
    return text if not text or text[-1] in ".!?" else f"{text}."
