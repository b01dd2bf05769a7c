"""A chapter taken apart: its exercises, quizzes, objectives and sections, for whatever is built from them."""

import ast
import json
import re
from dataclasses import dataclass
from pathlib import Path

SOLUTION_START = re.compile(r"^```\{solution-start\} (\S+)\n(?::.*\n)*```[ \t]*$", re.MULTILINE)
SOLUTION_END = re.compile(r"^```\{solution-end\}\n```[ \t]*$", re.MULTILINE)
EXERCISE = re.compile(r"^```\{exercise\} ([^\n]+)\n:label: (\S+)\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
QUIZ = re.compile(r"^::::\{div\} quiz\n(.*?)^::::[ \t]*$", re.MULTILINE | re.DOTALL)
CHOICE = re.compile(
    r"^:::\{dropdown\} ([^\n]+)\n:class-container: (right|wrong)\n(.*?)^:::[ \t]*$", re.MULTILINE | re.DOTALL
)
BLANK = re.compile(r"^answer = \.\.\.$", re.MULTILINE)


@dataclass(frozen=True)
class Exercise:
    """One exercise; `answer` and `check` are positions of cells, None where it is open."""

    label: str
    title: str
    task: str
    answer: int | None
    check: int | None

    @property
    def is_open(self) -> bool:
        """True where no cell can say what is right."""
        return self.answer is None


@dataclass(frozen=True)
class Choice:
    """One choice of a quiz, in MyST, with the reason why it is right or wrong."""

    text: str
    right: bool
    reason: str


@dataclass(frozen=True)
class Quiz:
    """One question, in MyST, and its choices in their order."""

    question: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class Section:
    """A heading of the second level and the cells below it; the head of a chapter has its title."""

    title: str
    text: str
    cells: tuple[dict, ...]


def read(path: Path) -> dict:
    """A notebook as it is stored."""
    return json.loads(path.read_text(encoding="utf-8"))


def source(cell: dict) -> str:
    """The text of a cell."""
    return "".join(cell["source"])


def prose(notebook: dict) -> str:
    """All markdown of a notebook."""
    return "\n\n".join(source(cell) for cell in notebook["cells"] if cell["cell_type"] == "markdown")


def title(notebook: dict) -> str:
    """The first heading, as it is written."""
    found = re.search(r"^# +(.+)$", prose(notebook), re.MULTILINE)
    if not found:
        raise ValueError("the notebook has no title: its first markdown cell begins with '# '")
    return found[1].strip()


def objectives(notebook: dict) -> list[str]:
    """What a reader will be able to do, as the head of the chapter says."""
    return [item.rstrip(";. ") for item in _list_after("**You will be able to**", prose(notebook))]


def needs(notebook: dict) -> str:
    """What a reader needs to know before, one paragraph of MyST."""
    found = re.search(r"\*\*You need\*\*\s*(.+?)(?:\n\n|\Z)", prose(notebook), re.DOTALL)
    return " ".join(found[1].split()) if found else ""


def _list_after(mark: str, text: str) -> list[str]:
    after = text.partition(mark)[2].lstrip("\n")
    block = re.split(r"\n\n(?!- )", after)[0]
    return [" ".join(item.split()) for item in re.split(r"^- ", block, flags=re.MULTILINE)[1:]]


def exercises(notebook: dict) -> list[Exercise]:
    """The exercises of a notebook, in their order.

    Raises:
        ValueError: if a closed one has no answer cell, or no check behind it.
    """
    cells, found = notebook["cells"], []
    starts = [
        (i, m) for i, cell in enumerate(cells) if cell["cell_type"] == "markdown" for m in EXERCISE.finditer(source(cell))
    ]
    for (place, match), (end, _) in zip(starts, [*starts[1:], (len(cells), None)], strict=True):
        heading, label, task = match[1].strip(), match[2], match[3].strip()
        if "(open)" in heading:
            found.append(Exercise(label, heading, task, None, None))
            continue
        code = [i for i in range(place, end) if cells[i]["cell_type"] == "code"]
        blank = next((i for i in code if BLANK.search(source(cells[i]))), None)
        check = next((i for i in code if blank is not None and i > blank and calls(source(cells[i]), "check")), None)
        if check is None:
            raise ValueError(f"the exercise {label!r} has no cell with `answer = ...` and a check behind it")
        found.append(Exercise(label, heading, task, blank, check))
    return found


def quizzes(notebook: dict) -> list[Quiz]:
    """The quizzes of a notebook, in their order."""
    found = []
    for match in QUIZ.finditer(prose(notebook) + "\n"):
        question = match[1].partition(":::{dropdown}")[0].strip()
        choices = [Choice(c[1].strip(), c[2] == "right", c[3].strip()) for c in CHOICE.finditer(match[1])]
        found.append(Quiz(re.sub(r"\A\*\*(.*)\*\*\Z", r"\1", question, flags=re.DOTALL), tuple(choices)))
    return found


def sections(notebook: dict) -> list[Section]:
    """The head of a chapter and its sections; a markdown cell that holds a heading is split there."""
    found: list[tuple[str, list[str], list[dict]]] = [(title(notebook), [], [])]
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            found[-1][2].append(cell)
            continue
        before, *parts = re.split(r"^## +(.+)$", source(cell), flags=re.MULTILINE)
        found[-1][1].append(before.strip())
        found[-1][2].append({**cell, "source": before})
        for heading, text in zip(parts[::2], parts[1::2], strict=True):
            found.append((heading.strip(), [text.strip()], [{**cell, "source": text}]))
    return [Section(name, "\n\n".join(filter(None, text)), tuple(cells)) for name, text, cells in found]


def calls(code: str, name: str) -> bool:
    """True where a cell calls a function of that name."""
    return any(isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == name for n in ast.walk(parse(code)))


def parse(code: str) -> ast.Module:
    """The syntax of a cell, its magics taken as comments."""
    return ast.parse(re.sub(r"^(\s*)[%!]", r"\1#", code, flags=re.MULTILINE))
