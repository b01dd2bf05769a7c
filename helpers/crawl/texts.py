"""Real text for the pages of a miniature crawl: sentences of the Declaration in many languages, and of English prose.

A translation of the Declaration has some 1,500 words, and a crawl needs hundreds of pages of Russian. So a page is a random
choice of sentences, and long sentences are cut at a comma or semicolon: with many small pieces, two pages of the same
language have little in common.
"""

import re
from collections import Counter
from functools import cache
from math import log
from random import Random

from helpers.corpora import PROSE, declaration, declarations, prose

UNKNOWN = "unknown"  # Common Crawl's label for pages whose language it could not tell

#: Which texts stand for a language of Common Crawl's table, where that is not the one translation named after its code.
SOURCES: dict[str, tuple[str, ...]] = {
    "eng": (*PROSE, *PROSE, *PROSE, "eng"),
    "zho": ("cmn_hans", "cmn_hans", "cmn_hans", "cmn_hant"),  # most of the Chinese web is in simplified characters
    "deu": ("deu_1996",), "por": ("por_BR", "por_PT"), "ara": ("arb",), "ell": ("ell_monotonic",), "ron": ("ron_2006",),
    "nor": ("nob",), "srp": ("srp_cyrl", "srp_latn"), "fas": ("pes_1",), "swa": ("swh",),
}  # fmt: skip

SENTENCE = re.compile(r"(?<=[.!?।॥۔][\s\"”’])|(?<=[。！？။])")
CLAUSE = re.compile(r"[^,;:،؛，、；၊]+[,;:،؛，、；၊]*\s*")
PHRASE = re.compile(r"\S+\s*")  # Thai has spaces between phrases and no other sign
STOPS = ".。।။۔"
DENSE = ("Han", "Japanese")  # scripts that say about three times as much in a character
UNSPACED = (*DENSE, "Thai", "Myanmar")
TYPICAL_LENGTH, LEAST_LENGTH = 1000, 600  # characters of a page
LARGEST_PART = 0.1  # of a translation that one page may hold


def sources_of(language: str) -> tuple[str, ...]:
    """The texts that pages of a language are made from: names of English prose, or codes of the Declaration; () if none."""
    return SOURCES.get(language) or ((language,) if language in declarations() else ())


def tag_of(source: str) -> tuple[str, str]:
    """BCP 47 tag and direction of a text, as a page declares them."""
    return ("en", "ltr") if source in PROSE else (declaration(source).bcp47, declaration(source).direction)


def script_is(source: str, scripts: tuple[str, ...]) -> bool:
    """Whether a text is in one of these scripts."""
    return source not in PROSE and declaration(source).script in scripts


@cache
def sentences(source: str) -> tuple[str, ...]:
    """The sentences of a text, in order, each once; a long sentence of the Declaration is cut into clauses."""
    if source in PROSE:
        found = (piece.strip() for text in prose(source) for piece in SENTENCE.split(text))
        return tuple(dict.fromkeys(piece for piece in found if 40 <= len(piece) <= 250))
    shortest, longest = (12, 40) if script_is(source, DENSE) else (40, 110)
    stop = full_stop(source)
    pieces: list[str] = []
    cut = CLAUSE if stop else PHRASE
    for article in declaration(source).articles.values():
        for sentence in SENTENCE.split(article):
            pieces += _cut(sentence, cut, shortest) if len(sentence) > longest else [sentence]
    return tuple(dict.fromkeys(_close(piece, stop) for piece in pieces if len(piece) >= shortest))


def full_stop(source: str) -> str:
    """How sentences end in a text: the usual one of the world's full stops, or "" where there is none, as in Thai."""
    if source in PROSE:
        return "."
    text = declaration(source).text
    stop = max(STOPS, key=text.count)
    return stop if text.count(stop) >= 20 else ""


@cache
def words(source: str) -> tuple[str, ...]:
    """The most frequent words of 4 to 12 letters of a text, for menus and keywords; beginnings of its sentences where
    the script writes no spaces."""
    if script_is(source, UNSPACED):
        return tuple(dict.fromkeys(sentence[:4] for sentence in sentences(source)))
    tokens = (word.strip('.,;:!?"()“”’').lower() for sentence in sentences(source)[:3000] for word in sentence.split())
    counts = Counter(word for word in tokens if 4 <= len(word) <= 12)
    return tuple(word for word, _ in counts.most_common(150))


def write(source: str, rng: Random) -> list[str]:
    """The sentences of one page, from random places of a text and together at most a tenth of it."""
    pool = sentences(source)
    length = min(max(rng.lognormvariate(log(TYPICAL_LENGTH), 0.6), LEAST_LENGTH), LARGEST_PART * _size(source))
    chosen: list[str] = []
    for sentence in rng.sample(pool, min(100, len(pool))):
        chosen.append(sentence)
        if sum(map(len, chosen)) >= length:
            break
    return chosen


def join(pieces: list[str] | tuple[str, ...], source: str) -> str:
    """Sentences or words side by side, as the script of a text writes them."""
    return ("" if script_is(source, DENSE) else " ").join(pieces)


@cache
def _size(source: str) -> int:
    return sum(map(len, sentences(source)))


def _cut(sentence: str, clause: re.Pattern[str], shortest: int) -> list[str]:
    """The clauses of a sentence, those that are too short with the next one."""
    pieces = [""]
    for part in clause.findall(sentence):
        pieces = [*pieces, part] if len(pieces[-1]) >= shortest else [*pieces[:-1], pieces[-1] + part]
    return pieces


def _close(piece: str, stop: str) -> str:
    piece = piece.strip().rstrip(",;:،؛，、；၊").strip()
    return piece[:1].upper() + piece[1:] + ("" if piece[-1:] in STOPS + "!?！？" else stop)
