"""Numbers as English words. `"forty-eight thousand two hundred and ten"` has no comma: a comma would be a pause."""

from __future__ import annotations

_ONES = tuple(
    """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen""".split()  # noqa: SIM905
)
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = ("", "thousand", "million", "billion", "trillion", "quadrillion")
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}


def _hundreds(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    words = [f"{_ONES[hundreds]} hundred"] if hundreds else []
    if rest:
        tens, ones = divmod(rest, 10)
        small = _ONES[rest] if rest < 20 else _TENS[tens] + (f"-{_ONES[ones]}" if ones else "")
        words += ["and", small] if hundreds else [small]
    return " ".join(words)


def digits(figures: str) -> str:
    """Each figure by itself: "007" → "zero zero seven"."""
    return " ".join(_ONES[int(figure)] for figure in figures)


def cardinal(number: int) -> str:
    """0 ≤ number; from 10**18 on the figures are said one by one."""
    if number < 1:
        return "zero"
    if number >= 1000 ** len(_SCALES):
        return digits(str(number))
    groups: list[str] = []
    scale, rest = 0, number
    while rest:
        rest, group = divmod(rest, 1000)
        if group:
            groups.insert(0, f"{_hundreds(group)} {_SCALES[scale]}".strip())
        scale += 1
    if len(groups) > 1 and 0 < number % 1000 < 100:
        groups.insert(-1, "and")
    return " ".join(groups)


def ordinal(number: int) -> str:
    """1 → "first", 22 → "twenty-second"."""
    words = cardinal(number)
    cut = max(words.rfind(" "), words.rfind("-")) + 1
    last = words[cut:]
    if last in _ORDINALS:
        return words[:cut] + _ORDINALS[last]
    return words[:-1] + "ieth" if last.endswith("y") else words + "th"


def decimal(figures: str) -> str:
    """A figure as written, commas allowed: "1,250.5" → "one thousand two hundred and fifty point five"."""
    whole, _, fraction = figures.replace(",", "").partition(".")
    spoken = digits(whole) if len(whole) > 1 and whole[0] == "0" else cardinal(int(whole or 0))
    return f"{spoken} point {digits(fraction)}" if fraction else spoken


def year(number: int) -> str:
    """1998 → "nineteen ninety-eight", 1905 → "nineteen oh five", 2007 → "two thousand and seven"."""
    century, rest = divmod(number, 100)
    if not 1000 <= number <= 9999 or number % 1000 < 10:
        return cardinal(number)
    if rest == 0:
        return f"{cardinal(century)} hundred"
    return f"{cardinal(century)} {'oh ' if rest < 10 else ''}{cardinal(rest)}"


def plural(words: str) -> str:
    """A spoken decade's ending: "nineteen ninety" → "nineteen nineties"."""
    if words.endswith("y"):
        return words[:-1] + "ies"
    return words + ("es" if words.endswith("x") else "s")
