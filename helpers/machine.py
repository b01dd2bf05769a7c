"""What this machine does: bytes that it reads in a second, operations that it computes, memory that a call needs.

Other work on a machine only ever makes a run slower, so the fastest of several is the machine's own.
"""

import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

STATUS = Path("/proc/self/status")


def fastest(run: Callable[[], object], rounds: int = 5) -> float:
    """Seconds of the fastest of several runs, after one that is not counted.

    Args:
        run: what is timed.
        rounds: runs that count.

    Raises:
        ValueError: if there is no round.
    """
    return fastest_in_turns({"run": run}, rounds)["run"]


def fastest_in_turns(runs: Mapping[str, Callable[[], object]], rounds: int = 5) -> dict[str, float]:
    """Seconds of the fastest of several runs of each, taken in turns, so that a slow minute of the machine meets all alike.

    Args:
        runs: what is timed, under its name.
        rounds: runs of each that count, after one that doesn't.

    Raises:
        ValueError: if there is nothing to time, or no round.
    """
    _check("rounds", rounds)
    if not runs:
        raise ValueError(f"runs={runs!r} has nothing to time; give at least one, under its name")
    seconds = dict.fromkeys(runs, float("inf"))
    for turn in range(rounds + 1):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            if turn:
                seconds[name] = min(seconds[name], time.perf_counter() - start)
    return seconds


def read_bandwidth(n_bytes: int = 2**28, rounds: int = 5) -> float:
    """Bytes that the processor reads from memory in a second, as decoding does: a matrix times a vector, in fp32.

    Args:
        n_bytes: of the matrix; far more than the processor's caches hold.
        rounds: of which the fastest counts.

    Raises:
        ValueError: if there is less than a row to read, or no round.
    """
    import torch

    _check("n_bytes", n_bytes, least=4096)
    matrix = torch.ones(n_bytes // 4096, 1024)
    vector = torch.ones(1024)
    return matrix.numel() * 4 / fastest(lambda: matrix @ vector, rounds)


def matmul_rate(size: int = 1024, rounds: int = 5) -> float:
    """Operations that the processor computes in a second, in a product of two square matrices in fp32.

    Args:
        size: rows and columns.
        rounds: of which the fastest counts.

    Raises:
        ValueError: if a number is not a whole one from 1 on.
    """
    import torch

    _check("size", size)
    one, other = torch.ones(size, size), torch.ones(size, size)
    return 2 * size**3 / fastest(lambda: one @ other, rounds)


def peak_bytes(
    function: Callable[..., Any], *arguments: Any, warm_up: Callable[[], object] | None = None
) -> tuple[int, Any]:
    """The most memory that a call adds to a process of its own, and what it returns.

    Args:
        function: of a module, so that another process can import it; not one of a notebook.
        arguments: of the call; they, and what it returns, travel between processes.
        warm_up: is called before, so that what it imports does not count; of a module too.

    Returns:
        Bytes of resident memory at the peak, less the most before the call; and what `function` returned.

    Raises:
        ValueError: if `function` or `warm_up` is of a notebook.
        Exception: what they raise.
    """
    for name, called in (("function", function), ("warm_up", warm_up)):
        if called and called.__module__ == "__main__":
            raise ValueError(f"{name}={called.__name__} is of a notebook or script; put it into a module")
    with _frees_at_once(), ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_peak_of, function, arguments, warm_up).result()


@contextmanager
def _frees_at_once() -> Iterator[None]:
    """Processes begun meanwhile give freed memory back at once, where their C library is GNU's; it would keep some."""
    settings = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "0"}
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def _peak_of(
    function: Callable[..., Any], arguments: tuple[Any, ...], warm_up: Callable[[], object] | None
) -> tuple[int, Any]:
    if warm_up:
        warm_up()
    before = _most_resident()
    result = function(*arguments)
    return _most_resident() - before, result


def _most_resident() -> int:
    """The most bytes that this process has had in memory."""
    if STATUS.exists():  # Linux: getrusage would count what the parent had before this process began
        line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))
        return 1024 * int(line.split()[1])
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _check(name: str, value: int, least: int = 1) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name}={value!r} is no size; give a whole number from {least} on")
