"""Run the notebooks, each once for a given state of everything it depends on, with nbmake.

nbmake runs a notebook as a test and writes its outputs into the copy that it ran; that copy is what the site shows. A
notebook is run again when its key changes: its own text, `helpers/`, `data/`, the Python or a package of the requirements.
"""

import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import date
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from helpers import exercises
from helpers.assets import ASSETS, LOG_VARIABLE
from helpers.progress import BATCH_VARIABLE
from tools import inline

ROOT = Path(__file__).resolve().parent.parent
EXECUTED = ROOT / "_build" / "executed"
RUN = ROOT / "_build" / "run"
LEASH = ROOT / "tools" / "leash.py"  # what a killed build started ends too
CELL_SECONDS = 900  # against a cell that hangs; one that ends took over 300 where another run shared the cores
START_FAILED = ("Kernel died before replying", "Kernel didn't respond", "Timeout waiting for kernel")


class NotebookFailedError(RuntimeError):
    """A notebook in which a cell failed; nbmake has said which."""


def notebooks() -> list[Path]:
    """The committed notebooks, in order."""
    return sorted((ROOT / "chapters").glob("*.ipynb"))


def key(notebook: Path) -> str:
    """Digest of everything that the outputs of a notebook, in the folder `chapters` of a checkout, depend on."""
    return hashlib.sha256(notebook.read_bytes() + surroundings(notebook.parents[1])).hexdigest()


@cache
def surroundings(root: Path) -> bytes:
    """Digest of what all notebooks share: code, data, Python, the packages that are installed, and how they are run."""
    digest = hashlib.sha256(sys.version.encode() + Path(__file__).read_bytes() + Path(inline.__file__).read_bytes())
    for folder in ("helpers", "data"):
        for file in sorted((root / folder).rglob("*")):
            name = file.relative_to(root)
            if file.is_file() and not any(part.startswith((".", "__pycache__")) for part in name.parts):
                digest.update(f"{name.as_posix()}\n".encode() + file.read_bytes())
    digest.update("\n".join(runtime_packages()).encode())
    return digest.digest()


def runtime_packages() -> list[str]:
    """The packages of requirements.txt and all that they bring, as installed; not what the tests add."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = [Requirement(line).name for line in lines if line and not line.startswith("#")]
    found: dict[str, str] = {}
    while wanted:
        name = canonicalize_name(wanted.pop())
        if name in found:
            continue
        try:
            package = distribution(name)
        except PackageNotFoundError:
            continue
        found[name] = package.version
        needs = (Requirement(line) for line in package.requires or [])
        wanted += [need.name for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})]
    return sorted(f"{name}=={version}" for name, version in found.items())


def recorded(copy: Path) -> dict:
    """The record of the run that filled an executed copy: its key, seconds, peak_mb and so on; {} if there is none."""
    try:
        return json.loads(copy.read_text(encoding="utf-8"))["metadata"]["run"]
    except (OSError, ValueError, KeyError):
        return {}


def execute_all() -> None:
    """Run every notebook that has no current executed copy, and drop copies of notebooks that are gone."""
    names = {notebook.name for notebook in notebooks()}
    for left in EXECUTED.glob("*.ipynb"):
        if left.name not in names:
            left.unlink()
    for notebook in notebooks():
        run = recorded(EXECUTED / notebook.name)
        if run.get("key") == key(notebook):
            print(f"unchanged: {notebook.name} ({run['seconds']} s when it ran)", flush=True)
        else:
            execute(notebook)


def execute(notebook: Path) -> None:
    """Run one notebook with nbmake and keep the copy that it filled.

    Raises:
        NotebookFailedError: if a cell or an inline expression fails; no copy is kept then, so no page can show it.
    """
    wanted = key(notebook)
    (EXECUTED / notebook.name).unlink(missing_ok=True)
    RUN.mkdir(parents=True, exist_ok=True)
    for attempt in (1, 2):
        status, said, cost, filled = _nbmake(notebook)
        if status == 0:
            break
        if attempt == 2 or not any(sign in said for sign in START_FAILED):
            print(said, flush=True)
            raise NotebookFailedError(f"{notebook.name} failed; its traceback is above")
    book = json.loads(filled)
    try:
        inline.collect(book)
    except inline.ExpressionError as error:
        raise NotebookFailedError(f"{notebook.name}: {error}") from None
    code = [cell for cell in book["cells"] if cell["cell_type"] == "code" and "".join(cell["source"]).strip()]
    if not all(cell["execution_count"] for cell in code):
        raise NotebookFailedError(f"{notebook.name} was not run to its end, although pytest did not complain")
    book["metadata"]["run"] = {
        "key": wanted, **cost, "date": date.today().isoformat(),
        "python": platform.python_version(), "system": platform.system(), "machine": platform.machine(),
        "cores": os.cpu_count(),
    }  # fmt: skip
    EXECUTED.mkdir(parents=True, exist_ok=True)
    whole = RUN / notebook.name
    whole.write_text(json.dumps(book, ensure_ascii=False, indent=1), encoding="utf-8")
    os.replace(whole, EXECUTED / notebook.name)
    print(f"ran: {notebook.name} in {cost['seconds']} s, at most {cost['peak_mb']} MB", flush=True)


def _nbmake(notebook: Path) -> tuple[int, str, dict, str]:
    """Run `pytest --nbmake` on a copy of a notebook, outside of `_build`, which nbmake passes over.

    Returns:
        exit status, what pytest said, the notebook with its outputs, and before it what it cost: seconds, peak memory in MB
        of pytest or its kernel, MB of the assets that it asked for, and what the checks of its exercises tell wrong answers.
    """
    inherited = {name: value for name, value in os.environ.items() if name not in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")}
    environment = inherited | {
        "PYTHONHASHSEED": "0", "IPYTHONDIR": str(RUN / "ipython"),
        "MPLCONFIGDIR": str(RUN / "matplotlib"), "JUPYTER_PLATFORM_DIRS": "1",
        "OPENBLAS_NUM_THREADS": "1",  # two threads for a fit of five numbers took ten times as long beside another program
    }  # fmt: skip
    options = ["--nbmake", "--overwrite", f"--nbmake-timeout={CELL_SECONDS}", "--nbmake-kernel=python3"]
    with tempfile.TemporaryDirectory() as folder:
        copy, empty, asked, tried = (Path(folder) / name for name in (notebook.name, "pytest.ini", "assets", "checks"))
        book = json.loads(notebook.read_text(encoding="utf-8"))
        inline.inject(book)
        copy.write_text(json.dumps(book, ensure_ascii=False), encoding="utf-8")
        for file, text in ((empty, "[pytest]\n"), (asked, ""), (tried, "")):
            file.write_text(text)
        quiet = ["-q", "-p", "no:cacheprovider", "-c", str(empty)]
        command = [sys.executable, str(LEASH), "pytest", *quiet, *options, str(copy)]
        log, start = RUN / f"{notebook.stem}.log", time.perf_counter()
        with log.open("w") as output:
            logs = {LOG_VARIABLE: str(asked), exercises.LOG_VARIABLE: str(tried)}
            variables = environment | logs | {BATCH_VARIABLE: "1"}
            process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=folder, env=variables)
            try:
                _, status, usage = os.wait4(process.pid, 0)
            except BaseException:  # a stop from outside stops the kernel too
                process.terminate()
                process.wait()
                raise
            process.returncode = os.waitstatus_to_exitcode(status)
        seconds, filled = time.perf_counter() - start, copy.read_text(encoding="utf-8")
        checks = [json.loads(line) for line in tried.read_text(encoding="utf-8").splitlines()]
        megabytes = sum(ASSETS[name].megabytes for name in set(asked.read_text().split()))
    peak = usage.ru_maxrss * (1 if platform.system() == "Darwin" else 1024)  # bytes there, kibibytes elsewhere
    cost = {"seconds": round(seconds), "peak_mb": round(peak / 1e6), "assets_mb": round(megabytes), "checks": checks}
    return process.returncode, log.read_text(encoding="utf-8", errors="replace"), cost, filled
