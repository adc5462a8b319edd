"""Repair slips in words that steer the room. Questions are not touched: the search over the notes repairs its own."""

from __future__ import annotations

import re
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

_STEERING = """
hello hey morning afternoon evening goodbye bye night thanks thank cheers appreciated how are you who what can help does
this place work yourself introduce name call remember forget note delete erase wipe clear memory everything about know
personas persona cast switch bring talk speak professor please keep save export download reply answer video vertical
upright widescreen portrait landscape mobile phone repeat again sorry catch tell more continue elaborate going detail
stop enough wait hold quiet cancel list show everyone room here else there turn make last clip said that your
"""
_WORDS = tuple(dict.fromkeys(_STEERING.split()))
_REAL_WORDS = """
hall hell yellow hers here herd heap hear hair know knew knee now cast case last least lost list lust past
note not nose vote stop step shop stock shot spot bring being king ring wine wipe wise keep keen deep sheep
safe sale same some sell send sent self talk tall walk take make made male mike lake like late hate date gate
rate save cave wave sage clip chip ship tell till tale phone those these then than them they their three think
thing things bright light right site size more most mode move love live line lines time times said sand paid
maid your four hour our out about above work word world worth form from former video view there where were
every very ever even event call cell ball wall fall help held heal health reply rely apply answer clear clean
near year erase phrase place plane plan plate price prices pace space show slow snow hello shelf wait wail
weight hold gold told cold old sold again gain against main pain train brain room root roof boom home name
game fame else also
"""
_REAL = frozenset(_REAL_WORDS.split())


def repair(text: str, names: frozenset[str]) -> str:
    """`text` with near misses of steering words and of the cast's names put right."""
    return re.sub(r"[A-Za-z]{3,}", lambda found: _repair_word(found[0], names), text)


@lru_cache(maxsize=8192)
def _repair_word(word: str, names: frozenset[str]) -> str:
    low = word.casefold()
    if low in _REAL or low in _WORDS or low in names:
        return word
    for allowed in (1, 2):
        near = process.extractOne(low, (*_WORDS, *sorted(names)), scorer=OSA.distance, score_cutoff=allowed)
        if near is None or near[0][0] != low[0]:
            continue
        # Two slips in a short word are believed only when letters are merely missing.
        if near[1] == 1 and (len(low) > 3 or _misses_letters(low, near[0])):
            return str(near[0])
        if near[1] == 2 and (len(low) >= 7 or (len(low) >= 5 and _misses_letters(low, near[0]))):
            return str(near[0])
    return word


def _misses_letters(word: str, whole: str) -> bool:
    letters = iter(whole)
    return len(word) < len(whole) and all(letter in letters for letter in word)
