"""Syllabus and instructor's guide: what the chapters say of themselves, joined with what `teaching/` says by hand.

`teaching/guide/NN.md` has the guide to chapter NN; its head gives minutes, which are estimates, and sections that may be
left out. `teaching/plans.yaml` has learners and ways to teach the whole book, `teaching/materials.md` says what there is to
teach it with. Everything else is read from the chapters.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from tools.execute import ROOT
from tools.teach.chapter import exercises, needs, objectives, quizzes, read, sections, title

TEACHING = ROOT / "teaching"
LONGEST = 90  # minutes between breaks
ESTIMATE = "*Minutes are estimates until they have been measured in a class.*"
PUBLIC = (
    "*Students may read this page: the solutions of the closed exercises stand in the chapter, and for the open one it says "
    "how good answers differ from weak ones, not what to answer.*"
)
PARTS = (
    "The arc", "Three questions to ask", "What students get wrong", "If the notebook fails", "To discuss",
    "The open exercise", "Rubric",
)  # fmt: skip
HEAD = re.compile(r"\A---\n(.*?)^---\n", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Guide:
    """What is written by hand about one chapter; `parts` are (heading of its last section, minutes), a break after each."""

    parts: tuple[tuple[str, int], ...] = ()
    practise: int = 0
    optional: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()
    helpful: tuple[str, ...] = ()
    text: str = field(default="", repr=False)


def guide(path: Path) -> Guide:
    """Read one file of `teaching/guide`.

    Raises:
        ValueError: if its head lacks something, or a part is longer than a class can sit.
    """
    text = path.read_text(encoding="utf-8")
    if not (head := HEAD.match(text)):
        raise ValueError(f"{path.name} has no head between two lines of ---")
    known = yaml.safe_load(head[1])
    if missing := {"parts", "practise", "optional", "needed", "helpful"} - set(known):
        raise ValueError(f"the head of {path.name} lacks {', '.join(sorted(missing))}")
    parts = tuple((part["until"], part["minutes"]) for part in known["parts"])
    if long := [until for until, minutes in parts if minutes > LONGEST]:
        raise ValueError(f"{path.name}: the part until {long[0]!r} has more than {LONGEST} minutes without a break")
    lists = {name: tuple(known[name]) for name in ("optional", "needed", "helpful")}
    return Guide(parts, known["practise"], **lists, text=text[head.end() :].strip())


def guide_of(notebook: Path) -> Guide | None:
    """The guide to a chapter, or None where nobody has written one."""
    path = TEACHING / "guide" / f"{notebook.stem[:2]}.md"
    return guide(path) if path.exists() else None


def questions(notebook: dict) -> list[str]:
    """The headings of a chapter that are questions, in their order."""
    return [section.title for section in sections(notebook) if section.title.endswith("?")]


def chapter_page(path: Path, run: Mapping[str, float]) -> str:
    """The guide to one chapter as MyST, objectives and exercises from the chapter, the rest by hand.

    Args:
        path: the chapter's notebook.
        run: what its last run recorded: seconds and peak_mb; {} if it has not run.
    """
    notebook, written = read(path), guide_of(path) or Guide()
    lines = [f"# Teaching “{title(notebook)}”", f"The chapter: {{doc}}`{path.stem}`.", *overview(notebook, written, run)]
    lines += [
        "## Exercises",
        _list([f"{e.title}{'' if e.is_open else ' (checked by its cell)'}" for e in exercises(notebook)]),
    ]
    if written.text:
        lines.append(PUBLIC)
    lines.append(written.text or "*The hand-written part of this guide is not there yet.*")
    return "\n\n".join(lines) + "\n"


def overview(notebook: dict, written: Guide, run: Mapping[str, float]) -> list[str]:
    """Objectives, needs, minutes and sections of a chapter, as paragraphs of MyST."""
    lines = [
        "**After it, students are able to**",
        _list(objectives(notebook)),
        f"**Necessary before it:** {needs(notebook)}",
    ]
    if written.helpful:
        lines.append(f"**Helpful before it:** {', '.join(written.helpful)}.")
    if written.parts:
        rows = "\n".join(f"| until “{until}” | {minutes} | break |" for until, minutes in written.parts)
        total = sum(minutes for _, minutes in written.parts)
        lines.append(
            f"| to teach | minutes | then |\n|---|---|---|\n{rows}\n| all of it | {total} | practise {written.practise} |"
        )
        core = [name for name in questions(notebook) if name not in written.optional]
        lines += [ESTIMATE, "**Core sections**", _list(core), "**Optional sections**", _list(written.optional or ["none"])]
    tasks = exercises(notebook)
    n_open = sum(task.is_open for task in tasks)
    lines.append(f"{len(tasks)} exercises, {n_open} of them open; {len(quizzes(notebook))} quizzes.")
    if run:
        lines.append(f"The notebook ran in {run['seconds']} seconds with {run['peak_mb']} MB of memory at its peak.")
    return lines


def syllabus(chapters: Sequence[Path], runs: Mapping[str, Mapping[str, float]]) -> str:
    """The syllabus of the book as MyST: learners, plans, and what each chapter teaches.

    Args:
        chapters: the notebooks.
        runs: by stem, what the last run of each recorded.
    """
    known = yaml.safe_load((TEACHING / "plans.yaml").read_text(encoding="utf-8"))
    names = {path.stem[:2]: path.stem for path in chapters}
    materials = (TEACHING / "materials.md").read_text(encoding="utf-8").strip()
    lines = ["# Syllabus", ESTIMATE, "## The chapters", table(chapters), "## Who it is for"]
    lines += [f"**{one['name']}.** {one['about']} Begin with {_links(one['chapters'], names)}." for one in known["learners"]]
    for plan in known["plans"]:
        lines += [f"## {plan['name']}", plan["about"], *_plan(plan, names)]
    lines.append(materials)
    for path in chapters:
        notebook = read(path)
        about = overview(notebook, guide_of(path) or Guide(), runs.get(path.stem, {}))
        lines += [f"## {title(notebook)}", f"{{doc}}`{path.stem}`", *about]
    return "\n\n".join(lines) + "\n"


def table(chapters: Sequence[Path]) -> str:
    """What each chapter takes, one row a chapter, and how much of that is optional."""
    rows = []
    for path in chapters:
        notebook, written = read(path), guide_of(path) or Guide()
        teach = sum(minutes for _, minutes in written.parts) or "?"
        n_optional, n = len(written.optional), len(questions(notebook))
        rows.append(f"| {{doc}}`{path.stem}` | {teach} | {written.practise or '?'} | {n_optional} of {n} |")
    return "| chapter | minutes to teach | to practise | optional sections |\n|---|---|---|---|\n" + "\n".join(rows)


def _plan(plan: dict, names: Mapping[str, str]) -> list[str]:
    if "weeks" in plan:
        session = ", ".join(f"{what} {minutes} minutes" for what, minutes in plan["session"].items())
        rows = [f"| {i} | {_links(w['chapters'], names)} | {w['about']} |" for i, w in enumerate(plan["weeks"], 1)]
        return [f"Each session: {session}.", "| week | chapter | about |\n|---|---|---|\n" + "\n".join(rows)]
    tables = []
    for day, blocks in enumerate(plan["days"], 1):
        head = f"| day {day} | minutes | chapter |" if len(plan["days"]) > 1 else "| what | minutes | chapter |"
        rows = [
            f"| {b['what']} | {b['minutes']} | {_links([b['chapter']] if 'chapter' in b else [], names)} |" for b in blocks
        ]
        tables.append(f"{head}\n|---|---|---|\n" + "\n".join(rows))
    return tables


def stretches(blocks: Sequence[Mapping]) -> list[int]:
    """Minutes between the breaks of one day."""
    found = [0]
    for block in blocks:
        if block["kind"] == "break":
            found.append(0)
        else:
            found[-1] += block["minutes"]
    return found


def _links(chapters: Sequence[str], names: Mapping[str, str]) -> str:
    """Links to chapters by their number; one that is not there yet is named by its number alone."""
    return ", ".join(f"{{doc}}`{names[c]}`" if c in names else f"chapter {c}" for c in chapters)


def _list(items: Sequence[str]) -> str:
    return "\n".join(f"- {item}" for item in items)
