"""Run notebooks again in fresh kernels, with other numbers of threads, and compare what they claim.

    python -m tools.determinism [NAMES ...]    such as 01_ 06_; without names, every notebook

Each runs twice with one thread and once with two. With the same threads every claim must have the same values to the last
digit; with others, values within the bands that the claims ask for. Claims of time, speed or memory say what a machine does:
their values differ from run to run, and only their bands count. Each run has a cache of its own with the assets alone,
so nothing that an earlier run kept is read; executed copies, from which the site is made, stay as they are.
"""

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from unittest import mock

from helpers import claims
from helpers.assets import ASSETS, CACHE_VARIABLE
from helpers.claims import Claim
from tools import execute

THREADS = (1, 1, 2)
VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS", "RAYON_NUM_THREADS")
UNITS_OF_MACHINES = (
    "s",
    "ms",
    "µs",
    "min",
    "h",
    "seconds",
    "minutes",
    "hours",
    "core-hours",
    "MB",
    "GB",
    "MiB",
    "GiB",
    "tokens/s",
)
TIMED = (  # ratios and rates made of seconds or bytes that were measured, whose unit does not say so
    "tokens-latency", "arch-decode-cost",
    "size-memory-predicted", "size-batch", "size-decode-bandwidth", "size-prefill",
)  # fmt: skip


def main(names: Sequence[str]) -> int:
    """Compare runs of the notebooks whose file begins with one of the names; the number that differ or fail."""
    chosen = [n for n in execute.notebooks() if not names or n.name.startswith(tuple(names))]
    if not chosen:
        raise SystemExit(f"no notebook begins with {' or '.join(names)}")
    n_bad = 0
    for notebook in chosen:
        try:
            runs = [run(notebook, threads) for threads in THREADS]
        except execute.NotebookFailedError as error:  # its traceback was printed; the others are still compared
            n_bad += 1
            print(f"{notebook.name}: FAILED, {error}", flush=True)
            continue
        said = [*differences(runs[0], runs[1], exact=True), *differences(runs[0], runs[2], exact=False)]
        n_bad += bool(said)
        print(f"{notebook.name}: {len(runs[0])} claims, " + ("they agree" if not said else "they DIFFER"), flush=True)
        for line in said:
            print(f"  {line}", flush=True)
    return n_bad


def run(notebook: Path, threads: int) -> list[Claim]:
    """The claims of a notebook that is run now, in a fresh kernel, with so many threads and nothing kept.

    Raises:
        NotebookFailedError: if a cell fails, or a claim does not hold.
    """
    with tempfile.TemporaryDirectory() as folder:
        assets, place = Path(folder) / "cache", Path(folder) / "run"
        link_assets(assets)
        changed = dict.fromkeys(VARIABLES, str(threads)) | {CACHE_VARIABLE: str(assets)}
        with mock.patch.dict(os.environ, changed), mock.patch.multiple(execute, RUN=place, EXECUTED=place / "executed"):
            execute.execute(notebook)
        return claims.ledger([place / "executed" / notebook.name])


def link_assets(folder: Path) -> None:
    """A cache with the assets that are here, and nothing that was made of them."""
    folder.mkdir()
    for asset in ASSETS.values():
        if asset.folder().exists():
            (folder / asset.folder().name).symlink_to(asset.folder())


def differences(one: Sequence[Claim], other: Sequence[Claim], *, exact: bool) -> list[str]:
    """What differs between two ledgers, one sentence each.

    Args:
        one, other: the ledgers.
        exact: whether values must be the same to the last digit, except those of a machine.
    """
    ours, theirs = ({claim.id: claim for claim in ledger} for ledger in (one, other))
    said = [f"{id}: claimed in one run only" for id in sorted(ours.keys() ^ theirs.keys())]
    for a, b in ((ours[id], theirs[id]) for id in ours if id in theirs):
        if not (a.holds and b.holds) or a.condition != b.condition:
            said.append(f"{a.id}: {a.measured} ({a.spread}) and {b.measured} ({b.spread}); {a.condition} and {b.condition}")
        elif exact and not is_of_machine(a) and (a.value, a.low, a.high) != (b.value, b.low, b.high):
            said.append(f"{a.id}: {a.value!r} [{a.low!r}, {a.high!r}] and {b.value!r} [{b.low!r}, {b.high!r}]")
    return said


def is_of_machine(claim: Claim) -> bool:
    """Whether its value is of time, speed or memory in use, as its unit says, or `TIMED`."""
    return claim.unit in UNITS_OF_MACHINES or claim.id in TIMED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
