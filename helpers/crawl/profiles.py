"""What the rules for good text must know of a language: how long its words and texts are, how they end, which are frequent.

Rules such as Gopher's were tuned on English: at least 50 words, 3 to 10 letters each. Here the Declaration of Human Rights
is the yardstick: as all its translations say the same, their lengths tell how many words or characters of a language
stand for one of English.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

import regex
from datatrove.pipeline.filters.gopher_quality_filter import STOP_WORDS
from datatrove.utils.text import TERMINAL_PUNCTUATION
from datatrove.utils.word_tokenizers import WordTokenizer

from helpers.corpora import Declaration, comparable_declarations, declaration, script_of
from helpers.languages import NOT_A_LANGUAGE, label_of

SHARED_SCRIPTS = ("Latin", "Cyrillic", "Arabic")
N_STOP_WORDS = 16  # twice Gopher's for English: some of the Declaration's commonest words are about rights
BOUNDARY = regex.compile(r"(?w)\b")  # words as in Unicode's annex 29; where a script writes no spaces, single characters
PROPER = regex.compile(r"[\p{L}\p{N}]")
ASCII_ENDS = "".join(mark for mark in TERMINAL_PUNCTUATION if mark.isascii())
OTHER_ENDS = "".join(mark for mark in TERMINAL_PUNCTUATION if not mark.isascii())
CLOSING = "\"'”’»›)]」』）】"
SENTENCE_END = regex.compile(
    rf"[{regex.escape(OTHER_ENDS)}]+[{regex.escape(CLOSING)}]*|[{regex.escape(ASCII_ENDS)}]+[{regex.escape(CLOSING)}]*(?=\s|$)"
)


class Words(WordTokenizer):
    """Words and sentences of any script, for datatrove's rules, whose own tokenizers need a package for each language."""

    def word_tokenize(self, text: str) -> list[str]:
        """Words and numbers. Punctuation is none, as in the papers, whose words were what stands between spaces."""
        return [word for word in BOUNDARY.split(text) if word and PROPER.search(word)]

    def span_tokenize(self, text: str) -> list[tuple[int, int]]:
        """Where each sentence begins and ends."""
        ends = [match.end() for match in SENTENCE_END.finditer(text)]
        if not ends or text[ends[-1] :].strip():
            ends.append(len(text))
        return list(zip([0, *ends[:-1]], ends, strict=True))

    def sent_tokenize(self, text: str) -> list[str]:
        """The sentences."""
        return [sentence for start, end in self.span_tokenize(text) if (sentence := text[start:end].strip())]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Words)

    def __hash__(self) -> int:
        return hash(Words)


WORDS = Words()


@dataclass(frozen=True)
class Profile:
    """A language beside English.

    `words` and `characters` stand for one of English; a word is one of `Words`, so in Chinese a character. `word_length` is
    the mean in characters. `stop_words` are Gopher's for English, and else those in the most articles of the Declaration, or
    () where words can't be told apart. `has_spaces` and `has_ends` say whether it writes spaces between words and marks at
    the ends of sentences. The defaults are for a language of which nothing is known; 0 and () switch a rule off.
    """

    words: float = 1.0
    characters: float = 1.0
    word_length: float = 0.0
    stop_words: tuple[str, ...] = ()
    has_spaces: bool = True
    has_ends: bool = True


UNKNOWN = Profile()


@cache
def profiles() -> dict[str, Profile]:
    """Profiles by langdetect's label, and by script for what has none: that of the script's most spoken language, without
    its stop words. Scripts of many languages that have little in common have no profile."""
    items = [*comparable_declarations().values(), declaration("cmn_hant")]
    by_label: dict[str, Profile] = {}
    by_script: dict[str, Profile] = {}
    for item in sorted(items, key=lambda d: (-d.speakers, d.code != d.iso639_3, d.code)):
        label = label_of(item.bcp47)
        if label and label not in by_label:
            by_label[label] = _profile(item, declaration("eng"))
        if item.script not in SHARED_SCRIPTS and item.script not in by_script:
            by_script[item.script] = replace(_profile(item, declaration("eng")), stop_words=())
    return by_label | by_script


def profile_of(text: str, language: str, table: Mapping[str, Profile] | None = None) -> Profile:
    """The profile for a text in a language by langdetect's label; where that is none, by the script of the text.

    Args:
        text: of one document.
        language: a label of `helpers.languages.detect`.
        table: what `profiles` gave, for a process that should not work it out again.
    """
    key = script_of(text) if language in NOT_A_LANGUAGE else language
    return (profiles() if table is None else table).get(key, UNKNOWN)


def _profile(item: Declaration, english: Declaration) -> Profile:
    shared = sorted(set(item.articles) & set(english.articles))
    text, reference = ("\n".join(d.articles[n] for n in shared) for d in (item, english))
    words, reference_words = (WORDS.word_tokenize(t) for t in (text, reference))
    n_letters = sum(map(len, words))
    has_spaces = 2 * len(text.split()) > len(words)
    return Profile(
        words=len(words) / len(reference_words),
        characters=len(text) / len(reference),
        word_length=n_letters / len(words),
        stop_words=_stop_words(item) if has_spaces else (),
        has_spaces=has_spaces,
        has_ends=sum(mark in TERMINAL_PUNCTUATION for mark in text) >= len(shared) / 2,
    )


def _stop_words(item: Declaration) -> tuple[str, ...]:
    """The words that are in the most articles; of equal ones the shorter, as words of grammar are short."""
    if item.code == "eng":
        return tuple(STOP_WORDS)
    articles = Counter(word for article in item.articles.values() for word in set(WORDS.word_tokenize(article.lower())))
    return tuple(sorted(articles, key=lambda word: (-articles[word], len(word), word))[:N_STOP_WORDS])
