"""`python -m tools.teach` builds the course into `_build/teach`: notebooks, questions, slides."""

import base64
import html
import json
import shutil
import sys
import zlib
from pathlib import Path

from tools.execute import EXECUTED, ROOT, notebooks
from tools.teach.chapter import CHECK, prose, quizzes, read, source, title
from tools.teach.markup import to_text, values_of
from tools.teach.quizzes import bank
from tools.teach.slides import copy_static, page

BUILT = ROOT / "_build" / "teach"
PACKED = """# Says whether the answer is right, and why. Packed, since the code would give the answer away.
import base64
import zlib

exec(zlib.decompress(base64.b64decode(
    "{code}"
)))"""
INDEX = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>The course</title></head><body><h1>The course</h1>
<p>Slides: S opens the speaker's notes; with <code>?print-pdf</code> at the end of the address the browser prints them. The
notebooks are for JupyterLab, started in the folder of the book:
<code>.venv/bin/python -m jupyterlab _build/teach/student</code></p>
<ul>{items}</ul>
<p><a href="quiz.xml">All quizzes</a> in Moodle's XML format. <a href="../html/chapters/teaching/syllabus.html">The
syllabus</a> and a guide to each chapter are pages of the site.</p></body></html>
"""


def student(notebook: dict) -> dict:
    """Return a chapter without the cells that have the tag `solution`; cells that check an answer are packed."""
    cells = [dict(cell) for cell in notebook["cells"] if "solution" not in cell["metadata"].get("tags", [])]
    for cell in cells:
        if cell["cell_type"] == "code" and CHECK.search(source(cell)):
            cell["source"] = pack(source(cell)).splitlines(keepends=True)
            cell["metadata"] = {"jupyter": {"source_hidden": True}, "tags": ["hide-input"]}
    return {**notebook, "cells": cells}


def pack(code: str) -> str:
    """Return a cell that runs another whose code can't be read at a glance."""
    text = base64.b64encode(zlib.compress(code.encode(), 9)).decode()
    return PACKED.format(code='"\n    "'.join(text[i : i + 96] for i in range(0, len(text), 96)))


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
    copy_static(into / "slides")
    questions, items = {}, []
    for path in chapters:
        notebook, copy = read(path), executed / path.name
        values = values_of(read(copy)) if copy.exists() else {}
        name = to_text(title(notebook), values)
        questions[path.stem] = (name, quizzes(prose(notebook)), values)
        shutil.copy(path, into / "solution")
        text = json.dumps(student(notebook), ensure_ascii=False, indent=1)
        (into / "student" / path.name).write_text(text, encoding="utf-8")
        if copy.exists():
            (into / "slides" / f"{path.stem}.html").write_text(page(copy), encoding="utf-8")
        parts = {"slides": ".html"} if copy.exists() else {}
        parts |= {"student": ".ipynb", "solution": ".ipynb"}
        links = ", ".join(f'<a href="{kind}/{path.stem}{suffix}">{kind}</a>' for kind, suffix in parts.items())
        items.append(f"<li>{html.escape(name)}: {links}</li>")
    (into / "quiz.xml").write_bytes(bank(questions))
    (into / "index.html").write_text(INDEX.format(items="".join(items)), encoding="utf-8")
    return [copy for copy in (executed / path.name for path in chapters) if not copy.exists()]


def main() -> int:
    """Build, and say where it is and what is missing."""
    for copy in (missing := build(notebooks(), EXECUTED, BUILT)):
        print(f"error: no slides of {copy.stem}: it has not run; run `make book` first", file=sys.stderr)
    print(BUILT / "index.html")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
