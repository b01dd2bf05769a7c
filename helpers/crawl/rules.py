"""Is a text worth keeping? The rules of C4, Gopher and FineWeb as datatrove has them, with limits that fit the language.

Sources: Raffel et al., 2020 (C4); Rae et al., 2021 (Gopher, table A1 and appendix A.1.1); Penedo et al., 2024 (FineWeb).
"""

from dataclasses import dataclass
from functools import cache

from datatrove.data import Document
from datatrove.pipeline.filters import C4QualityFilter, FineWebQualityFilter, GopherQualityFilter, GopherRepetitionFilter
from datatrove.pipeline.filters.base_filter import BaseFilter, get_filter_result
from datatrove.pipeline.filters.c4_filters import ELLIPSIS

from helpers.checks import check_text
from helpers.crawl.profiles import ASCII_ENDS, CLOSING, OTHER_ENDS, WORDS, Profile, profile_of

ENGLISH_WORD_LENGTH = 4.96  # mean of the English Declaration, in characters, against which Gopher's limits are taken
DUPLICATE_PARTS = (0.15, 0.14, 0.13, 0.12, 0.11, 0.10)  # of a text in repeated n-grams of 5 to 10 words
REASONS = {
    "gopher_short_doc": "too few words", "gopher_long_doc": "too many words",
    "gopher_below_avg_threshold": "short words", "gopher_above_avg_threshold": "long words",
    "gopher_too_many_hashes": "symbols", "gopher_too_many_ellipsis": "symbols", "gopher_too_many_bullets": "a list",
    "gopher_too_many_end_ellipsis": "cut sentences", "gopher_below_alpha_threshold": "words without letters",
    "gopher_enough_stop_words": "no stop words",
    "dup_para_frac": "repeated lines", "dup_para_char_frac": "repeated lines", "dup_line_frac": "repeated lines",
    "dup_line_char_frac": "repeated lines", "char_dup_ratio": "repeated lines",
    "lorem_ipsum": "lorem ipsum", "curly_bracket": "curly bracket", "too_few_sentences": "too few sentences",
    "line_punct_ratio": "lines without an end", "short_line_ratio": "short lines", "list_ratio": "a list",
    "empty": "no text",
}  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """The lines of a text that are worth keeping, and why the whole is not, or ""."""

    text: str
    reason: str = ""


def judge(text: str, profile: Profile) -> Verdict:
    """Put a text to the rules, in the order C4 (which drops lines first), Gopher's repetition and quality, FineWeb."""
    document = Document(text=finished_lines(text) if profile.has_ends else text, id="")
    for rule in filters(profile):
        passed, reason = get_filter_result(rule.filter(document))
        if not passed:
            return Verdict(document.text, _words(reason))
    return Verdict(document.text)


def why_rejected(text: str, language: str) -> str | None:
    """The reason why the rules reject a text, or None where they keep it.

    Args:
        text: of one document.
        language: langdetect's label; for "unsupported" and its like the limits are those of the text's script.
    """
    return judge(text, profile_of(text, language)).reason or None


def gopher_english(text: str) -> str | None:
    """The reason why Gopher's quality rules, as they were published for English, reject a text, or None."""
    check_text("text", text)
    passed, reason = get_filter_result(_published().filter(Document(text=text, id="")))
    return None if passed else _words(reason)


def finished_lines(text: str) -> str:
    """The lines that end as sentences do, in any script: C4's rule, whose own list of marks is ASCII."""
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if _ends(line))


@cache
def filters(profile: Profile) -> tuple[BaseFilter, ...]:
    """datatrove's filters with their published limits, in words and characters of a language instead of English ones.

    Where the FineWeb paper (a tenth of the characters in repeated lines) and datatrove's default (a hundredth) differ, it
    is the paper's.
    """
    words, length = profile.words, profile.word_length / ENGLISH_WORD_LENGTH
    c4 = C4QualityFilter(
        filter_no_terminal_punct=False,  # `finished_lines` has seen to that
        min_num_sentences=5 if profile.has_ends else -1,
        min_words_per_line=3 if profile.has_spaces else -1,
        max_word_length=1000 if profile.has_spaces else -1,
        language=WORDS,
    )
    repetition = GopherRepetitionFilter(
        top_n_grams=tuple(_top(n, part, profile) for n, part in ((2, 0.2), (3, 0.18), (4, 0.16))),
        dup_n_grams=tuple((_n_words(n, profile), part) for n, part in zip(range(5, 11), DUPLICATE_PARTS, strict=True)),
        language=WORDS,
    )
    quality = GopherQualityFilter(
        min_doc_words=round(50 * words),
        max_doc_words=round(100_000 * words),
        min_avg_word_length=3 * length if profile.has_spaces else None,  # 0 and None switch a rule off
        max_avg_word_length=10 * length if profile.has_spaces else None,
        min_stop_words=2 if profile.stop_words else None,
        stop_words=list(profile.stop_words),
        language=WORDS,
    )
    fineweb = FineWebQualityFilter(
        line_punct_thr=0.12 if profile.has_ends else 0.0,
        short_line_length=round(30 * profile.characters),
        char_duplicates_ratio=0.1,
        new_line_ratio=0.3 / words,
        language=WORDS,
    )
    return c4, repetition, quality, fineweb


def _n_words(n: int, profile: Profile) -> int:
    """How many words say as much as `n` in English, and no fewer."""
    return max(n, round(n * profile.words))


def _top(n: int, part: float, profile: Profile) -> tuple[int, float]:
    """datatrove counts a space between any two words of the most frequent phrase; where there is none, it may have more."""
    n = _n_words(n, profile)
    if profile.has_spaces:
        return n, part
    return n, part * (1 + (n - 1) / (n * profile.word_length))


@cache
def _published() -> GopherQualityFilter:
    return GopherQualityFilter()


def _ends(line: str) -> bool:
    bare = line.rstrip(CLOSING)
    return bare.endswith(tuple(ASCII_ENDS + OTHER_ENDS)) and not bare.endswith((ELLIPSIS, "…"))


def _words(reason: str) -> str:
    if reason.startswith("top_"):
        return "one phrase too often"
    return "repeated phrases" if reason.startswith("duplicated_") else REASONS[reason]
