"""VERSIONS.md names every package that holds another back."""

import re
from importlib.metadata import distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
UPPER = {"<", "<=", "==", "~=", "==="}


def pinned() -> set[str]:
    """The packages that constraints.txt names."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
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
