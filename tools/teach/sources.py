"""An assignment, one Python file a lecturer can read and run, made into the notebook that nbgrader starts from.

Cells begin with a line `# %% KIND NAME [POINTS]`, those in Markdown with `# %% [markdown] KIND NAME [POINTS]`:

    text    Markdown, as comments
    given   code that students may not change
    answer  code with a part between `# BEGIN SOLUTION` and `# END SOLUTION`, which students write
    test    code worth points, of which students see what is outside of `# BEGIN HIDDEN TESTS` and `# END HIDDEN TESTS`
    essay   Markdown worth points given by hand; what stands there is a model answer, and students find an empty cell
"""

import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

HEAD = re.compile(r"# %% (?P<markdown>\[markdown\] )?(?P<kind>[a-z]+) (?P<name>[a-z0-9-]+)(?: (?P<points>\d+))?")
KINDS = {"text": True, "given": False, "answer": False, "test": False, "essay": True}  # whether it is Markdown
WORTH = ("test", "essay")


@dataclass(frozen=True)
class Part:
    """One cell of an assignment: its kind, a name of its own, its text, and what it is worth."""

    kind: str
    name: str
    text: str
    points: int = 0


def parts(file: Path) -> list[Part]:
    """The cells of an assignment.

    Raises:
        ValueError: if a cell has no proper head, two have one name, or points stand where none are given.
    """
    found: list[Part] = []
    _, *blocks = re.split(r"^(?=# %%)", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for block in blocks:
        first, _, text = block.partition("\n")
        head = HEAD.fullmatch(first.rstrip())
        if not head or head["kind"] not in KINDS or KINDS[head["kind"]] != bool(head["markdown"]):
            raise ValueError(f"{file.name}: {first!r} is no head of a cell; tools/teach/sources.py shows what is")
        if (head["kind"] in WORTH) != bool(head["points"]):
            raise ValueError(f"{file.name}: {first!r}: points go with {' and '.join(WORTH)}, and only with them")
        if head["name"] in {part.name for part in found}:
            raise ValueError(f"{file.name}: there are two cells called {head['name']!r}; give each a name of its own")
        text = re.sub(r"^# ?", "", text, flags=re.MULTILINE) if head["markdown"] else text
        found.append(Part(head["kind"], head["name"], text.strip("\n"), int(head["points"] or 0)))
    return found


def notebook(file: Path) -> NotebookNode:
    """The instructor's notebook: all solutions and hidden tests, with the metadata that nbgrader reads."""
    cells = []
    for part in parts(file):
        made = nbformat.v4.new_markdown_cell if KINDS[part.kind] else nbformat.v4.new_code_cell
        cells.append(made(part.text, id=part.name, metadata={"nbgrader": _nbgrader(part)}))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})


def _nbgrader(part: Part) -> dict:
    worth = part.kind in WORTH
    written = part.kind in ("answer", "essay")
    marks = {"grade": worth, "solution": written, "locked": not written, "task": False}
    return {"schema_version": 3, "grade_id": part.name, **marks} | ({"points": part.points} if worth else {})
