"""`python -m tools.teach` builds the course into `_build/teach`: notebooks, a bank of questions, slides."""

import html
import json
import shutil
import sys
from pathlib import Path

from tools.execute import EXECUTED, ROOT, notebooks
from tools.teach import deck
from tools.teach.chapter import quizzes, read, title
from tools.teach.markup import to_text, values_of
from tools.teach.notebooks import solution, student
from tools.teach.quizzes import bank
from tools.teach.slides import slides

BUILT = ROOT / "_build" / "teach"
INDEX = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>The course</title><style>
body {{ font: 18px/1.5 Georgia, serif; max-width: 44rem; margin: 3rem auto; padding: 0 1rem; color: #23282c }}
a {{ color: #0b6b6d }}</style></head><body><h1>The course</h1>
<p>Built from the chapters by <code>python -m tools.teach</code>; nothing here is written by hand. Slides: S opens the
speaker's notes; with <code>?print-pdf</code> at the end of the address the browser prints them, one to a page.</p>
<ul>{items}</ul>
<p><a href="quiz.xml">quiz.xml</a>: all quizzes as questions in Moodle's XML format.</p></body></html>
"""


def build(chapters: list[Path], executed: Path, into: Path) -> list[Path]:
    """Build all there is for these chapters.

    Args:
        chapters: notebooks as they are committed.
        executed: the folder of their executed copies, from which slides take figures and values.
        into: the folder that is written anew.

    Returns:
        the executed copies that are not there, and so the slides that are not either.
    """
    shutil.rmtree(into, ignore_errors=True)
    for folder in ("student", "solution", "slides"):
        (into / folder).mkdir(parents=True)
    deck.copy_static(into / "slides")
    missing, questions, items = [], {}, []
    for path in chapters:
        notebook, copy = read(path), executed / path.name
        for folder, made in (("student", student(notebook)), ("solution", solution(notebook))):
            text = json.dumps(made, ensure_ascii=False, indent=1)
            (into / folder / path.name).write_text(f"{text}\n", encoding="utf-8")
        ran = read(copy) if copy.exists() else None
        values = values_of(ran) if ran else {}
        name = to_text(title(notebook), values)
        questions[path.stem] = (name, quizzes(notebook), values)
        parts = [f'<a href="student/{path.name}">students</a>', f'<a href="solution/{path.name}">solutions</a>']
        if ran:
            (into / "slides" / f"{path.stem}.html").write_text(deck.page(name, slides(ran)), encoding="utf-8")
            parts.insert(0, f'<a href="slides/{path.stem}.html">slides</a>')
        else:
            missing.append(copy)
        items.append(f"<li>{html.escape(name)}: {', '.join(parts)}</li>")
    (into / "quiz.xml").write_bytes(bank(questions))
    (into / "index.html").write_text(INDEX.format(items="".join(items)), encoding="utf-8")
    return missing


def main() -> int:
    """Build, and say where it is and what is missing."""
    missing = build(notebooks(), EXECUTED, BUILT)
    print(BUILT / "index.html")
    for copy in missing:
        print(f"error: no slides of {copy.stem}: it has not run; run `make book` first", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
