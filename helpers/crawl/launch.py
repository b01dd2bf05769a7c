"""Run the ranks of a datatrove executor so that a worker that is killed is noticed.

datatrove's own `run` waits for ever for a rank whose worker was killed, on a laptop as on Ray. What a rank does, and the
notes of which ranks are done, are datatrove's; only who runs them and who waits for them is ours.
"""

import logging
import os
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, redirect_stderr
from copy import deepcopy
from importlib.util import find_spec
from multiprocessing import get_all_start_methods, get_context
from typing import Any

from datatrove.executor.base import PipelineExecutor
from datatrove.utils.logging import setup_default_logger

from helpers.progress import progress

LOCAL, RAY = "local", "ray"
EXECUTORS = (LOCAL, RAY)
LOOPBACK = "127.0.0.1"
MANY_MACHINES = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"  # Ray's switch; at 0, on Linux too, it listens on loopback only
OBJECT_STORE = 100_000_000  # bytes; the ranks exchange files, not objects
KILLED = "its worker was killed"


class CrawlStoppedError(RuntimeError):
    """A run that could not be finished; the message says what is done, what is not, and how to go on."""


@contextmanager
def launcher(executor: str, workers: int) -> "Iterator[Launcher]":
    """What runs ranks, for as long as it is needed: processes of this machine, or Ray's.

    Args:
        executor: "local" or "ray". Ray's cluster is the one that this process is connected to, else the one that the
            variable RAY_ADDRESS names, else one of its own on this machine, which is closed at the end.
        workers: how many ranks run at a time; 1 with "local" is this process itself.

    Raises:
        ValueError: if there is no such executor or too few workers.
        ImportError: if Ray is asked for and not installed.
    """
    check_launcher(executor, workers)
    if executor == RAY:
        with _ray(workers):
            yield RayLauncher(workers)
    elif workers == 1:
        yield Launcher()
    else:
        method = "forkserver" if "forkserver" in get_all_start_methods() else "spawn"
        pool = ProcessPoolExecutor(workers, mp_context=get_context(method))
        try:
            yield PoolLauncher(pool)
        finally:
            pool.shutdown(cancel_futures=True)


def check_launcher(executor: str, workers: int) -> None:
    """Raise what `launcher` raises, before there is anything to run."""
    if executor not in EXECUTORS:
        raise ValueError(f"executor={executor!r} is unknown; there are {' and '.join(map(repr, EXECUTORS))}")
    if workers < 1:
        raise ValueError(f"workers={workers} is too few; there must be at least 1")
    if executor == RAY and find_spec("ray") is None:
        raise ImportError('executor="ray" needs Ray, which is not installed; pip install -r requirements-cluster.txt')


class Launcher:
    """Runs ranks one after the other in this process."""

    def outcomes(self, executor: PipelineExecutor, ranks: list[int]) -> Iterator[tuple[int, str]]:
        """Each rank, as it ends, and what went wrong with it, or ""."""
        for rank in ranks:
            try:
                run_rank(deepcopy(executor), rank)
            except Exception as error:  # whatever it was, the caller raises it when the others are done
                yield rank, repr(error)
            else:
                yield rank, ""


class PoolLauncher(Launcher):
    """Runs ranks in processes of this machine. When one of them is killed, Python ends the others."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self.pool = pool

    def outcomes(self, executor: PipelineExecutor, ranks: list[int]) -> Iterator[tuple[int, str]]:
        """Each rank, as it ends, and what went wrong with it, or ""."""
        try:
            futures = {self.pool.submit(run_rank, executor, rank): rank for rank in ranks}
        except BrokenProcessPool:
            yield from ((rank, KILLED) for rank in ranks)
            return
        for future in as_completed(futures):
            yield futures[future], _problem(future)


class RayLauncher(Launcher):
    """Runs ranks as tasks of Ray. When a worker is killed, the other ranks go on."""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def outcomes(self, executor: PipelineExecutor, ranks: list[int]) -> Iterator[tuple[int, str]]:
        """Each rank, as it ends, and what went wrong with it, or ""."""
        import ray

        task = ray.remote(num_cpus=1, max_retries=0)(run_rank)
        shared, waiting = ray.put(executor), list(reversed(ranks))
        running: dict[ray.ObjectRef, int] = {}
        while waiting or running:
            while waiting and len(running) < self.workers:
                rank = waiting.pop()
                running[task.remote(shared, rank)] = rank
            (done,), _ = ray.wait(list(running), num_returns=1)
            rank = running.pop(done)
            try:
                ray.get(done)
            except (ray.exceptions.WorkerCrashedError, ray.exceptions.NodeDiedError):
                yield rank, KILLED
            except ray.exceptions.RayError as error:
                yield rank, str(error)
            else:
                yield rank, ""


def run_ranks(launch: Launcher, executor: PipelineExecutor, name: str) -> None:
    """Run the ranks of an executor that are not done yet.

    Raises:
        CrawlStoppedError: if any of them was not finished.
    """
    ranks = executor.get_incomplete_ranks()
    outcomes = launch.outcomes(executor, ranks)
    problems = {rank: problem for _, (rank, problem) in zip(progress(ranks, name), outcomes, strict=False) if problem}
    left = executor.get_incomplete_ranks()
    if not left:
        return
    n, few = executor.world_size, ", ".join(map(str, left[:5])) + " …" * (len(left) > 5)
    raise CrawlStoppedError(
        f"the run stopped at {name!r}: {n - len(left)} of {n} ranks are done, not done are {few}, "
        f"of {left[0]} because {problems.get(left[0], 'it was not begun')}. "
        "Call run again with the same arguments to resume: what is done is kept and is not done twice. "
        f"The logs are in {executor.logging_dir.path}/logs."
    )


def run_rank(executor: PipelineExecutor, rank: int) -> None:
    """Run one rank of an executor. What it logs goes into its file in the run's folder, and nothing on the screen."""
    with quiet():
        executor._run_for_rank(rank, local_rank=1)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep what datatrove logs off the screen."""
    try:
        with open(os.devnull, "w") as nowhere, redirect_stderr(nowhere):
            setup_default_logger()
            yield
    finally:
        setup_default_logger()


def _problem(future: Future) -> str:
    error = future.exception()
    return "" if error is None else KILLED if isinstance(error, BrokenProcessPool) else repr(error)


@contextmanager
def _ray(workers: int) -> Iterator[None]:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would report over the network
    own = not os.environ.get("RAY_ADDRESS")
    if own:
        os.environ.setdefault(MANY_MACHINES, "0")
    import ray

    if ray.is_initialized():
        yield
        return
    if own and ray.util.get_node_ip_address() != LOOPBACK:
        raise RuntimeError(
            f"Ray was imported without {MANY_MACHINES}=0 and would listen on every interface of this machine; "
            "set the variable before, or call ray.init as you want it"
        )
    here: dict[str, Any] = {"num_cpus": workers, "include_dashboard": False, "object_store_memory": OBJECT_STORE}
    ray.init(log_to_driver=False, logging_level=logging.ERROR, **(here if own else {}))
    try:
        yield
    finally:
        ray.shutdown()
