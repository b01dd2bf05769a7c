"""Whatever stops a build or the server is one sentence and an exit status."""

import errno
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools import book, serve
from tools.execute import NotebookFailedError
from tools.site import SiteError

LEASH = Path(book.__file__).with_name("leash.py")


@pytest.mark.parametrize(
    ("cause", "status", "words"),
    [
        (NotebookFailedError("a.ipynb failed; its traceback is above"), 1, "error: a.ipynb failed"),
        (SiteError("_toc.yml names nowhere"), 1, "error: _toc.yml names nowhere"),
        (OSError(errno.ENOSPC, "No space left on device"), 1, "error: the disk is full: free some space"),
        (OSError(errno.EROFS, "Read-only file system"), 1, "error: the build could not write in"),
        (KeyboardInterrupt(), 130, "error: stopped; run the same command again"),
    ],
)
def test_a_build_that_stops_says_why_in_one_line(tmp_path, monkeypatch, capsys, cause, status, words):
    def stop():
        raise cause

    monkeypatch.setattr(book, "ROOT", tmp_path)
    monkeypatch.setattr(book, "execute_all", stop)
    monkeypatch.setattr(book.signal, "signal", lambda *_: None)
    assert book.main() == status
    said = capsys.readouterr()
    assert said.out == "" and said.err.startswith(words) and said.err.count("\n") == 1


def test_a_build_that_fails_names_the_pages_of_an_earlier_run(monkeypatch, capsys):
    monkeypatch.setattr(book, "outdated", lambda root: ["chapters/one", "chapters/two"])
    assert book.complain("one.ipynb failed") == 1
    last = "the site in _build/html stays as it was; of an earlier run are chapters/one, chapters/two\n"
    assert capsys.readouterr().err == f"error: one.ipynb failed\n{last}"


def test_what_a_build_started_ends_with_it(tmp_path):
    (tmp_path / "sleeper.py").write_text(
        "import os, sys, time\nprint(os.getpid(), *sys.argv[1:], flush=True)\ntime.sleep(60)\n"
    )
    code = f"import subprocess, sys; subprocess.run([sys.executable, {str(LEASH)!r}, 'sleeper', '-q', 'a b'])"
    build = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert build.stdout.readline().split(maxsplit=1)[1] == "-q a b\n"
    build.kill()
    start = time.monotonic()
    assert build.stdout.read() == "", "nobody is left who could write"
    assert time.monotonic() - start < 30


@pytest.mark.parametrize("port", ["many", "-1", "70000"])
def test_a_port_that_cannot_be_used_is_named(port, capsys):
    assert serve.main(port) == 1
    assert capsys.readouterr().err.startswith(f"error: port {port} cannot be used")
