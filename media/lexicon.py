"""What signs, units, currencies and short forms are called in English."""

from __future__ import annotations

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
MONTH = "|".join(MONTHS)
SHORT_MONTH = "Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec"
NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
SCALES = {"k": "thousand", "m": "million", "mn": "million", "b": "billion", "bn": "billion", "t": "trillion"}
CURRENCY = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "€": ("euro", "euros", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "¥": ("yen", "yen", "sen", "sen"),
    "₹": ("rupee", "rupees", "paisa", "paise"),
}
UNITS = {
    "km/h": ("kilometre per hour", "kilometres per hour"),
    "kwh": ("kilowatt hour", "kilowatt hours"),
    "mph": ("mile per hour", "miles per hour"),
    "km": ("kilometre", "kilometres"),
    "cm": ("centimetre", "centimetres"),
    "mm": ("millimetre", "millimetres"),
    "kg": ("kilogram", "kilograms"),
    "mg": ("milligram", "milligrams"),
    "mi": ("mile", "miles"),
    "ft": ("foot", "feet"),
    "lb": ("pound", "pounds"),
    "lbs": ("pound", "pounds"),
    "oz": ("ounce", "ounces"),
    "kb": ("kilobyte", "kilobytes"),
    "mb": ("megabyte", "megabytes"),
    "gb": ("gigabyte", "gigabytes"),
    "tb": ("terabyte", "terabytes"),
    "mw": ("megawatt", "megawatts"),
    "kw": ("kilowatt", "kilowatts"),
    "ms": ("millisecond", "milliseconds"),
    "sec": ("second", "seconds"),
    "min": ("minute", "minutes"),
    "hrs": ("hour", "hours"),
    "hr": ("hour", "hours"),
    "px": ("pixel", "pixels"),
    "fps": ("frame per second", "frames per second"),
    "hz": ("hertz", "hertz"),
    "khz": ("kilohertz", "kilohertz"),
    "°c": ("degree Celsius", "degrees Celsius"),
    "°f": ("degree Fahrenheit", "degrees Fahrenheit"),
    "°": ("degree", "degrees"),
}
CASED_UNITS = {"m": ("metre", "metres"), "g": ("gram", "grams"), "s": ("second", "seconds"), "h": ("hour", "hours")}
SHORT = {
    "dr.": "doctor",
    "mr.": "mister",
    "mrs.": "missus",
    "ms.": "miz",
    "prof.": "professor",
    "vs.": "versus",
    "vs": "versus",
    "e.g.": "for example",
    "i.e.": "that is",
    "etc.": "et cetera",
    "approx.": "approximately",
    "inc.": "incorporated",
    "est.": "estimated",
    "dept.": "department",
    "w/": "with",
    "w/o": "without",
}
WORDS = frozenset(
    """NASA NATO AIDS UNESCO UNICEF OPEC RAM ROM PIN JSON YAML GIF JPEG COVID LASER OK SWAT FIFA IKEA SAAS PAAS CRUD
    SCRUM NASDAQ SMART""".split()  # noqa: SIM905
)
"""Capitals that are said as a word, not letter by letter."""
SIGNS = {
    "&": "and",
    "+": "plus",
    "=": "equals",
    "→": "to",
    "\u00d7": "times",
    "÷": "divided by",
    "±": "plus or minus",
    "≈": "about",
    "≤": "at most",
    "≥": "at least",
    "<": "less than",
    ">": "more than",
    "%": "percent",
    "@": "at",
    "©": "copyright",
    "™": "trademark",
    "§": "section",
}
