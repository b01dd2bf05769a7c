"""A set-up or a fetch that is killed, starved or damaged is repaired by the next run, and never taken for done."""

import base64
import dataclasses
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from helpers.assets import Asset
from tests.faults.room import REPOSITORY, in_a_namespace, kill_when
from tests.test_assets import tarball
from tests.test_setup import write_checkout, write_wheel

pytestmark = pytest.mark.faults
CONTENT = os.urandom(2_000_000)
ARCHIVE = tarball(package__data__a_dot_txt=CONTENT)
CHECKSUM = base64.b64encode(hashlib.sha512(ARCHIVE).digest()).decode()
SMALL = Asset(
    "npm", "small", "1.0.0", CHECKSUM, "MIT", "a small one", 2.0,
    root="package/data", takes=("*.txt",), finish="name_for_tiktoken",
)  # fmt: skip
FETCH = """
import pathlib, shutil, sys, time
sys.path.insert(0, {repository!r})
from helpers import assets
from helpers.assets import *
from helpers.assets import download

def reached():
    pathlib.Path({reached!r}).touch()
    time.sleep(600)

ASSETS.clear()
ASSETS["small"] = {row!r}
{patch}
try:
    download.fetch_all()
    print(path("small"))
except AssetError as error:
    sys.exit(f"error: {{error}}")
"""
FETCH_POINTS = {
    "while npm packs": "download._pack = lambda *_: reached()",
    "before the archive is verified": "download._verify = lambda *_: reached()",
    "half way through a file": (
        "def half(source, target):\n    target.write(source.read(1_000_000))\n    target.flush()\n    reached()\n"
        "download.shutil.copyfileobj = half"
    ),
    "while it is converted": "download.name_for_tiktoken = lambda *_: reached()",
    "before it is in its place": "download.os.replace = lambda *_: reached()",
}


class Cache:
    """An empty cache, an npm that packs one small archive, and a program that fetches it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.cache, self.reached = folder, folder / "cache", folder / "reached"
        (folder / "package.tgz").write_bytes(ARCHIVE)
        npm = folder / "bin" / "npm"
        npm.parent.mkdir()
        npm.write_text(
            "#!/bin/sh\nfor word; do case $word in --pack-destination=*) into=${word#*=};; esac; done\n"
            f'exec cp "{folder / "package.tgz"}" "$into/small-1.0.0.tgz"\n'
        )
        npm.chmod(0o755)
        self.environment = os.environ | {
            "UFM_CACHE": str(self.cache),
            "PATH": f"{npm.parent}{os.pathsep}{os.environ['PATH']}",
        }

    def program(self, patch: str = "", row: Asset = SMALL) -> list[str]:
        """The command that fetches, with code that runs before and may call `reached()`."""
        code = FETCH.format(repository=str(REPOSITORY), reached=str(self.reached), row=row, patch=patch)
        return [sys.executable, "-c", code]

    def fetch(self, **more) -> subprocess.CompletedProcess[str]:
        """Fetch to the end."""
        return subprocess.run(self.program(**more), env=self.environment, capture_output=True, text=True, timeout=60)

    def is_whole(self, done: subprocess.CompletedProcess[str]) -> bool:
        """Whether the run ended well and the asset is there as it was packed."""
        folder = Path(done.stdout.splitlines()[-1]) if done.returncode == 0 else self.folder / "nowhere"
        files = [file for file in folder.glob("*") if file.name != ".manifest.json"]
        return [file.read_bytes() for file in files] == [CONTENT] and not list(self.cache.glob(".partial-*"))


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path)


@pytest.mark.parametrize("point", FETCH_POINTS)
def test_a_fetch_that_is_killed(cache: Cache, point: str) -> None:
    words = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "start_new_session": True}
    kill_when(subprocess.Popen(cache.program(FETCH_POINTS[point]), env=cache.environment, **words), cache.reached.exists)
    assert not [folder for folder in cache.cache.glob("small-*") if folder.is_dir()], "half an asset looks like a whole one"
    done = cache.fetch()
    assert cache.is_whole(done), done.stderr


@pytest.mark.parametrize(
    "keep", [b"", CONTENT[:-1], CONTENT[:1000] + b"X" + CONTENT[1001:]], ids=["empty", "cut", "flipped"]
)
def test_an_asset_that_is_damaged_on_disk(cache: Cache, keep: bytes) -> None:
    folder = Path(cache.fetch().stdout.strip())
    (folder / "a.txt").write_bytes(keep)
    done = cache.fetch()
    assert cache.is_whole(done), done.stderr


def test_a_half_written_entry(cache: Cache) -> None:
    folder = Path(cache.fetch().stdout.strip())
    manifest = folder / ".manifest.json"
    manifest.write_bytes(manifest.read_bytes()[:20])
    assert cache.is_whole(cache.fetch())
    shutil.rmtree(folder)
    folder.mkdir()
    assert cache.is_whole(cache.fetch())


def test_a_full_disk(cache: Cache) -> None:
    cache.cache.mkdir()
    script = 'mount -t tmpfs -o size=1m none cache; "$@"'
    done = in_a_namespace(script, cache.folder, *cache.program(), **cache.environment)
    last = done.stderr.splitlines()[-1]
    assert done.returncode == 1 and last.startswith("error: the disk of ") and "free some space" in last
    assert "Traceback" not in done.stderr
    assert cache.is_whole(cache.fetch())


def test_a_read_only_cache(cache: Cache) -> None:
    cache.cache.mkdir()
    script = 'mount --bind cache cache; mount -o remount,ro,bind cache; "$@"'
    done = in_a_namespace(script, cache.folder, *cache.program(), **cache.environment)
    assert done.returncode == 1 and "cannot be stored in" in done.stderr and "UFM_CACHE" in done.stderr
    whole = cache.fetch()
    again = in_a_namespace(script, cache.folder, *cache.program(), **cache.environment)
    assert again.returncode == 0 and again.stdout == whole.stdout, "what is there can be read"


def test_two_fetches_of_other_versions_leave_each_other_alone(cache: Cache) -> None:
    first = cache.fetch()
    second = cache.fetch(row=dataclasses.replace(SMALL, licence="MIT-0"))
    assert cache.is_whole(first) and cache.is_whole(second) and first.stdout != second.stdout


BEFORE = "setup.pip = lambda *words, old=setup.pip: reached() if {word!r} in words else old(*words)"
SETUP_POINTS = {  # name -> code before tools/setup.py runs
    "before the environment has a pip": "venv.EnvBuilder._setup_pip = lambda *_: reached()",
    "while pip installs": "",
    "before PyTorch": BEFORE.format(word="--constraint=locks/constraints.txt"),
    "before the book's own package": BEFORE.format(word="--editable=."),
    "after pip, before it is noted": "setup.install = lambda files, old=setup.install: (old(files), reached())",
}
SETUP = """
import pathlib, sys, time, venv
sys.path.insert(0, "tools")
import setup

def reached():
    pathlib.Path("reached").touch()
    time.sleep(600)

{patch}
setup.main(dev=False)
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout whose requirements are two wheels in a folder; there is no uv, so pip does all."""
    root = tmp_path_factory.mktemp("setup")
    (root / "wheels").mkdir()
    write_wheel(root / "wheels", "torch", "0.0.1+cpu", 2_000)
    apple = write_wheel(root / "wheels", "apple", "0.0.1", 2_000)
    shutil.copytree(REPOSITORY / "tools", root / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    write_checkout(root, apple="0.0.1", torch="0.0.1")
    (root / "locks" / "hashed.txt").write_text(f"apple==0.0.1 --hash=sha256:{apple}\n")
    return root


@pytest.mark.parametrize("point", SETUP_POINTS)
def test_a_set_up_that_is_killed(checkout: Path, point: str) -> None:
    environment = os.environ | {
        "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(checkout / "wheels"), "PYTHONPATH": sysconfig.get_path("purelib"),
    }  # fmt: skip
    shutil.rmtree(checkout / ".venv", ignore_errors=True)
    (checkout / "reached").unlink(missing_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-c", SETUP.format(patch=SETUP_POINTS[point])], cwd=checkout, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    packages = checkout / ".venv" / sysconfig.get_path("purelib", vars={"base": "."})
    kill_when(process, (checkout / "reached").exists if SETUP_POINTS[point] else (packages / "apple").exists)
    done = subprocess.run(
        [sys.executable, "tools/setup.py"], cwd=checkout, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    again = subprocess.run([sys.executable, "tools/setup.py"], cwd=checkout, env=environment, capture_output=True, text=True)
    assert (again.returncode, again.stdout) == (0, ""), "the second time there is nothing left to do"
    code = "import apple.m1999, helpers.assets, torch.m1999; print(apple.m1999.VALUE + torch.m1999.VALUE)"
    said = subprocess.run(
        [checkout / ".venv/bin/python", "-c", code], cwd=checkout / "wheels", capture_output=True, text=True
    )
    assert said.stdout == "3998\n", said.stderr
