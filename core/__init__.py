"""Nouns, verbs and rules. No I/O, no clock, no randomness; the only third-party import is pydantic."""
