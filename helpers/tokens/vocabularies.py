"""The vocabularies of this book, each read by the library that its makers use, all behind one function.

`reader(name)` answers with what turns many texts into ids; the texts are read as plain text, whatever they hold.
"""

import base64
import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
import tiktoken

from helpers.assets import path

#: OpenAI's vocabularies and the models they came with, oldest first.
ENCODINGS = {"r50k_base": "GPT-2", "cl100k_base": "GPT-4", "o200k_base": "GPT-4o"}

#: Every vocabulary of this book, smallest first, and the name that figures give it.
VOCABULARIES = {
    "mistral_v3": "Mistral 7B", "smollm2": "SmolLM2", "r50k_base": "GPT-2", "cl100k_base": "GPT-4",
    "tekken": "Tekken", "o200k_base": "GPT-4o",
}  # fmt: skip

BY_TIKTOKEN = (*ENCODINGS, "tekken")  # those whose merges tiktoken holds

SENTENCEPIECE, TEKKEN = "mistral_instruct_tokenizer_240323.model.v3", "tekken_240911.json"


Ids = Sequence[int] | np.ndarray  # of the tokens of one text


@dataclass(frozen=True)
class Reader:
    """How a vocabulary reads: its size, the texts that its library would take for commands, and texts to ids."""

    size: int
    special: frozenset[str]
    encode: Callable[[Sequence[str]], list[Ids]]


@cache
def encoding(name: str) -> tiktoken.Encoding:
    """A vocabulary that tiktoken reads, from the book's cache: one of OpenAI's, or Mistral's "tekken".

    Raises:
        ValueError: if there is no such vocabulary, or tiktoken does not read it.
    """
    if name not in BY_TIKTOKEN:
        raise ValueError(f"name={name!r} is not read by tiktoken; there are {', '.join(BY_TIKTOKEN)}")
    if name == "tekken":
        return _tekken()
    path("openai-vocabularies")
    return tiktoken.get_encoding(name)


@cache
def reader(name: str) -> Reader:
    """The reader of a vocabulary, made once.

    Raises:
        ValueError: if the book has no vocabulary of that name.
    """
    if name not in VOCABULARIES:
        raise ValueError(f"name={name!r} is not a vocabulary of this book; there are {', '.join(VOCABULARIES)}")
    if name == "mistral_v3":
        return _sentencepiece_reader()
    if name == "smollm2":
        return _tokenizers_reader()
    return _tiktoken_reader(encoding(name))


def vocabulary_size(name: str) -> int:
    """How many tokens a vocabulary holds, special ones included."""
    return reader(name).size


def _tiktoken_reader(vocabulary: tiktoken.Encoding) -> Reader:
    read: Callable[[str], Ids] = vocabulary.encode_ordinary
    if vocabulary.special_tokens_set:  # with none, the search for one would stop at each character
        read = partial(vocabulary.encode_to_numpy, disallowed_special=())  # arrays, not lists: a third less time

    def encode(texts: Sequence[str]) -> list[Ids]:
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            return list(threads.map(read, texts))

    return Reader(vocabulary.n_vocab, frozenset(vocabulary.special_tokens_set), encode)


def _tekken() -> tiktoken.Encoding:
    """Mistral's Tekken as tiktoken reads it: the file lists more tokens than the models use, most frequent first."""
    file = json.loads((path("mistral-vocabularies") / TEKKEN).read_text(encoding="utf-8"))
    n_special = file["config"]["default_num_special_tokens"]
    used = file["vocab"][: file["config"]["default_vocab_size"] - n_special]
    ranks = {base64.b64decode(row["token_bytes"]): row["rank"] for row in used}
    return tiktoken.Encoding("tekken", pat_str=file["config"]["pattern"], mergeable_ranks=ranks, special_tokens={})


def _sentencepiece_reader() -> Reader:
    from sentencepiece import SentencePieceProcessor

    model = SentencePieceProcessor(model_file=str(path("mistral-vocabularies") / SENTENCEPIECE))
    return Reader(
        model.vocab_size(), frozenset(), lambda texts: model.encode(list(texts))
    )  # it never reads commands in text


def _tokenizers_reader() -> Reader:
    from tokenizers import Tokenizer

    model = Tokenizer.from_file(str(path("chat-model") / "tokenizer.json"))
    model.encode_special_tokens = True
    special = frozenset(token.content for token in model.get_added_tokens_decoder().values())

    def encode(texts: Sequence[str]) -> list[Ids]:
        return [np.array(row.ids) for row in model.encode_batch_fast(list(texts), add_special_tokens=False)]

    return Reader(model.get_vocab_size(), special, encode)
