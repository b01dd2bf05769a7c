"""The vocabularies in the form that the browser reads: the merges of byte-pair encoding as pairs of ids, and little else.

Every vocabulary of the book cuts a text into pieces, starts from the bytes (or the letters) of a piece, and joins two
neighbours as long as the table of merges has a pair of them, the pair of the lowest rank first and of equal ranks the
leftmost. So a table of pairs is all that a page needs: 0.3 to 3 MB a vocabulary, where makers' files have up to 33 MB.
What cuts a text into pieces is in `static/parts/tokenizer.js`.

tiktoken and SentencePiece join any two tokens whose joined bytes are a token, and all pairs that make the same token have
the same rank; the `tokenizers` library has a list of pairs, each of a rank of its own.
"""

import gzip
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer, models

from helpers.assets import ASSETS
from helpers.tokens import VOCABULARIES, encoding
from helpers.tokens.vocabularies import BY_TIKTOKEN, file_of
from theme.parts.kept import kept

Merge = tuple[int, int, int]  # ids of the left token, the right one, and of both joined


LEFT_OUT = -1  # a byte that a vocabulary lacks leaves no token


@dataclass
class Table:
    """A vocabulary as the page needs it."""

    merges: list[Merge]  # the lowest rank first
    shares: bool  # merges that make the same token have one rank
    bytes: list[int]  # ids of the 256 bytes
    letters: dict[str, int] = field(default_factory=dict)  # ids of single letters, where a piece starts from letters
    whole: dict[str, int] = field(default_factory=dict)  # pieces that are tokens although merges do not lead to them
    added: list[dict[str, int]] = field(default_factory=list)  # found in a text before all else, one set after the other


def packed(name: str) -> bytes:
    """Return the file of a vocabulary: gzip of a header in JSON, then left ids, right ids, joined ids and steps of rank."""
    recipe = f"{name} {ASSETS[VOCABULARIES[name].asset].folder().name} {Path(__file__).read_text(encoding='utf-8')}"
    return kept("browser-vocabularies", recipe, lambda: pack(table(name)))


def table(name: str) -> Table:
    """Return the table of a vocabulary, read from its maker's file."""
    if name in BY_TIKTOKEN:
        return of_ranks(encoding(name)._mergeable_ranks)
    return of_sentencepiece(name) if name == "mistral_v3" else of_tokenizers(name)


def of_ranks(ranks: Mapping[bytes, int]) -> Table:
    """Return the table of what tiktoken reads: tokens as bytes, whose rank is their id."""
    merges = all_splits(ranks, sorted(ranks, key=ranks.__getitem__))
    return Table(merges, shares=True, bytes=[ranks[bytes([i])] for i in range(256)], whole=unreachable(ranks, merges))


def of_sentencepiece(name: str) -> Table:
    """Return the table of a SentencePiece model: letters, bytes for those that it lacks, and tokens that have scores."""
    from sentencepiece import SentencePieceProcessor

    model = SentencePieceProcessor(model_file=file_of(name))
    others = (model.is_control, model.is_unknown, model.is_byte)
    pieces = {i: model.id_to_piece(i) for i in range(model.vocab_size()) if not any(kind(i) for kind in others)}
    given = {piece: i for i, piece in pieces.items() if model.get_score(i) == 0}  # by its maker; learnt ones have a score
    ids = {piece: i for i, piece in pieces.items() if piece not in given}
    return Table(
        all_splits(ids, sorted(ids, key=lambda piece: -model.get_score(ids[piece]))), shares=True,
        bytes=[i for i in range(model.vocab_size()) if model.is_byte(i)],
        letters={piece: i for piece, i in ids.items() if len(piece) == 1}, added=[given],
    )  # fmt: skip


def of_tokenizers(name: str) -> Table:
    """Return the table of a file of the `tokenizers` library."""
    file = json.loads(Path(file_of(name)).read_text(encoding="utf-8"))
    ids, merges = file["model"]["vocab"], file["model"]["merges"]
    pairs = [pair.split(" ") if isinstance(pair, str) else pair for pair in merges]
    own = [token for token in file["added_tokens"] if not token["special"]]
    added = [{token["content"]: token["id"] for token in own if token["normalized"] == kind} for kind in (False, True)]
    made = Table([(ids[a], ids[b], ids[a + b]) for a, b in pairs], shares=False, bytes=[], added=[*filter(None, added)])
    if file["model"]["byte_fallback"]:
        made.bytes = [ids[f"<0x{i:02X}>"] for i in range(256)]
        made.letters = {token: i for token, i in ids.items() if len(token) == 1}
    else:
        letters = byte_letters()
        made.bytes = [ids.get(letters[i], LEFT_OUT) for i in range(256)]
        if file["model"].get("ignore_merges"):
            values = {letter: i for i, letter in enumerate(letters)}
            tokens = {bytes(values[letter] for letter in token): i for token, i in ids.items()}
            made.whole = unreachable(tokens, made.merges)
    return made


def all_splits(ids: Mapping[Any, int], order: Iterable[Any]) -> list[Merge]:
    """Return each way to make a token of two others, token by token."""
    return [
        (ids[token[:k]], ids[token[k:]], ids[token])
        for token in order
        for k in range(1, len(token))
        if token[:k] in ids and token[k:] in ids
    ]


def unreachable(ids: Mapping[bytes, int], merges: Iterable[Merge]) -> dict[str, int]:
    """Return the tokens that merges do not make of their bytes, although a piece that is one becomes it."""
    names = {i: token.decode("latin-1") for token, i in ids.items()}
    pairs = [(names[a], names[b]) for a, b, _ in merges]
    model = Tokenizer(models.BPE(vocab={name: i for i, name in names.items()}, merges=pairs))
    found = model.encode_batch_fast(list(names.values()))
    left = [token for token, made in zip(ids, found, strict=True) if len(made.ids) > 1]
    return {token.decode(): ids[token] for token in left if "\ufffd" not in token.decode(errors="replace")}


def byte_letters() -> list[str]:
    """Return the letter that stands for each byte in files of byte-level vocabularies: itself where it can be seen."""
    seen = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = iter(range(256, 512))
    return [chr(i if i in seen else next(others)) for i in range(256)]


def pack(table: Table) -> bytes:
    """Return a table as the page reads it: numbers little-endian, each part from a multiple of four bytes on."""
    left, right, joined = np.array(table.merges, dtype="<u4").T
    steps = np.ones(len(joined), dtype=np.uint8)
    if table.shares:
        steps[1:] = joined[1:] != joined[:-1]
    header = {
        "merges": len(joined), "ranks": int(steps.sum()), "bytes": table.bytes, "letters": table.letters,
        "whole": table.whole, "added": table.added,
    }  # fmt: skip
    words = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    words += b" " * (-len(words) % 4)
    parts = [np.array(len(words), dtype="<u4").tobytes(), words, left.tobytes(), right.tobytes()]
    return gzip.compress(b"".join([*parts, joined[steps == 1].tobytes(), steps.tobytes()]), 6, mtime=0)
