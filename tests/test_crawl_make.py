"""The miniature crawl is what it says: real files, the published languages, the stated noise, and a truth that fits them."""

import gzip
import json
import sys
import zlib
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from itertools import combinations
from pathlib import Path
from statistics import mean, median, quantiles

import pytest
from fastwarc import ArchiveIterator, WarcRecordType

from helpers.crawl import MiniCrawl, Noise, make
from helpers.crawl.noise import STATUSES
from helpers.crawl.plan import Recipe, checked_shares, plan, published_shares
from helpers.crawl.texts import SOURCES, UNKNOWN, sentences, sources_of, words
from helpers.estimates import proportion

N_PAGES, N_FILES = 2000, 3
CLEAN = Noise(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, corrupt=False, truncated=False)


@pytest.fixture(scope="module")
def crawl(tmp_path_factory) -> MiniCrawl:
    return make(tmp_path_factory.mktemp("crawl") / "mini", N_PAGES, n_files=N_FILES)


@pytest.fixture(scope="module")
def truth(crawl):
    return crawl.truth().set_index("url")


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    name, published = published_shares()
    return Recipe(20_000, name, 0, 1, Noise(), tuple(checked_shares(published).items()))


def readable(path: Path) -> Iterator:
    """The records of a file up to the first that is broken."""
    with path.open("rb") as stream:
        try:
            yield from ArchiveIterator(stream, parse_http=False)
        except OSError:
            return


def bodies(crawl: MiniCrawl) -> dict[str, tuple[str | None, bytes]]:
    """The header's charset and the body by address, of the whole responses before any damage."""
    found = {}
    for path in crawl.warcs:
        for record in readable(path):
            if record.record_type == WarcRecordType.response:
                record.parse_http()
                body = record.reader.read()
                if len(body) == int(record.http_headers["Content-Length"]):
                    found[record.headers["WARC-Target-URI"]] = (record.http_charset, body)
    return found


def five_grams(text: str) -> set[tuple[str, ...]]:
    tokens = text.split()
    return {tuple(tokens[i : i + 5]) for i in range(len(tokens) - 4)}


def jaccard(one: str, other: str) -> float:
    first, second = five_grams(one), five_grams(other)
    return len(first & second) / len(first | second)


def test_there_is_a_row_a_page_and_the_counts_are_right(crawl, truth):
    assert crawl.n_pages == len(truth) == N_PAGES
    assert truth.index.is_unique
    assert crawl.n_records == N_FILES + 2 * N_PAGES
    assert crawl.n_wet_records == N_FILES + truth.in_wet.sum()
    assert set(truth.file) == {path.name for path in crawl.warcs}
    assert all(path.is_file() for path in (*crawl.warcs, *crawl.wets, crawl.truth_path))


def test_every_undamaged_record_is_read_with_the_right_digests_and_lengths(crawl, truth):
    middle = crawl.warcs[1]
    records = []
    for record in readable(middle):
        assert record.verify_block_digest()
        assert int(record.headers["Content-Length"]) == record.content_length
        assert record.headers["WARC-Record-ID"].startswith("<urn:uuid:")
        if record.record_type == WarcRecordType.response:
            record.parse_http()
            assert record.verify_payload_digest()
            assert int(record.http_headers["Content-Length"]) == len(record.reader.read())
        records.append((record.record_type, record.headers["WARC-Record-ID"], record.headers.get("WARC-Concurrent-To")))
    urls = truth[truth.file == middle.name].index
    assert [kind for kind, *_ in records] == [WarcRecordType.warcinfo] + [
        WarcRecordType.request, WarcRecordType.response,
    ] * len(urls)  # fmt: skip
    assert len({name for _, name, _ in records}) == len(records)
    assert all(request[2] == response[1] for request, response in zip(records[1::2], records[2::2], strict=True))


def test_texts_refer_to_their_responses(crawl, truth):
    ids = {record.record_id for record in readable(crawl.warcs[1]) if record.record_type == WarcRecordType.response}
    texts = [record for record in readable(crawl.wets[1]) if record.record_type == WarcRecordType.conversion]
    rows = truth[(truth.file == crawl.warcs[1].name) & truth.in_wet]
    assert [record.headers["WARC-Target-URI"] for record in texts] == list(rows.index)
    assert all(record.headers["WARC-Refers-To"] in {f"<{name}>" for name in ids} | ids for record in texts)


def test_the_truth_matches_the_records(crawl, truth):
    found = bodies(crawl)
    assert len(found) > N_PAGES / 2
    for url, (charset, body) in found.items():
        row = truth.loc[url]
        if row.kind == "binary":
            assert row.real == "" and b"<html" not in body
        elif row.kind == "empty":
            assert not row.text and not row.in_wet
        elif row.status == 200:
            html = body.decode(row.real)
            assert all(line in unescape(html) for line in row.text.split("\n"))
            assert row.declared == "" or charset or f'<meta charset="{row.declared}">' in html
            assert row.garbled == (body.decode(row.declared or "utf-8", "replace") != html)


def test_charsets_are_wrong_where_the_truth_says_so_and_only_there(truth):
    wrong = truth[truth.kind == "wrong-charset"]
    assert len(wrong) > 20 and (wrong.declared.replace("", "utf-8") != wrong.real).all()
    right = truth[(truth.kind == "page") & (truth.declared != "")]
    assert (right.declared == right.real).all()
    assert (truth[(truth.kind == "page") & (truth.declared == "")].real == "utf-8").all()
    assert not truth[truth.kind != "wrong-charset"].garbled.any()
    assert wrong[~wrong.language.isin(("eng", "ind", "nld", "swa"))].garbled.mean() > 0.9
    assert len(set(right.real)) > 5, "some old charsets are declared as what they are"


def test_languages_come_in_the_published_shares(recipe):
    plans = [plan(recipe, index) for index in range(recipe.n_pages)]
    pages = [item.language for item in plans if item.kind != "error"]
    published = dict(recipe.shares)
    inside = 0
    for language, share in published.items():
        found = proportion(pages.count(language), len(pages))
        inside += found.low <= 100 * share <= found.high
        assert abs(found.value - 100 * share) < 2 * (found.high - found.low), language
    assert inside >= 0.85 * len(published)
    assert set(pages) <= set(published)


def test_kinds_come_at_the_stated_rates(recipe):
    plans = [plan(recipe, index) for index in range(recipe.n_pages)]
    spoken = [item.kind for item in plans if item.language not in ("", UNKNOWN)]
    silent = [item.kind for item in plans if item.language == UNKNOWN]
    for kinds, rates in ((spoken, recipe.noise.kinds()), (silent, recipe.noise.without_language())):
        assert set(kinds) == set(rates)
        for kind, rate in rates.items():
            found = proportion(kinds.count(kind), len(kinds))
            assert abs(found.value - 100 * rate) < found.high - found.low, kind
    errors = proportion(sum(item.kind == "error" for item in plans), len(plans))
    assert errors.low <= 100 * recipe.noise.error <= errors.high


def test_a_duplicate_is_of_an_earlier_good_page(truth):
    copies = truth[truth.of != ""]
    assert set(copies.kind) == {"near-duplicate", "exact-duplicate"}
    originals = truth.loc[copies.of]
    assert set(originals.kind) == {"page"} and set(originals.destroyed) == {""}
    assert (originals["index"].to_numpy() < copies["index"].to_numpy()).all()
    assert (originals.language.to_numpy() == copies.language.to_numpy()).all()


def test_near_duplicates_are_near_and_pages_by_chance_are_not(tmp_path):
    made = make(tmp_path / "russian", 400, shares={"rus": 1}, noise=replace(CLEAN, near_duplicate=0.3)).truth()
    text = dict(zip(made.url, made.text, strict=True))
    near = [jaccard(row.text, text[row.of]) for row in made.itertuples() if row.of]
    assert median(near) > 0.7 and quantiles(near, n=20)[0] > 0.55
    chance = [jaccard(*pair) for pair in combinations(made[made.of == ""].text[:150], 2)]
    assert quantiles(chance, n=100)[98] < 0.2 and max(chance) < 0.5


def test_bad_answers_and_junk_are_there(truth):
    errors = truth[truth.kind == "error"]
    assert set(errors.status) <= set(STATUSES) and not errors.in_wet.any() and set(errors.language) == {""}
    assert (truth[truth.kind != "error"].status == 200).all()
    assert not any(any(c.isalpha() for c in text) for text in truth[truth.kind == "no-letters"].text)
    spam, pages = truth[truth.kind == "spam"].text, truth[truth.kind == "page"].text
    distinct = [len(set(text.split())) / len(text.split()) for text in spam]
    assert mean(distinct) < 0.3 < mean(len(set(text.split())) / len(text.split()) for text in pages)
    assert truth[truth.kind == "short"].text.str.len().max() < 120


def test_one_member_is_corrupt_in_the_warc_and_in_the_wet_file(crawl, truth):
    place = truth[truth.file == crawl.warcs[0].name].destroyed.tolist().index("corrupt")
    for path in (crawl.warcs[0], crawl.wets[0]):
        with pytest.raises(zlib.error):
            gzip.decompress(path.read_bytes())
    read = list(readable(crawl.warcs[0]))
    assert 1 + 2 * place <= len(read) <= 2 + 2 * place, "fastwarc stops there"
    assert (truth.destroyed == "corrupt").sum() == 1


def test_the_last_file_is_cut_in_the_middle_of_its_last_member(crawl, truth):
    assert truth.destroyed.iloc[-1] == "truncated" and (truth.destroyed == "truncated").sum() == 1
    for path in (crawl.warcs[-1], crawl.wets[-1]):
        with pytest.raises(EOFError):
            gzip.decompress(path.read_bytes())


def test_without_damage_every_record_is_there(tmp_path):
    made = make(tmp_path / "whole", 200, noise=Noise(corrupt=False, truncated=False))
    assert sum(1 for path in made.warcs for _ in readable(path)) == made.n_records
    assert sum(1 for path in made.wets for _ in readable(path)) == made.n_wet_records
    assert set(made.truth().destroyed) == {""}


def test_the_same_arguments_make_the_same_bytes_and_others_do_not(tmp_path):
    def contents(name: str, **more) -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in make(tmp_path / name, 150, **more).folder.iterdir()}

    first = contents("a")
    assert contents("b") == first
    assert contents("c", seed=1)["mini-00000.warc.gz"] != first["mini-00000.warc.gz"]


def test_a_crawl_is_found_again_and_never_written_over_something_else(tmp_path):
    made = make(tmp_path / "one", 20)
    stamps = {file: file.stat().st_mtime_ns for file in made.folder.iterdir()}
    assert make(tmp_path / "one", 20) == made
    assert {file: file.stat().st_mtime_ns for file in made.folder.iterdir()} == stamps
    with pytest.raises(ValueError, match="other n_pages, seed"):
        make(tmp_path / "one", 30, seed=1)
    with pytest.raises(ValueError, match="is no crawl made here"):
        make(tmp_path, 20)
    assert [file.name for file in tmp_path.iterdir()] == ["one"], "no draft is left behind"
    (tmp_path / "empty").mkdir()
    assert make(tmp_path / "empty", 20).n_pages == 20


def test_a_crawl_of_an_earlier_version_is_made_again_and_strangers_files_stay(tmp_path):
    made = make(tmp_path / "one", 20)
    fresh = made.warcs[0].read_bytes()
    stamp = json.loads((made.folder / "recipe.json").read_text())
    (made.folder / "recipe.json").write_text(json.dumps({**stamp, "maker": "another"}))
    made.warcs[0].write_bytes(b"old")
    (made.folder / "mine.txt").write_text("keep")
    make(tmp_path / "one", 20)
    assert made.warcs[0].read_bytes() == fresh and (made.folder / "mine.txt").read_text() == "keep"


def test_every_published_language_has_text_and_words():
    for language in published_shares()[1]:
        for source in sources_of(language) if language != UNKNOWN else ():
            assert len(sentences(source)) > 40 and len(words(source)) >= 20, source
    assert sources_of("xxx") == () and set(SOURCES["eng"]) >= {"addresses", "moby-dick", "eng"}


def test_shares_can_be_ones_own():
    assert checked_shares({"eng": 75, "vie": 25}) == checked_shares({"eng": 0.75, "vie": 0.25}) == {"eng": 0.75, "vie": 0.25}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"n_pages": 0}, ValueError, "n_pages=0"),
        ({"n_pages": 10.0}, TypeError, "n_pages=10.0"),
        ({"n_pages": 3, "n_files": 4}, ValueError, "n_files=4"),
        ({"seed": "a"}, TypeError, "seed='a'"),
        ({"noise": 0.1}, TypeError, "noise=0.1"),
        ({"crawl": "CC-MAIN-1999-01"}, ValueError, "there are CC-MAIN-2018-34, .*CC-MAIN-2026-04"),
        ({"crawl": "CC-MAIN-2018-34"}, ValueError, "sum to 52.8"),
        ({"crawl": "CC-MAIN-2026-04", "shares": {"eng": 1}}, ValueError, "give one of them"),
    ],
)
def test_bad_arguments_are_named(tmp_path, arguments, error, message):
    with pytest.raises(error, match=message):
        make(tmp_path / "none", **{"n_pages": 10, **arguments})


def test_a_language_without_text_is_left_out_of_a_published_crawl(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules[make.__module__], "published_shares", lambda crawl: ("X", {"eng": 97.0, "tlh": 3.0}))
    made = make(tmp_path / "some", 10)
    assert json.loads((made.folder / "recipe.json").read_text())["recipe"]["left_out"] == ["tlh"]
    assert set(made.truth().language) <= {"eng", ""}
