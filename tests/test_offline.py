"""What runs under `tools.offline` has this machine and no other."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools import offline

ROOT = Path(__file__).resolve().parents[1]
TRY = """
import socket
with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
    print([name for _, name in socket.if_nameindex()])
try:
    socket.create_connection(("198.51.100.7", 80), timeout=5)
except OSError as error:
    print(error.strerror)
"""


def run(*words: str, code: str = "import sys; from tools.offline import main; main(sys.argv[1:])") -> str:
    done = subprocess.run([sys.executable, "-c", code, *words], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def namespaces() -> bool:
    return subprocess.run([sys.executable, "-c", "from tools.offline import isolate; isolate()"], cwd=ROOT).returncode == 0


def test_only_this_machine_is_there() -> None:
    if not namespaces():
        pytest.skip("this system allows no network namespaces")
    assert run("-c", TRY).splitlines() == ["['lo']", "Network is unreachable"]


def test_where_there_are_no_namespaces_proxies_lead_nowhere() -> None:
    refuse = "import sys; sys.platform = 'darwin'; from tools import offline; offline.isolate()"
    done = subprocess.run([sys.executable, "-c", refuse], cwd=ROOT, capture_output=True, text=True)
    assert "OSError: darwin has no network namespaces" in done.stderr
    code = (
        "import subprocess, sys; from tools import offline\n"
        "failed = subprocess.CompletedProcess([], 1, '', 'Traceback\\nOSError: not allowed')\n"
        "offline.subprocess.run = lambda *words, **more: failed\n"
        "offline.main(sys.argv[1:])"
    )
    said = run("-c", "import urllib.request as u; print(u.getproxies()['https'], u.proxy_bypass('localhost'))", code=code)
    assert said.splitlines() == [
        "note: no network namespace here (OSError: not allowed); proxies that do not exist stand in for it",
        f"{offline.NOWHERE} True",
    ]


def test_the_tests_are_run_so() -> None:
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").split("\ntest:")[1].split("\n\n")[0]
    lines = [line.strip() for line in recipe.splitlines()[1:]]
    assert lines and all(line.startswith("@$(PY) -m tools.offline -m ") for line in lines)
