"""`python -m tools.check` looks at a machine before a class: does everything that a lesson needs work here, now, offline?

One line for each thing, ✓ or ✗, and what to do about each ✗. It changes nothing but for a kernel that it starts and stops.
"""

import os
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from helpers.assets import ASSETS, cache_dir
from helpers.assets.download import in_short
from tools.execute import EXECUTED, ROOT, key, notebooks, recorded

PYTHONS = ((3, 11), (3, 12), (3, 13))
MEMORY_GB = 8.0  # the book's own bound for a machine; a chapter takes half of it at most
DISK_GB = 1.0  # for what a lesson writes; the first set-up needs more and asks for it itself
KERNEL_SECONDS = 120  # for the imports of the first chapter, on a slow disk
GB = 10**9


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what it is, whether it is as it should be, what was found, and what to do where it is not."""

    what: str
    good: bool
    found: str
    remedy: str = ""

    def text(self) -> str:
        """The finding as a line, with the remedy below where there is something to mend."""
        line = f"{'✓' if self.good else '✗'} {self.what}: {self.found}"
        return line if self.good else f"{line}\n  → {self.remedy}"


def python(version: tuple[int, ...] = sys.version_info[:3]) -> Finding:
    """Is this one of the Pythons that the book runs on?"""
    wanted = ", ".join(f"{major}.{minor}" for major, minor in PYTHONS)
    remedy = f"install one of Python {wanted}, remove the folder .venv, and run make book PYTHON=python3.12"
    return Finding("Python", version[:2] in PYTHONS, ".".join(map(str, version)), remedy)


def memory(total: float | None = None) -> Finding:
    """Has the machine the memory that the book asks for? A machine of "8 GB" shows a little less."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if total is None else total
    remedy = f"the book asks for {MEMORY_GB:.0f} GB; with less, run one notebook at a time and close other tabs"
    return Finding("memory", total >= 0.93 * MEMORY_GB * GB, f"{total / GB:.1f} GB", remedy)


def disk(folder: Path = ROOT, free: float | None = None) -> Finding:
    """Is there room for what a lesson writes, in the folder of the book?"""
    free = shutil.disk_usage(folder).free if free is None else free
    remedy = f"free some space: a lesson needs {DISK_GB:.0f} GB in {folder}"
    return Finding("disk", free >= DISK_GB * GB, f"{free / GB:.1f} GB free", remedy)


def assets() -> Finding:
    """Is everything cached that is fetched once, so that no notebook asks for a network?"""
    missing = sorted(name for name, asset in ASSETS.items() if not asset.is_complete())
    found = f"{len(ASSETS) - len(missing)} of {len(ASSETS)} in {cache_dir()}"
    remedy = f"connect to a network once and run make book; missing: {', '.join(missing)}"
    return Finding("texts and models", not missing, found, remedy)


def kernel(notebook: Path | None = None) -> Finding:
    """Does a kernel start and run the first code cell of a chapter, which imports all that the chapter needs?"""
    path = notebook or notebooks()[0]
    book = nbformat.read(path, as_version=4)
    first = next(i for i, cell in enumerate(book.cells) if cell.cell_type == "code")
    book.cells = book.cells[: first + 1]
    start = time.perf_counter()
    try:
        quiet = ["--log-level=ERROR"]
        client = NotebookClient(book, timeout=KERNEL_SECONDS, kernel_name="python3", extra_arguments=quiet)
        client.execute(cwd=str(path.parent))
    except Exception as error:  # whatever stops a kernel is what this looks for, and is shown
        said = in_short(str(error).strip().splitlines()[-1])
        return Finding("a notebook", False, f"{path.name} stopped at its first cell: {said}", "run make book again")
    return Finding("a notebook", True, f"{path.name} began in {time.perf_counter() - start:.0f} s")


def chapters() -> Finding:
    """Has every chapter run on this machine as it stands, and how long did all of them take?"""
    runs = {path: recorded(EXECUTED / path.name) for path in notebooks()}
    stale = [path.stem for path, run in runs.items() if run.get("key") != key(path)]
    seconds = sum(run.get("seconds", 0) for run in runs.values())
    found = f"{len(runs) - len(stale)} of {len(runs)} ran as they stand, in {seconds / 60:.0f} min together"
    return Finding("chapters", not stale, found, f"run make book, which runs {', '.join(stale)}")


CHECKS: tuple[Callable[[], Finding], ...] = (python, memory, disk, assets, chapters, kernel)


def main() -> int:
    """Look at everything, say what was found, and end with 1 if something has to be mended."""
    start, findings = time.perf_counter(), []
    for check in CHECKS:
        findings.append(check())
        print(findings[-1].text(), flush=True)
    bad = sum(not finding.good for finding in findings)
    verdict = "ready to teach" if not bad else f"{bad} of {len(findings)} to mend before the class"
    print(f"{verdict} (looked for {time.perf_counter() - start:.0f} s)")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
