"""Follow-up questions that name nothing themselves: "how do I measure that?" is about what was just spoken of."""

from __future__ import annotations

import re

from core.models import Passage
from providers.offline.grammar import EMPTY
from providers.offline.state import BrainState

_QUESTION = re.compile(
    r"^(?:(?:and|but|so|ok|okay|hm+|then|well|alright|right|great|thanks)\W+)*"
    r"(?:how|why|what|when|where|who|which|should|is|are|does|do|can|could|would|give|show|tell|explain)\b",
    re.IGNORECASE,
)
_PRONOUN = re.compile(r"\b(?:it|that|this|those|these|them|one)\b", re.IGNORECASE)
BETTER_SHARE = 1.15
"""Another note on the subject must hold this much more of the question than the topic itself to be told instead."""
_ASPECT_WORDS = """
measure calculate compute count test check track raise lower reduce increase improve grow avoid prevent fix handle
build write prepare practise practice apply use start begin stop end spot notice recognise recognize learn explain
cost costs worth pay long soon often fast quickly much many mistake mistakes benefit benefits advantage advantages
drawback drawbacks purpose formula example examples practical practically simple simply easy hard important risk
risks risky step steps time week month year today tomorrow beginner number numbers happen happens work works true
don't doesn't isn't can't won't far enough normal typical usually mean means detail details word words
"""
_ASPECTS = frozenset(_ASPECT_WORDS.split())


def leans_on_topic(text: str) -> bool:
    """Whether it is a question with a pronoun and no subject of its own."""
    if not _QUESTION.match(text.strip()) or not _PRONOUN.search(text):
        return False
    words = re.findall(r"[a-z0-9][a-z0-9'-]*", text.casefold())
    return all(word in EMPTY or word in _ASPECTS for word in words)


def find_follow_up(text: str, state: BrainState) -> Passage | None:
    """The note that answers a follow-up about the last topic: another one on the same subject, or that topic itself.

    None when the text is no follow-up or nothing was spoken of."""
    topic = state.last_topic
    if topic is None or not leans_on_topic(text):
        return None
    first = state.passages[0] if state.passages else None
    if first is None or not _subject(first.heading) & _subject(topic.heading):
        return topic
    again = next((passage.coverage for passage in state.passages if passage.heading == topic.heading), 0.0)
    return first if first.coverage >= BETTER_SHARE * again else topic


def _subject(heading: str) -> set[str]:
    words = re.findall(r"[a-z]{3,}", heading.casefold())
    return {word.rstrip("s")[:7] for word in words if word not in EMPTY and word not in _ASPECTS}
