"""The form of the notebooks: the anatomy and the limits that CONTRIBUTING states."""

import ast
import json
import re
from collections import Counter

import nbformat
import pytest

from tools.execute import notebooks
from tools.inline import expressions
from tools.lint import FOLDED

NOTEBOOKS = notebooks()
MOVED = [
    path
    for path in NOTEBOOKS
    if path.stem in ("01_why", "03_multilingual_tokens", "06_model_size", "08_sampling", "09_putting_it_together")
]  # chapters that have the form of CONTRIBUTING.md
SECTIONS = ["In this chapter", "In practice", "Exercises", "Quiz", "Summary"]
chapters = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path, kind):
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == kind]


def source(cell):
    return "".join(cell["source"])


def prose_of(path):
    return "\n\n".join(source(cell) for cell in cells(path, "markdown"))


moved = pytest.mark.parametrize("path", MOVED, ids=lambda path: path.stem)


def is_seen(cell):
    """Whether the site shows the code of a cell: it is not folded, and no solution."""
    metadata = cell["metadata"]
    return not FOLDED & set(metadata.get("tags", [])) and not metadata.get("jupyter", {}).get("outputs_hidden")


def n_lines(cell):
    return sum(1 for line in source(cell).splitlines() if line.strip())


def test_there_are_chapters():
    assert len(NOTEBOOKS) >= 2


@chapters
def test_it_is_a_valid_notebook_without_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None, f"cell {cell.id} has outputs"
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z0-9-]+", id) for id in ids), "ids are words, so that a change of order is no change"


@chapters
def test_cells_are_short(path):
    long = [cell["id"] for cell in cells(path, "code") if n_lines(cell) > (25 if is_seen(cell) else 35)]
    assert not long


@moved
def test_code_leaves_room_for_prose(path):
    """At most two seen code cells in a row, 200 seen lines, and a seen cell for each 60 words of prose."""
    row, rows = [], []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code" and is_seen(cell):
            row.append(cell["id"])
        else:
            rows, row = [*rows, row], []
    assert not [ids for ids in [*rows, row] if len(ids) > 2]
    seen = [cell for cell in cells(path, "code") if is_seen(cell)]
    assert sum(map(n_lines, seen)) <= 200
    assert len(prose_of(path).split()) >= 60 * len(seen)


@moved
def test_three_to_five_findings_stand_at_the_head_and_a_chapter_has_ten_at_most(path):
    code = "\n".join(source(cell) for cell in cells(path, "code"))
    assert 3 <= code.count("headline=True") <= 5
    assert len(re.findall(r"^\s*claim\($", code, re.MULTILINE)) <= 10


@chapters
def test_no_value_is_glued_and_every_import_is_used_by_code_or_prose(path):
    everything = path.read_text(encoding="utf-8")
    assert "{glue" not in everything and "glue_number" not in everything
    assert "{claim}`" not in prose_of(path), "in a notebook a finding is {eval}`value_of(...)`"
    first, *others = cells(path, "code")
    imports = [node for node in ast.walk(ast.parse(source(first))) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = [alias.asname or alias.name.split(".")[0] for node in imports for alias in node.names]
    after = source(first).partition("SEED")[2]
    used = "\n".join([after, *(source(cell) for cell in others), *expressions(prose_of(path))])
    assert not [name for name in names if not re.search(rf"\b{name}\b", used)]


@chapters
def test_headings_make_one_tree_with_the_sections_of_a_chapter(path):
    text = re.sub(r"^```.*?^```", "", prose_of(path), flags=re.DOTALL | re.MULTILINE)
    headings = [(len(m[1]), m[2].strip()) for m in re.finditer(r"^(#+) (.+)$", text, re.MULTILINE)]
    levels = [level for level, _ in headings]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False)), headings
    found = [words for _, words in headings if words in SECTIONS]
    assert found == SECTIONS
    assert sum(words.endswith("?") for _, words in headings) >= 3, "sections are questions"


@chapters
def test_the_head_says_what_it_is_for_and_what_it_costs(path):
    head = source(cells(path, "markdown")[0])
    for part in ("**You will be able to**", "<!-- chapter-cost -->", "<!-- chapter-claims -->", "**You need**"):
        assert part in head, part
    assert "<!-- chapter-claims" not in "".join(source(cell) for cell in cells(path, "markdown")[1:]), "nothing is repeated"
    assert 1500 <= len(prose_of(path).split()) <= (3500 if path in MOVED else 3700)
    assert re.match(rf"# {int(path.stem[:2])}\. ", head), "the title has the chapter's number"
    assert f'headlines("{path.stem[:2]}")' in source(cells(path, "code")[0]), "the main findings, for JupyterLab"


@chapters
def test_the_first_code_cell_imports_and_fixes_the_seed_and_no_other_imports(path):
    first, *others = cells(path, "code")
    assert re.search(r"^SEED = \d+$", source(first), re.MULTILINE)
    for cell in others:
        assert not [n for n in ast.walk(ast.parse(source(cell))) if isinstance(n, ast.Import | ast.ImportFrom)], cell["id"]


@chapters
def test_exercises_have_an_answer_a_check_and_a_folded_solution(path):
    text = prose_of(path)
    exercises = re.findall(r"```\{exercise\} (.+)\n:label: (\S+)", text)
    assert 3 <= len(exercises) <= 5
    solutions = re.findall(r"```\{solution-start\} (\S+)\n:class: dropdown", text)
    closed = [label for title, label in exercises if "(open)" not in title]
    assert solutions == closed
    assert text.count("```{solution-end}") == len(closed)
    code = [source(cell) for cell in cells(path, "code")]
    blanks = [i for i, lines in enumerate(code) if re.search(r"^answer = \.\.\.$", lines, re.MULTILINE)]
    assert len(blanks) == len(closed)
    for i in blanks:
        assert re.search(r"\bcheck\(\s*answer,", code[i + 1]) and "hints=" in code[i + 1], (
            "a check of the answer, with hints"
        )
        assert "check(" in code[i + 2] and "answer" not in code[i + 2], "the solution is checked too"
        check, solution = (cell["metadata"] for cell in cells(path, "code")[i + 1 : i + 3])
        assert "remove-cell" in check["tags"], "the site does not show the answer"
        assert solution["jupyter"] == {"source_hidden": True, "outputs_hidden": True}, "folded in JupyterLab"


@chapters
def test_every_quiz_has_one_right_choice_and_a_reason_for_each(path):
    quizzes = re.findall(r"::::\{div\} quiz\n(.*?)\n::::\n", prose_of(path) + "\n", re.DOTALL)
    assert len(quizzes) >= 2
    for quiz in quizzes:
        choices = re.findall(r":::\{dropdown\} ([^\n]+)\n:class-container: (right|wrong)\n(.+?)\n:::", quiz, re.DOTALL)
        assert len(choices) >= 3 and quiz.count(":::{dropdown}") == len(choices)
        assert Counter(verdict for _, verdict, _ in choices)["right"] == 1
        assert all(len(reason.split()) >= 5 for _, _, reason in choices)


def test_claim_ids_are_unique_in_the_book_and_named_after_their_chapter():
    called = Counter()
    for path in NOTEBOOKS:
        ids = re.findall(r'^ *claim\(\s*"([^"]+)"', "\n".join(source(c) for c in cells(path, "code")), re.MULTILINE)
        assert len(ids) >= 3 and len({id.split("-")[0] for id in ids}) == 1
        called.update(ids)
    assert max(called.values()) == 1, called.most_common(2)


def test_labels_of_exercises_are_unique_in_the_book():
    labels = Counter(
        label for path in NOTEBOOKS for label in re.findall(r"```\{exercise\} .+\n:label: (\S+)", prose_of(path))
    )
    assert max(labels.values()) == 1, labels.most_common(2)
