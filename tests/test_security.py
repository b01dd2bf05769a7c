"""What the code must not do, whoever writes it: run what it has not checked, or hold a secret."""

import ast
import re
import socket
import subprocess
from pathlib import Path

import pytest

from helpers.assets import ASSETS

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("helpers", "tools", "theme", "experiments", "benchmarks", "teaching")
MODULES = {"pickle", "cPickle", "dill", "joblib", "shelve", "marshal", "cloudpickle"}  # loading runs what is in the file
CALLS = {"eval", "exec", "compile", "os.system", "os.popen", "tempfile.mktemp", "yaml.load", "yaml.unsafe_load"}
SECRETS = re.compile(
    r"AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{40,}|hf_[A-Za-z0-9]{30,}|sk-[A-Za-z0-9]{32,}|xox[abprs]-[\w-]{10,}"
    r"|-----BEGIN (?:[A-Z]+ )?PRIVATE KEY|(?i:password|secret|api_key|token)\s*=\s*['\"][A-Za-z0-9+/_-]{24,}['\"]"
)


def faults(code: str, name: str = "x.py") -> list[str]:
    """What a module does that it must not."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            found += [f"imports {one}" for one in names if one.split(".")[0] in MODULES]
        if not isinstance(node, ast.Call):
            continue
        call, given = ast.unparse(node.func), {word.arg: ast.unparse(word.value) for word in node.keywords}
        if call in CALLS:
            found.append(f"calls {call}")
        if given.get("shell", "False") != "False":
            found.append(f"{call} with a shell")
        if call == "torch.load" and given.get("weights_only") != "True":
            found.append("torch.load without weights_only=True")
        if given.get("allow_pickle", "False") != "False":
            found.append(f"{call} with allow_pickle")
        if given.get("trust_remote_code", "False") != "False":
            found.append(f"{call} with trust_remote_code")
    return [f"line of {name}: {fault}" for fault in found]


def test_no_module_runs_what_it_has_not_checked() -> None:
    files = [file for folder in FOLDERS for file in sorted((ROOT / folder).rglob("*.py"))]
    assert len(files) > 100
    found = [f for file in files for f in faults(file.read_text(encoding="utf-8"), file.relative_to(ROOT).as_posix())]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "code",
    [
        "import pickle", "from joblib import load", "eval(text)", "import os; os.system('ls')", "import yaml; yaml.load(f)",
        "subprocess.run('ls', shell=True)", "torch.load(f)", "torch.load(f, weights_only=False)",
        "np.load(f, allow_pickle=True)", "AutoModel.from_pretrained(x, trust_remote_code=True)",
    ],
)  # fmt: skip
def test_each_of_these_would_be_found(code: str) -> None:
    assert faults(code)


def test_what_is_safe_is_let_through() -> None:
    assert not faults("import json\nmodel.eval()\nre.compile(x)\ntorch.load(f, weights_only=True)\nsubprocess.run(['ls'])")


def test_no_tracked_file_holds_a_secret() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    files = [ROOT / name for name in listed if name and (ROOT / name).is_file()]
    assert len(files) > 200
    found = [
        f"{file.relative_to(ROOT)}: {match.group()[:12]}…"
        for file in files
        if (match := SECRETS.search(file.read_bytes().decode("utf-8", errors="replace")))
    ]
    assert not found, found
    assert SECRETS.search("AKIA" + "A" * 16) and SECRETS.search("hf_" + "a" * 34)


def test_every_asset_has_a_version_and_a_checksum() -> None:
    for name, asset in ASSETS.items():
        assert re.fullmatch(r"[A-Za-z0-9+/]{86}==|[0-9a-f]{64}", asset.checksum), name
        assert re.match(r"\d", asset.version), name


def test_the_tests_themselves_reach_no_other_machine() -> None:
    with socket.socket() as one, pytest.raises(RuntimeError, match="198.51.100.7 was asked for"):
        one.connect(("198.51.100.7", 80))
    with pytest.raises(RuntimeError, match=r"example\.org was asked for"):
        socket.getaddrinfo("example.org", 443)
