"""Students' notebooks hold no solution; teachers' hold each in its place; usual wrong answers are told what is wrong."""

import ast
import json
import re

import nbformat
import pytest
from nbclient import NotebookClient

from tests.test_notebooks import NOTEBOOKS, chapters
from tools.execute import EXECUTED, recorded
from tools.teach.__main__ import build
from tools.teach.chapter import Exercise, exercises, read, source
from tools.teach.notebooks import answered, bound, pack, solution, student, used

BLANK = "answer = ...\n"
OPEN = "```{exercise} More (open)\n:label: ex-small-open\n\nGo on.\n```"
CHECK = """right = sum(numbers)
check(answer, right, because="It adds up.", hints={right / 2: "That is half.", len(numbers): "That is how many."})
"""
SOLUTION = """# from left to right
total = 0
for n in numbers:
    total += n
off = abs(total - right)
check(total, right, because=f"{total}, which is off by {off}.")
"""


def markdown(id, text):
    return {"cell_type": "markdown", "id": id, "metadata": {}, "source": text}


def code(id, text):
    return {"cell_type": "code", "id": id, "metadata": {}, "source": text, "outputs": [], "execution_count": None}


def made_up():
    """A chapter of one closed and one open exercise."""
    return {
        "nbformat": 4, "nbformat_minor": 5,
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}, "run": {}},
        "cells": [
            markdown("title", "# A chapter"),
            code("imports", "from helpers.exercises import check\n\nnumbers = [1, 2, 4]"),
            markdown("ex-sum", "```{exercise} A sum\n:label: ex-small-sum\n\nAdd the numbers.\n```"),
            code("ex-sum-answer", BLANK), code("ex-sum-check", CHECK),
            markdown("ex-sum-start", "```{solution-start} ex-small-sum\n:class: dropdown\n```\n\nAdd one after the other."),
            code("ex-sum-solution", SOLUTION),
            markdown("ex-sum-end", "```{solution-end}\n```\n\n" + OPEN),
        ],
    }  # fmt: skip


def run(notebook):
    """Outputs of a notebook's code cells as text, by id."""
    filled = nbformat.reads(json.dumps(notebook), as_version=4)
    NotebookClient(filled, timeout=60, kernel_name="python3").execute()
    return {
        cell.id: "".join(o.get("text", "") or o["data"]["text/plain"] for o in cell.outputs)
        for cell in filled.cells
        if cell.cell_type == "code"
    }


def test_a_chapter_is_taken_apart():
    closed, opened = exercises(made_up())
    assert closed == Exercise("ex-small-sum", "A sum", "Add the numbers.", 3, 4)
    assert opened.is_open and opened.task == "Go on."


def test_the_students_notebook_runs_and_says_that_nothing_is_answered():
    made = student(made_up())
    text = "\n".join(source(cell) for cell in made["cells"])
    assert not any(word in text for word in ("sum(numbers)", "total", "solution", "It adds up", "one after the other"))
    assert BLANK in text and "Add the numbers." in text and "More (open)" in text
    assert run(made)["ex-sum-check"].startswith("… Not answered yet")


def test_the_check_of_a_students_notebook_judges_an_answer():
    made = student(made_up())
    blank = next(cell for cell in made["cells"] if cell["id"] == "ex-sum-answer")
    for answer, told in (
        (7, "✓ Right. It adds up."),
        (3.5, "✗ Not yet. That is half."),
        ("six", "✗ Not yet: the answer should be a number"),
    ):
        blank["source"] = f"answer = {answer!r}"
        assert run(made)["ex-sum-check"].startswith(told)


def test_the_teachers_notebook_passes_its_checks():
    made = solution(made_up())
    text = "\n".join(source(cell) for cell in made["cells"])
    assert BLANK not in text and "Add one after the other." in text and "solution" not in text
    outputs = run(made)
    assert outputs["ex-sum-check"].startswith("✓ Right. It adds up.")
    assert outputs["ex-sum-check-remark"].strip() == "7, which is off by 0."


def test_what_cannot_be_turned_round_is_refused():
    with pytest.raises(ValueError, match="does not end in a call of check"):
        answered(CHECK, "total = 6", "ex-a")
    without = made_up()
    without["cells"].pop(6)
    with pytest.raises(ValueError, match="'ex-small-sum' has no solution with code"):
        solution(without)
    without["cells"].pop(4)
    with pytest.raises(ValueError, match="'ex-small-sum' has no cell with `answer"):
        exercises(without)


def test_what_an_answer_needs_of_its_check_comes_first():
    check = "data = [3, 4]\nn = len(data)\nright = sum(data)\ncheck(answer, right, because='', hints={})"
    code = "total = 0 + sum(data)\noff = total - right\ncheck(total, right, because=f'{off} off')"
    assert answered(check, code) == (
        "data = [3, 4]\ntotal = 0 + sum(data)\nanswer = total", "off = total - right\nprint(f'{off} off')"
    )  # fmt: skip


def test_a_function_is_handed_over_itself():
    check = "check(answer, 'right', because='', hints={}, verdict=verdict)"
    answer, _ = answered(check, "def f(x):\n    return x\n\n\ncheck(verdict(f), 'right', because='b')")
    assert answer == "def f(x):\n    return x\n\n\nanswer = f"


def test_names_that_are_bound_and_used():
    tree = ast.parse("a, b = c\nfor i in d:\n    e = [j for j in i]\ndef f(x):\n    y = x\n    return g\nimport h.k")
    assert bound(tree.body) == {"a", "b", "i", "e", "f", "h"}
    assert used(ast.parse("[j + m for j in n]")) == {"m", "n"}


@chapters
def test_a_students_notebook_of_the_book_holds_no_solution(path):
    notebook, made = read(path), student(read(path))
    nbformat.validate(nbformat.from_dict(made))
    text = "\n".join(source(cell) for cell in made["cells"])
    closed = [exercise for exercise in exercises(notebook) if not exercise.is_open]
    assert "{solution" not in text and text.count("\nanswer = ...") == len(closed)
    hidden = [source(cell) for cell in notebook["cells"] if cell["id"].endswith("-solution") and cell["cell_type"] == "code"]
    assert len(hidden) == len(closed)
    hidden += [source(notebook["cells"][exercise.check]) for exercise in closed]
    lines = {line.strip() for cell in hidden for line in cell.splitlines() if len(line.strip()) > 12}
    taught = {line.strip() for c in notebook["cells"] if source(c) not in hidden for line in source(c).splitlines()}
    assert not (lines - taught) & {line.strip() for line in text.splitlines()}
    kept = [cell["id"] for cell in made["cells"]]
    assert [cell["id"] for cell in notebook["cells"] if cell["id"] in kept] == kept


@chapters
def test_nothing_a_student_runs_needs_what_a_solution_defines(path):
    notebook = read(path)
    kept = {cell["id"] for cell in student(notebook)["cells"]}
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]  # as written: the checks are not packed
    trees = {cell["id"]: ast.parse(source(cell)).body for cell in code}
    here = {name for id, tree in trees.items() if id in kept for name in bound(tree)}
    gone = {name for id, tree in trees.items() if id not in kept for name in bound(tree)} - here
    asked = {id: {name for part in tree for name in used(part)} & gone for id, tree in trees.items() if id in kept}
    assert not {id: names for id, names in asked.items() if names}


@chapters
def test_a_teachers_notebook_of_the_book_has_every_answer_before_its_check(path):
    notebook, made = read(path), solution(read(path))
    nbformat.validate(nbformat.from_dict(made))
    by_id = {cell["id"]: source(cell) for cell in made["cells"]}
    for exercise in exercises(notebook):
        if exercise.is_open:
            continue
        answer, check = (by_id[notebook["cells"][i]["id"]] for i in (exercise.answer, exercise.check))
        assert "..." not in answer and ast.parse(answer)
        changed = bound(ast.parse(answer).body) - {"answer"}
        assert not changed & (used(ast.parse(check)) - bound(ast.parse(check).body)), (
            "the answer changes what its check uses"
        )
    assert "{solution" not in "\n".join(by_id.values())


@chapters
def test_usual_wrong_answers_are_told_what_is_wrong(path):
    """What the checks said while the chapter ran, in the state that they need; `helpers.exercises.replay_hints` notes it."""
    run = recorded(EXECUTED / path.name)
    if "checks" not in run:
        pytest.fail(f"{path.name} has not run since its checks are noted: python -m tools.book")
    closed = [exercise for exercise in exercises(read(path)) if not exercise.is_open]
    assert len(run["checks"]) == len(closed)
    for exercise, tried in zip(closed, run["checks"], strict=True):
        right, *wrong = tried
        assert right["right"] and right["told"] == right["due"], exercise.label
        assert len(wrong) >= 2 and len({record["given"] for record in wrong}) == len(wrong), exercise.label
        for record in wrong:
            assert not record["right"] and record["told"] == record["due"], (exercise.label, record)
            assert len(record["told"].split()) >= 5, (exercise.label, record["told"])


def test_a_packed_cell_says_what_it_is_and_does_the_same():
    packed = pack("x = 'a secret'\n" * 40)
    assert "secret" not in packed and packed.startswith("# Says whether")
    assert max(map(len, packed.splitlines())) <= 105
    space = {}
    exec(packed, space)
    assert space["x"] == "a secret"


def test_all_of_the_course_is_built_from_the_chapters(tmp_path):
    ran = [path for path in NOTEBOOKS if (EXECUTED / path.name).exists()]
    missing = build(NOTEBOOKS, EXECUTED, tmp_path)
    assert {path.name for path in missing} == {path.name for path in NOTEBOOKS} - {path.name for path in ran}
    for folder, suffix, due in (
        ("student", "ipynb", NOTEBOOKS),
        ("solution", "ipynb", NOTEBOOKS),
        ("slides", "html", ran),
    ):
        made = sorted(path.stem for path in (tmp_path / folder).glob(f"*.{suffix}"))
        assert made == [path.stem for path in due]
    index = (tmp_path / "index.html").read_text(encoding="utf-8")
    links = re.findall(r'href="([^"]+)"', index)
    assert len(links) == 3 * len(NOTEBOOKS) + len(ran) + 2 and all((tmp_path / link).is_file() for link in links)
    page = (tmp_path / "slides" / f"{ran[0].stem}.html").read_text(encoding="utf-8") if ran else ""
    loaded = re.findall(r'(?:src|href)="(static/[^"]+)"', page)
    assert len(loaded) == 8 * bool(ran) and all((tmp_path / "slides" / name).is_file() for name in loaded)
