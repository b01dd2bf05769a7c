"""A chapter taken apart: its exercises, quizzes, objectives and headings, for whatever is built from them."""

import json
import re
from pathlib import Path
from typing import NamedTuple

EXERCISE = re.compile(r"^```\{exercise\} ([^\n]+)\n:label: (\S+)\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
QUIZ = re.compile(r"^::::\{div\} quiz\n(.*?)^::::[ \t]*$", re.MULTILINE | re.DOTALL)
CHOICE = re.compile(r"^:::\{dropdown\} (.+?)\n:class-container: (right|wrong)\n(.*?)^:::[ \t]*$", re.MULTILINE | re.DOTALL)
CHECK = re.compile(r"^check\(", re.MULTILINE)


class Choice(NamedTuple):
    """One choice of a quiz, in MyST, with the reason why it is right or wrong."""

    text: str
    right: bool
    reason: str


class Quiz(NamedTuple):
    """One question, in MyST, and its choices in their order."""

    question: str
    choices: tuple[Choice, ...]


def read(path: Path) -> dict:
    """Return a notebook as it is stored."""
    return json.loads(path.read_text(encoding="utf-8"))


def source(cell: dict) -> str:
    """Return the text of a cell."""
    return "".join(cell["source"])


def prose(notebook: dict) -> str:
    """Return all markdown of a notebook."""
    return "\n\n".join(source(cell) for cell in notebook["cells"] if cell["cell_type"] == "markdown")


def title(notebook: dict) -> str:
    """Return the first heading, as it is written."""
    return re.findall(r"^# +(.+)$", prose(notebook), re.MULTILINE)[0].strip()


def questions(notebook: dict) -> list[str]:
    """Return the headings of a chapter that are questions, in their order."""
    return re.findall(r"^## +(.+\?)$", prose(notebook), re.MULTILINE)


def objectives(notebook: dict) -> list[str]:
    """Return what a reader will be able to do, as the head of the chapter says."""
    block = re.split(r"\n\n(?!- )", prose(notebook).partition("**You will be able to**")[2].lstrip("\n"))[0]
    return [" ".join(item.split()).rstrip(";. ") for item in re.split(r"^- ", block, flags=re.MULTILINE)[1:]]


def needs(notebook: dict) -> str:
    """Return what a reader needs to know before, one paragraph of MyST."""
    found = re.search(r"\*\*You need\*\*\s*(.+?)(?:\n\n|\Z)", prose(notebook), re.DOTALL)
    return " ".join(found[1].split()) if found else ""


def exercises(notebook: dict) -> list[str]:
    """Return the titles of the exercises, in their order; one that no cell can check says that it is open."""
    return [match[1].strip() for match in EXERCISE.finditer(f"{prose(notebook)}\n")]


def quizzes(text: str) -> list[Quiz]:
    """Return the quizzes of a text, in their order."""
    found = []
    for match in QUIZ.finditer(f"{text}\n"):
        question = match[1].partition(":::{dropdown}")[0].strip()
        choices = [Choice(c[1].strip(), c[2] == "right", c[3].strip()) for c in CHOICE.finditer(match[1])]
        found.append(Quiz(re.sub(r"\A\*\*(.*)\*\*\Z", r"\1", question, flags=re.DOTALL), tuple(choices)))
    return found
