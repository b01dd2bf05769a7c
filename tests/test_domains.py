"""The domains of chapter 04: the table that its cells recorded, and the entropy of its grammar."""

import random
from functools import cache

import pytest

from experiments import domains
from experiments.cells import cells_of
from helpers.tables import read_table


@pytest.fixture(scope="module")
def scope() -> dict:
    """What the chapter's cells on the grammar define."""
    found = cells_of(domains.CHAPTER, ("imports", "grammar", "floor"))
    names: dict = {}
    for source in found:
        exec(source.replace('headlines("04")', ""), names)
    return names


def derivations(text: str, parts: list[str]) -> int:
    """In how many ways the grammar makes a string."""

    @cache
    def chains(start: int, depth: int, n: int) -> dict[int, int]:
        """Where a chain may end that has made `n` parts before `start`, and in how many ways."""
        ends = {start: 1} if n >= 2 else {}
        for part in set(parts) if n < 6 else ():
            if not text.startswith(part, start):
                continue
            after = start + len(part)
            stops = {after: 1}
            if depth < 2 and text.startswith("(", after):
                inner = chains(after + 1, depth + 1, 0)
                stops |= {end + 1: ways for end, ways in inner.items() if text.startswith(")", end)}
            for stop, ways in stops.items():
                for end, more in chains(stop, depth, n + 1).items():
                    ends[end] = ends.get(end, 0) + ways * more
        return ends

    return chains(0, 0, 0).get(len(text), 0)


def test_a_string_has_one_derivation_so_its_entropy_is_that_of_the_choices(scope: dict) -> None:
    rng = random.Random(0)
    assert {derivations(scope["grammar_string"](rng), scope["PARTS"]) for _ in range(300)} == {1}
    assert derivations("CC", scope["PARTS"]) == 1 and derivations("=O", scope["PARTS"]) == 0


def test_strings_are_as_long_as_computed(scope: dict) -> None:
    rng = random.Random(0)
    sizes = [len(scope["grammar_string"](rng)) for _ in range(20_000)]
    assert sum(sizes) / len(sizes) == pytest.approx(scope["string_size"], rel=0.02)
    assert scope["FLOOR"] == pytest.approx(1.306, abs=0.001)


def test_the_table_has_each_domain_and_seed() -> None:
    table = read_table("domain_runs")
    assert sorted(zip(table.domain, table.seed, strict=True)) == sorted(
        (domain, seed) for domain in ("Moby-Dick", "Python", "grammar") for seed in domains.SEEDS
    )


def test_a_chapter_without_a_cell_is_refused() -> None:
    with pytest.raises(ValueError, match="has no cells nothing"):
        cells_of(domains.CHAPTER, ("imports", "nothing"))
