"""Each slide fits its 1280 × 720, loads nothing from elsewhere, can be read by anybody, and prints."""

import html
import io
import re

import pytest
from pypdf import PdfReader

from helpers import assets
from tests.test_notebooks import NOTEBOOKS
from tools.browser import serve
from tools.execute import EXECUTED
from tools.teach import deck
from tools.teach.chapter import Section, quizzes, read, title
from tools.teach.layout import even_groups, with_claims
from tools.teach.markup import to_text, values_of
from tools.teach.slides import HEIGHT, WIDTH, Slide, question, slides

RAN = [path for path in NOTEBOOKS if (EXECUTED / path.name).exists()]
ran = pytest.mark.parametrize("path", RAN, ids=lambda path: path.stem)
LEFT = re.compile(r"\{[a-z:]+\}`|:::|```|\$\$|<!--")
MEASURE = """() => {
  const faults = [];
  for (const [i, slide] of Reveal.getSlides().entries()) {
    Reveal.slide(i);
    const inside = [...slide.querySelectorAll("*")].filter((e) => !e.closest("aside, svg *, mjx-assistive-mml"));
    for (const e of [slide, ...inside]) {
      const box = e.getBoundingClientRect();
      if (!box.width) continue;
      const out = Math.max(-box.left, -box.top, box.right - innerWidth, box.bottom - innerHeight);
      if (out > 1) faults.push(`slide ${i + 1}: <${e.tagName}> ${out.toFixed()} px out`);
      if (e.tagName == "PRE" && e.scrollWidth > e.clientWidth + 1) faults.push(`slide ${i + 1}: code is cut off`);
      const letters = [...e.childNodes].some((n) => n.nodeType == 3 && n.data.trim()) && !e.closest("mjx-container");
      const size = parseFloat(getComputedStyle(e).fontSize);
      if (letters && size < 14) faults.push(`slide ${i + 1}: letters of ${size} px: ${e.textContent.slice(0, 40)}`);
    }
  }
  return faults;
}"""
RULES = ["color-contrast", "svg-img-alt", "image-alt", "document-title", "html-has-lang", "duplicate-id-aria", "list"]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder of all slides that can be made."""
    if not RAN:
        pytest.skip("no notebook has run: python -m tools.book")
    folder = tmp_path_factory.mktemp("slides")
    deck.copy_static(folder)
    for path in RAN:
        notebook = read(EXECUTED / path.name)
        (folder / f"{path.stem}.html").write_text(deck.page(title(notebook), slides(notebook)), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def window(site, browser):
    """Opens a set of slides in a window of their size, which lets no request out; gives the page and what went wrong."""
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT})
    faults = []
    with serve(site) as address:
        context.route(lambda url: not url.startswith((address, "data:")), lambda route: faults.append(route.request.url))
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("response", lambda got: got.status >= 400 and "favicon" not in got.url and faults.append(got.url))

        def open(name):
            faults.clear()
            page.goto(address + name)
            page.wait_for_function("document.documentElement.dataset.ready")
            return page, faults

        yield open
        context.close()


@ran
def test_every_slide_fits_and_loads_only_what_lies_beside_it(window, path):
    page, faults = window(f"{path.stem}.html")
    assert page.evaluate("Reveal.getTotalSlides()") == len(slides(read(EXECUTED / path.name)))
    assert page.evaluate(MEASURE) == []
    assert faults == []


@ran
def test_everybody_can_read_them(window, path):
    page, faults = window(f"{path.stem}.html?print-pdf")
    page.wait_for_selector(".pdf-page")
    page.evaluate((assets.path("axe-core") / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate(
        """(rules) => axe.run({ runOnly: rules }).then((r) => [r.passes.map((p) => p.id),
             r.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.html.slice(0, 200)}`))])""",
        RULES,
    )
    assert "color-contrast" in found[0]
    assert found[1] == [] and faults == []


def test_they_print_one_to_a_page(window, browser):
    page, _ = window(f"{RAN[0].stem}.html?print-pdf")
    page.wait_for_selector(".pdf-page")
    printed = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True, print_background=True)))
    assert len(printed.pages) == len(slides(read(EXECUTED / RAN[0].name)))
    assert float(printed.pages[0].mediabox.width) > float(printed.pages[0].mediabox.height)


@ran
def test_what_the_slides_of_a_chapter_hold(path):
    notebook = read(EXECUTED / path.name)
    made = slides(notebook)
    text = "\n".join(slide.body + slide.notes for slide in made)
    assert not LEFT.search(text), LEFT.search(text)
    assert made[0].kind == "title" and made[0].notes
    plain = html.unescape(re.sub(r"<[^>]+>", "", text))
    asked = re.findall(r"^## (.+\?)$", "\n".join(map(cell_text, notebook["cells"])), re.MULTILINE)
    missing = [line for line in asked if to_text(line, values_of(notebook)) not in plain]
    assert not missing
    assert sum(slide.kind == "figure" for slide in made) >= 2
    assert sum(slide.kind == "quiz" for slide in made) == 2 * len(quizzes(notebook))
    assert sum(bool(slide.notes) for slide in made) >= len(asked)
    assert "✓" in text and text.count('class="measured"') >= 6


def cell_text(cell):
    return "".join(cell["source"])


def cell(text, tags=(), **output):
    outputs = [{"output_type": "display_data", "metadata": {}, "data": {k.replace("_", "/"): v for k, v in output.items()}}]
    return {
        "cell_type": "code",
        "id": "x",
        "metadata": {"tags": list(tags)},
        "source": text,
        "outputs": outputs if output else [],
    }


def test_the_rule_and_the_tags():
    from tools.teach.chapter import Section

    idea, plot, shown = (
        "def f(x):\n    y = x\n    z = y\n    w = z\n    return w",
        '<figcaption>Up</figcaption><svg viewBox="0 0 200 100"',
        "1 + 1",
    )
    plot += ' style="width:100%;height:auto;"></svg>'
    cells = (cell("x = 1"), cell(idea), cell("figure", text_html=plot), cell("other", text_html=plot))
    found = question(Section("Why $x$?", "Because.\n\nMore.", cells), {})
    assert [slide.kind for slide in found] == ["code", "figure"]
    assert found[0].notes == "<p>Because.</p>\n<p>More.</p>" and not found[1].notes
    assert "width:960px;height:480px" in found[1].body and "Why <span" in found[1].body
    tagged = (cell(idea), cell(shown, ["slide"], text_plain="2"), cell("figure", ["skip-slide"], text_html=plot))
    (only,) = question(Section("Why?", "Because.", tagged), {})
    assert "<pre>2</pre>" in only.body and "svg" not in only.body and "def" not in only.body
    helper = cell("show_source(f)", text_markdown=f"```python\n{idea}\n```", text_plain="<Markdown>")
    (source,) = question(Section("Why?", "", (helper,)), {})
    assert source.kind == "code" and ">f</span>" in source.body and "show_source" not in source.body
    (words,) = question(Section("Why?", "First.\n\n$$a = b$$\n\nLast.", ()), {})
    assert words.kind == "words" and "a = b" in words.body and "First" not in words.body


def test_short_functions_stand_together_and_above_a_small_table():
    table = "<table><tr><th></th><th>a</th></tr><tr><th>x</th><td>word</td></tr></table>"
    cells = (cell("def f(x):\n    return x"), cell("y = 1"), cell("def g(x):\n    return 2 * x"), cell("t", text_html=table))
    (both, below) = question(Section("Why?", "", cells), {})
    assert ">f</span>" in both.body and ">g</span>" in both.body and "<table>" in below.body
    (one,) = question(Section("Why?", "", (cells[0], cells[3])), {})
    assert ">f</span>" in one.body and '<td class="text">word</td>' in one.body
    after = (cell("f", text_html=table), *cells[2:3])
    assert ">g</span>" in question(Section("Why?", "", after), {})[0].body


def test_claims_stand_beside_a_narrow_figure_and_below_a_wide_one():
    def drawn(width, height):
        return f'<svg viewBox="0 0 {width} {height}" style="width:100%;height:auto;"></svg>'

    body, left = with_claims("<p>A</p>", drawn(460, 310), ["Short."])
    assert 'class="beside"' in body and "width:712px" in body and not left
    body, left = with_claims("<p>A</p>", drawn(900, 250), ["Short."])
    assert 'class="beside"' not in body and "<li>Short.</li>" in body and not left
    many = ["A sentence of quite some length that takes two lines of a slide, or more than that. " * 2] * 5
    body, left = with_claims("<p>A</p>", drawn(460, 310), many)
    assert left == many and "height:480px" in body


def test_a_list_is_spread_evenly_over_as_few_slides_as_it_needs():
    assert [len(group) for group in even_groups(["one line"] * 10)] == [5, 5]
    assert even_groups([]) == [] and even_groups(["a"]) == [["a"]]
    assert [len(group) for group in even_groups(["x" * 2000, "b"])] == [1, 1]


def test_the_page_keeps_what_it_is_given():
    made = deck.page("A & B", [Slide("list", "<h2>x</h2>", "<p>say</p>"), Slide("list", "y")])
    assert "<title>A &amp; B</title>" in made and made.count("<aside") == 1
    assert '<section class="list">y</section>' in made and "http" not in made
