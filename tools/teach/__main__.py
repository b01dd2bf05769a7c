"""`python -m tools.teach` builds the course into `_build/teach`: notebooks, questions, slides, guide, syllabus."""

import html
import json
import shutil
import sys
from pathlib import Path

from tools.execute import EXECUTED, ROOT, notebooks, recorded
from tools.teach import deck
from tools.teach.chapter import quizzes, read, title
from tools.teach.guide import chapter_page, syllabus
from tools.teach.markup import to_html, to_text, values_of
from tools.teach.notebooks import solution, student
from tools.teach.quizzes import bank
from tools.teach.slides import slides

BUILT = ROOT / "_build" / "teach"
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>
body {{ font: 18px/1.5 Georgia, serif; max-width: 44rem; margin: 3rem auto; padding: 0 1rem; color: #23282c }}
a {{ color: #0b6b6d }} h1, h2 {{ line-height: 1.2 }} table {{ border-collapse: collapse; margin: 1em 0 }}
th, td {{ padding: .2em .8em .2em 0; text-align: left; border-bottom: 1px solid #d5d0c2 }}</style></head>
<body>{body}</body></html>
"""
INDEX = """<h1>The course</h1>
<p>Built from the chapters and <code>teaching/</code> by <code>make teach</code>. Slides: S opens the speaker's notes; with
<code>?print-pdf</code> at the end of the address the browser prints them, one to a page. The notebooks are for JupyterLab,
started in the folder of the book: <code>.venv/bin/python -m jupyterlab _build/teach/student</code></p>
<p><a href="syllabus.html">The syllabus</a>: learners, three plans, and what each chapter teaches.</p>
<ul>{items}</ul>
<p><a href="quiz.xml">quiz.xml</a>: all quizzes as questions in Moodle's XML format.</p>"""


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
    for folder in ("student", "solution", "slides", "guide"):
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
        write_page(into / "guide" / path.stem, chapter_page(path, recorded(copy)), f"Teaching: {name}")
        parts = [f'<a href="guide/{path.stem}.html">guide</a>', f'<a href="student/{path.name}">students</a>']
        parts.append(f'<a href="solution/{path.name}">solutions</a>')
        if ran:
            (into / "slides" / f"{path.stem}.html").write_text(deck.page(name, slides(ran)), encoding="utf-8")
            parts.insert(0, f'<a href="slides/{path.stem}.html">slides</a>')
        else:
            missing.append(copy)
        items.append(f"<li>{html.escape(name)}: {', '.join(parts)}</li>")
    (into / "quiz.xml").write_bytes(bank(questions))
    write_page(into / "syllabus", syllabus(chapters, {p.stem: recorded(executed / p.name) for p in chapters}), "Syllabus")
    body = INDEX.format(items="".join(items))
    (into / "index.html").write_text(PAGE.format(title="The course", body=body), encoding="utf-8")
    return missing


def write_page(place: Path, text: str, name: str) -> None:
    """Write a page as MyST, for whoever wants to change it, and as HTML, to be read."""
    place.with_suffix(".md").write_text(text, encoding="utf-8")
    page = PAGE.format(title=html.escape(name), body=to_html(text, {}))
    place.with_suffix(".html").write_text(page, encoding="utf-8")


def main() -> int:
    """Build, and say where it is and what is missing."""
    missing = build(notebooks(), EXECUTED, BUILT)
    print(BUILT / "index.html")
    for copy in missing:
        print(f"error: no slides of {copy.stem}: it has not run; run `make book` first", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
