"""The files for Binder, hubs and codespaces ask for what the book needs, and name nothing that is not there."""

import json
import os
import re

from tools.check import MEMORY_GB, PYTHONS
from tools.execute import EXECUTED, ROOT, recorded

BINDER, CONTAINER = ROOT / ".binder", ROOT / ".devcontainer"


def test_binder_installs_the_pinned_packages_on_a_python_of_the_book():
    lines = (BINDER / "requirements.txt").read_text().split("\n")
    named = [(BINDER / line.split()[1]).resolve() for line in lines if line]
    assert named == [ROOT / "requirements.txt", ROOT / "locks" / "constraints.txt"] and all(file.is_file() for file in named)
    version = re.fullmatch(r"python-(\d+)\.(\d+)\n", (BINDER / "runtime.txt").read_text())
    assert tuple(map(int, version.groups())) in PYTHONS


def test_binder_fetches_everything_and_lets_notebooks_find_the_package():
    build = BINDER / "postBuild"
    assert os.access(build, os.X_OK)
    steps = build.read_text().splitlines()[-2:]
    assert steps == [
        "python -m pip install --no-deps --no-build-isolation --editable .",
        "python -m helpers.assets fetch",
    ]


def test_what_binder_says_of_memory_is_true_of_the_last_run():
    peaks = [recorded(copy)["peak_mb"] for copy in EXECUTED.glob("*.ipynb")]
    assert max(peaks, default=0) < 4000, "a hub that allows 4 GB for each person is no longer enough: .binder/README.md"


def test_what_binder_says_of_memory_and_time_stands_beside_the_buttons():
    text = (BINDER / "README.md").read_text()
    assert all(
        word in text for word in ("**Memory.**", "2 GB", "4 GB", "**Time.**", "several times as long", "**Buttons.**")
    )
    assert "launch_buttons" in text and "launch_buttons:" in (ROOT / "_config.yml").read_text()


def test_the_container_has_what_the_book_asks_for():
    known = json.loads((CONTAINER / "devcontainer.json").read_text())
    assert (CONTAINER / known["build"]["dockerfile"]).is_file()
    assert known["hostRequirements"]["memory"] == f"{MEMORY_GB:.0f}gb"
    target = known["postCreateCommand"].removeprefix("make ")
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
    python = re.search(r"^FROM python:(\d+)\.(\d+)$", (CONTAINER / "Dockerfile").read_text(), re.MULTILINE)
    assert tuple(map(int, python.groups())) in PYTHONS
