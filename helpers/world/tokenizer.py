"""Words and marks as tokens: nothing is cut, so what a token is needs no explaining in a world of some hundred words."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from helpers.world import World
from helpers.world.language import ATTRIBUTES, CLOSERS, DECLINE, GOSSIP, INTRODUCTIONS, OPENERS

PAD, BOS, EOS = "<pad>", "<bos>", "<eos>"
PIECES = re.compile(r"<\w+>|\w+|[^\w\s]")


@dataclass(frozen=True)
class WordTokenizer:
    """Ids are places in `words`; the first three are <pad>, <bos> and <eos>."""

    words: tuple[str, ...]
    _ids: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_ids", {word: i for i, word in enumerate(self.words)})

    pad, bos, eos = 0, 1, 2

    @property
    def vocab_size(self) -> int:
        return len(self.words)

    def encode(self, text: str) -> list[int]:
        """The ids of a text; without <bos> and <eos> unless they stand in it.

        Raises:
            ValueError: if a word is not in the vocabulary.
        """
        pieces = PIECES.findall(text)
        if unknown := [piece for piece in pieces if piece not in self._ids]:
            raise ValueError(f"{unknown[0]!r} in text={text!r} is no word of this world; it has {self.vocab_size} words")
        return [self._ids[piece] for piece in pieces]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids, up to the first <eos>; marks stand close to the word before.

        Raises:
            ValueError: if an id is none of the vocabulary's.
        """
        words = []
        for i in map(int, ids):
            if not 0 <= i < len(self.words):
                raise ValueError(f"id {i} is not in the vocabulary; give 0 to {len(self.words) - 1}")
            if i == self.eos:
                break
            words.append(self.words[i])
        return re.sub(r" (?=[.,?!:])", "", " ".join(words))


def make_tokenizer(world: World) -> WordTokenizer:
    """The vocabulary of a world: every word that its documents, questions and answers can have."""
    texts = [*INTRODUCTIONS, *GOSSIP, DECLINE, *sum(OPENERS.values(), ()), *sum(CLOSERS.values(), ())]
    for attribute in ATTRIBUTES:
        texts += [*attribute.questions, attribute.statement, *attribute.values]
    texts = [text.format(name="", value="") for text in texts]
    words = {piece for text in texts for piece in PIECES.findall(text)} | {person.name for person in world.people}
    return WordTokenizer((PAD, BOS, EOS, *sorted(words)))


def document_ids(documents: Sequence[str], tokenizer: WordTokenizer) -> list[int]:
    """One row of ids: each document between <bos> and <eos>, one after the other."""
    return [i for text in documents for i in (tokenizer.bos, *tokenizer.encode(text), tokenizer.eos)]
