"""A notebook runs once for a given state of what it depends on, and a failing one leaves nothing to show."""

import nbformat
import pytest

from tools import execute as module
from tools.execute import NotebookFailedError, execute, execute_all, key, recorded, surroundings


@pytest.fixture
def book(tmp_path, monkeypatch):
    """An empty book; `write(name, code)` adds a notebook."""
    for folder in ("chapters", "helpers", "data"):
        (tmp_path / folder).mkdir()
    (tmp_path / "requirements.txt").write_text("numpy\n")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "EXECUTED", tmp_path / "_build" / "executed")
    monkeypatch.setattr(module, "RUN", tmp_path / "_build" / "run")
    surroundings.cache_clear()
    yield tmp_path
    surroundings.cache_clear()


def write(book, name, code):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code, id="a")])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = book / "chapters" / f"{name}.ipynb"
    nbformat.write(notebook, path)
    return path


def test_it_runs_once_and_keeps_outputs_time_and_memory(book, capsys):
    path = write(book, "one", "import helpers\n6 * 7")
    execute_all()
    run = recorded(module.EXECUTED / "one.ipynb")
    assert run["key"] == key(path) and run["seconds"] >= 1 and run["peak_mb"] > 10 and run["assets_mb"] == 0
    copy = nbformat.read(module.EXECUTED / "one.ipynb", as_version=4)
    assert copy.cells[0].outputs[0].data["text/plain"] == "42"
    assert nbformat.read(path, as_version=4).cells[0].outputs == [], "the committed notebook is left alone"
    before = (module.EXECUTED / "one.ipynb").stat().st_mtime_ns
    execute_all()
    assert "unchanged: one.ipynb" in capsys.readouterr().out
    assert (module.EXECUTED / "one.ipynb").stat().st_mtime_ns == before


def test_a_failing_cell_is_shown_and_leaves_no_copy(book, capsys):
    path = write(book, "bad", "1 / 0")
    module.EXECUTED.mkdir(parents=True)
    (module.EXECUTED / "bad.ipynb").write_text("an older run")
    with pytest.raises(NotebookFailedError, match="bad.ipynb failed"):
        execute(path)
    assert "ZeroDivisionError" in capsys.readouterr().out
    assert not (module.EXECUTED / "bad.ipynb").exists()


def test_only_a_failed_start_is_tried_again(book, monkeypatch):
    said = iter(["Kernel died before replying to kernel_info", "1 failed", "1 failed", "Kernel died before replying"])
    tried = []

    def nbmake(notebook):
        tried.append(notebook)
        return 1, next(said), {"seconds": 1}, "{}"

    monkeypatch.setattr(module, "_nbmake", nbmake)
    with pytest.raises(NotebookFailedError):
        execute(write(book, "one", "1"))
    assert len(tried) == 2, "the start was tried again"
    with pytest.raises(NotebookFailedError):
        execute(write(book, "two", "1"))
    assert len(tried) == 3, "a failing cell was not"


def test_a_run_that_did_not_reach_the_end_is_refused_whatever_pytest_says(book, monkeypatch):
    path = write(book, "one", "1")
    monkeypatch.setattr(module, "_nbmake", lambda notebook: (0, "", {"seconds": 1}, notebook.read_text()))
    with pytest.raises(NotebookFailedError, match="was not run to its end"):
        execute(path)


def test_the_readers_pytest_options_do_not_reach_the_notebooks(book, monkeypatch):
    monkeypatch.setenv("PYTEST_ADDOPTS", "--collect-only")
    with pytest.raises(NotebookFailedError, match="bad.ipynb failed"):
        execute(write(book, "bad", "1 / 0"))


@pytest.mark.parametrize("file", ["helpers/a.py", "data/a.csv", "chapters/one.ipynb"])
def test_the_key_changes_with_all_that_the_outputs_depend_on(book, file):
    path = write(book, "one", "1")
    before = key(path)
    assert key(path) == before
    surroundings.cache_clear()
    with (book / file).open("a") as handle:
        handle.write("\n")
    assert key(path) != before


def test_the_key_does_not_change_with_files_of_an_editor(book):
    path = write(book, "one", "1")
    before = key(path)
    surroundings.cache_clear()
    (book / "data" / ".DS_Store").write_text("x")
    assert key(path) == before


def test_the_key_changes_with_an_installed_package(book, monkeypatch):
    path = write(book, "one", "1")
    before = key(path)
    surroundings.cache_clear()
    monkeypatch.setattr(module, "runtime_packages", lambda: ["numpy==0.0"])
    assert key(path) != before


def test_packages_are_those_of_the_requirements_and_not_those_of_the_tests():
    names = {line.split("==")[0] for line in module.runtime_packages()}
    assert {"torch", "numpy", "tiktoken", "ipykernel", "sphinx", "myst-nb"} <= names
    assert not {"playwright", "ruff", "pre-commit", "hypothesis"} & names


def test_copies_of_notebooks_that_are_gone_are_dropped(book):
    module.EXECUTED.mkdir(parents=True)
    (module.EXECUTED / "gone.ipynb").write_text("{}")
    execute_all()
    assert not list(module.EXECUTED.iterdir())
