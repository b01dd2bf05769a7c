"""Set-up does each thing once, and whatever stops it is one sentence that says what to do."""

import hashlib
import os
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from tools import setup
from tools.setup import SetupError

ROOT = Path(__file__).resolve().parent.parent
LISTS = ("hashed-first", "hashed", "hashed-dev", "hashed-cluster")


def executable(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_a_wrong_python_is_named(tmp_path):
    old = executable(tmp_path / "python3.9", 'if [ "$1" = --version ]; then echo Python 3.9.1; else exit 1; fi')
    environment = os.environ | {"PYTHON": str(old)}
    done = subprocess.run(["sh", "tools/setup.sh"], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("error: the book needs Python 3.11, 3.12 or 3.13 (found: Python 3.9.1); install one")
    assert done.stderr.count("\n") == 1


def test_no_python_at_all_is_named(tmp_path):
    environment = {"PATH": str(tmp_path), "PYTHON": "nothing"}
    done = subprocess.run(["/bin/sh", "tools/setup.sh"], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 1 and "(found: none)" in done.stderr.splitlines()[-1]


def write_wheel(folder: Path, name: str, version: str, n_files: int) -> str:
    """Write a wheel of a package with so many modules, and return its SHA-256."""
    file = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as wheel:
        about = f"{name}-{version}.dist-info"
        files = {f"{name}/m{i}.py": f"VALUE = {i}\n" for i in range(n_files)} | {f"{name}/__init__.py": ""}
        files |= {f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"}
        files |= {f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"}
        record = "".join(f"{module},,\n" for module in [*files, f"{about}/RECORD"])
        for module, text in (files | {f"{about}/RECORD": record}).items():
            wheel.writestr(module, text)
    return hashlib.sha256(file.read_bytes()).hexdigest()


def write_checkout(root: Path, apple: str = "", torch: str = "1.0") -> None:
    """Write requirement files for two packages, empty lists of hashes, and a package `helpers` that fetches nothing."""
    (root / "locks").mkdir()
    for name in (*setup.EVERYTHING, *(f"locks/{name}.txt" for name in ("constraints", *LISTS))):
        (root / name).write_text("")
    (root / "requirements.txt").write_text(f"torch=={torch}\n" + (f"apple=={apple}\n" if apple else ""))
    (root / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text().partition("[tool.ruff]")[0])
    (root / "helpers" / "assets").mkdir(parents=True)
    for name in ("__init__", "assets/__init__", "assets/__main__"):
        (root / "helpers" / f"{name}.py").write_text("")


@pytest.fixture
def room(tmp_path, monkeypatch):
    """A checkout of requirement files alone, whose environment is a Python that a test writes."""
    write_checkout(tmp_path)
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "setup.py").write_text("")
    places = {"ROOT": ".", "VENV": ".venv", "PYTHON": ".venv/bin/python", "DONE": ".venv/.installed"}
    for name, place in places.items():
        monkeypatch.setattr(setup, name, tmp_path / place)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    return tmp_path


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        (
            "ERROR: Could not install packages: [Errno 28] No space left on device",
            "the disk is full: free",
        ),
        ("NewConnectionError: Failed to establish a new connection", "connect to a network"),
        ("ERROR: No matching distribution found for torch==1.0", "no package for this Python and this machine"),
        ("THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "not the file that the book was tested with"),
        ("error: something else", "remove .*and run the same command again"),
    ],
)
def test_a_failing_pip_becomes_one_sentence(room, said, advice, capfd):
    executable(setup.PYTHON, f"echo '{said}' >&2; exit 1")
    with pytest.raises(SetupError, match=advice):
        setup.pip("torch")
    assert said in capfd.readouterr().err


def test_too_little_disk_is_named_before_anything_is_made(room, monkeypatch):
    monkeypatch.setattr(setup.shutil, "disk_usage", lambda _: SimpleNamespace(free=1e9))
    with pytest.raises(SetupError, match="needs 5 GB of disk and 1.0 GB are free"):
        setup.make_environment()


def test_a_python_without_venv_is_named(room, monkeypatch):
    def create(*_):
        raise subprocess.CalledProcessError(1, "ensurepip")

    monkeypatch.setattr(setup.venv.EnvBuilder, "create", create)
    with pytest.raises(SetupError, match="cannot make virtual environments; install its venv module"):
        setup.make_environment()


@pytest.fixture
def calls(room, monkeypatch):
    """The requirement files of each installation that set-up makes in the room, where all that it starts ends well."""
    executable(setup.PYTHON, "exit 0")
    made: list[tuple[str, ...]] = []
    monkeypatch.setattr(setup, "same_python", lambda: True)
    monkeypatch.setattr(setup, "make_environment", lambda: None)
    monkeypatch.setattr(setup, "install", made.append)
    return made


def test_it_is_installed_once_and_again_when_a_pin_changes(room, calls):
    setup.main(dev=False)
    setup.main(dev=False)
    assert calls == [("requirements.txt",)]
    setup.main(dev=True)
    setup.main(dev=False)
    assert calls[1:] == [setup.EVERYTHING]
    for name in ("locks/constraints.txt", "locks/hashed-dev.txt", "requirements.txt", "pyproject.toml"):
        (room / name).write_text("# changed\n")
        setup.main(dev=False)
    assert len(calls) == 6


def test_an_install_that_failed_half_way_is_never_taken_for_done(room, calls, monkeypatch):
    setup.main(dev=False)
    pins = (room / "requirements.txt").read_text()
    (room / "requirements.txt").write_text("torch==2.0\n")

    def fail(files):
        raise SetupError("half way")

    monkeypatch.setattr(setup, "install", fail)
    with pytest.raises(SetupError, match="half way"):
        setup.main(dev=False)
    monkeypatch.setattr(setup, "install", calls.append)
    (room / "requirements.txt").write_text(pins)
    setup.main(dev=False)
    assert len(calls) == 2


def test_a_python_with_a_space_in_its_path_is_found(tmp_path):
    (tmp_path / "a b").mkdir()
    python = executable(tmp_path / "a b" / "python", 'if [ "$1" = -c ]; then exit 0; else echo "ran $1"; fi')
    done = subprocess.run(
        ["sh", "tools/setup.sh"], cwd=ROOT, env=os.environ | {"PYTHON": str(python)}, capture_output=True, text=True
    )
    assert done.stdout == "ran tools/setup.py\n"


@pytest.fixture
def packages(room, monkeypatch):
    """A room that wants two wheels in a folder, one of them a PyTorch; pip installs into the folder that it returns."""
    hashes = {name: write_wheel(room, name, "1.0", 1) for name in ("apple", "torch")}
    (room / "requirements.txt").write_text("apple==1.0\ntorch==1.0\n")
    (room / "locks" / "hashed.txt").write_text(f"apple==1.0 --hash=sha256:{hashes['apple']}\n")
    executable(setup.PYTHON, f'exec "{sys.executable}" "$@"')
    setup.DONE.write_text("an older state")
    for name, value in {"NO_INDEX": "1", "FIND_LINKS": str(room), "TARGET": str(room / "site")}.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    monkeypatch.setattr(setup, "same_python", lambda: True)
    pip = setup.pip
    monkeypatch.setattr(setup, "pip", lambda *words: None if "--editable=." in words else pip(*words))
    return room / "site"


def test_all_but_pytorch_is_checked_by_its_hash(packages):
    setup.main(dev=False)
    assert (packages / "apple").is_dir() and (packages / "torch").is_dir() and setup.state() in setup.DONE.read_text()
    settings = setup.VENV / "etc" / "jupyter" / "labconfig" / "page_config.json"
    assert "announcements" in settings.read_text(), "JupyterLab asks nobody about news"


def test_a_package_with_another_hash_is_refused(packages, room):
    write_wheel(room, "apple", "1.0", 2)
    with pytest.raises(SetupError, match="a package is not the file that the book was tested with .* was not installed"):
        setup.main(dev=False)
    assert not list(packages.iterdir()) and not setup.DONE.read_text()


def test_nothing_is_checked_where_the_pins_were_let_go(packages, room):
    subprocess.run(["make", "-s", "-f", ROOT / "Makefile", "unpin"], cwd=room, check=True)
    files = [*room.glob("*.txt"), *room.glob("locks/*.txt")]
    assert len(files) == 8 and not [file for file in files if "sha256" in file.read_text() or "==" in file.read_text()]
    write_wheel(room, "apple", "2.0", 2)
    setup.main(dev=False)
    assert (packages / "apple-2.0.dist-info").is_dir() and (packages / "torch").is_dir()


def test_where_uv_fails_pip_does_its_part(packages, room, capfd):
    executable(setup.VENV / "bin" / "uv", 'echo "uv said this" >&2; exit 1')
    setup.main(dev=False)
    said = capfd.readouterr()
    assert "note: uv could not install this, so pip does" in said.out and "uv said this" in said.err
    assert (packages / "apple").is_dir()


def test_uv_is_told_what_only_pip_was_told(room, monkeypatch, capfd):
    settings = """\
        [global]
        index-url = https://mirror.example/simple
        trusted_host = mirror.example other.example
        [install]
        extra-index-url =
            https://more.example/simple
            https://third.example/simple
        find-links = /wheels /more-wheels
        [download]
        cert = /nowhere.pem
        """
    (room / "pip.conf").write_text(textwrap.dedent(settings))
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_")) or name == "SSL_CERT_FILE"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(room / "pip.conf"))
    monkeypatch.setenv("PIP_PROXY", "http://proxy.example:8080")
    monkeypatch.setenv("PIP_INDEX_URL", "https://nearer.example/simple")
    monkeypatch.setenv("UV_INSECURE_HOST", "mine.example")
    executable(setup.PYTHON, f'exec "{sys.executable}" "$@"')
    executable(setup.VENV / "bin" / "uv", "env | grep -E '^(UV_|SSL_CERT_FILE|ALL_PROXY)' | sort; echo \"$@\"")
    setup.uv("--no-deps", "apple")
    said = capfd.readouterr().out.splitlines()
    told = dict(line.split("=", 1) for line in said[:-1])
    assert told["UV_DEFAULT_INDEX"] == "https://nearer.example/simple"
    assert told["UV_INDEX"] == "https://more.example/simple https://third.example/simple"
    assert (told["UV_FIND_LINKS"], told["ALL_PROXY"]) == ("/wheels,/more-wheels", "http://proxy.example:8080")
    assert told["UV_INSECURE_HOST"] == "mine.example", "what a reader tells uv counts before what they tell pip"
    assert told.get("SSL_CERT_FILE") != "/nowhere.pem", "what a reader tells another command of pip's is not meant"
    assert said[-1].startswith("pip install --no-deps apple --python=") and "example" not in said[-1]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a CUDA build by default")
def test_the_cuda_build_is_announced_before_it_is_fetched(room, monkeypatch, capsys):
    report = '{"install": [{"metadata": {"version": "%s"}}]}'
    monkeypatch.setattr(setup.shutil, "which", lambda _: None)
    monkeypatch.setattr(setup.platform, "machine", lambda: "x86_64")
    executable(setup.PYTHON, f"echo '{report % '1.0+cpu'}'")
    setup.warn_of_cuda("torch==1.0")
    assert capsys.readouterr().out == ""
    executable(setup.PYTHON, f"echo '{report % '1.0'}'")
    setup.warn_of_cuda("torch==1.0")
    assert "pip takes PyTorch's CUDA build" in capsys.readouterr().out
    monkeypatch.setattr(setup.shutil, "disk_usage", lambda _: SimpleNamespace(free=6e9))
    with pytest.raises(SetupError, match="PIP_EXTRA_INDEX_URL"):
        setup.warn_of_cuda("torch==1.0")


@pytest.mark.parametrize(("beside", "found"), [("", ":"), ("1", f"{ROOT}/_build/modules:")])
def test_compiled_modules_stay_in_the_build_folder_where_none_may_lie_beside_sources(beside: str, found: str) -> None:
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": beside, "PYTHONPYCACHEPREFIX": "", "MAKEFLAGS": ""}
    makefile = 'include Makefile\nshown: ; @echo "$$PYTHONPYCACHEPREFIX:$$PYTHONDONTWRITEBYTECODE"\n'
    call = ["make", "--no-print-directory", "-f", "-", "shown"]
    done = subprocess.run(call, input=makefile, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == found
