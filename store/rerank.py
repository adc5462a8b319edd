"""Pick the note that answers a question, among the candidates Postgres found. Pure: no database, no clock.

A question is reduced to content stems, each with a weight (rare in these notes = heavy), its typo repair and its
synonyms. A note is scored by the share of that weight it holds (heading and aliases count most) and by how much the
whole question is like one of the ways to ask for it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import log

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA, Levenshtein

from core.models import Note
from store.words import ASPECTS, COMMON, STOP, WEAK, normalise, stem, synonyms, tokens

TITLE, ANSWER, MORE = 1.0, 0.75, 0.45
"""What a hit counts by where it stands."""
REPAIRED, SYNONYM = 0.9, 0.7
UNKNOWN_WEIGHT, UNKNOWN_NAME_WEIGHT = 2.4, 4.5
"""Weight of a word that stands nowhere in the notes; more when it is the name of somebody or something."""
BODY_SHARE = 0.6
"""Share of its weight a word keeps that no heading or alias has."""
WEAK_SHARE = 0.48
KNOWN_WEIGHT_MAX = 1.65
"""However rare a word is in the notes, it weighs no more than this against words that are not in them."""
PLAIN_SHARE = 0.65
"""Share of its score a note keeps that has none of the question's heavier words in its heading or aliases."""
OTHER_AIM_SHARE = 0.9
"""Share of its score a note keeps that says what something is when the question is how to do it, or the reverse."""
MIX = (0.49, 0.23, 0.25, 0.03)
"""What coverage, likeness to a way of asking, likeness of wording, and Postgres's rank contribute to the score."""
FACT_SHARE = 0.41
"""Share of its score a note keeps when the question asks for a fact of one time or place: notes hold no such facts."""
WORDING_FROM = 0.5
"""Below this coverage likeness of wording counts less: "how do I …" alone makes two questions look alike."""
PARTS_MAX = 3

_PART = re.compile(
    r"(?:\?\s*(?:and|also|then)?\s*|[,;]?\s+(?:and|but|also|plus)\s+(?:also\s+|then\s+)?)"
    r"(?=(?:what|how|why|when|where|who|which|should|is|are|do|does|can|could)\b)",
    re.IGNORECASE,
)


# A fact of one moment ("what was our revenue last Tuesday"), which is not advice about such facts.
_FACT = re.compile(
    r"^(?:(?:and|so|hi|hey|ok)\W+)?"
    r"(?:what(?:\s+(?:is|was|were|are)|'s)|who(?:\s+(?:is|was)|'s)?|how (?:many|much)|when|did|do i|is it|will|is"
    r"|which \w+ (?:won|did|is|was))\b(?!.*\b(?:should|can|could|would|do) (?:i|we|you)\b)"
    r".*(?:\b(?:right now|at the moment|today|tonight|tomorrow|yesterday|currently|so far)\b|\b(?:last|this|next)\s+"
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\b(?:last|this|next) (?:night|month|year|week|weekend)\b"
    r"|\b(?:19|20)\d\d\b|\bof all time\b)"
    r"|^how (?:many|much)\b.*\b(?:did|does|has|have) (?:my|our)\b|^(?:what|when) (?:time )?(?:is|was) my\b",
    re.IGNORECASE | re.DOTALL,
)
_NAME = re.compile(r"(?<![.!?:]\s)(?<!^)(?<![\w'-])([A-Z][a-z]+)\b")
_HOW = re.compile(
    r"\bhow (?:do|can|should|could|would|to)\b|\b(?:tips|advice) (?:on|for|to)\b|\bwhat should (?:i|we) do\b",
    re.IGNORECASE,
)
_WHAT = re.compile(
    r"^\W*(?:(?:and|so|hi|hey)\W+)?(?:what(?:\s+(?:is|are|does)|'s|s)\b|define\b|explain\b|describe what\b)"
    r"|\bwhat does\b.*\bmean\b",
    re.IGNORECASE,
)
_PRONOUN = re.compile(r"\b(?:it|them|that|this|these|those|one)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Every word of one persona's notes. `stems`: stem → number of notes that hold it; `titles`: stem → number
    of notes with it in heading or aliases; `words`: word → stem."""

    notes: int = 0
    stems: Mapping[str, int] = field(default_factory=dict)
    titles: Mapping[str, int] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    _weights: dict[str, float] = field(default_factory=dict, init=False, repr=False, compare=False)

    def weigh(self, each: str) -> float:
        """What the stem weighs in a heading or alias."""
        if each not in self._weights:
            self._weights[each] = _weigh((each,), self) * (WEAK_SHARE if each in WEAK else 1.0)
        return self._weights[each]

    def as_json(self) -> dict[str, object]:
        return {"notes": self.notes, "stems": dict(self.stems), "titles": dict(self.titles), "words": dict(self.words)}


@dataclass(frozen=True, slots=True)
class Term:
    """One content word of a question: stems that stand for it with what a hit by that stem counts, and its weight."""

    word: str
    stems: Mapping[str, float]
    weight: float
    weak: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A note with the rank Postgres gave it (ts_rank_cd, any scale)."""

    heading: str
    aliases: tuple[str, ...]
    answer: str
    more: str
    rank: float


@dataclass(frozen=True, slots=True)
class Scored:
    candidate: Candidate
    score: float
    coverage: float


@dataclass(frozen=True, slots=True)
class _Prepared:
    phrases: tuple[tuple[str, tuple[str, ...]], ...]
    """(normalised text, content stems) of the heading and of every alias."""
    title: frozenset[str]
    answer: frozenset[str]
    more: frozenset[str]


def read_vocabulary(notes: Sequence[Note]) -> Vocabulary:
    """The vocabulary of these notes, kept beside them in the database."""
    stems: Counter[str] = Counter()
    titles: Counter[str] = Counter()
    words: dict[str, str] = {}
    for note in notes:
        held = {word: stem(word) for word in tokens(" ".join((note.heading, *note.aliases, note.answer, note.more)))}
        words.update(held)
        stems.update(set(held.values()))
        titles.update({stem(word) for word in tokens(" ".join((note.heading, *note.aliases)))})
    return Vocabulary(len(notes), dict(stems), dict(titles), words)


def split_parts(question: str) -> tuple[str, ...]:
    """The questions in a question: "What is churn and how do I lower it?" has two. At most PARTS_MAX."""
    parts = [part.strip(" ?,;") for part in _PART.split(question)]
    parts = [part for part in parts if _names_subject(part)]
    return tuple(parts[:PARTS_MAX]) if len(parts) > 1 else (question,)


def add_topic(question: str, topic: str | None) -> str:
    """`question` with the topic put in when it has a pronoun and no subject of its own, else unchanged."""
    if topic is None or not _PRONOUN.search(question):
        return question
    named = any(word not in STOP and word not in WEAK and stem(word) not in ASPECTS for word in tokens(question))
    return question if named else f"{question.strip(' ?')}: {topic}"


def _names_subject(part: str) -> bool:
    words = [word for word in tokens(part) if word not in STOP]
    return bool(words) and (_PRONOUN.search(part) is not None or any(word not in WEAK for word in words))


def read_terms(question: str, vocabulary: Vocabulary) -> tuple[Term, ...]:
    """The content words of `question`, each once."""
    terms: dict[str, Term] = {}
    names = {normalise(name) for name in _NAME.findall(question)}
    for word in tokens(question):
        if word in STOP:
            continue
        own = stem(word)
        if own in terms:
            continue
        stems = {own: 1.0}
        if own not in vocabulary.stems and (repaired := repair(word, vocabulary)) is not None:
            if repaired in STOP:
                continue
            stems[repaired] = REPAIRED
        for base in tuple(stems):
            for other in synonyms(base):
                stems.setdefault(other, SYNONYM * stems[base])
        weight = _weigh(stems, vocabulary)
        if weight == UNKNOWN_WEIGHT and word in names:
            weight = UNKNOWN_NAME_WEIGHT
        weak = word in WEAK or own in WEAK
        terms[own] = Term(word, stems, weight * (WEAK_SHARE if weak else 1.0), weak)
    return tuple(terms.values())


def repair(word: str, vocabulary: Vocabulary) -> str | None:
    """What `word` is most likely a slip of: a stem of the notes or a stop word; None for real words and far ones."""
    if len(word) < 4 or word in COMMON or stem(word) in COMMON or word in WEAK or not word.isalpha():
        return None
    allowed = 1 if len(word) < 10 else 2
    near = process.extractOne(word, vocabulary.words.keys(), scorer=OSA.distance, score_cutoff=allowed)
    empty = process.extractOne(word, STOP, scorer=OSA.distance, score_cutoff=allowed)
    if empty is not None and len(empty[0]) > 4 and (near is None or empty[1] <= near[1]):
        return empty[0]
    if near is None or near[0][:1] != word[:1] or len(near[0]) < 4 or not _is_slip(word, near[0]):
        return None
    return vocabulary.words[near[0]]


def _is_slip(word: str, meant: str) -> bool:
    """Whether fingers slip like that: letters swapped, left out, doubled, a wrong vowel or the key beside. Short words
    are too often other words, so for them only a swap (4 letters), or a swap, a missing or a further letter (5)."""
    ops = Levenshtein.editops(word, meant)
    if OSA.distance(word, meant) < len(ops):  # a swap
        return True
    if len(word) < 5:
        return False
    replaced = [(word[op.src_pos], meant[op.dest_pos]) for op in ops if op.tag == "replace"]
    return not replaced or (len(word) > 5 and all(_are_near(one, other) for one, other in replaced))


def _are_near(one: str, other: str) -> bool:
    """Both vowels, or neighbours on the keyboard."""
    return {one, other} <= set("aeiouy") or any(one + other in row or other + one in row for row in _KEYS)


_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def rank_notes(question: str, candidates: Iterable[Candidate], vocabulary: Vocabulary) -> list[Scored]:
    """All candidates, best first. The best note of each part of the question comes before all others."""
    pool = list(candidates)
    whole = _rank(question, pool, vocabulary)
    parts = split_parts(question)
    if len(parts) == 1:
        return whole
    firsts: list[Scored] = []
    for place, part in enumerate(parts):
        if place and _PRONOUN.search(part):  # "… and how do I raise it": what "it" is stands in the part before
            part = f"{parts[place - 1]} {part}"
        taken = {scored.candidate.heading for scored in firsts}
        ranked = [scored for scored in _rank(part, pool, vocabulary) if scored.candidate.heading not in taken]
        firsts += ranked[:1]
    # One note that answers the whole question beats two that answer half of it each.
    if whole and firsts and whole[0].coverage > max(0.85, *(scored.coverage for scored in firsts)):
        return whole
    taken = {scored.candidate.heading for scored in firsts}
    return firsts + [scored for scored in whole if scored.candidate.heading not in taken]


def _rank(question: str, pool: Sequence[Candidate], vocabulary: Vocabulary) -> list[Scored]:
    terms = read_terms(question, vocabulary)
    text, fact = normalise(question), asks_for_fact(question)
    top = max((candidate.rank for candidate in pool), default=0.0) or 1.0
    scored = [_score(question, candidate, terms, text, candidate.rank / top, vocabulary, fact) for candidate in pool]
    return sorted(scored, key=lambda each: -each.score)


def asks_for_fact(question: str) -> bool:
    """Whether it asks for a fact of one moment or place ("revenue last Tuesday"), which no note can hold."""
    return _FACT.search(question.strip()) is not None


def _score(
    question: str,
    candidate: Candidate,
    terms: Sequence[Term],
    text: str,
    rank: float,
    vocabulary: Vocabulary,
    fact: bool,
) -> Scored:
    note = _prepare(candidate.heading, candidate.aliases, candidate.answer, candidate.more)
    total = sum(term.weight for term in terms)
    plain = all(term.weak for term in terms)
    held, strong = 0.0, False
    for term in terms:
        best = 0.0
        strong = strong or ((plain or not term.weak) and not note.title.isdisjoint(term.stems))
        for each, value in term.stems.items():
            where = TITLE if each in note.title else ANSWER if each in note.answer else MORE if each in note.more else 0
            best = max(best, where * value)
        held += term.weight * best
    coverage = held / total if total else 0.0
    likeness, wording = 0.0, 0.0
    wanted = {each for term in terms for each in term.stems}
    for phrase, stems in note.phrases:
        wording = max(wording, fuzz.token_sort_ratio(text, phrase) / 100)
        if wanted.isdisjoint(stems):
            continue
        likeness = max(likeness, _overlap(terms, total, stems, vocabulary))
    if not terms:  # only stop words ("what do you do"): the wording alone decides
        coverage = wording if wording > 0.9 else 0.0
    aim, heading = _read_aim(question), _read_aim(candidate.heading)
    share = OTHER_AIM_SHARE if aim and heading and aim != heading else 1.0
    share *= (FACT_SHARE if fact else 1.0) * (1.0 if strong or not terms else PLAIN_SHARE)
    wording *= min(1.0, coverage / WORDING_FROM) if terms else 1.0
    parts = zip(MIX, (coverage, likeness, wording, rank), strict=True)
    return Scored(candidate, share * sum(weight * part for weight, part in parts), share * coverage)


@lru_cache(maxsize=8192)
def _read_aim(question: str) -> str | None:
    """ "how" for how to do something, "what" for what something is, None for anything else."""
    return "how" if _HOW.search(question) else "what" if _WHAT.search(question) else None


def _overlap(terms: Sequence[Term], total: float, stems: Sequence[str], vocabulary: Vocabulary) -> float:
    """How alike question and phrase are by weight of shared stems: the harmonic mean of both shares, 0..1."""
    if not total or not stems:
        return 0.0
    asked = matched = 0.0
    found: set[str] = set()
    for term in terms:
        hits = {each: value for each, value in term.stems.items() if each in stems}
        if hits:
            asked += term.weight * max(hits.values())
            found.update(hits)
    weights = {each: vocabulary.weigh(each) for each in stems}
    matched = sum(weight for each, weight in weights.items() if each in found)
    share, back = asked / total, matched / sum(weights.values())
    return 2 * share * back / (share + back) if share + back else 0.0


def _weigh(stems: Iterable[str], vocabulary: Vocabulary) -> float:
    stems = tuple(stems)
    known = [vocabulary.stems[each] for each in stems if each in vocabulary.stems]
    if not known:
        return UNKNOWN_WEIGHT
    titled = any(each in vocabulary.titles for each in stems)
    rarity = min(log(1 + max(vocabulary.notes, 1) / max(known)), KNOWN_WEIGHT_MAX)
    return rarity * (1.0 if titled else BODY_SHARE)


@lru_cache(maxsize=4096)
def _prepare(heading: str, aliases: tuple[str, ...], answer: str, more: str) -> _Prepared:
    phrases = tuple(
        (normalise(phrase), tuple(dict.fromkeys(stem(word) for word in tokens(phrase) if word not in STOP)))
        for phrase in (heading, *aliases)
    )
    return _Prepared(
        phrases,
        frozenset(each for _, stems in phrases for each in stems),
        frozenset(stem(word) for word in tokens(answer)),
        frozenset(stem(word) for word in tokens(more)),
    )
