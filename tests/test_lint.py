"""The linters have nothing to say, pins agree, and the weekly workflow's loosening keeps the bounds that have a reason."""

import re
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from tools.execute import runtime_packages
from tools.lint import commands, main

ROOT = Path(__file__).resolve().parent.parent
pinned = pytest.mark.skipif(
    "emptied" in (ROOT / "locks" / "constraints.txt").read_text(encoding="utf-8"),
    reason="this is a run on the newest releases: the pins were let go by make unpin",
)


def test_the_linters_have_nothing_to_say(capfd):
    failed = main()
    said = capfd.readouterr()
    assert not failed, said.out + said.err


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def size(text: str) -> int:\n    return len(text)\n", ""),
        ("def size(text: str) -> int:\n    return text\n", 'Incompatible return value type (got "str", expected "int")'),
        ("from helpers.checks import check_text\n\ncheck_text(3, 3)\n", 'has incompatible type "int"; expected "str"'),
        ("size: int = 3  # type: ignore[assignment]\n", 'Unused "type: ignore" comment'),
    ],
)
def test_a_wrong_annotation_is_found(tmp_path, code, said):
    (command,) = (words for words in commands(fix=False) if words[0] == "mypy")
    file = tmp_path / "made_up.py"
    file.write_text(code)
    run = subprocess.run([sys.executable, "-m", *command, str(file)], cwd=ROOT, capture_output=True, text=True)
    assert (run.returncode, bool(run.stdout)) == ((1, True) if said else (0, False)), run.stdout + run.stderr
    assert said in run.stdout


@pinned
def test_every_requirement_is_pinned_and_agrees_with_the_constraints():
    def pins(name):
        lines = (line for line in (ROOT / name).read_text().splitlines() if line and not line.startswith("#"))
        return dict(line.lower().replace("_", "-").split("==") for line in lines)

    constraints = pins("locks/constraints.txt")
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-cluster.txt"):
        for package, version in pins(name).items():
            assert constraints.get(package) == version, f"{name}: {package}"
    installed = (line.split("+")[0].split("==") for line in runtime_packages())
    cuda = ("cuda-", "nvidia-", "triton")  # what PyTorch's CUDA build brings, at the versions that it names itself
    unpinned = {name for name, version in installed if constraints.get(name) != version and not name.startswith(cuda)}
    assert not unpinned, "constraints.txt pins all that the requirements bring"


@pinned
def test_every_pinned_version_runs_on_every_python_of_the_readme():
    for package in distributions():
        accepted = SpecifierSet(package.metadata["Requires-Python"] or "")
        for python in ("3.11.0", "3.12.0", "3.13.0"):
            assert python in accepted, f"{package.name} {package.version} needs Python {accepted}"


def test_no_file_names_a_registry_or_a_place_on_somebodys_machine():
    hosts = r"\b(?:pypi|pythonhosted|registry\.npmjs|download\.pytorch)\.org"
    places = r"(?<![\w.~-])/(?:home|root|Users|work)/"
    unwanted = re.compile(f"{hosts}|{places}")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("this is no git checkout, so there is no list of its files")
    kept = listed.stdout.split("\n")
    texts = {name: (ROOT / name).read_bytes().decode("utf-8", "ignore") for name in kept if (ROOT / name).is_file()}
    found = {name: unwanted.findall(text) for name, text in texts.items() if not name.endswith(".png")}
    assert not {name: words for name, words in found.items() if words}
