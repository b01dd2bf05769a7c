"""Hostile arguments for what reads text: tokens, languages, corpora, the crawl's parts, questions and the made-up world."""

import pandas as pd
import pytest
from hypothesis import strategies as st

from helpers import bpe, corpora, languages, mixtures, names, questions, tokens
from helpers.crawl import extract, fetch, noise, plan, profiles, rules
from helpers.crawl import texts as crawl_texts
from helpers.languages import correction, counting, detector
from helpers.sampling import votes
from helpers.tokens import vocabularies
from helpers.world import WorldConfig, judges, language, make_world
from helpers.world import questions as world_questions
from helpers.world import tokenizer as world_tokenizer
from tests import fuzz_faults
from tests.fuzzing import (
    Argument,
    Case,
    any_of,
    count,
    fixed,
    hostile_types,
    hostile_values,
    is_part,
    number,
    params,
    size,
    text,
    texts,
)

SMALL = {"eng": "the cat sat on the mat " * 20, "deu": "die Katze sitzt auf der Matte " * 20}
BODIES = Argument(
    st.binary(max_size=40),
    st.sampled_from([b"", b"\0" * 99, b"\xff\xfe", b"\xef\xbb\xbf", b"\xc3\x83\xc2\xa9t\xc3\x83\xc2\xa9", b"<" * 999]),
)
SHARE = number(st.floats(0, 1))
SHARES = Argument(
    st.just({"eng": 1.0, "deu": 2.0}),
    st.sampled_from(
        [{}, {"eng": -1.0}, {"eng": 0.0}, {"eng": float("nan")}, {"eng": float("inf")}, {"zz": 1.0}, {"eng": "x"}]
    ),
)
LABELS = Argument(
    st.lists(st.sampled_from(["en", "de"]), min_size=4, max_size=4),
    st.sampled_from([[], ["en"], ["zz"] * 4, ["\ud800"] * 4, ["", "", "", ""], [None, "en", "de", "en"]]),
)
COUNTED = Argument(
    st.fixed_dictionaries({"en": st.integers(0, 9), "de": st.integers(1, 9)}),
    st.sampled_from(
        [{}, {"en": -1, "de": 3}, {"en": 0, "de": 0}, {"en": float("nan"), "de": 1}, {"zz": 3}, {"en": float("inf")}]
    ),
)
TABLE = pd.DataFrame([[9, 1], [2, 8]], index=["en", "de"], columns=["en", "de"])
CONFUSIONS = Argument(
    st.just(TABLE),
    st.sampled_from([TABLE * 0, TABLE * -1, TABLE / 0, TABLE.iloc[:0], TABLE.iloc[:, :1], TABLE.T, TABLE * 0 + 1]),
)
WORLD = make_world(WorldConfig(people_per_group=2, n_unseen=4))
ASKED = world_questions.questions(WORLD, held_out=False)
CLOSED = any_of(*tokens.VOCABULARIES)
BOOLS = st.booleans()


def is_table_of_shares(table: pd.DataFrame) -> bool:
    return bool(((table.low <= table.share) & (table.share <= table.high) & (table.share >= 0)).all())


def sums_to_one(found: pd.Series) -> bool:
    return abs(found.sum() - 1) < 1e-6 or abs(found.sum() - 100) < 1e-4


CASES = [
    Case(tokens.encode, {"texts": texts(), "name": any_of("o200k_base", "r50k_base"), "form": any_of("NFC", None)}, bool),
    Case(
        tokens.count, {"texts": texts(), "name": any_of("r50k_base"), "form": any_of("NFC", None)}, lambda n: (n >= 1).all()
    ),
    Case(
        tokens.premiums,
        {
            "texts": Argument(
                st.just({"eng": ["one", "two"], "deu": ["eins", "zwei"]}),
                st.sampled_from(
                    [{}, {"eng": []}, {"eng": ["a"], "deu": []}, {"eng": "ab", "deu": "cd"}, {"deu": ["x"]}, {"eng": [""]}]
                ),
            ),
            "name": any_of("r50k_base"),
            "reference": any_of("eng"),
            "n_resamples": count(1, 9),
            "seed": count(0, 9),
        },
        lambda table: bool((table.premium > 0).all()),
    ),
    Case(vocabularies.encoding, {"name": any_of("r50k_base")}),
    Case(vocabularies.reader, {"name": any_of("r50k_base")}),
    Case(vocabularies.vocabulary_size, {"name": any_of("r50k_base")}, lambda n: n > 0),
    Case(detector.detect, {"text": text(), "seed": count(0, 9), "at_least": SHARE}, bool),
    Case(languages.detect_many, {"texts": texts(), "at_least": SHARE}),
    Case(languages.identify, {"texts": texts(), "tool": any_of("langdetect"), "at_least": SHARE}),
    Case(detector.is_letter, {"character": text(st.characters())}, lambda said: isinstance(said, bool)),
    Case(detector.label_of, {"bcp47": text(st.sampled_from(["en", "zh-Hant", "de-1996"]))}),
    Case(detector.label_name, {"label": text(st.sampled_from(languages.supported()))}),
    Case(detector.profile_rates, {"gram": text(st.text("abc", min_size=1, max_size=3))}),
    Case(counting.shares, {"labels": LABELS}, is_table_of_shares),
    Case(counting.counted, {"labels": LABELS}, lambda counts: counts.total() > 0),
    Case(counting.confusion, {"truth": LABELS, "labels": LABELS}, lambda table: table.to_numpy().sum() > 0),
    Case(correction.rogan_gladen, {"counts": COUNTED, "confusion": CONFUSIONS}, sums_to_one),
    Case(corpora.declaration, {"code": any_of("eng", "deu_1996")}),
    Case(corpora.comparable_declarations, {"min_alignment": SHARE}),
    Case(corpora.prose, {"name": any_of(*corpora.PROSE)}, bool),
    Case(corpora.passages, {"texts": texts(), "n_words": count(1, 5)}),
    Case(corpora.clean, {"text": text()}, lambda cleaned: cleaned == cleaned.strip()),
    Case(corpora.script_of, {"text": text()}, bool),
    Case(corpora.most_spoken, {"items": fixed({"eng": corpora.declaration("eng")}), "n": count(1, 3)}),
    Case(mixtures.byte_ids, {"text": text()}),
    Case(
        mixtures.mixture,
        {"texts": fixed(SMALL), "shares": SHARES, "n_bytes": count(1, 5000), "seed": count(0, 9)},
        lambda ids: len(ids) > 0,
        ("share", "text"),
    ),
    Case(bpe.mixture, {"texts": fixed(SMALL), "shares": SHARES, "n_bytes": count(1, 5000)}, bool, ("share", "text")),
    Case(bpe.train, {"texts": texts(), "size": count(256, 300), "words_of": any_of("r50k_base")}),
    *(
        Case(f, {"bcp47": text(st.sampled_from(["en", "zh-Hant"]))})
        for f in (names.name_of, names.speakers_of, names.region_of)
    ),
    Case(questions.prompt, {"question": text(st.just("Who?")), "examples": fixed({"A?": "B"})}, bool),
    Case(
        questions.is_right, {"answer": text(), "accepted": text(st.just("Paris|paris"))}, lambda said: isinstance(said, bool)
    ),
    Case(questions.plain, {"answer": text()}),
    Case(votes.vote, {"answers": texts()}, lambda voted: is_part(voted[1])),
    Case(votes.answer_entropy, {"answers": texts()}, lambda bits: bits >= 0),
    Case(extract.repair, {"body": BODIES, "declared": text(st.sampled_from(["utf-8", "latin-1", ""]))}),
    Case(extract.is_unreadable, {"text": text()}),
    Case(extract.is_binary, {"body": BODIES}),
    Case(extract.declared_in, {"body": BODIES}),
    Case(fetch.is_url, {"path": text(st.sampled_from(["http://localhost/x", "a.warc"]))}),
    Case(fetch.checked_path, {"path": text(st.sampled_from(["http://localhost/x", "pyproject.toml"]))}),
    Case(noise.Noise, dict.fromkeys(("error", "near_duplicate", "spam", "short", "binary", "empty"), SHARE)),
    Case(
        plan.published_shares,
        {"crawl": any_of(None)},
        lambda found: abs(sum(found[1].values()) - 100) < 2 or sum(found[1].values()) <= 1.01,
    ),
    Case(plan.checked_shares, {"shares": SHARES}, bool),
    Case(profiles.profile_of, {"text": text(), "language": text(st.sampled_from(["en", "zh-cn"]))}),
    Case(rules.why_rejected, {"text": text(), "language": text(st.sampled_from(["en", "zh-cn"]))}),
    Case(rules.gopher_english, {"text": text()}),
    Case(rules.finished_lines, {"text": text()}),
    Case(crawl_texts.sources_of, {"language": text(st.just("eng"))}),
    Case(language.names, {"n": count(1, 99)}, lambda found: isinstance(found, list)),
    Case(language.answer_text, {"statement": text(), "tone": any_of("neutral", "rude", "polite"), "draw": count(0, 9)}),
    Case(
        WorldConfig,
        {
            "people_per_group": size(1, 4),
            "n_unseen": size(1, 9),
            "wrong_share": SHARE,
            "forum_share": SHARE,
            "rude_share": SHARE,
            "n_gossip": size(1, 9),
            "n_quizzes": size(1, 9),
            "n_threads": size(1, 9),
            "seed": size(0, 9),
        },
    ),
    Case(
        world_questions.questions,
        {"world": fixed(WORLD), "held_out": Argument(BOOLS, BOOLS), "at_least": count(0, 64), "at_most": count(64, 99)},
        bool,
    ),
    Case(world_questions.draw_questions, {"asked": fixed(ASKED), "n": count(0, 9), "seed": count(0, 9)}),
    Case(world_questions.declining, {"asked": fixed(ASKED), "n": count(0, 9), "seed": count(0, 9)}),
    Case(
        world_questions.demonstrations,
        {
            "asked": fixed(ASKED),
            "n": count(1, 9),
            "seed": count(0, 9),
            "tone_shares": Argument(
                st.just({"rude": 0.5, "polite": 0.5}),
                st.sampled_from([{}, {"rude": -1.0}, {"rude": 0.2}, {"rude": float("nan")}, {"x": 1.0}]),
            ),
        },
    ),
    Case(judges.gold_reward, {"question": fixed(ASKED[0]), "answer": text()}),
    Case(judges.judge, {"question": fixed(ASKED[0]), "answer": text()}),
    Case(judges.constitution_score, {"question": text(), "answer": text()}, lambda score: score >= 0),
    Case(
        world_tokenizer.WordTokenizer,
        {"words": Argument(st.just(("a", "b")), st.sampled_from([(), ("a", "a"), ("",), "ab", (None,)]))},
    ),
]


@pytest.mark.parametrize("case", params(CASES, fuzz_faults.OF_VALUES))
def test_hostile_values(case):
    hostile_values(case)


@pytest.mark.parametrize("case", params(CASES, fuzz_faults.OF_TYPES))
def test_hostile_types(case):
    hostile_types(case)
