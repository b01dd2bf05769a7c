"""Runs side by side give what runs one after the other give."""

import os
import sys
import time

import pytest
import torch

from helpers.parallel import cores, run_all


def plus(one, other):
    return one + other


def threads(_):
    return torch.get_num_threads(), os.getpid()


def refuse(number):
    if number == 2:
        raise LookupError("two is refused")
    time.sleep(0.2)
    return number


@pytest.mark.parametrize("n_workers", [1, 2, None])
def test_results_are_in_the_order_of_the_arguments(n_workers):
    assert run_all(plus, [(1, 2), (3, 4), (5, 6)], "adding", n_workers=n_workers) == [3, 7, 11]


def test_each_has_one_thread_and_two_share_the_work():
    found = run_all(threads, [(n,) for n in range(6)], "threads", n_workers=2)
    assert {n for n, _ in found} == {1}
    assert os.getpid() not in {pid for _, pid in found}


@pytest.mark.parametrize("flushed", [False, True])
def test_alone_in_this_process_and_its_settings_as_before(flushed):
    before = torch.get_num_threads()
    torch.set_flush_denormal(flushed)
    try:
        assert run_all(threads, [(0,)], "threads", n_workers=1) == [(1, os.getpid())]
        assert torch.get_num_threads() == before
        assert (sys.float_info.min / 2 == 0) == flushed
    finally:
        torch.set_flush_denormal(False)


@pytest.mark.parametrize("n_workers", [1, 2])
def test_an_error_is_not_swallowed(n_workers):
    with pytest.raises(LookupError, match="two is refused"):
        run_all(refuse, [(1,), (2,), (3,)], "refusing", n_workers=n_workers)


def test_a_function_of_a_notebook_is_refused(monkeypatch):
    monkeypatch.setattr(plus, "__module__", "__main__")
    with pytest.raises(ValueError, match="function=plus is of a notebook"):
        run_all(plus, [(1, 2), (3, 4)], "adding", n_workers=2)


@pytest.mark.parametrize("n_workers", [0, -1])
def test_no_workers(n_workers):
    with pytest.raises(ValueError, match="n_workers="):
        run_all(plus, [(1, 2)], "adding", n_workers=n_workers)


def test_nothing_to_do():
    assert run_all(plus, [], "adding") == []


def test_cores_are_at_least_one():
    assert cores() >= 1
