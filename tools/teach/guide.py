"""Syllabus and instructor's guide: what the chapters say of themselves, joined with what `teaching/` says by hand.

`teaching/guide/NN.md` has the guide to chapter NN; its head gives minutes, which are estimates, and sections that may be
left out. `teaching/plans.yaml` has learners and ways to teach the whole book, `teaching/materials.md` says what there is to
teach it with. Everything else is read from the chapters.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import yaml

from tools.execute import ROOT, recorded
from tools.teach.chapter import exercises, needs, objectives, prose, questions, quizzes, read, title

TEACHING = ROOT / "teaching"
FOLDER = "chapters/teaching"
ESTIMATE = "*Minutes are estimates until they have been measured in a class.*"
PUBLIC = (
    "*Students may read this page: the solutions of the closed exercises stand in the chapter, and for the open one it says "
    "how good answers differ from weak ones, not what to answer.*"
)


def guide(chapter: Path) -> tuple[dict, str]:
    """Return the head and the text of what is written by hand about a chapter.

    The head has `parts`, each `until` the heading of its last section with its `minutes`, a break after each; `practise`, in
    minutes; and the lists `optional`, `needed` and `helpful`.
    """
    written = TEACHING / "guide" / f"{chapter.stem[:2]}.md"
    _, head, text = re.split(r"^---\n", written.read_text(encoding="utf-8"), maxsplit=2, flags=re.MULTILINE)
    return yaml.safe_load(head), text.strip()


def chapter_page(chapter: Path, run: Mapping[str, float]) -> str:
    """Return the guide to one chapter as MyST.

    Args:
        chapter: the notebook.
        run: what its last run recorded: seconds and peak_mb; {} if it has not run.
    """
    notebook = read(chapter)
    tasks = [task if "(open)" in task else f"{task} (checked by its cell)" for task in exercises(notebook)]
    lines = [f"# Teaching “{title(notebook)}”", f"The chapter: {{doc}}`{chapter.stem}`.", *overview(chapter, run)]
    return "\n\n".join([*lines, "## Exercises", _list(tasks), PUBLIC, guide(chapter)[1]]) + "\n"


def overview(chapter: Path, run: Mapping[str, float]) -> list[str]:
    """Return objectives, needs, minutes and sections of a chapter, as paragraphs of MyST."""
    notebook, (head, _) = read(chapter), guide(chapter)
    tasks, n_quizzes = exercises(notebook), len(quizzes(prose(notebook)))
    rows = [(f"until “{part['until']}”", part["minutes"], "break") for part in head["parts"]]
    rows.append(("all of it", sum(part["minutes"] for part in head["parts"]), f"practise {head['practise']}"))
    n_open = sum("(open)" in task for task in tasks)
    cost = f"The notebook ran in {run['seconds']} seconds with {run['peak_mb']} MB of memory at its peak." if run else ""
    return [
        "**After it, students are able to**", _list(objectives(notebook)),
        f"**Necessary before it:** {needs(notebook)}", f"**Helpful before it:** {', '.join(head['helpful'])}.",
        _table(("to teach", "minutes", "then"), rows), ESTIMATE,
        "**Core sections**", _list([name for name in questions(notebook) if name not in head["optional"]]),
        "**Optional sections**", _list(head["optional"] or ["none"]),
        f"{len(tasks)} exercises, {n_open} of them open; {n_quizzes} quizzes. {cost}".strip(),
    ]  # fmt: skip


def syllabus(chapters: Sequence[Path], runs: Mapping[str, Mapping[str, float]]) -> str:
    """Return the syllabus of the book as MyST: learners, plans, and what each chapter teaches.

    Args:
        chapters: the notebooks.
        runs: by stem, what the last run of each recorded.
    """
    known = yaml.safe_load((TEACHING / "plans.yaml").read_text(encoding="utf-8"))
    names, rows = {path.stem[:2]: path.stem for path in chapters}, []
    for path in chapters:
        head, n = guide(path)[0], len(questions(read(path)))
        minutes = sum(part["minutes"] for part in head["parts"])
        rows.append((f"{{doc}}`{path.stem}`", minutes, head["practise"], f"{len(head['optional'])} of {n}"))

    def links(numbers: Sequence[str]) -> str:
        return ", ".join(f"{{doc}}`{names[one]}`" if one in names else f"chapter {one}" for one in numbers)

    lines = ["# Syllabus", ESTIMATE, "## The chapters"]
    lines += [_table(("chapter", "minutes to teach", "to practise", "optional sections"), rows), "## Who it is for"]
    lines += [f"**{one['name']}.** {one['about']} Begin with {links(one['chapters'])}." for one in known["learners"]]
    for plan in known["plans"]:
        lines += [f"## {plan['name']}", plan["about"]]
        if "weeks" in plan:
            lines.append(f"Each session: {', '.join(f'{what} {n} minutes' for what, n in plan['session'].items())}.")
            weeks = [(i, links(week["chapters"]), week["about"]) for i, week in enumerate(plan["weeks"], 1)]
            lines.append(_table(("week", "chapter", "about"), weeks))
        for day, blocks in enumerate(plan.get("days", []), 1):
            columns = (f"day {day}" if len(plan["days"]) > 1 else "what", "minutes", "chapter")
            lines.append(
                _table(columns, [(b["what"], b["minutes"], links([b["chapter"]] if "chapter" in b else [])) for b in blocks])
            )
    lines.append((TEACHING / "materials.md").read_text(encoding="utf-8").strip())
    for path in chapters:
        lines += [f"## {title(read(path))}", f"{{doc}}`{path.stem}`", *overview(path, runs.get(path.stem, {}))]
    return "\n\n".join(lines) + "\n"


def staged(root: Path, names: Collection[str]) -> dict[str, Path]:
    """Write the pages for teachers of a checkout below its `_build`.

    Args:
        root: the checkout; one without `teaching/` has no such pages.
        names: the pages of `_toc.yml`, as `tools.site.pages` gives them; what is not among them is left out.

    Returns:
        path in the staged tree -> file, as `tools.site.sources` has them.
    """
    if not (root / "teaching").is_dir():
        return {}
    chapters = [path for path in sorted((root / "chapters").glob("*.ipynb")) if f"chapters/{path.stem}" in names]
    runs = {path.stem: recorded(root / "_build" / "executed" / path.name) for path in chapters}
    texts = {"syllabus": syllabus(chapters, runs)} | {path.stem: chapter_page(path, runs[path.stem]) for path in chapters}
    folder, files = root / "_build" / "teach-pages", {}
    folder.mkdir(parents=True, exist_ok=True)
    for name in [name for name in texts if f"{FOLDER}/{name}" in names]:
        files[f"{FOLDER}/{name}.md"] = folder / f"{name}.md"
        files[f"{FOLDER}/{name}.md"].write_text(deeper(texts[name]), encoding="utf-8")
    return files


def deeper(text: str) -> str:
    """Return MyST for a page of `chapters` as one a folder deeper has it: links lead up, and from a chapter to its guide."""
    text = re.sub(r"(\{doc\}`(?:[^`<]*<)?)(?=[\w.])", r"\1../", text)
    return re.sub(r"^(\{doc\}`\.\./(\w+)`)$", r"\1, and {doc}`how to teach it <\2>`", text, flags=re.MULTILINE)


def _list(items: Sequence[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _table(head: Sequence[str], rows: Sequence[Sequence]) -> str:
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in (head, ["---"] * len(head), *rows))
