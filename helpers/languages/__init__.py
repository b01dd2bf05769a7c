"""Which language is a text in, and what is a table of languages worth?

`detector`: langdetect with its traps removed. `bulk`: the same answers for many texts at once. `identifiers`: other tools
behind one function. `counting`, `confusion`, `correction`: shares, their intervals, and what can be done about a
detector's errors.
"""

from helpers.languages.bulk import detect_many
from helpers.languages.counting import shares
from helpers.languages.detector import (
    EMPTY,
    NOT_A_LANGUAGE,
    REPLACEMENT,
    UNDECIDED,
    UNDECODABLE,
    UNSUPPORTED,
    detect,
    label_name,
    label_of,
    profile_rates,
    supported,
)

__all__ = [
    "EMPTY", "NOT_A_LANGUAGE", "REPLACEMENT", "UNDECIDED", "UNDECODABLE", "UNSUPPORTED",
    "detect", "detect_many", "label_name", "label_of", "profile_rates", "shares", "supported",
]  # fmt: skip
