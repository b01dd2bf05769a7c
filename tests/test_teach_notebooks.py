"""Students' notebooks hold no solution and run; the course is built whole; usual wrong answers are told what is wrong."""

import ast
import json
import re
import shutil

import nbformat
import pytest
from nbclient import NotebookClient

from tests.exercise_cells import Exercise, bound, exercises, used
from tests.test_notebooks import NOTEBOOKS, chapters
from tools.execute import EXECUTED, recorded
from tools.teach.__main__ import build, pack, student
from tools.teach.chapter import read, source

CHECK = """right = sum(numbers)
check(answer, right, because="It adds up.", hints={right / 2: "That is half.", len(numbers): "That is how many."})
"""


def made_up() -> nbformat.NotebookNode:
    """A chapter of one closed and one open exercise."""
    text, code, solution = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell, {"tags": ["solution"]}
    return nbformat.v4.new_notebook(cells=[
        text("# A chapter"), code("from helpers.exercises import check\n\nnumbers = [1, 2, 4]"),
        text("```{exercise} A sum\n:label: ex-small-sum\n\nAdd the numbers.\n```"), code("answer = ..."), code(CHECK),
        text("```{solution-start} ex-small-sum\n:class: dropdown\n```", metadata=solution),
        code("check(7, right, because='So.')", metadata=solution), text("```{solution-end}\n```", metadata=solution),
        text("```{exercise} More (open)\n:label: ex-small-open\n\nGo on.\n```"),
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("...", "… Not answered yet"),
        ("7", "✓ Right. It adds up."),
        ("3.5", "✗ Not yet. That is half."),
        ("'six'", "✗ Not yet: the answer should be a number"),
    ],
)
def test_a_students_notebook_judges_an_answer(answer, told):
    made = student(made_up())
    text = "\n".join(source(cell) for cell in made["cells"])
    assert not any(word in text for word in ("sum(numbers)", "solution", "It adds up")) and "Go on." in text
    made["cells"][3]["source"] = f"answer = {answer}"
    filled = nbformat.reads(json.dumps(made), as_version=4)
    NotebookClient(filled, timeout=60, kernel_name="python3").execute()
    (output,) = filled.cells[4].outputs
    assert output["data"]["text/plain"].startswith(told)


def test_the_exercises_of_a_chapter_are_found():
    closed, opened = exercises(made_up())
    assert closed == Exercise("ex-small-sum", "A sum", 3, 4) and opened.is_open


def test_a_packed_cell_says_what_it_is_and_does_the_same():
    packed = pack("x = 'a secret'\n" * 40)
    assert "secret" not in packed and packed.startswith("# Says whether") and max(map(len, packed.splitlines())) <= 105
    space = {}
    exec(packed, space)
    assert space["x"] == "a secret"


@chapters
def test_a_students_notebook_of_the_book_holds_no_solution_and_needs_none(path):
    notebook, made = read(path), student(read(path))
    nbformat.reads(json.dumps(made), as_version=4)
    text = "\n".join(source(cell) for cell in made["cells"])
    closed = [exercise for exercise in exercises(notebook) if not exercise.is_open]
    assert "{solution" not in text and text.count("\nanswer = ...") == len(closed) == text.count("# Says whether the answer")
    kept = {cell["id"] for cell in made["cells"]}
    gone = [cell for cell in notebook["cells"] if cell["id"] not in kept]
    assert len([cell for cell in gone if cell["cell_type"] == "code"]) == len(closed)
    assert all("-solution" in cell["id"] for cell in gone) and sum("{solution-start}" in source(c) for c in gone) == len(
        closed
    )
    trees = {cell["id"]: ast.parse(source(cell)).body for cell in notebook["cells"] if cell["cell_type"] == "code"}
    here = {name for id, tree in trees.items() if id in kept for name in bound(tree)}
    lost = {name for id, tree in trees.items() if id not in kept for name in bound(tree)} - here
    asked = {id: {name for part in tree for name in used(part)} & lost for id, tree in trees.items() if id in kept}
    assert not {id: names for id, names in asked.items() if names}


@chapters
def test_usual_wrong_answers_are_told_what_is_wrong(path):
    """What the checks said while the chapter ran, in the state that they need; `helpers.exercises.replay_hints` notes it."""
    run = recorded(EXECUTED / path.name)
    if "checks" not in run:
        pytest.fail(f"{path.name} has not run since its checks are noted: python -m tools.book")
    closed = [exercise for exercise in exercises(read(path)) if not exercise.is_open]
    for exercise, tried in zip(closed, run["checks"], strict=True):
        right, *wrong = tried
        assert right["right"] and right["told"] == right["due"], exercise.label
        assert len(wrong) >= 4 and len({record["given"] for record in wrong}) == len(wrong), exercise.label
        for record in wrong:
            assert not record["right"] and record["told"] == record["due"], (exercise.label, record)
            assert len(record["told"].split()) >= 5, (exercise.label, record["told"])


def test_all_of_the_course_is_built_from_the_chapters(tmp_path):
    ran = [path for path in NOTEBOOKS if (EXECUTED / path.name).exists()][:1]
    (tmp_path / "executed").mkdir()
    for path in ran:
        shutil.copy(EXECUTED / path.name, tmp_path / "executed")
    into = tmp_path / "teach"
    missing = build(NOTEBOOKS, tmp_path / "executed", into)
    assert [path.name for path in missing] == [path.name for path in NOTEBOOKS if path not in ran]
    assert all((into / "solution" / path.name).read_bytes() == path.read_bytes() for path in NOTEBOOKS)
    links = re.findall(r'href="([^".][^"]+)"', (into / "index.html").read_text(encoding="utf-8"))
    assert len(links) == 2 * len(NOTEBOOKS) + len(ran) + 1 and all((into / link).is_file() for link in links)
    for path in ran:
        slides = (into / "slides" / f"{path.stem}.html").read_text(encoding="utf-8")
        loaded = re.findall(r'(?:src|href)="(static/[^"]+)"', slides)
        assert len(loaded) == 6 and all((into / "slides" / name).is_file() for name in loaded)
