"""Two notebooks from each chapter: one for students, without solutions; one for teachers, with each in its place.

In a student's notebook the solutions are gone, and the cells that check an answer are packed, since they compute it. In a
teacher's, `answer = ...` is replaced by the code of the solution, the check follows, and then what the solution remarks.
"""

import ast
import base64
import copy
import zlib
from collections.abc import Iterable

from tools.teach.chapter import SOLUTION_END, SOLUTION_START, exercises, parse, source

PACKED = """# Says whether the answer is right, and why. Packed, since the code would give the answer away.
import base64
import zlib

exec(zlib.decompress(base64.b64decode(
    "{code}"
)))"""


def student(notebook: dict) -> dict:
    """A chapter without its solutions; the reader's cells keep `answer = ...`."""
    checks = {exercise.check for exercise in exercises(notebook)}
    cells = []
    for place, cell in enumerate(notebook["cells"]):
        cell = _bare(cell)
        if place in checks:
            cell["source"] = pack(source(cell)).splitlines(keepends=True)
            cell["metadata"] = {"jupyter": {"source_hidden": True}, "tags": ["hide-input"]}
        cells.append(cell)
    return {**notebook, "metadata": _metadata(notebook), "cells": _without_solutions(cells)[0]}


def solution(notebook: dict) -> dict:
    """A chapter with each solution in place of `answer = ...`, and what it remarks after the check.

    Raises:
        ValueError: if a closed exercise has no solution.
    """
    cells = [_bare(cell) for cell in notebook["cells"]]
    solutions = _without_solutions(cells)[1]
    for exercise in exercises(notebook):
        if exercise.answer is None or exercise.check is None:
            continue
        if not (written := solutions.get(exercise.label)):
            raise ValueError(f"the exercise {exercise.label!r} has no solution with code")
        answer, remark = answered(source(cells[exercise.check]), written, exercise.label)
        blank, check = cells[exercise.answer], cells[exercise.check]
        blank["source"] = source(blank).replace("answer = ...", answer).splitlines(keepends=True)
        check["metadata"] = {}
        if remark:
            check["remark"] = {**copy.deepcopy(check), "id": f"{check['id']}-remark", "source": remark.splitlines(True)}
    kept, _ = _without_solutions(cells, keep_prose=True)
    placed = [part for cell in kept for part in (cell, cell.pop("remark", None)) if part is not None]
    return {**notebook, "metadata": _metadata(notebook), "cells": placed}


def answered(check: str, code: str, label: str = "") -> tuple[str, str]:
    """Turn a solution that comes after its check into the code of the answer, which comes before it.

    Args:
        check: the cell that checks the answer.
        code: the solution, whose last statement is `check(value, expected, because=…)`.
        label: of the exercise, for the message.

    Returns:
        the code of the answer, with what it needs of the check above it, and the code that prints what the solution
        remarks, which may use what the check defines.
    """
    *statements, last = parse(code).body
    call = last.value if isinstance(last, ast.Expr) else None
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "check" and call.args):
        raise ValueError(f"the solution of {label!r} does not end in a call of check: {ast.unparse(last):.80}")
    value = call.args[0]
    if "verdict=" in check and isinstance(value, ast.Call):
        value = value.args[0]  # the check itself asks for the verdict on a function
    before, after = parse(check).body, statements
    known, first = _needed([*before, *after], used(value)), used(value) & bound(before)
    late = bound(before)
    early: list[str] = []
    later: list[str] = []
    for statement, text in zip(after, _texts(code, after), strict=True):
        waits = bool(used(statement) & late) and statement not in known
        (later if waits else early).append(text)
        first |= set() if waits else used(statement) & late
        late = late | bound([statement]) if waits else late - bound([statement])
    data = [ast.get_source_segment(check, part) or "" for part in _needed(before, first)]
    reason = next(word.value for word in call.keywords if word.arg == "because")
    gap = ["", ""] if statements and isinstance(statements[-1], ast.FunctionDef) else []
    answer = "\n".join([*data, *early, *gap, f"answer = {ast.get_source_segment(code, value)}"])
    return answer, "\n".join([*later, f"print({ast.get_source_segment(code, reason)})"])


def _needed(statements: list[ast.stmt], names: set[str]) -> list[ast.stmt]:
    """Those of these statements, in their order, from which these names come."""
    found, wanted = [], set(names)
    for statement in reversed(statements):
        if bound([statement]) & wanted and "answer" not in bound([statement]):
            found.append(statement)
            wanted |= used(statement)
    return found[::-1]


def _texts(code: str, statements: list[ast.stmt]) -> list[str]:
    """The lines of each statement, with the comments above it."""
    ends = [0, *(statement.end_lineno for statement in statements)]
    return ["\n".join(code.splitlines()[a:b]).strip("\n") for a, b in zip(ends, ends[1:], strict=False)]


def bound(statements: Iterable[ast.stmt]) -> set[str]:
    """Names that these statements bind at their own level, by assignment, import, loop or definition."""
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
        if isinstance(child, ast.comprehension | ast.Lambda):
            continue
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            yield child
        else:
            yield from _own(child)


def used(node: ast.AST) -> set[str]:
    """Names that are read anywhere in a piece of code, but for those that it binds in a comprehension or a function."""
    names = [n for n in ast.walk(node) if isinstance(n, ast.Name)]
    inner = {n.id for n in names if isinstance(n.ctx, ast.Store)} | {n.arg for n in ast.walk(node) if isinstance(n, ast.arg)}
    caught = {n.name for n in ast.walk(node) if isinstance(n, ast.ExceptHandler)}
    return {n.id for n in names if isinstance(n.ctx, ast.Load)} - inner - caught


def pack(code: str) -> str:
    """A cell that runs another whose code can't be read at a glance."""
    text = base64.b64encode(zlib.compress(code.encode(), 9)).decode()
    return PACKED.format(code='"\n    "'.join(text[i : i + 96] for i in range(0, len(text), 96)))


def _without_solutions(cells: list[dict], *, keep_prose: bool = False) -> tuple[list[dict], dict[str, str]]:
    """The cells outside of solutions, on request with the prose inside, and the code inside by the label of the exercise."""
    kept: list[dict] = []
    code: dict[str, str] = {}
    label: str | None = None
    for cell in cells:
        if cell["cell_type"] == "code":
            if label is None:
                kept.append(cell)
            else:
                code[label] = "\n".join(filter(None, [code.get(label), source(cell)]))
            continue
        outside, rest = [], source(cell)
        while rest:
            mark = (SOLUTION_START if label is None else SOLUTION_END).search(rest)
            if label is None or keep_prose:
                outside.append(rest[: mark.start()] if mark else rest)
            label = label if mark is None else mark[1] if label is None else None
            rest = rest[mark.end() :] if mark else ""
        if text := "\n\n".join(filter(None, (part.strip("\n") for part in outside))):
            kept.append({**cell, "source": text.splitlines(keepends=True)})
    return kept, code


def _bare(cell: dict) -> dict:
    cell = copy.deepcopy(cell)
    if cell["cell_type"] == "code":
        cell["outputs"], cell["execution_count"] = [], None
    return cell


def _metadata(notebook: dict) -> dict:
    return {name: notebook["metadata"][name] for name in ("kernelspec", "language_info") if name in notebook["metadata"]}
