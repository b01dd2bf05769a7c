"""The same function for many arguments, in several processes of one thread each.

Models as small as this book's train no faster on two threads than on one, so two runs at a time take half as long. What a
run computes does not depend on how many run beside it.
"""

import multiprocessing
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from typing import Any, TypeVar

from helpers.progress import progress

Result = TypeVar("Result")


def run_all(
    function: Callable[..., Result], arguments: Sequence[tuple[Any, ...]], label: str, *, n_workers: int | None = None
) -> list[Result]:
    """What `function` returns for each of `arguments`, in their order.

    Args:
        function: of a module, so that another process can import it; not one of a notebook.
        arguments: a tuple for each call; long calls come best first.
        label: of the progress bar.
        n_workers: processes; None for one a core, 1 for none beside this one.

    Raises:
        ValueError: if `n_workers` is less than 1, or `function` is of a notebook and there are several processes.
        Exception: what `function` raises; calls that have not begun are dropped.
    """
    n_workers = min(n_workers if n_workers is not None else cores(), max(len(arguments), 1))
    if n_workers < 1:
        raise ValueError(f"n_workers={n_workers} run nothing; give at least 1, or None for one a core")
    if n_workers == 1:
        return [_with_one_thread(function, *these) for these in progress(arguments, label)]
    if function.__module__ == "__main__":
        raise ValueError(f"function={function.__name__} is of a notebook or script; put it into a module, or n_workers=1")
    context = multiprocessing.get_context("spawn")  # a fork of a process with threads may hang
    with ProcessPoolExecutor(n_workers, context) as pool:
        calls = [pool.submit(_with_one_thread, function, *these) for these in arguments]
        return _results(pool, calls, label)


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _results(pool: ProcessPoolExecutor, calls: list[Future], label: str) -> list:
    try:
        for call in progress(as_completed(calls), label, total=len(calls)):
            call.result()
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    return [call.result() for call in calls]


def _with_one_thread(function: Callable[..., Result], *arguments: Any) -> Result:
    import torch

    threads, flushed = torch.get_num_threads(), sys.float_info.min / 2 == 0
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)  # numbers below 1e-38 take tens of times as long
    try:
        return function(*arguments)
    finally:
        torch.set_num_threads(threads)
        torch.set_flush_denormal(flushed)
