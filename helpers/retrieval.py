"""Find the notes that belong to a question: by words they share (BM25), or by vectors of a small embedding model.

Both models are read by transformers. A text's vector is the mean over its tokens, of unit length, so that the product of two
vectors is the cosine of the angle between them (Reimers & Gurevych, 2019).
"""

import math
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from helpers.assets import path

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

#: The models by name: the asset, the most tokens of a text, and what its makers put in front of a question and of a note.
EMBEDDERS = {
    "multilingual": ("multilingual-embeddings", 512, "query: ", "passage: "),
    "english": ("english-embeddings", 256, "", ""),
}
BATCH = 16  # texts that pass the model together


def scores(questions: Sequence[str], notes: Sequence[str], by: str) -> np.ndarray:
    """Return how well each note fits each question: one row a question, one column a note; more is better.

    Args:
        questions, notes: texts, none of them empty.
        by: "words" for `bm25`, or a key of `EMBEDDERS` for the cosine of the vectors.

    Raises:
        TypeError, ValueError: if a text or `by` is not accepted.
    """
    if by == "words":
        return bm25(questions, notes)
    return embed(questions, by, questions=True) @ embed(notes, by).T


def embed(texts: Sequence[str], model: str = "multilingual", questions: bool = False) -> np.ndarray:
    """Return the vectors of some texts, one row each, of unit length. What is beyond the model's window is not read.

    Args:
        texts: none of them empty.
        model: a key of `EMBEDDERS`.
        questions: whether the texts are questions, not notes; one of the models was trained with a word in front of each.

    Raises:
        TypeError, ValueError: if a text or `model` is not accepted.
    """
    import torch

    _check(texts)
    if model not in EMBEDDERS:
        raise ValueError(f"model={model!r} is not known; there are {', '.join(EMBEDDERS)}")
    _, window, before_question, before_note = EMBEDDERS[model]
    network, tokenizer = _load(model)
    begun = [(before_question if questions else before_note) + text for text in texts]
    order = sorted(range(len(begun)), key=lambda i: len(begun[i]))  # texts of a like length share a batch
    vectors = np.empty((len(begun), network.config.hidden_size), np.float32)
    for start in range(0, len(order), BATCH):
        rows = order[start : start + BATCH]
        batch = tokenizer([begun[i] for i in rows], padding=True, truncation=True, max_length=window, return_tensors="pt")
        with torch.inference_mode():
            states = network(**batch).last_hidden_state  # (texts, tokens, width)
        mask = batch["attention_mask"][..., None]
        mean = (states * mask).sum(1) / mask.sum(1)
        vectors[rows] = torch.nn.functional.normalize(mean, dim=-1)
    return vectors


def bm25(questions: Sequence[str], notes: Sequence[str], k1: float = 1.2, b: float = 0.75) -> np.ndarray:
    """Return the BM25 score of each note for each question: shared words, rare ones for more (Robertson et al., 1994).

    Args:
        questions, notes: texts, none of them empty. A word is a run of letters, marks and digits between anything else.
        k1: how soon one word, used many times in a note, counts no more.
        b: how much a long note loses; 0 for nothing.

    Raises:
        TypeError, ValueError: if a text is not accepted.
    """
    _check(questions)
    _check(notes)
    counts = [Counter(words(note)) for note in notes]
    n_notes = Counter(word for count in counts for word in count)
    weight = {word: math.log(1 + (len(notes) - n + 0.5) / (n + 0.5)) for word, n in n_notes.items()}
    mean = sum(count.total() for count in counts) / len(notes)
    found = np.zeros((len(questions), len(notes)))
    for column, count in enumerate(counts):
        longer = k1 * (1 - b + b * count.total() / mean)
        for row, question in enumerate(questions):
            shared = [word for word in words(question) if word in count]
            found[row, column] = sum(weight[word] * count[word] * (k1 + 1) / (count[word] + longer) for word in shared)
    return found


def words(text: str) -> list[str]:
    """Return the words of a text in lower case, with their combining marks."""
    import regex

    return regex.findall(r"[\p{L}\p{M}\p{N}]+", text.casefold())


def first(found: np.ndarray) -> np.ndarray:
    """Return the number of the note with the highest score for each question, or -1 where the best two are equal."""
    alone = (found == found.max(axis=1, keepdims=True)).sum(axis=1) == 1
    return np.where(alone, found.argmax(axis=1), -1)


def _check(texts: Sequence[str]) -> None:
    if isinstance(texts, str) or not isinstance(texts, Sequence) or not all(isinstance(text, str) for text in texts):
        raise TypeError("texts must be a list of strings")
    if not texts:
        raise ValueError("there is no text; give at least one")
    if empty := [number for number, text in enumerate(texts) if not text.strip()]:
        raise ValueError(f"the text number {empty[0]} is empty")


@cache
def _load(model: str) -> "tuple[PreTrainedModel, PreTrainedTokenizerBase]":
    import torch
    from transformers.utils.logging import disable_progress_bar

    from helpers.quiet import transformers

    disable_progress_bar()
    folder, pooled = path(EMBEDDERS[model][0]), model == "english"  # that file holds one more layer, which is not used
    network = transformers.AutoModel.from_pretrained(folder, dtype=torch.float32, add_pooling_layer=pooled)
    return network.eval(), transformers.AutoTokenizer.from_pretrained(folder)
