"""VERSIONS.md names every package that holds another back, and every package but PyTorch has its hashes."""

import re
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.execute import runtime_packages

ROOT = Path(__file__).resolve().parents[1]
HASHED = r"([^\\\n]+)(?: \\\n    --hash=sha256:[0-9a-f]{64})+\n"
FILES = ("hashed-first.txt", "hashed.txt", "hashed-dev.txt", "hashed-cluster.txt")
UPPER = {"<", "<=", "==", "~=", "==="}


def pinned() -> set[str]:
    """The packages that constraints.txt names."""
    lines = (ROOT / "locks" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return {canonicalize_name(line.split("==")[0]) for line in lines if "==" in line and not line.startswith("#")}


def bounded() -> dict[str, set[str]]:
    """Who sets an upper bound, on whom, among the pinned packages that are installed."""
    found: dict[str, set[str]] = {}
    for package in distributions():
        name = canonicalize_name(package.metadata["Name"])
        needs = [Requirement(line) for line in package.requires or []]
        held = {
            canonicalize_name(need.name)
            for need in needs
            if (need.marker is None or need.marker.evaluate({"extra": ""}))
            and any(s.operator in UPPER for s in need.specifier)
        }
        if name in pinned() and held & pinned():
            found[name] = held & pinned()
    return found


def test_every_upper_bound_is_explained() -> None:
    if "emptied" in (ROOT / "locks" / "constraints.txt").read_text(encoding="utf-8"):
        pytest.skip("this is a run on the newest releases: the pins were let go by make unpin")
    table = (ROOT / "VERSIONS.md").read_text(encoding="utf-8").split("## Bounds that packages set")[1]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    named = {canonicalize_name(name) for row in rows for name in re.findall(r"`([^`]+)`", row)}
    setters = bounded()
    assert len(setters) > 30 and "sphinx" in setters["jupyter-book"]
    assert set(setters) - named == set()
    assert named - pinned() == set()


def test_our_own_bounds_are_those_that_the_tools_apply() -> None:
    text = (ROOT / "VERSIONS.md").read_text(encoding="utf-8")
    start = (ROOT / "tools" / "setup.sh").read_text(encoding="utf-8")
    assert {f"3.{minor}" for minor in (11, 12, 13)} == set(re.findall(r"python(3\.\d+)", start))
    assert "Python 3.11 to 3.13" in text and "`jupyter-book` below 2" in text


def with_hashes(name: str) -> dict[str, Requirement]:
    """The packages of which a file of hashes has at least one; the file holds nothing else but comments."""
    text = re.sub(r"^#.*\n", "", (ROOT / "locks" / name).read_text(encoding="utf-8"), flags=re.MULTILINE)
    if not text:
        pytest.skip("this is a run on the newest releases: the hashes were let go by make unpin")
    assert re.sub(HASHED, "", text) == "", name
    needs = [Requirement(need) for need in re.findall(HASHED, text)]
    return {canonicalize_name(need.name): need for need in needs}


def test_every_package_but_pytorch_has_a_hash_at_its_pinned_version() -> None:
    files = [with_hashes(name) for name in FILES]
    found = {name: str(need.specifier) for file in files for name, need in file.items()}
    assert len(found) == sum(map(len, files)), "a package stands in one file"
    lines = (ROOT / "locks" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    assert found == {canonicalize_name(name): f"=={version}" for name, version in pins.items() if name != "torch"}


def test_what_is_installed_here_was_installed_with_its_hash() -> None:
    here = {name for file in FILES for name, need in with_hashes(file).items() if need.marker.evaluate()}
    installed = {canonicalize_name(package.metadata["Name"]) for package in distributions()}
    assert installed & pinned() - here == {"torch"}


def test_a_reader_gets_all_that_the_book_needs_and_nothing_of_the_tests() -> None:
    book = {line.split("==")[0] for line in runtime_packages()} & pinned() - {"torch"}
    found = with_hashes("hashed-first.txt").keys() | with_hashes("hashed.txt").keys()
    assert book <= found and {"uv", "setuptools"} <= found and not {"playwright", "ruff", "hypothesis", "ray"} & found
