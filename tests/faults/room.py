"""A small checkout that is built by real processes, which can be stopped dead at a named point."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SECONDS = 120
PAUSED = """
import builtins, os, pathlib, runpy, shutil, sys, time

def reached():
    pathlib.Path({reached!r}).touch()
    time.sleep(600)

{patch}
runpy.run_module({module!r}, run_name="__main__", alter_sys=True)
"""


class Room:
    """A checkout with one page and one notebook, whose words can be changed."""

    def __init__(self, root: Path) -> None:
        root.mkdir()
        self.root, self.pause, self.words = root, root.with_name("pause"), ""
        self.reached, self.html = root.with_name("reached"), root / "_build" / "html"
        for name in ("theme", "helpers", "data", "_config.yml", "references.bib", "requirements.txt"):
            (root / name).symlink_to(REPOSITORY / name)
        shutil.copytree(REPOSITORY / "tools", root / "tools", ignore=shutil.ignore_patterns("__pycache__"))
        (root / "chapters").mkdir()
        (root / "_toc.yml").write_text("format: jb-book\nroot: chapters/index\nchapters:\n- file: chapters/one\n")

    def write(self, words: str, code: str = "") -> None:
        """Let the first page say these words, and the notebook too."""
        self.words = words
        (self.root / "chapters" / "index.md").write_text(f"# A small book\n\n{words}\n")
        wait = (
            "import pathlib, time\n"
            f"if pathlib.Path({str(self.pause)!r}).exists():\n"
            f"    pathlib.Path({str(self.reached)!r}).touch()\n"
            "    time.sleep(600)\n"
        )
        cells = [
            {"cell_type": "markdown", "id": "t", "metadata": {}, "source": "# One"},
            {"cell_type": "code", "id": "a", "metadata": {}, "execution_count": None, "outputs": [],
             "source": f"{wait}{code}\nprint({words!r} * 2)"},
        ]  # fmt: skip
        language = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        book = {"cells": cells, "metadata": language, "nbformat": 4, "nbformat_minor": 5}
        (self.root / "chapters" / "one.ipynb").write_text(json.dumps(book))

    def shows(self, words: str) -> bool:
        """Whether a whole site that says these words, on both pages, is published."""
        first, one = (self.html / "chapters" / name for name in ("index.html", "one.html"))
        if not (self.html / ".published").exists() or not (self.html / "index.html").exists():
            return False
        return f"<p>{words}</p>" in first.read_text() and words * 2 in one.read_text() and "</html>" in one.read_text()

    def start(self, patch: str = "", module: str = "tools.book", **more: str) -> subprocess.Popen[str]:
        """Begin to build, in a process group of its own; `patch` is code that runs before and may call `reached()`."""
        self.reached.unlink(missing_ok=True)
        code = PAUSED.format(reached=str(self.reached), patch=patch, module=module)
        environment = os.environ | more
        return subprocess.Popen(
            [sys.executable, "-c", code], cwd=self.root, env=environment, text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def build(self, patch: str = "", **more: str) -> tuple[int, str]:
        """Build to the end: exit status, and what was said."""
        process = self.start(patch, **more)
        said, _ = process.communicate(timeout=SECONDS)
        return process.returncode, said


def wait_for(point: Callable[[], object]) -> None:
    """Wait until `point` is true."""
    end = time.monotonic() + SECONDS
    while not point():
        assert time.monotonic() < end, "it never came to that point"
        time.sleep(0.05)


def runs(pid: int) -> bool:
    """Return whether a process runs; one that has ended and that nobody has asked about does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def kill_when(process: subprocess.Popen[str], point: Callable[[], bool]) -> None:
    """SIGKILL a process and all that it started, at the moment when `point` is first true."""
    end = time.monotonic() + SECONDS
    while not point():
        if process.poll() is not None or time.monotonic() > end:
            raise AssertionError(f"it never came to that point: {process.communicate()[0]}")
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def in_a_namespace(script: str, folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script, with words as "$@", that may mount file systems which nobody else sees."""
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode:
        pytest.skip("this system lets nobody mount a file system of their own")
    command = ["unshare", "-rm", "sh", "-euc", script, "sh", *words]
    return subprocess.run(command, cwd=folder, env=os.environ | more, capture_output=True, text=True, timeout=SECONDS)
