"""Which language is a text in, and what is a table of languages worth?

`detector`: langdetect with its traps removed. `bulk`: the same answers for many texts at once. `identifiers`: other tools
behind one function. `counting`: shares and confusion. `correction`: what can be done about a detector's errors.
"""

from helpers.languages.bulk import detect_many
from helpers.languages.correction import rogan_gladen
from helpers.languages.counting import confusion, shares
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
from helpers.languages.identifiers import identify, tools

__all__ = [
    "EMPTY", "NOT_A_LANGUAGE", "REPLACEMENT", "UNDECIDED", "UNDECODABLE", "UNSUPPORTED",
    "confusion", "detect", "detect_many", "identify", "label_name", "label_of",
    "profile_rates", "rogan_gladen", "shares", "supported", "tools",
]  # fmt: skip
