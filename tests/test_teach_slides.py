"""Slides hold what the cells' slide types say, fit their 1280 × 720, load nothing from elsewhere, can be read, and print."""

import io
import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from pypdf import PdfReader

from tests.browser import violations
from tests.test_notebooks import NOTEBOOKS
from tools.browser import serve
from tools.execute import EXECUTED
from tools.teach.chapter import prose, questions, quizzes, read
from tools.teach.markup import to_text, values_of
from tools.teach.slides import Outline, copy_static, page

RAN = [path for path in NOTEBOOKS if (EXECUTED / path.name).exists()]
ran = pytest.mark.parametrize("path", RAN, ids=lambda path: path.stem)
LEFT = re.compile(r"\{[a-z:]+\}`|:::|```|\$\$|chapter-claims")
MEASURE = """() => {
  const faults = [];
  for (const [i, slide] of Reveal.getSlides().entries()) {
    const { h, v } = Reveal.getIndices(slide);
    Reveal.slide(h, v, 99);
    const inside = [...slide.querySelectorAll("*")].filter((e) => !e.closest("aside, svg *, mjx-assistive-mml"));
    for (const e of [slide, ...inside]) {
      const box = e.getBoundingClientRect();
      if (!box.width) continue;
      const out = Math.max(-box.left, -box.top, box.right - innerWidth, box.bottom - innerHeight);
      if (out > 1) faults.push(`slide ${i + 1}: <${e.tagName}> ${out.toFixed()} px out`);
      if (e.tagName == "PRE" && e.scrollWidth > e.clientWidth + 1) faults.push(`slide ${i + 1}: code is cut off`);
      const letters = [...e.childNodes].some((n) => n.nodeType == 3 && n.data.trim()) && !e.closest("mjx-container");
      const size = parseFloat(getComputedStyle(e).fontSize);
      if (letters && size < 11) faults.push(`slide ${i + 1}: letters of ${size} px: ${e.textContent.slice(0, 40)}`);
    }
  }
  return faults;
}"""
RULES = ["color-contrast", "svg-img-alt", "image-alt", "document-title", "html-has-lang", "duplicate-id-aria", "list"]


@pytest.fixture(scope="module")
def window(tmp_path_factory, browser):
    """Opens a set of slides in a window of their size, which lets no request out; gives the page and what went wrong."""
    if not RAN:
        pytest.skip("no notebook has run: python -m tools.book")
    folder = tmp_path_factory.mktemp("slides")
    copy_static(folder)
    for path in RAN:
        (folder / f"{path.stem}.html").write_text(page(EXECUTED / path.name), encoding="utf-8")
    context, faults = browser.new_context(viewport={"width": 1280, "height": 720}), []
    with serve(folder) as address:
        context.route(lambda url: not url.startswith((address, "data:")), lambda route: faults.append(route.request.url))
        opened = context.new_page()
        opened.on("pageerror", lambda error: faults.append(str(error)))
        opened.on("response", lambda got: got.status >= 400 and "favicon" not in got.url and faults.append(got.url))

        def open(name):
            faults.clear()
            opened.goto(address + name)
            opened.wait_for_function("document.documentElement.dataset.ready")
            return opened, faults

        yield open
        context.close()


@ran
def test_every_slide_fits_and_loads_only_what_lies_beside_it(window, path):
    opened, faults = window(f"{path.stem}.html")
    assert opened.evaluate(MEASURE) == []
    assert faults == []
    text = opened.evaluate("document.querySelector('.slides').textContent")
    assert not LEFT.search(text), LEFT.search(text)
    notebook = read(EXECUTED / path.name)
    plain = re.sub(r"\s+", "", text)
    asked = [*questions(notebook), *(quiz.question for quiz in quizzes(prose(notebook)))]
    missing = [
        line for line in asked if "$" not in line and re.sub(r"\s+", "", to_text(line, values_of(notebook))) not in plain
    ]
    assert not missing and "✓ Right" in text
    count = opened.evaluate(
        "['figure.plot', '.claim', 'aside.notes', '.fragment'].map((s) => document.querySelectorAll(s).length)"
    )
    assert min(count) >= 2, count


@ran
def test_everybody_can_read_them_and_they_print_one_to_a_page(window, path):
    opened, faults = window(f"{path.stem}.html?print-pdf")
    opened.wait_for_selector(".pdf-page")
    assert violations(opened, *RULES) == [] and faults == []
    printed = PdfReader(io.BytesIO(opened.pdf(prefer_css_page_size=True, print_background=True)))
    assert len(printed.pages) == opened.evaluate("document.querySelectorAll('.pdf-page').length")
    assert float(printed.pages[0].mediabox.width) > float(printed.pages[0].mediabox.height)


def text(source, kind=""):
    return new_markdown_cell(source, metadata={"slideshow": {"slide_type": kind}} if kind else {})


def code(source, kind="", **data):
    shown = [new_output("display_data", {name.replace("_", "/"): value for name, value in data.items()})] if data else []
    return new_code_cell(source, outputs=shown, metadata={"slideshow": {"slide_type": kind}} if kind else {})


def outline(*cells) -> list[tuple[str, str]]:
    """Return (slide type, source) of what the slides are made of."""
    made, _ = Outline().preprocess(new_notebook(cells=list(cells)), {})
    return [(cell.metadata.slideshow.slide_type, cell.source) for cell in made.cells]


def test_slide_types_choose_and_the_rest_is_for_the_speaker():
    found = outline(
        text("# T\n\nFirst. Second.\n\n**You need** Python.", "slide"), text("More."), code("x = 1"),
        text("## Why?\n\nBecause it is so.", "slide"), code("plot", "subslide"), code("claim", "fragment"),
        text("Gone.", "skip"), code("last", "subslide"),
    )  # fmt: skip
    kinds, sources = zip(*found, strict=True)
    assert kinds == ("slide", "notes", "slide", "notes", "subslide", "-", "fragment", "subslide", "-")
    assert "More." in sources[1] and "You need" in sources[1] and sources[3].startswith("## Why?")
    assert sources[4:] == ("## Why?", "plot", "claim", "## Why?", "last")


def test_of_a_text_a_slide_has_first_sentences_first_formula_and_first_list():
    long = "A sentence that is longer than what a slide begins with, so that the next does not stand on it at all. Next."
    source = f"## Why?\n\n{long}\n\n$$a$$\n\nAnother.\n\n- **One.** It is one, as everybody can see. And more.\n- Two"
    (_, shown), _ = outline(text(source, "slide"))
    assert "Next." not in shown and "$$a$$" in shown and "Another" not in shown
    assert "- **One.** It is one, as everybody can see.\n- Two" in shown


def test_exercises_and_quizzes_have_slides_of_their_own():
    choice = ":::{{dropdown}} {}\n:class-container: {}\nReason {}.\n:::\n"
    quiz = "::::{div} quiz\n**Which?**\n\n" + choice.format("a", "right", 1) + choice.format("b", "wrong", 2) + "::::"
    task = "```{exercise} Sum\n:label: ex-sum\n\nAdd.\n```"
    found = outline(text(f"## Exercises\n\n{task}\n\n## Quiz\n\n{quiz}", "slide"))
    shown = [(kind, source) for kind, source in found if kind != "notes"]
    assert shown[0] == ("slide", "## Exercise: Sum\n\nAdd.")
    assert [kind for kind, _ in shown] == ["slide", "slide", "subslide"]
    assert (
        "Reason" not in shown[1][1] and "**✓ Right.** Reason 1." in shown[2][1] and "**✗ Not it.** Reason 2." in shown[2][1]
    )


def test_long_code_and_what_it_shows_have_a_slide_each_and_a_source_no_docstring():
    table = "<table><tr><th></th><th>a</th></tr><tr><th>x</th><td>word</td></tr></table>"
    lines = "\n".join(["x = 1"] * 12)
    made, _ = Outline().preprocess(new_notebook(cells=[code(lines, "subslide", text_html=table)]), {})
    assert [cell.cell_type for cell in made.cells] == ["markdown", "code", "markdown", "code"]
    assert made.cells[3].metadata.transient["remove_source"] and "transient" not in made.cells[1].metadata
    assert not made.cells[1].outputs and '<td class="text">word' in made.cells[3].outputs[0].data["text/html"]
    source = '```python\ndef f(x):\n    """Return x."""\n    return x\n```'
    made, _ = Outline().preprocess(new_notebook(cells=[code("show_source(f)", "slide", text_markdown=source)]), {})
    assert made.cells[1].outputs[0].data["text/markdown"] == "```python\ndef f(x):\n    return x\n```"


def test_inputs_that_the_site_folds_are_not_shown_and_values_are_filled(tmp_path):
    hidden = new_code_cell("secret", outputs=[new_output("stream", text="seen")])
    hidden.metadata = {"tags": ["hide-input"], "slideshow": {"slide_type": "subslide"}}
    solution = text("## Gone?\n\nAnswer.", "slide")
    solution.metadata["tags"] = ["solution"]
    value = {"expression": "n", "result": {"data": {"text/plain": "'4 < 5'"}, "status": "ok", "metadata": {}}}
    filled = text("# T\n\nIt is {eval}`n` and $x^2$.", "slide")
    filled.metadata["user_expressions"] = [value]
    nbformat.write(new_notebook(cells=[filled, hidden, solution]), tmp_path / "a.ipynb")
    made = page(tmp_path / "a.ipynb")
    assert "secret" not in made and "seen" in made and "Gone?" not in made
    assert "It is 4 &lt; 5 and" in made and "<mjx-container" in made and "<title>T slides</title>" in made
    assert "https://" not in made
