"""What the model reads: texts and questions as rows of ids."""

import re
from collections.abc import Sequence
from functools import lru_cache
from operator import index
from typing import TYPE_CHECKING

from helpers.chat.loading import load
from helpers.checks import check_text

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

    from helpers.chat.loading import Loaded

START = "<|endoftext|>"  # stood before each document in pre-training (Allal et al., 2025)
SYSTEM, QUESTION = "\N{OBJECT REPLACEMENT CHARACTER}S", "\N{OBJECT REPLACEMENT CHARACTER}Q"  # hold places in a template


def asked(question: str, system: str | None = None, model: "Loaded | None" = None) -> list[int]:
    """The ids of a question in the model's chat format, up to where its answer begins.

    Args:
        question: what the user says; any text. Special tokens in it are read as plain text.
        system: what the system message says, read in the same way; None for the template's own.
        model: from `load`; None for the chat model.

    Raises:
        TypeError: if the question is not a string.
        ValueError: if it is empty, or a text holds half of a surrogate pair.
    """
    check_text("question", question)
    if not question:
        raise ValueError("question='' asks nothing; give some text")
    if system is not None:
        check_text("system", system)
    _, tokenizer = model or load()
    messages = [{"role": "system", "content": SYSTEM}] if system else []
    messages.append({"role": "user", "content": QUESTION})
    text = str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))
    said = {SYSTEM: system or "", QUESTION: question}
    parts = re.split(f"({SYSTEM}|{QUESTION})", text)  # what is said never passes through the template
    return [i for part in parts for i in _ids(tokenizer, said.get(part, part), special=part not in said)]


def text_ids(tokenizer: "PreTrainedTokenizerFast", text: str) -> list[int]:
    """The start token and then the tokens of a text, as a document in pre-training."""
    return [start_id(tokenizer), *_ids(tokenizer, text)]


def continuation_ids(tokenizer: "PreTrainedTokenizerFast", text: str) -> list[int]:
    """The tokens of a text that goes on with another."""
    return _ids(tokenizer, text)


@lru_cache(maxsize=4)  # to list a vocabulary takes as long as to read a page
def start_id(tokenizer: "PreTrainedTokenizerFast") -> int:
    """The id of what stands before a document; of other models than the book's, what they begin a text with."""
    if START in tokenizer.get_vocab():
        return tokenizer.get_vocab()[START]
    found = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id
    if found is None:
        raise ValueError("the tokenizer has no token that begins a text; give prompts as ids")
    return found


def check_texts(name: str, texts: Sequence[str]) -> None:
    """Raise TypeError or ValueError unless there are texts, all of them strings that can be written, none empty."""
    if isinstance(texts, str) or not all(isinstance(text, str) for text in texts):
        raise TypeError(f"{name} must be a sequence of strings; put a single text in a list")
    if not len(texts):
        raise ValueError(f"{name}=[] is an empty corpus; give at least one text")
    if empty := [i for i, text in enumerate(texts) if not text]:
        raise ValueError(f"{name}[{empty[0]}] is empty; a text has at least one token to predict")
    for i, text in enumerate(texts):
        check_text(f"{name}[{i}]", text)


def prompt_rows(prompts: Sequence[str | Sequence[int]], tokenizer: "PreTrainedTokenizerFast") -> list[list[int]]:
    """The ids of each prompt, once the prompts are what they must be."""
    if isinstance(prompts, str):
        raise TypeError("prompts must be a sequence of texts or of rows of ids; put a single prompt in a list")
    if not len(prompts):
        raise ValueError("prompts=[] is nothing to go on from; give at least one")
    rows = []
    for i, prompt in enumerate(prompts):
        if isinstance(prompt, str):
            check_text(f"prompts[{i}]", prompt)
            rows.append(text_ids(tokenizer, prompt))
            continue
        try:
            rows.append(list(map(index, prompt)))
        except TypeError:
            raise TypeError(f"prompts[{i}]={prompt!r} is neither a text nor a row of ids") from None
        if not rows[i]:
            raise ValueError(f"prompts[{i}] has no ids; give at least the token that begins a text")
        if not 0 <= min(rows[i]) <= max(rows[i]) < len(tokenizer):
            raise ValueError(f"prompts[{i}] holds ids out of the vocabulary; give 0 to {len(tokenizer) - 1}")
    return rows


def check_room(model: "PreTrainedModel", rows: Sequence[Sequence[int]], what: str, more: int = 0) -> None:
    """Raise ValueError if a row, and `more` tokens after it, are longer than the model's context."""
    room = model.config.max_position_embeddings
    longest = max(range(len(rows)), key=lambda i: len(rows[i]))
    if len(rows[longest]) + more > room:
        raise ValueError(f"{what} {longest}: {len(rows[longest]) + more:,} tokens; the model's context holds {room:,}")


def _ids(tokenizer: "PreTrainedTokenizerFast", text: str, *, special: bool = False) -> list[int]:
    return tokenizer(text, add_special_tokens=False, split_special_tokens=not special)["input_ids"]
