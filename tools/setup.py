"""Set-up: a virtual environment, the pinned requirements, the assets. Doing it again takes a second.

Runs on a bare Python (standard library only). Whatever stops it is said in one sentence that says what to do.
"""

import errno
import fcntl
import hashlib
import json
import platform
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
EVERYTHING = ("requirements.txt", "requirements-dev.txt", "requirements-cluster.txt")  # a reader needs the first
FREE_GB = 5  # what a first set-up and build need, with room to spare
FREE_GB_CUDA = 14

CAUSES = (  # what pip says -> what to do about it
    (
        ("DO NOT MATCH THE HASHES",),
        "a package is not the file that the book was tested with (pip names it above), and was not installed: run the same "
        "command again, and if it stays so, use another index or mirror (`pip config list` names yours) or tell us",
    ),
    (("No space left", "Errno 28"), "the disk is full: free {free} GB and run the same command again"),
    (
        ("Failed to establish", "NewConnectionError", "Temporary failure in name", "ConnectTimeout", "Could not fetch URL",
         "Connection refused", "ReadTimeout", "Max retries", "ProxyError"),
        "pip could not get a package: connect to a network (or point pip at a mirror) and run the same command again; "
        "what is done is kept",
    ),
    (
        ("No matching distribution", "ResolutionImpossible"),
        "pip found no package for this Python and this machine (its words are above): the book runs on Linux and on Macs "
        "with Apple silicon, with Python 3.11 to 3.13",
    ),
)  # fmt: skip


class SetupError(Exception):
    """One sentence for the reader."""


def main(dev: bool) -> None:
    """Make the virtual environment ready; with `dev`, for the tests too."""
    files = list(EVERYTHING if dev else EVERYTHING[:1])
    with open(ROOT / "tools" / "setup.py") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a second set-up at once waits here for the first
        if not installed(files):
            make_environment()
            for old in VENV.glob(".*.installed"):
                old.write_text("")  # from here until the end nothing counts as installed
            install(files)
            for name in files:
                stamp(name).write_text(state())
    fetch_assets()


def stamp(name: str) -> Path:
    """The file that says for which pins `name` was last installed."""
    return VENV / f".{name}.installed"


def hashed(name: str) -> str:
    """The file with the hashes of all that requirement file `name` brings, but PyTorch; `make hashes` writes it."""
    return name.replace("requirements", "hashed")


def state() -> str:
    """A digest of the pins, the Python and the place: a change of any of them installs anew."""
    files = (*EVERYTHING, *map(hashed, EVERYTHING), "constraints.txt")
    pins = b"".join((ROOT / name).read_bytes() for name in files)
    return hashlib.sha256(pins + sys.version.encode() + str(ROOT).encode()).hexdigest()


def installed(files: list[str]) -> bool:
    """True when each of the requirement files is installed as it stands now."""
    return PYTHON.exists() and all(stamp(name).exists() and stamp(name).read_text() == state() for name in files)


def make_environment() -> None:
    """Create .venv, anew where an old one is half made or belongs to another Python or another place."""
    if same_python() and any(VENV.glob(".*.installed")):
        return
    free = shutil.disk_usage(ROOT).free / 1e9
    if not PYTHON.exists() and free < FREE_GB:
        raise SetupError(
            f"the book needs {FREE_GB} GB of disk and {free:.1f} GB are free in {ROOT}: free some and run again"
        )
    print("set-up: virtual environment in .venv", flush=True)
    try:
        venv.EnvBuilder(symlinks=True, with_pip=True, clear=True).create(VENV)
    except subprocess.CalledProcessError as error:
        raise SetupError(
            f"{sys.executable} cannot make virtual environments; install its venv module "
            "(on Debian and Ubuntu the package python3-venv) and run again"
        ) from error


def same_python() -> bool:
    """True when .venv runs, here, and with the Python that runs this file."""
    code = "import sys; print(sys.version, sys.prefix)"
    try:
        said = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True).stdout.strip()
    except OSError:
        return False
    return said == f"{sys.version} {VENV}"


def install(files: list[str]) -> None:
    """Install requirement files: all but PyTorch, each package checked by its hash, then PyTorch at its pinned version.

    pip checks hashes for all that a call installs or for none, and PyTorch is another file for each system and accelerator.
    """
    warn_of_cuda()
    print(f"set-up: {' and '.join(files)} (a few minutes the first time)", flush=True)
    lists = [hashed(name) for name in files]
    packages = re.split(r"^(?=\w)", (ROOT / lists[0]).read_text(), flags=re.MULTILINE)
    builder = VENV / "builder.txt"  # setuptools, which builds packages that come as source, must be there before them
    builder.write_text("".join(package for package in packages if package.startswith("setuptools==")))
    kind = ("install", "--no-compile")  # Python compiles a module when it is first imported; most never are
    checked = (*kind, "--no-deps", "--require-hashes")
    pip(*checked, "-r", str(builder))
    pip(*checked, "--no-build-isolation", *named(lists))
    pip(*kind, *named(files), "-c", "constraints.txt")


def named(files: list[str]) -> list[str]:
    """pip's words for requirement files."""
    return [word for name in files for word in ("-r", name)]


def warn_of_cuda() -> None:
    """On Linux without an NVIDIA card, say so before gigabytes of CUDA libraries are fetched, and how not to."""
    if platform.system() != "Linux" or shutil.which("nvidia-smi"):
        return
    torch = next(line for line in (ROOT / "requirements.txt").read_text().split() if re.match(r"torch\b", line))
    words = ["install", "--dry-run", "--quiet", "--no-deps", "--ignore-installed", "--report", "-", torch]
    said = subprocess.run([PYTHON, "-m", "pip", *words], capture_output=True, text=True, cwd=ROOT)
    try:
        version = json.loads(said.stdout)["install"][0]["metadata"]["version"]
    except (ValueError, LookupError):
        return  # the installation that follows says what is wrong
    if "cpu" in version or platform.machine() != "x86_64":
        return
    if shutil.disk_usage(ROOT).free / 1e9 < FREE_GB_CUDA:
        raise SetupError(
            f"pip would take the CUDA build of PyTorch, which needs {FREE_GB_CUDA} GB of disk; to take the CPU build, "
            "set PIP_EXTRA_INDEX_URL to the CPU index that pytorch.org/get-started names and run again"
        )
    print(
        "note: pip takes the CUDA build of PyTorch (about 3 GB more, and this machine shows no NVIDIA card); for the CPU "
        "build stop here, set PIP_EXTRA_INDEX_URL to the CPU index that pytorch.org/get-started names, and run again",
        flush=True,
    )


def pip(*words: str) -> None:
    """Run the environment's pip, show what it says, and turn a failure into one sentence."""
    quiet = [] if sys.stdout.isatty() else ["--quiet"]
    command: list[str | Path] = [PYTHON, "-m", "pip", *words, *quiet, "--disable-pip-version-check", "--no-input"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        said = ""
        for line in process.stderr or ():
            said += line
            if not line.startswith(("WARNING", "[notice]")):
                sys.stderr.write(line)
    if process.returncode:
        for signs, advice in CAUSES:
            if any(sign in said for sign in signs):
                raise SetupError(advice.format(free=FREE_GB))
        raise SetupError(f"pip failed (its words are above); remove {VENV} and run the same command again")


def fetch_assets() -> None:
    """Fetch what is missing or damaged of the assets; the module says itself what went wrong."""
    done = subprocess.run([PYTHON, "-m", "helpers.assets", "fetch"], cwd=ROOT)
    if done.returncode:
        sys.exit(done.returncode)


if __name__ == "__main__":
    try:
        main(dev="--dev" in sys.argv[1:])
    except SetupError as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        if error.errno == errno.ENOSPC:
            sys.exit(f"error: the disk is full: free {FREE_GB} GB and run the same command again")
        sys.exit(f"error: set-up could not write in {ROOT}: {error}")
    except KeyboardInterrupt:
        sys.exit("set-up was stopped; run the same command again and it goes on from here")
