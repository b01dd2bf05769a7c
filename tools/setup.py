"""Set-up: a virtual environment, the pinned requirements, the book's own package, the assets. Again, it takes a second.

Runs on a bare Python (standard library only). pip fetches uv, uv installs what has a hash, pip installs PyTorch, which is
another file for each system and accelerator. pip also does uv's part where uv can't; so pip's words say what went wrong.
Whatever stops set-up is said in one sentence that says what to do.
"""

import ast
import errno
import fcntl
import hashlib
import json
import os
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
DONE = VENV / ".installed"  # the state of the pins that is installed, and for which requirement files
EVERYTHING = ("requirements.txt", "requirements-dev.txt", "requirements-cluster.txt")  # a reader needs the first
FREE_GB = 5  # what a first set-up and build need, with room to spare
FREE_GB_CUDA = 14

FULL = f"the disk is full: free {FREE_GB} GB and run the same command again"
CAUSES = {  # what pip says, in the order in which it counts -> what to do about it
    "DO NOT MATCH THE HASHES":
        "a package is not the file that the book was tested with (pip names it above), and was not installed: run the same "
        "command again, and if it stays so, use another index or mirror (`pip config list` names yours) or tell us",
    "No space left|Errno 28": FULL,
    "Failed to establish|NewConnectionError|Temporary failure in name|ConnectTimeout|Could not fetch URL|Connection refused|"
    "ReadTimeout|Max retries|ProxyError":
        "pip could not get a package: connect to a network (or point pip at a mirror) and run the same command again; "
        "what is done is kept",
    "No matching distribution|ResolutionImpossible":
        "pip found no package for this Python and this machine (its words are above): the book runs on Linux and on Macs "
        "with Apple silicon, with Python 3.11 to 3.13",
    "": f"pip failed (its words are above); remove {VENV} and run the same command again",
}  # fmt: skip
UV_VARIABLES = {  # what pip's configuration calls it -> where uv looks for it, and what it puts between two values
    "index-url": ("UV_DEFAULT_INDEX", " "), "extra-index-url": ("UV_INDEX", " "), "find-links": ("UV_FIND_LINKS", ","),
    "no-index": ("UV_NO_INDEX", ""), "trusted-host": ("UV_INSECURE_HOST", " "), "cert": ("SSL_CERT_FILE", " "),
    "proxy": ("ALL_PROXY", ""), "default-timeout": ("UV_HTTP_TIMEOUT", ""), "timeout": ("UV_HTTP_TIMEOUT", ""),
}  # fmt: skip


class SetupError(Exception):
    """One sentence for the reader."""


def main(dev: bool) -> None:
    """Make the virtual environment ready; with `dev`, for the tests too."""
    files = EVERYTHING if dev else EVERYTHING[:1]
    wanted = {state(), *files}
    with open(ROOT / "tools" / "setup.py") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a second set-up at once waits here for the first
        if not (PYTHON.exists() and DONE.exists() and wanted <= set(DONE.read_text().split())):
            make_environment()
            if DONE.exists():
                DONE.write_text("")  # from here until the end nothing counts as installed
            install(files)
            DONE.write_text("\n".join(wanted))
    if subprocess.run([PYTHON, "-m", "helpers.assets", "fetch"], cwd=ROOT).returncode:
        sys.exit(1)  # it has said itself what went wrong


def state() -> str:
    """Return a digest of the pins, the Python and the place: a change of any of them installs anew."""
    files = [*map(ROOT.joinpath, (*EVERYTHING, "pyproject.toml")), *sorted((ROOT / "locks").glob("*.txt"))]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files) + f"{sys.version} {ROOT}".encode()).hexdigest()


def make_environment() -> None:
    """Create .venv, anew where an old one is half made or belongs to another Python or another place."""
    if DONE.exists() and same_python():
        return
    free = shutil.disk_usage(ROOT).free / 1e9
    if not PYTHON.exists() and free < FREE_GB:
        raise SetupError(f"the book needs {FREE_GB} GB of disk and {free:.1f} GB are free in {ROOT}: free some, run again")
    print("set-up: virtual environment in .venv", flush=True)
    try:
        venv.EnvBuilder(symlinks=True, with_pip=True, clear=True).create(VENV)
    except subprocess.CalledProcessError as error:
        raise SetupError(
            f"{sys.executable} cannot make virtual environments; install its venv module "
            "(on Debian and Ubuntu the package python3-venv) and run again"
        ) from error


def same_python() -> bool:
    """Return whether .venv runs, here, and with the Python that runs this file."""
    code = "import sys; print(sys.version, sys.prefix)"
    try:
        said = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True).stdout.strip()
    except OSError:
        return False
    return said == f"{sys.version} {VENV}"


def install(files: tuple[str, ...]) -> None:
    """Install uv, then all that has a hash, then PyTorch, then the book's own package; let JupyterLab not ask about news."""
    hashed = [f"locks/{name.replace('requirements', 'hashed')}" for name in files]  # written by `make hashes`
    torch = next(word for word in (ROOT / "requirements.txt").read_text().split() if re.match(r"torch\b", word))
    warn_of_cuda(torch)
    print(f"set-up: {' and '.join(files)} (a minute, and longer the first time)", flush=True)
    checked = ("--no-deps", "--require-hashes", "--no-build-isolation")  # pip checks the hashes of all of a call, or of none
    pip(*checked, "--requirement=locks/hashed-first.txt")
    uv(*checked, *(f"--requirement={name}" for name in hashed))
    rest = [torch] if "==" in torch else [f"--requirement={name}" for name in files]  # all, where `make unpin` was run
    pip(*rest, "--constraint=locks/constraints.txt")
    uv("--no-deps", "--no-build-isolation", "--editable=.")
    settings = VENV / "etc" / "jupyter" / "labconfig" / "page_config.json"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(json.dumps({"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}))


def warn_of_cuda(torch: str) -> None:
    """On Linux without an NVIDIA card, say so before gigabytes of CUDA libraries are fetched, and how not to."""
    if platform.system() != "Linux" or platform.machine() != "x86_64" or shutil.which("nvidia-smi"):
        return
    words = ["install", "--dry-run", "--quiet", "--no-deps", "--ignore-installed", "--report", "-", torch]
    said = subprocess.run([PYTHON, "-m", "pip", *words], capture_output=True, text=True, cwd=ROOT)
    if said.returncode or '+cpu"' in said.stdout:  # where pip fails here, the installation that follows says why
        return
    how = "set PIP_EXTRA_INDEX_URL to the CPU index that pytorch.org/get-started names and run again"
    avoid = f"pip takes PyTorch's CUDA build, 3 GB more, but here is no NVIDIA card: to avoid it, stop, {how}"
    if shutil.disk_usage(ROOT).free / 1e9 < FREE_GB_CUDA:
        raise SetupError(f"pip would take PyTorch's CUDA build, which needs {FREE_GB_CUDA} GB: for the CPU build, {how}")
    print(f"note: {avoid}", flush=True)


def uv(*words: str) -> None:
    """Install with uv, by pip's configuration; where uv fails, let pip do it, which is slower and says what is wrong."""
    program = VENV / "bin" / "uv"
    if program.exists():  # it does not where the pins were let go
        more = [f"--python={PYTHON}", "--index-strategy=unsafe-best-match", *([] if sys.stdout.isatty() else ["--quiet"])]
        if subprocess.run([program, "pip", "install", *words, *more], cwd=ROOT, env=uv_environment()).returncode == 0:
            return
        print("note: uv could not install this, so pip does, which takes some minutes", flush=True)
    pip(*words)


def uv_environment() -> dict[str, str]:
    """Return the environment for uv, which does not read pip's configuration, with what that says of indexes and the net."""
    said = subprocess.run([PYTHON, "-m", "pip", "config", "list"], capture_output=True, text=True, cwd=ROOT).stdout
    settings = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    found = {"UV_NO_CONFIG": "1", "UV_SYSTEM_CERTS": "1"}  # links to the cache: a tenth of the time
    for section in ("global", "install", ":env:"):  # the later one wins, as in pip
        for name, (variable, between) in UV_VARIABLES.items():
            if value := ast.literal_eval(settings.get(f"{section}.{name}", "''")):
                found[variable] = between.join(value.split())
    return found | os.environ


def pip(*words: str) -> None:
    """Install with the environment's pip, show what it says, and turn a failure into one sentence."""
    more = ["--no-compile", "--disable-pip-version-check", "--no-input"]  # a module is compiled when it is first imported
    command = [str(PYTHON), "-m", "pip", "install", *words, *more, *([] if sys.stdout.isatty() else ["--quiet"])]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        said = ""
        for line in process.stderr or ():
            said += line
            if not line.startswith(("WARNING", "[notice]")):
                sys.stderr.write(line)
    if process.returncode:
        raise SetupError(next(advice for signs, advice in CAUSES.items() if re.search(signs, said)))


if __name__ == "__main__":
    try:
        main(dev="--dev" in sys.argv[1:])
    except SetupError as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        sys.exit(f"error: {FULL if error.errno == errno.ENOSPC else f'set-up could not write in {ROOT}: {error}'}")
    except KeyboardInterrupt:
        sys.exit("set-up was stopped; run the same command again and it goes on from here")
