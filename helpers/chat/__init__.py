"""The chat model of this book, SmolLM2-135M-Instruct: load it, let it read, and let it write.

load      the model and its tokenizer; any other causal model in transformers' format can be named instead
bits      what a text costs it, in bits
score     the log-probabilities of given continuations
seconds   how long it takes to read and to write
generate  answers to many prompts at once
stream    one answer, piece by piece
asked     a question in the form in which it was trained to be asked
"""

from helpers.chat.loading import load
from helpers.chat.prompts import START, asked
from helpers.chat.reading import bits, score, seconds
from helpers.chat.writing import Answer, generate, stream

__all__ = ["START", "Answer", "asked", "bits", "generate", "load", "score", "seconds", "stream"]
