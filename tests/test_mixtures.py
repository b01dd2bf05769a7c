"""Mixtures have the shares that were asked for, to the byte, and the same ones for the same seed."""

import pytest
import torch

from helpers.mixtures import byte_ids, mixture

TEXTS = {"a": "a" * 5000, "b": "b" * 300, "ü": "ü" * 1000}


def test_ids_are_the_bytes_of_utf8():
    assert byte_ids("aü").tolist() == [97, 0xC3, 0xBC]
    assert byte_ids("").tolist() == []


def test_each_text_has_its_share_and_a_short_one_is_repeated():
    ids = mixture(TEXTS, {"a": 3, "b": 1}, 8000)
    assert len(ids) == 8000
    assert (ids == ord("a")).sum() == 6000 and (ids == ord("b")).sum() == 2000
    assert (ids[:4000] == ord("b")).any() and (ids[4000:] == ord("b")).any(), "the pieces are shuffled"


@pytest.mark.parametrize("n_bytes", [1, 7, 101, 1000])
def test_the_size_is_exact_whatever_the_rounding(n_bytes):
    assert len(mixture(TEXTS, {"a": 1, "b": 1, "ü": 1}, n_bytes)) == n_bytes


def test_a_share_of_nothing_needs_no_text():
    assert set(mixture(TEXTS, {"a": 1, "nobody": 0}, 50).tolist()) == {97}


def test_the_seed_decides():
    texts = {"long": "".join(map(chr, range(32, 120))) * 50}
    one, same, other = (mixture(texts, {"long": 1}, 3000, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(one, same) and not torch.equal(one, other)
