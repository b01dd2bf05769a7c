"""A build that is killed, starved or raced publishes no wrong page, loses nothing, and is repaired by the next run."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.faults.room import Room, in_a_namespace, kill_when, runs, wait_for

pytestmark = pytest.mark.faults
BEFORE_RENAME = """
from pathlib import Path
rename = Path.rename
def late(self, target):
    if self.name == {name!r}:
        reached()
    return rename(self, target)
Path.rename = late
"""
POINTS = {  # name -> code that waits at that point; the notebook itself waits in its cell where there is none
    "in a cell of a notebook": "",
    "before the executed copy is in its place": "import tools.execute\ntools.execute.os.replace = lambda *_: reached()",
    "between execution and build": "import tools.site\ntools.site.sources = lambda *_: reached()",
    "before Sphinx is called done": "import tools.site\ntools.site.publish = lambda *_: reached()",
    "while the new site is copied": (
        "import tools.site\ncopy = shutil.copy2\n"
        "def half(source, target, **more):\n"
        "    if 'html.new' in str(target) and str(source).endswith('.js'):\n        reached()\n"
        "    return copy(source, target, **more)\n"
        "copytree = shutil.copytree\n"
        "tools.site.shutil.copytree = lambda *words, **more: copytree(*words, copy_function=half, **more)"
    ),
    "before the old site makes room": BEFORE_RENAME.format(name="html"),
    "between the old site and the new": BEFORE_RENAME.format(name="html.new"),
}


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Room:
    """A checkout whose site is built."""
    room = Room(tmp_path_factory.mktemp("faults") / "book")
    room.write("At first.")
    status, said = room.build()
    assert status == 0 and room.shows("At first."), said
    return room


@pytest.fixture
def words(room: Room, request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """What the site says, and what it is to say after a change that has been made."""
    old = room.words
    new = f"After {request.node.name.translate(str.maketrans('[]_', '   '))}."
    if not room.shows(old):  # a test before this one failed
        assert room.build()[0] == 0
    room.write(new)
    yield old, new
    room.pause.unlink(missing_ok=True)


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_loses_nothing_and_the_next_run_repairs(room: Room, words: tuple[str, str], point: str) -> None:
    old, new = words
    if not POINTS[point]:
        room.pause.touch()
    kill_when(room.start(POINTS[point]), room.reached.exists)
    room.pause.unlink(missing_ok=True)
    assert room.shows(old) != point.startswith("between the old"), "what was published stays, but for that moment"
    assert not room.shows(new)
    status, said = room.build()
    assert status == 0 and room.shows(new), said
    assert not list(room.html.parent.glob("html.*"))


def test_a_kernel_ends_with_a_build_that_is_killed_alone(room: Room, words: tuple[str, str]) -> None:
    _, new = words
    pid = room.root.with_name("pid")
    room.write(new, code=f"import os\npathlib.Path({str(pid)!r}).write_text(str(os.getpid()))\ntime.sleep(600)")
    process = room.start()
    wait_for(lambda: pid.exists() and pid.read_text())
    process.kill()
    process.communicate(timeout=60)  # which ends when nobody is left who could write
    wait_for(lambda: not runs(int(pid.read_text())))
    room.write(new)
    assert room.build()[0] == 0 and room.shows(new)


def test_sphinx_ends_with_a_build_that_is_killed_alone(room: Room, words: tuple[str, str]) -> None:
    _, new = words
    process = room.start()
    wait_for(lambda: (room.root / "_build" / ".site-unfinished").exists())
    wait_for(lambda: psutil.Process(process.pid).children())
    (sphinx,) = psutil.Process(process.pid).children()
    process.kill()
    wait_for(lambda: not runs(sphinx.pid))
    status, said = room.build()
    assert status == 0 and room.shows(new), said


def test_sphinx_killed_at_work(room: Room, words: tuple[str, str]) -> None:
    old, new = words
    process = room.start()
    kill_when(process, lambda: (room.root / "_build" / ".site-unfinished").exists())
    assert room.shows(old)
    status, said = room.build()
    assert status == 0 and room.shows(new), said


def test_a_kernel_killed_in_a_cell(room: Room, words: tuple[str, str]) -> None:
    old, new = words
    room.write(new, code="import os\nos.kill(os.getpid(), 9)")
    status, said = room.build()
    assert status == 1 and room.shows(old)
    assert "Kernel died" in said and "error: one.ipynb failed; its traceback is above" in said
    room.write(new)
    assert room.build()[0] == 0 and room.shows(new)


def test_two_builds_at_once_run_the_notebook_once(room: Room, words: tuple[str, str]) -> None:
    _, new = words
    both = [room.start(), room.start()]
    said = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert "".join(said).count("ran: one.ipynb") == 1 and room.shows(new)


def test_a_clock_that_was_set_back(room: Room, words: tuple[str, str], tmp_path: Path) -> None:
    _, new = words
    ahead = "import time\n_now, _now_ns = time.time, time.time_ns\nTEN_YEARS = 315_000_000\n"
    ahead += "time.time = lambda: _now() + TEN_YEARS\ntime.time_ns = lambda: _now_ns() + TEN_YEARS * 10**9\n"
    (tmp_path / "sitecustomize.py").write_text(ahead)
    status, said = room.build(PYTHONPATH=str(tmp_path))
    assert status == 0 and room.shows(new), said
    page = room.root / "chapters" / "index.md"  # alone: what notebooks say makes every page anew
    page.write_text(page.read_text().replace(new, "Today."))
    os.utime(page, (0, 0))
    status, said = room.build()
    assert status == 0 and "<p>Today.</p>" in (room.html / "chapters" / "index.html").read_text(), said


FULL = """
mkdir _build
mount -t tmpfs -o size=400m none _build
python() {{ "{python}" -m tools.book; }}
python
cp chapters/index.md old.md; cp new.md chapters/index.md
cp -r _build/html shown
dd if=/dev/zero of=_build/filler bs=64k 2>/dev/null || true
truncate -s -{spare} _build/filler
python && exit 9 || echo "status $?"
diff -r _build/html shown && echo "what was published stays"
rm -r shown _build/filler
python
grep -q "Made room" _build/html/chapters/index.html && echo "and the next run repairs"
"""


@pytest.mark.parametrize("spare", [0, 300_000])
def test_a_full_disk(tmp_path: Path, spare: int) -> None:
    room = Room(tmp_path / "book")
    room.write("At first.")
    (room.root / "new.md").write_text("# A small book\n\nMade room.\n")
    script = FULL.format(python=sys.executable, spare=spare)
    done = in_a_namespace(script, room.root)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "status 1\nwhat was published stays\n" in done.stdout and "and the next run repairs" in done.stdout
    assert "No space left on device" in done.stderr or "error: the disk is full: free some space" in done.stderr
