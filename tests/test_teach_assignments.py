"""The assignments: their form, what students can see, and what submissions of many kinds get from nbgrader's commands."""

import ast
import copy
import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tools.execute import ROOT

FOLDER = ROOT / "teaching" / "assignments"
SOURCES = {path.stem: path for path in sorted(FOLDER.glob("source/*/*.ipynb"))}
ONE = "data_and_tokens"  # which is marked
every = pytest.mark.parametrize("name", SOURCES)
STUBBORN = "import time\nwhile True:\n    try:\n        time.sleep(1)\n    except BaseException:\n        pass\n"
ALL = {"premium": 2, "wilson": 3, "join": 3, "share": 3, "keep": 5}  # what the tests of each task give
# What is handed in instead of good answers, the cells that are deleted and doubled, and the tasks that give nothing then.
HANDED_IN = {
    "good": ({"report": "An answer of my own."}, [], [], []),
    "wrong": (
        {"premium": "def premium(t, r):\n    return sum(a / b for a, b in zip(t, r)) / len(t)\n"},
        [],
        [],
        ["premium"],
    ),
    "exits": ({"premium": "{}\nexit()"}, [], [], ["premium"]),
    "quits": ({"share": "quit()\n{}"}, [], [], ["share"]),
    "dies": ({"keep": "import os\n\ndef keep(text):\n    os._exit(3)\n"}, [], [], ["keep"]),
    "loops": ({"premium": STUBBORN}, [], [], ["premium"]),
    "cannot_be_parsed": ({"share": "def true_share(:\n"}, [], [], ["share"]),
    "empty": (None, [], [], list(ALL)),
    "deleted_tests": ({}, ["join-overlap", "keep-unseen", "report"], [], []),
    "deleted_tasks": ({}, ["share", "share-middle", "share-ends", "premium-total", "premium"], [], ["share", "premium"]),
    "doubled_answer": ({}, [], ["wilson"], []),
    "doubled_test": ({}, [], ["wilson-ends", "report"], []),
    "split_answer": ({}, [], [], []),
    "split_test": ({}, [], [], []),
    "tampered": ({"premium": "pass", "premium-total": "pass", "premium-input": "assert True"}, [], [], ["premium"]),
}
SPLIT = {"split_answer": "join", "split_test": "wilson-ends"}  # the cell whose last statement goes into one of its own


def code(name: str) -> dict[str, tuple[str, str]]:
    """Return the kind and the text of each code cell of an assignment's source, by its name."""
    cells = [cell for cell in nbformat.read(SOURCES[name], as_version=4).cells if cell.cell_type == "code"]
    kinds = [(cell.metadata.nbgrader.grade, cell.metadata.nbgrader.solution) for cell in cells]
    names = {(True, False): "test", (False, True): "answer", (False, False): "given"}
    return {cell.id: (names[kind], cell.source) for cell, kind in zip(cells, kinds, strict=True)}


def nbgrader(course: Path, *words: str) -> subprocess.CompletedProcess:
    """Run a command of nbgrader as a lecturer does, in the folder of the assignments."""
    command = [sys.executable, "-m", "nbgrader", *words]
    environment = os.environ | {"COURSE": str(course)}
    return subprocess.run(command, cwd=FOLDER, env=environment, capture_output=True, text=True)


def hand_in(course: Path, student: str, changed: dict[str, str] | None, deleted: list[str], doubled: list[str]) -> Path:
    """Write a submission: the released notebook with the good answers but for those that are changed, or as it is."""
    made = nbformat.read(course / "release" / ONE / f"{ONE}.ipynb", as_version=4)
    good = {cell: text for cell, (kind, text) in code(ONE).items() if kind == "answer"} if changed is not None else {}
    cells = []
    for cell in made.cells:
        cell.source = (changed or {}).get(cell.id, "{}").replace("{}", good.get(cell.id, cell.source))
        twin = [nbformat.from_dict(copy.deepcopy(cell) | {"id": f"{cell.id}-twin"})] if cell.id in doubled else []
        if cell.id == SPLIT.get(student):
            lines = cell.source.splitlines(keepends=True)
            at = ast.parse(cell.source).body[-1].lineno - 1
            head, cell.source = "".join(lines[:at]), "".join(lines[at:])
            twin = [nbformat.from_dict(copy.deepcopy(cell) | {"id": f"{cell.id}-head", "source": head})]
        cells += [] if cell.id in deleted else [*twin, cell]
    made.cells = cells
    place = course / "submitted" / student / ONE / f"{ONE}.ipynb"
    place.parent.mkdir(parents=True)
    nbformat.write(made, place)
    return place


@pytest.fixture(scope="module")
def marked(tmp_path_factory) -> tuple[Path, str]:
    """A course in which one assignment was released, handed in and marked, and what nbgrader said."""
    pytest.importorskip("nbgrader")
    course = tmp_path_factory.mktemp("a course")
    released = nbgrader(course, "generate_assignment", ONE)
    assert released.returncode == 0, released.stderr
    for student, (changed, deleted, doubled, _) in HANDED_IN.items():
        hand_in(course, student, changed, deleted, doubled)
    hand_in(course, "broken", {}, [], []).write_text('{"cells": [')
    return course, nbgrader(course, "autograde", ONE).stderr


def points(course: Path, student: str) -> dict[str, float]:
    """Return what the tests of each task gave a student, as it stands in the gradebook."""
    from nbgrader.api import Gradebook

    tasks: dict[str, float] = dict.fromkeys(ALL, 0)
    of_test, task = {}, ""
    for cell, (kind, _) in code(ONE).items():
        task = cell if kind == "answer" else task
        of_test[cell] = task
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        for grade in book.find_submission_notebook(ONE, ONE, student).grades:
            if grade.name in of_test:
                tasks[of_test[grade.name]] += grade.score
    return tasks


@every
def test_an_assignment_has_its_points_and_a_rubric(name):
    cells = nbformat.read(SOURCES[name], as_version=4).cells
    worth = [cell.metadata.get("nbgrader", {}).get("points", 0) for cell in cells]
    (essay,) = [c for c in cells if c.cell_type == "markdown" and c.metadata.get("nbgrader", {}).get("grade")]
    assert sum(worth) == 20 and essay.metadata.nbgrader.points == 4
    assert len(re.findall(r"\(1\s+point\)", essay.source)) == 4 and "**Not enough.**" in essay.source
    heads = [i for i, cell in enumerate(cells) if re.match(r"## \d", cell.source)]
    said = [int(re.search(r"\((\d+) points?[,)]", cells[i].source)[1]) for i in heads]
    assert said == [sum(worth[a:b]) for a, b in zip(heads, [*heads[1:], len(cells)], strict=True)]
    assert 4 <= len(heads) <= 6 and "One point each for" in cells[heads[-1]].source
    assert all(cell.id == cell.metadata.nbgrader.grade_id for cell in cells if "nbgrader" in cell.metadata)


@every
def test_visible_tests_say_what_is_wrong(name):
    for cell, (kind, text) in code(name).items():
        seen = ast.walk(ast.parse(text.partition("# BEGIN HIDDEN")[0]))
        assert kind != "test" or all(node.msg is not None for node in seen if isinstance(node, ast.Assert)), cell


@every
def test_solutions_pass_all_tests_as_a_plain_program(name):
    program = "\n\n".join(text for _, text in code(name).values())
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@every
@pytest.mark.long
def test_students_see_neither_solutions_nor_hidden_tests(tmp_path, name):
    made = nbgrader(tmp_path, "generate_assignment", name)
    assert made.returncode == 0, made.stderr
    file = tmp_path / "release" / name / f"{name}.ipynb"
    released = {cell.id: cell.source for cell in nbformat.read(file, as_version=4).cells}
    source = nbformat.read(SOURCES[name], as_version=4)
    hidden, open_to_all = set(), set()
    for cell in source.cells:
        inside = cell.cell_type == "markdown" and "nbgrader" in cell.metadata  # the model answer
        for line in cell.source.splitlines():
            inside = (inside or "# BEGIN " in line) and "# END " not in line
            (hidden if inside else open_to_all).add(line.strip())
    shown = {line.strip() for text in released.values() for line in text.splitlines()}
    assert not (hidden - open_to_all - {""}) & shown and "BEGIN" not in file.read_text()
    answers = [cell for cell, (kind, _) in code(name).items() if kind == "answer"]
    assert answers == [cell for cell, text in released.items() if "NotImplementedError" in text]
    assert list(released) == [cell.id for cell in source.cells]


@pytest.mark.long
@pytest.mark.parametrize("student", HANDED_IN)
def test_a_submission_loses_the_points_of_its_own_faults_only(marked, student):
    lost = HANDED_IN[student][3]
    assert points(marked[0], student) == ALL | dict.fromkeys(lost, 0), marked[1]


@pytest.mark.long
def test_what_a_lecturer_must_know_is_said(marked):
    said = marked[1]
    assert "There was an error processing assignment" in said and "broken" in said
    assert "Cell with id 'wilson' exists multiple times!" in said and "'wilson-ends' exists multiple times!" in said
    assert "Missing grade cell join-overlap encountered" in said or "join-overlap" in said


@pytest.mark.long
def test_students_read_feedback_without_hidden_tests_and_a_lecturer_a_table(marked):
    course, _ = marked
    made = nbgrader(course, "generate_feedback", ONE)
    pages = {path.parts[-3]: path.read_text() for path in course.glob(f"feedback/*/{ONE}/*.html")}
    assert set(pages) == set(HANDED_IN), made.stderr
    assert "this cell was stopped after 30 seconds" in pages["loops"]
    assert all("this cell ended Python itself" in pages[student] for student in ("exits", "quits", "dies"))
    assert "is it a mean of ratios?" in pages["wrong"] and "pre-wrap" in pages["wrong"]
    assert "was missing from the submission" in pages["deleted_tests"]
    for page in pages.values():
        text = re.sub(r"<[^>]+>", "", page)
        assert "HIDDEN TESTS" not in text and "proportion(count, total)" not in text
        assert not re.search(r"(?:src|href)=.https?:", page)
    table = course / "grades.csv"
    assert nbgrader(course, "export", f"--to={table}").returncode == 0
    rows = {row["student_id"]: float(row["score"]) for row in csv.DictReader(table.open())}
    assert rows["good"] == 16 and rows["empty"] == 0
