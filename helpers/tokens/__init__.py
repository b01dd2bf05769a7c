"""Counting tokens under many vocabularies, and what they cost: premiums between languages, money, time, and room."""

from helpers.tokens.counting import context_share, cost, count, encode, latency, premium_of, premiums
from helpers.tokens.vocabularies import ENCODINGS, NAMES, VOCABULARIES, Vocabulary, encoding, vocabulary_size

__all__ = [
    "ENCODINGS", "NAMES", "VOCABULARIES", "Vocabulary",
    "context_share", "cost", "count", "encode", "encoding", "latency", "premium_of", "premiums", "vocabulary_size",
]  # fmt: skip
