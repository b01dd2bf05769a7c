"""The slides of a chapter: nbconvert's, from the slide types that a person sets on cells in JupyterLab.

`slide` and `subslide` begin a slide, `fragment` comes onto it at the next key, `skip` is left out. With nothing set, text is
for the speaker's notes and code is left out. Of a text that is shown, a slide holds each heading with its first sentences,
formula and list; the notes hold all of it. Exercises and quizzes have slides of their own. The input of a cell shows unless
a tag folds it on the site.
"""

import re
import shutil
from pathlib import Path

import nbformat
from nbconvert.exporters import SlidesExporter
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from traitlets import Bool
from traitlets.config import Config

from helpers import assets
from helpers.claims import Claim
from theme.fast.formulas import drawn_marks
from theme.pages import mark_text
from tools.teach.chapter import EXERCISE, quizzes
from tools.teach.markup import MERMAID, to_html, to_text, values_of

HERE = Path(__file__).resolve().parent
LONG = 8  # lines of code, from which on what it shows has a slide of its own
LEAD = 100  # letters of the sentences that a slide begins with
PART = re.compile(r"^(?=#{1,2} |\*\*You will be able to|\*\*You need|```\{exercise|::::\{div\} quiz)", re.MULTILINE)
SENTENCE = re.compile(r"(?<=[.?!])\s+(?=[A-Z{*$`])")
ITEM = re.compile(r"^((?:-|\d\.) )(.*?)(?=\n(?:-|\d\.) |\Z)", re.MULTILINE | re.DOTALL)
DOCSTRING = re.compile(r'^ +"""(?:[^"\n]+"""|.*?^ +""")\n', re.MULTILINE | re.DOTALL)
SHOWN = ("slide", "subslide", "fragment")
VOTE = "Let everybody choose alone, then talk in pairs, then choose again."
WITHOUT_CODE = {"remove_source": True}  # as nbconvert marks a cell whose tags hide its input
HIDDEN = {"TagRemovePreprocessor": {
    "enabled": True, "remove_cell_tags": ["remove-cell", "solution"], "remove_all_outputs_tags": ["remove-output"],
    "remove_input_tags": ["hide-input", "remove-input"],
}}  # fmt: skip


def page(executed: Path) -> str:
    """Return the slides of an executed notebook as one page, which loads what `copy_static` puts beside it."""
    notebook = nbformat.read(executed, as_version=4)
    values = values_of(notebook)
    exporter = SlidesExporter(
        config=Config(HIDDEN), template_file=str(HERE / "slides.html.j2"), reveal_url_prefix="static/reveal",
        reveal_theme="book", reveal_width="1280", reveal_height="720", exclude_input_prompt=True, exclude_output_prompt=True,
        filters={"markdown2html": lambda text: drawn_marks(to_html(text, values))}, preprocessors=[Outline],
    )  # fmt: skip
    notebook.metadata.title = to_text("".join(notebook.cells[0].source).splitlines()[0].lstrip("# "), values)
    return exporter.from_notebook_node(notebook)[0]


def copy_static(folder: Path) -> None:
    """Put what the pages load into `folder/static`."""
    static = folder / "static"
    for name, where in {"reveal": "reveal", "text-font": "fonts", "burmese-font": "fonts"}.items():
        skip = shutil.ignore_patterns(assets.MANIFEST)
        shutil.copytree(assets.path(name), static / where, dirs_exist_ok=True, ignore=skip)
    for name in ("fonts.css", "formulas.css"):
        shutil.copy(HERE.parents[1] / "theme" / "static" / name, static / name)
    (static / "reveal" / "dist" / "theme").mkdir(exist_ok=True)
    shutil.copy(HERE / "slides.css", static / "reveal" / "dist" / "theme" / "book.css")


class Outline(Preprocessor):
    """Turn the cells of a chapter into those of its slides, each slide with the heading of its section."""

    enabled = Bool(True)

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Take texts apart, and put what is not shown into the notes of the slide before it."""
        made: list[NotebookNode] = []
        notes: list[str] = []
        heading, claims = "", [claim for claim in map(claim_of, nb.cells) if claim and claim.headline]

        def begin(kind: str, text: str) -> None:
            if notes and made:
                made.append(_text("notes", "\n\n".join(notes)))
                notes.clear()
            made.append(_text(kind, text))

        for cell in nb.cells:
            kind = cell.metadata.get("slideshow", {}).get("slide_type", "")
            if cell.cell_type == "code" and kind in SHOWN:
                if kind != "fragment":
                    begin(kind, heading)
                    cell.metadata.slideshow.slide_type = "-"
                for data in (output.get("data", {}) for output in cell.outputs):
                    if "text/html" in data:
                        data["text/html"] = mark_text(data["text/html"])
                    if "text/markdown" in data:  # a function that `show_source` shows
                        data["text/markdown"] = DOCSTRING.sub("", data["text/markdown"])
                        cell.metadata.transient = WITHOUT_CODE
                if cell.outputs and cell.source.count("\n") >= LONG and not cell.metadata.get("transient"):
                    made.append(new_code_cell(cell.source, metadata={"slideshow": {"slide_type": "-"}}))
                    begin("subslide", heading)
                    cell.metadata.transient = WITHOUT_CODE
                made.append(cell)
            for part in PART.split(cell.source) if cell.cell_type == "markdown" and kind != "skip" else []:
                for number, text in enumerate(faces(part.strip(), claims) if kind in SHOWN else []):
                    begin("subslide" if number else kind, text)
                heading = part.partition("\n")[0] if part.startswith("## ") else heading
                notes.append(part if not quizzes(part) else VOTE)
        if notes:
            made.append(_text("notes", "\n\n".join(notes)))
        nb.cells = made
        return nb, resources


def claim_of(cell: NotebookNode) -> Claim | None:
    """Return the claim that a cell made when it ran, if it made one."""
    found = (output.get("metadata", {}).get("claim") for output in cell.get("outputs", []))
    return next((Claim(**record) for record in found if record), None)


def faces(part: str, claims: list[Claim]) -> list[str]:
    """Return the texts of the slides that a part of a text becomes."""
    if exercise := EXERCISE.match(f"{part}\n"):
        return [f"## Exercise: {exercise[1]}\n\n{exercise[3].strip()}"]
    for quiz in quizzes(part):
        plain = [f"- **{letter}** {choice.text}" for letter, choice in zip("ABCDEF", quiz.choices, strict=False)]
        told = [
            f"{line}\n\n  **{'✓ Right' if c.right else '✗ Not it'}.** {c.reason}"
            for line, c in zip(plain, quiz.choices, strict=True)
        ]
        return [f"## {quiz.question}\n\n" + "\n".join(lines) for lines in (plain, told)]
    heading, _, body = part.replace("**You will be able to**", "## You will be able to").partition("\n")
    guessed, measured = (
        "\n".join(f"- {c.sentence.replace('{value}', v)}" for c, v in zip(claims, values, strict=True))
        for values in (["…"] * len(claims), [f"**{c.measured}**" for c in claims])
    )
    blocks: dict[str, str] = {}
    for block in re.split(r"\n\n+", MERMAID.sub("", body).replace("<!-- chapter-claims -->", guessed).strip()):
        kind = "formula" if block.startswith("$$") else "list" if re.match(r"- |\d\. ", block) else "lead"
        if block and not block.startswith(("<!--", "```", ":::", "|")):
            blocks.setdefault(kind, block)
    if not heading.startswith("#") or not blocks:
        return []
    if "lead" in blocks:
        blocks["lead"] = gist(blocks["lead"], LEAD)
    if "list" in blocks:
        blocks["list"] = re.sub(ITEM, lambda item: item[1] + gist(item[2], 0), blocks["list"])
    last = [f"## What was measured\n\n{measured}"] if heading == "## Summary" and claims else []
    return ["\n\n".join([heading, *blocks.values()]), *last]


def gist(text: str, least: int) -> str:
    """Return the first sentences of a text, as many as have so many letters."""
    sentences = SENTENCE.split(" ".join(text.split()))
    beginnings = (" ".join(sentences[:i]) for i in range(1, len(sentences)))
    return next((text for text in beginnings if len(text) > max(least, 30)), " ".join(sentences))


def _text(kind: str, text: str) -> NotebookNode:
    return new_markdown_cell(text, metadata={"slideshow": {"slide_type": kind}})
