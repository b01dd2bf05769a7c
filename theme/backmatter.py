"""Directives of the back matter, read from the executed notebooks: what each chapter took and where, and its exercises."""

import html
import json
import re
from importlib.metadata import version
from pathlib import Path

from docutils import nodes
from packaging.requirements import Requirement

from helpers.claims import number
from theme.ledger import BookDirective, title_of

ROOT = Path(__file__).resolve().parents[1]
EXERCISE = re.compile(r"^```\{exercise\}[ \t]*(.*)\n(?::[\w-]+:.*\n)*?:label:[ \t]*([\w-]+)", re.MULTILINE)


class Runs(BookDirective):
    """`{runs}`: seconds and memory of each chapter in the run that the site shows, the machine, and the packages."""

    def run(self) -> list[nodes.Node]:
        """Return the tables."""
        notebooks = executed(Path(self.env.srcdir))
        runs = {path: content["metadata"].get("run", {}) for path, content in notebooks.items()}
        if not runs or not all(runs.values()):
            return self.warn("the executed notebooks hold no record of their runs")
        rows = [self.row(path, run) for path, run in runs.items()]
        total = number(sum(run["seconds"] for run in runs.values()))
        peak = number(max(run["peak_mb"] for run in runs.values()))
        rows.append(
            _row("<strong>The whole book</strong>", [f"<strong>{total}</strong>", f"<strong>{peak}</strong>", "", ""])
        )
        machines = sorted({_machine(run) for run in runs.values()})
        packages = [_row(name, [html.escape(found)]) for name, found in direct_packages().items()]
        return self.markup(
            _table("Chapter", ["seconds", "MB at the peak", "MB of assets", "run on"], rows)
            + f"<p>{html.escape('; '.join(machines))}.</p>"
            + _table("Package", ["version"], packages)
        )

    def row(self, path: Path, run: dict) -> str:
        """One chapter of the table."""
        link = _link(self.address(f"chapters/{path.stem}"), title_of(path))
        numbers = [number(run["seconds"]), number(run["peak_mb"]), number(run.get("assets_mb", 0)), run.get("date", "")]
        return _row(link, numbers)


class ExerciseIndex(BookDirective):
    """`{exercise-index}`: every exercise of the book, by chapter, each a link."""

    def run(self) -> list[nodes.Node]:
        """Return the lists."""
        lists = []
        for path, content in executed(Path(self.env.srcdir)).items():
            if found := exercises_of(content):
                page = self.address(f"chapters/{path.stem}")
                items = "".join(
                    f'<li><a href="{page}#{label}">{html.escape(title)}</a></li>' for label, title in found.items()
                )
                lists.append(f'<p><strong><a href="{page}">{html.escape(title_of(path))}</a></strong></p><ol>{items}</ol>')
        return self.markup("".join(lists)) if lists else self.warn("the executed notebooks have no exercise")


class ChapterFigure(BookDirective):
    """`{chapter-figure} notebook`: the interactive figure of a chapter, on another page."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the figure."""
        notebook = executed(Path(self.env.srcdir)).get(Path(self.env.srcdir) / "chapters" / f"{self.arguments[0]}.ipynb")
        outputs = (output for cell in (notebook or {"cells": []})["cells"] for output in cell.get("outputs", []))
        shown = ("".join(output.get("data", {}).get("text/html", "")) for output in outputs)
        figure = next((code for code in shown if 'class="plot explore"' in code), None)
        return self.markup(figure) if figure else self.warn(f"{self.arguments[0]} has no interactive figure")


def executed(source: Path) -> dict[Path, dict]:
    """The notebooks of a source tree by path, in order of the chapters."""
    return {path: json.loads(path.read_text(encoding="utf-8")) for path in sorted((source / "chapters").glob("*.ipynb"))}


def exercises_of(notebook: dict) -> dict[str, str]:
    """Titles of a notebook's exercises by label, in their order."""
    cells = ("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    return {label: title.strip() for cell in cells for title, label in EXERCISE.findall(cell)}


def direct_packages() -> dict[str, str]:
    """Versions of the packages that requirements.txt names, as they are installed."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    names = [Requirement(line.split("#")[0]).name for line in lines if line.split("#")[0].strip()]
    return {name: version(name) for name in sorted(names, key=str.lower)}


def _machine(run: dict) -> str:
    place = " ".join(str(run[name]) for name in ("system", "machine") if run.get(name))
    cores = f", {run['cores']} cores" if run.get("cores") else ""
    return f"Python {run.get('python', 'unknown')} on {place or 'an unknown machine'}{cores}"


def _link(address: str, text: str) -> str:
    return f'<a href="{address}">{html.escape(text)}</a>'


def _row(name: str, cells: list[str]) -> str:
    return f'<tr><th scope="row">{name}</th>' + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _table(name: str, columns: list[str], rows: list[str]) -> str:
    heads = "".join(f'<th scope="col">{column}</th>' for column in [name, *columns])
    body = "\n".join(rows)
    return (
        f'<div class="table-scroll"><table class="runs"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>'
    )
