"""The cells of a chapter's exercises, and the names that code binds and uses, for tests that run some cells alone."""

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass

from tools.teach.chapter import CHECK, EXERCISE, source

BLANK = re.compile(r"^answer = \.\.\.$", re.MULTILINE)


@dataclass(frozen=True)
class Exercise:
    """One exercise; `answer` and `check` are positions of cells, None where it is open."""

    label: str
    title: str
    answer: int | None = None
    check: int | None = None

    @property
    def is_open(self) -> bool:
        """True where no cell can say what is right."""
        return self.answer is None


def exercises(notebook: dict) -> list[Exercise]:
    """Return the exercises of a notebook, in their order."""
    found: list[Exercise] = []
    blank = None
    for place, cell in enumerate(notebook["cells"]):
        text = source(cell)
        if cell["cell_type"] == "markdown":
            found += [Exercise(match[2], match[1].strip()) for match in EXERCISE.finditer(f"{text}\n")]
        elif BLANK.search(text):
            blank = place
        elif blank is not None and CHECK.search(text):
            found[-1] = Exercise(found[-1].label, found[-1].title, blank, place)
            blank = None
    return found


def parse(code: str) -> ast.Module:
    """Return the syntax of a cell, its magics taken as comments."""
    return ast.parse(re.sub(r"^(\s*)[%!]", r"\1#", code, flags=re.MULTILINE))


def bound(statements: Iterable[ast.stmt]) -> set[str]:
    """Return the names that these statements bind at their own level, by assignment, import, loop or definition."""
    found: set[str] = set()
    for statement in statements:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            found.add(statement.name)
            continue
        for node in _own(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.add(node.id)
            elif isinstance(node, ast.alias):
                found.add((node.asname or node.name).partition(".")[0])
            elif isinstance(node, ast.FunctionDef | ast.ClassDef | ast.ExceptHandler) and node.name:
                found.add(node.name)
    return found


def _own(node: ast.AST) -> Iterable[ast.AST]:
    """A statement and what is in it, without the scopes of comprehensions and functions."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            yield child
        elif not isinstance(child, ast.comprehension | ast.Lambda):
            yield from _own(child)


def used(node: ast.AST) -> set[str]:
    """Return the names that are read anywhere in code, but for those that it binds in a comprehension or a function."""
    names = [n for n in ast.walk(node) if isinstance(n, ast.Name)]
    inner = {n.id for n in names if isinstance(n.ctx, ast.Store)} | {n.arg for n in ast.walk(node) if isinstance(n, ast.arg)}
    caught = {n.name for n in ast.walk(node) if isinstance(n, ast.ExceptHandler)}
    return {n.id for n in names if isinstance(n.ctx, ast.Load)} - inner - caught
