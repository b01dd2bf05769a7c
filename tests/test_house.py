"""The house keeps its shape: modules of a readable length, imports that run one way, nothing written twice or left over."""

import ast
import json
import re
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("helpers", "theme", "tools", "experiments", "benchmarks")
MAY_IMPORT = {  # a folder -> the others that it may import; chapters and tests may import all of them
    "helpers": set(),
    "theme": {"helpers"},
    "tools": {"helpers", "theme"},
    "experiments": {"helpers"},
    "benchmarks": {"helpers", "tools"},
}
LONGEST_MODULE = 500
LONGEST_FUNCTION = 40  # lines of code; its docstring and blank lines are not counted
WINDOW = 6  # lines
MODULES = {
    ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file
    for folder in FOLDERS
    for file in sorted((ROOT / folder).rglob("*.py"))
}


@cache
def tree(name: str) -> ast.Module:
    """The syntax tree of a module of ours."""
    return ast.parse(MODULES[name].read_text(encoding="utf-8"))


@cache
def imports(name: str) -> frozenset[str]:
    """The modules of ours that a module imports anywhere, also within functions."""
    found = set()
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= inside & set(MODULES) or {node.module or ""}
    return frozenset(found & set(MODULES)) - {name}


def part(name: str) -> str:
    """The module or package of a folder that a module belongs to: `helpers.chat` for `helpers.chat.growing`."""
    return ".".join(name.split(".")[:2])


def cycle(graph: dict[str, set[str]]) -> list[str]:
    """Nodes on a cycle of a graph, or none: what is left when nodes that lead nowhere are taken away, again and again."""
    left = dict(graph)
    while ends := [node for node, to in left.items() if not to & left.keys()]:
        for node in ends:
            del left[node]
    return sorted(left)


def imported_from_tests(code: ast.Module) -> list[str]:
    """The modules of tests that some code imports anywhere."""
    nodes = list(ast.walk(code))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    return [name for name in names if name.split(".")[0] == "tests"]


def test_nothing_but_tests_imports_tests() -> None:
    found = {name: tests for name in MODULES if (tests := imported_from_tests(tree(name)))}
    assert not found, "what others need of tests belongs in tools"
    assert imported_from_tests(ast.parse("def f():\n    from tests.browser import serve")) == ["tests.browser"]
    assert imported_from_tests(ast.parse("import tests.browser, testing")) == ["tests.browser"]


def test_imports_run_one_way() -> None:
    wrong = [
        f"{name} imports {other}"
        for name in MODULES
        for other in imports(name)
        if (folder := name.split(".")[0]) != (beside := other.split(".")[0]) and beside not in MAY_IMPORT[folder]
    ]
    assert not wrong, wrong
    graph: dict[str, set[str]] = defaultdict(set)
    for name in MODULES:
        graph[part(name)] |= {part(other) for other in imports(name)} - {part(name)}
    assert len(graph) > 60 and not cycle(graph), cycle(graph)
    assert cycle({"a": {"b"}, "b": {"a"}, "c": {"a"}}) == ["a", "b", "c"] and not cycle({"a": {"b"}, "b": set()})


def test_modules_are_short() -> None:
    lines = {name: len(file.read_text(encoding="utf-8").splitlines()) for name, file in MODULES.items()}
    assert not {name: n for name, n in lines.items() if n > LONGEST_MODULE}


def code_lines(node: ast.FunctionDef | ast.AsyncFunctionDef, text: list[str]) -> int:
    """The lines of a function without its docstring, its decorators and blank lines."""
    start = node.body[0].end_lineno if ast.get_docstring(node) else node.lineno - 1
    return sum(bool(line.strip()) for line in text[start : node.end_lineno])


def test_functions_are_short() -> None:
    long = {}
    for name, file in MODULES.items():
        text = file.read_text(encoding="utf-8").splitlines()
        functions = [node for node in ast.walk(tree(name)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        long |= {f"{name}.{f.name}": n for f in functions if (n := code_lines(f, text)) > LONGEST_FUNCTION}
    assert not long


def public(name: str) -> list[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """What a module offers: its functions and classes without a leading underscore."""
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return [node for node in tree(name).body if isinstance(node, kinds) and not node.name.startswith("_")]


def test_what_is_public_says_what_it_is() -> None:
    silent = [
        name for name in MODULES if MODULES[name].read_text(encoding="utf-8").strip() and not ast.get_docstring(tree(name))
    ]
    silent += [f"{name}.{node.name}" for name in MODULES for node in public(name) if not ast.get_docstring(node)]
    assert not silent


def words_in_use(name: str) -> Counter[str]:
    """The words of a module outside of docstrings, imports and the heads of definitions: what its code refers to."""
    hidden: set[int] = set()
    for node in ast.walk(tree(name)):
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        is_list = isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__"
        if is_text or is_list or isinstance(node, ast.Import | ast.ImportFrom):
            hidden |= set(range(node.lineno, (node.end_lineno or 0) + 1))
    lines = enumerate(MODULES[name].read_text(encoding="utf-8").splitlines(), start=1)
    code = "\n".join(line.partition("  # ")[0] for n, line in lines if n not in hidden and not line.lstrip().startswith("#"))
    return Counter(re.findall(r"(?<!def )(?<!class )\b[A-Za-z]\w*", code))


def test_what_is_public_is_used() -> None:
    """By chapters, by code that runs for a reader or a lecturer, or by Sphinx. A test or a benchmark is no user."""
    texts = [
        f.read_text(encoding="utf-8")
        for where in ("chapters/*.md", "teaching/**/*.py", "teaching/**/*.ipynb", "*.yml")
        for f in ROOT.glob(where)
    ]
    for notebook in ROOT.glob("chapters/*.ipynb"):
        for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
            text = "".join(cell["source"])
            texts += [text] if cell["cell_type"] == "code" else re.findall(r"`([^`\n]+)`", text)
    said = Counter(word for text in texts for word in re.findall(r"\w+", text))
    by_code = {name: words_in_use(name) for name in MODULES}
    users = sum((words for name, words in by_code.items() if not name.startswith("benchmarks.")), said)
    in_benchmarks = sum(by_code.values(), said)
    unused = [
        f"{name}.{node.name}"
        for name in MODULES
        for node in public(name)
        if not (in_benchmarks if name.startswith("benchmarks.") else users)[node.name]
    ]
    assert not unused


def windows(name: str) -> dict[tuple[str, ...], int]:
    """Each run of WINDOW lines of code in a module, without indents, comments, blank lines, imports and docstrings."""
    hidden: set[int] = set()
    for node in ast.walk(tree(name)):
        text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        if text or isinstance(node, ast.Import | ast.ImportFrom):
            hidden |= set(range(node.lineno, (node.end_lineno or 0) + 1))
    lines = enumerate(MODULES[name].read_text(encoding="utf-8").splitlines(), start=1)
    kept = [(n, line.strip()) for n, line in lines if n not in hidden and line.strip() and not line.strip().startswith("#")]
    return {tuple(line for _, line in kept[i : i + WINDOW]): kept[i][0] for i in range(len(kept) - WINDOW + 1)}


def test_nothing_is_written_twice() -> None:
    seen: dict[tuple[str, ...], str] = {}
    twice = []
    for name in MODULES:
        for window, line in windows(name).items():
            if window in seen:
                twice.append(f"{seen[window]} and {name}:{line}: {window[0]}")
            seen[window] = f"{name}:{line}"
    assert len(seen) > 5_000 and not twice, "\n".join(twice)


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_folder_has_modules(folder: str) -> None:
    assert any(name.startswith(folder) for name in MODULES)
