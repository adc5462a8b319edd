"""Compose what is said: the persona's own lines, answers from notes, honest refusals, questions back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

import sentencex

from core.models import Passage, Persona
from providers.offline.facts import name_in
from providers.offline.intent import Intent
from providers.offline.state import BrainState

ANSWERS_FROM = 0.38
"""Lowest score of a passage that is said as an answer."""
SURE_FROM = 0.44
"""From this score on a passage is said without the remark that it is only the nearest one."""
NEAR_FROM = 0.2
"""Lowest score of a passage offered as a button when nothing answers the question."""
TIE_SHARE = 0.7
"""Two passages answer a bare topic equally well when the second scores at least this share of the first."""
CHOICES_MAX = 4
TOPICS_MAX = 4
LABEL_CHARS_MAX = 60
JOINED_WORDS_MAX = 170

_TWO_QUESTIONS = re.compile(
    r"(?:\?\s*|\s)(?:and|also|plus|but)\s+(?:also\s+|then\s+)?(?:what|how|why|when|where|who|which|should|is|are"
    r"|do|does|can|could)\b"
    r"|\?\s+(?:what|how|why|when|where|who|which|should)\b",
    re.IGNORECASE,
)
_NEAREST = (
    "The nearest thing in my notes is this.",
    "My notes come close to that, so here is what they say.",
    "That touches on something I do have notes about.",
)


@dataclass(frozen=True, slots=True)
class Said:
    """Words to say, and the texts offered as buttons with them."""

    text: str
    choices: tuple[str, ...] = ()
    topic: Passage | None = None
    """The note it was made of."""


def pick(lines: Sequence[str], seed: str) -> str:
    """One of `lines`; the same for the same seed, on every machine."""
    return lines[int.from_bytes(sha256(seed.encode()).digest()[:4]) % len(lines)] if lines else ""


def fill(line: str, persona: Persona, seed: str, topic: str = "") -> str:
    """`line` with {name}, {role}, {topic} and {topics} filled in; other braces stay as they are."""
    for key, value in (
        ("{name}", persona.name),
        ("{role}", persona.role[:1].lower() + persona.role[1:] if persona.role.startswith("Your ") else persona.role),
        ("{topic}", topic or "that"),
        ("{topics}", say_topics(persona, seed)),
    ):
        line = line.replace(key, value)
    return line


def say_topics(persona: Persona, seed: str) -> str:
    """A few of the persona's topics as a spoken list: "pricing, hiring and cash flow"."""
    topics = list(persona.topics)
    if not topics:
        return "what my notes are about"
    start = int(sha256(seed.encode()).hexdigest(), 16) % len(topics)
    return join_words([topics[(start + step) % len(topics)] for step in range(min(TOPICS_MAX, len(topics)))])


def join_words(words: Sequence[str], last: str = "and") -> str:
    """ "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else ""


def say_line(kind: str, state: BrainState, seed: str, topic: str = "") -> str:
    """A line of the persona's own for this kind (`hello`, `thanks`, …)."""
    lines: Sequence[str] = getattr(state.persona.lines, kind)
    return fill(pick(lines, seed), state.persona, seed, topic)


def known_name(state: BrainState) -> str | None:
    """What the person is called, by the newest memory that says so."""
    names = [(memory.created_at, name) for memory in state.memories if (name := name_in(memory.text))]
    return max(names)[1] if names else None


def greet(state: BrainState, seed: str) -> str:
    line, name = say_line("hello", state, seed), known_name(state)
    if name is None:
        return line
    greeted, count = re.subn(
        r"^(Hi|Hello|Hey|Welcome|Good (?:morning|afternoon|evening|day))(?=[,.!])", rf"\1 {name}", line
    )
    return greeted if count else f"Hello {name}. {line}"


def overview(state: BrainState) -> Said:
    """What this room can do, with nothing claimed that it cannot."""
    persona = state.persona
    others = [other.name for other in state.cast if other.id != persona.id]
    sentences = [
        f"I'm {persona.name}, and you can ask me about {say_topics(persona, persona.id)}.",
        "Speak or type; I answer from my notes, and I say so when I have none.",
        f"You can also bring in {join_words(others, 'or')}." if others else "",
        "Tell me to remember something about you, and I keep it until you tell me to forget it.",
        "And when you like an answer, say keep this reply, and I turn it into a video you can download, wide or"
        " upright.",
        "Making whole films, scene by scene, is coming next; it is not here yet.",
    ]
    return Said(" ".join(sentence for sentence in sentences if sentence), persona.starters[:CHOICES_MAX])


def introduce(state: BrainState, text: str) -> str:
    """Who is speaking; asked whether it is human, it says plainly that it is not."""
    line = say_line("who_are_you", state, text)
    if re.search(r"\b(?:real|human|robot|bot|machine|ai|computer|person|alive|fake|artificial|program)\b", text, re.I):
        return f"{line} I'm a digital persona, not a human being; a computer gives me voice and face."
    return line


def answer(intent: Intent, state: BrainState) -> Said:
    """The answer to a question, from the passages found for it."""
    good = [passage for passage in state.passages if passage.score >= ANSWERS_FROM]
    if not good:
        return refuse(intent.text, state)
    first = good[0]
    words = re.findall(r"[\w'-]+", intent.text)
    tied = [each for each in good if each.score >= TIE_SHARE * first.score]
    if len(words) <= 2 and len(tied) > 1 and not _is_its_name(first.heading, intent.text):
        return ask_back(state, tied, intent.text)
    if len(good) > 1 and _TWO_QUESTIONS.search(intent.text):
        second = good[1]
        if len((first.answer + second.answer).split()) <= JOINED_WORDS_MAX:
            return Said(f"{first.answer} {pick(_SECONDS, intent.text)} {second.answer}", topic=first)
    if detail := _find_detail(intent.text, first):
        return Said(f"{first.answer} {detail}", topic=first)
    if first.score < SURE_FROM:
        return Said(f"{pick(_NEAREST, intent.text)} {first.answer}", topic=first)
    return Said(first.answer, topic=first)


def _is_its_name(heading: str, topic: str) -> bool:
    """Whether `topic` is exactly what the heading asks about: "churn" for "What is churn?"."""
    bare = re.sub(r"^(?:what (?:is|are|does)(?: an?| the)?|how do (?:i|we))\s+", "", heading.casefold().strip(" ?"))
    return topic.casefold().strip(" ?!.") in (bare, heading.casefold().strip(" ?"))


def _find_detail(question: str, passage: Passage) -> str:
    """The sentence of `more` that has a word of the question the answer lacks; "" when none stands by itself."""
    asked = {word[:STEM_CHARS] for word in re.findall(r"[a-z]{5,}", question.casefold())}
    asked -= {word[:STEM_CHARS] for word in re.findall(r"[a-z]{5,}", f"{passage.answer} {passage.heading}".casefold())}
    best, found = 0, ""
    for sentence in sentencex.segment("en", passage.more) if passage.more and asked else ():
        words = {word[:STEM_CHARS] for word in re.findall(r"[a-z]{5,}", sentence.casefold())}
        length = len(sentence.split())
        if len(words & asked) > best and 4 <= length <= DETAIL_WORDS_MAX and not _LEANS.match(sentence):
            best, found = len(words & asked), " ".join(sentence.split())
    return found


STEM_CHARS = 6
DETAIL_WORDS_MAX = 32
_LEANS = re.compile(
    r"\W*(?:it|its|they|their|this|that|these|those|then|also|and|but|so|such|he|she|both|instead|otherwise)\b", re.I
)
"""A sentence that begins like this needs the one before it."""
_SECONDS = ("Now the other half of your question.", "And to your second point.", "As for the other part.")


def refuse(text: str, state: BrainState) -> Said:
    """The honest "no notes on that", with what the persona can talk about as buttons."""
    near = [passage.heading for passage in state.passages if passage.score >= NEAR_FROM]
    choices = tuple(dict.fromkeys((*near[:2], *state.persona.starters)))[:CHOICES_MAX]
    return Said(say_line("unknown", state, text), choices)


def ask_back(state: BrainState, passages: Sequence[Passage], text: str) -> Said:
    """Several notes are equally near, or nothing was named: ask which is meant."""
    headings = tuple(dict.fromkeys(passage.heading for passage in passages))[:CHOICES_MAX]
    if len(headings) > 1:
        return Said(pick(_WHICH, text), headings)
    starters = state.persona.starters[:CHOICES_MAX]
    if not starters:
        return Said(f"I'm not sure what you mean. You can ask me about {say_topics(state.persona, text)}.")
    return Said(
        f"I'm not sure what you mean. I can tell you about {say_topics(state.persona, text)}, for a start.", starters
    )


_WHICH = (
    "I have more than one note on that. Which of these do you mean?",
    "There are a few sides to that. Which one shall we take?",
    "Let me make sure I answer the right question. Which of these is it?",
)


def clarify(intent: Intent, state: BrainState) -> Said:
    """A bare topic is answered when one note stands out, else asked back."""
    good = [passage for passage in state.passages if passage.score >= ANSWERS_FROM]
    if len(re.findall(r"[\w'-]+", intent.text)) <= 2 and good:
        tied = [passage for passage in good if passage.score >= TIE_SHARE * good[0].score]
        if len(tied) == 1:
            return Said(good[0].answer, topic=good[0])
        return ask_back(state, tied, intent.text)
    return ask_back(state, (), intent.text)


def follow_up(about: Passage, state: BrainState, said_before: str) -> Said:
    """The answer to a question about the last topic: of another note, or the rest of the one just said."""
    if state.last_topic is not None and about.heading != state.last_topic.heading:
        if about.score >= ANSWERS_FROM and about.answer[:80] not in said_before:
            return Said(about.answer, topic=about)
        about = state.last_topic
    return replace(more(state, said_before), topic=about)


def more(state: BrainState, said_before: str) -> Said:
    """The rest of the note the last answer came from."""
    topic = state.last_topic
    if topic is None:
        return Said(
            f"Happy to. About what? I have notes on {say_topics(state.persona, said_before)}.",
            state.persona.starters[:CHOICES_MAX],
        )
    if not topic.more or topic.more[:80] in said_before:
        return Said("That is all my notes have on it. Ask me about a detail, or about something else.")
    return Said(" ".join(topic.more.split()))
