"""Running notebooks: `tools.execute`, which the site and the tests share, beside what one would otherwise call.

Others are `jupyter nbconvert --execute`, stock `pytest --nbmake --overwrite`, and a stock Jupyter Book that executes what it
shows: then the tests, by nbmake, run every notebook a second time. Each call is a process of its own, ours as well. Copies
lie in folders of their own, so the `_build` of the checkout stays as it is.
"""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from benchmarks.rounds import Comparison, timed
from benchmarks.stock import call, jupyter_book
from tools import execute

CHAPTER = "01_why.ipynb"
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
CELLS = ("import math", "import numpy as np", "rng = np.random.default_rng(0)", "math.pi", "rng.normal(size=1_000).mean()")
STOCK = """title: A book
execute:
  execute_notebooks: "{execution}"
  timeout: 300
  raise_on_error: true
"""
KEYS = "a process of ours makes the key of all that a notebook depends on, then starts "
MAKES = KEYS + "the same nbmake: it takes what an unchanged notebook takes"
CONVERTS = KEYS + "pytest, nbmake and the kernel; nbconvert starts the kernel alone"
SHOWS = KEYS + "nbmake; a second run of five cells that do nothing takes less than that process"


def of_notebooks(quick: bool) -> Iterator[Comparison]:
    """A small notebook from nothing; tested and shown; and again, when nothing has changed."""
    with tempfile.TemporaryDirectory() as folder:
        (notebook,), place = generated(Path(folder) / "small", 1), Path(folder) / "of small"
        fresh, still = partial(cold, [notebook], place), partial(again, [notebook], place)
        converts, makes = partial(nbconvert, notebook, place), partial(nbmake, notebook, place)
        yield Comparison("run a small notebook", "nbconvert --execute", fresh, converts, CONVERTS)
        yield Comparison("run a small notebook", "pytest --nbmake", fresh, makes, MAKES)
        yield tested_and_shown(notebook, "a small notebook", place)
        yield Comparison("run a small notebook again, unchanged", "nbconvert --execute", still, converts)
        yield Comparison("run a small notebook again, unchanged", "pytest --nbmake", still, makes)


def of_chapter(quick: bool) -> Iterator[Comparison]:
    """A chapter that takes its time, tested and shown; quickly, a small notebook in its place. Minutes a round."""
    with tempfile.TemporaryDirectory() as folder:
        if quick:
            (notebook,), what = generated(Path(folder) / "small", 1), "a small notebook"
        else:
            notebook = placed(execute.ROOT / "chapters" / CHAPTER, Path(folder) / "chapter")
            what = f"chapter {CHAPTER[:2]}"
        yield tested_and_shown(notebook, what, Path(folder) / "of chapter")


def tested_and_shown(notebook: Path, what: str, place: Path) -> Comparison:
    """One execution for the test and the page, beside one for each."""
    ours, theirs = partial(shown, notebook, place), partial(shown_and_tested, notebook, place)
    return Comparison(
        f"test {what} and make its page", "pytest --nbmake, and Jupyter Book that executes", ours, theirs, SHOWS
    )


def cold(notebooks: Sequence[Path], place: Path) -> None:
    """Run notebooks our way, with nothing kept from before."""
    shutil.rmtree(place / "ours", ignore_errors=True)
    again(notebooks, place)


def again(notebooks: Sequence[Path], place: Path) -> None:
    """Run those of the notebooks whose outputs are not there, or of another state, our way, into `place/ours`."""
    call(["-m", "benchmarks.running", str(place / "ours"), *map(str, notebooks)], execute.ROOT)


def nbconvert(notebook: Path, place: Path) -> None:
    """Run a notebook with nbconvert, which writes a copy with outputs."""
    options = ["--to", "notebook", "--execute", "--output-dir", str(place / "nbconvert")]
    call(["-m", "nbconvert", *options, str(notebook)], place)


def nbmake(notebook: Path, place: Path) -> None:
    """Run a copy of a notebook with pytest and nbmake, which write the outputs into the copy."""
    copy = placed(notebook, place / "nbmake")
    settings = copy.with_name("pytest.ini")
    settings.write_text("[pytest]\n")  # not the book's own
    options = ["-q", "-c", str(settings), "--nbmake", "--overwrite", f"--nbmake-timeout={execute.CELL_SECONDS}"]
    call(["-m", "pytest", *options, str(copy)], copy.parent)


def shown(notebook: Path, place: Path) -> None:
    """Run a notebook our way, which tests it, and build a book of the copy with its outputs, which executes nothing."""
    cold([notebook], place)
    book(place / "ours" / "executed" / notebook.name, place / "book", "off")


def shown_and_tested(notebook: Path, place: Path) -> None:
    """Test a notebook with nbmake and build a book of it, which executes it."""
    nbmake(notebook, place)
    book(notebook, place / "executing book", "force")


def book(notebook: Path, folder: Path, execution: str) -> None:
    """Build a stock book of one notebook.

    Args:
        notebook: its page.
        folder: of the book; made anew.
        execution: "off", or "force" to execute.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copyfile(notebook, folder / "page.ipynb")
    (folder / "_config.yml").write_text(STOCK.format(execution=execution), encoding="utf-8")
    (folder / "_toc.yml").write_text("format: jb-book\nroot: page\n", encoding="utf-8")
    jupyter_book(folder)


def placed(notebook: Path, folder: Path) -> Path:
    """A copy of a notebook in a folder like a checkout: its key is made of what lies beside it, as a chapter's is."""
    copy = checkout(folder) / notebook.name
    shutil.copyfile(notebook, copy)
    return copy


def checkout(folder: Path) -> Path:
    """Make a folder's `chapters`, and beside them the code and the data of the book."""
    (folder / "chapters").mkdir(parents=True, exist_ok=True)
    for name in ("helpers", "data"):
        if not (folder / name).exists():
            (folder / name).symlink_to(execute.ROOT / name)
    return folder / "chapters"


def generated(folder: Path, n: int) -> list[Path]:
    """n small notebooks, each with a title and five cells that take no time."""
    files = []
    for number in range(n):
        cells = [new_markdown_cell(f"# Notebook {number}"), *map(new_code_cell, CELLS)]
        for i, cell in enumerate(cells):
            cell["id"] = f"cell-{i}"
        file = checkout(folder) / f"{number:02}.ipynb"
        nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": KERNEL}), file)
        files.append(file)
    return files


def cold_seconds(n: int) -> float:
    """Of n small notebooks, run our way from nothing."""
    with tempfile.TemporaryDirectory() as folder:
        return timed(partial(cold, generated(Path(folder), n), Path(folder) / "run"))
