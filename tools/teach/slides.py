"""The slides of a chapter, chosen from its executed notebook by a rule, and by tags where a cell has them.

The rule: title, objectives, claims; for each section whose heading is a question its first short functions, its first figure
(or else a small table, or else its first formula or sentences) and its claims as measured; then practice, exercises, quiz,
summary. A code cell with the tag `slide` is shown as well, with its output; one with `skip-slide` is left out. What the
section says goes into the notes of the speaker.
"""

import ast
import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from helpers.claims import Claim
from tools.teach import chapter
from tools.teach.chapter import Section, source
from tools.teach.layout import above, drawings, even_groups, figures, tables_of, with_claims
from tools.teach.markup import to_html, values_of

WIDTH, HEIGHT = 1280, 720
LEAD = 100  # letters of the sentences that a slide begins with
LETTERS = "ABCDEFGH"
SHORT_LINES, LEAST_LINES, MOST_LINES = 4, 2, 16  # of code on a slide that the rule chooses


@dataclass(frozen=True)
class Slide:
    """One slide: its kind for the style sheet, its HTML, and the speaker's notes."""

    kind: str
    body: str
    notes: str = ""


def slides(executed: dict) -> list[Slide]:
    """The slides of an executed notebook, in their order."""
    values, parts = values_of(executed), chapter.sections(executed)
    head, *sections = parts
    own = [claim for cell in executed["cells"] for claim in claims_of(cell)]
    by_title = {section.title: section for section in sections}
    found = _opening(executed, head, values)
    found += _items(
        "In this chapter", [html.escape(claim.sentence.replace("{value}", "…")) for claim in own if claim.headline], BEFORE
    )
    for section in sections:
        if section.title.endswith("?"):
            found += question(section, values)
    if practice := by_title.get("In practice"):
        found += _items("In practice", _first_sentences(practice.text, values), _notes(practice.text, values))
    found += [slide for exercise in chapter.exercises(executed) for slide in _exercise(exercise, values)]
    found += [slide for quiz in chapter.quizzes(executed) for slide in _quiz(quiz, values)]
    summary = by_title["Summary"].text if "Summary" in by_title else ""
    return found + _items("What was measured", [measured(claim) for claim in own], _notes(summary, values))


BEFORE = "<p>Before you go on, let the room guess each number. Come back to the guesses with the last slides.</p>"


def _opening(executed: dict, head: Section, values: Mapping[str, str]) -> list[Slide]:
    paragraphs = [
        part for part in re.split(r"\n\n+", head.text.partition("**You will")[0]) if not part.startswith(("#", "<!--"))
    ]
    why = to_html(paragraphs[0], values) if paragraphs else ""
    lead = to_html(_lead(paragraphs[0]), values, inline=True) if paragraphs else ""
    name, _, rest = chapter.title(executed).partition(": ")
    rest = f'<p class="subtitle">{to_html(rest, values, inline=True)}</p>' if rest else ""
    body = f"<h1>{to_html(name, values, inline=True)}</h1>{rest}<p>{lead}</p>"
    needs = to_html(f"**They need** {chapter.needs(executed)}", values)
    able = [to_html(item, values, inline=True) for item in chapter.objectives(executed)]
    return [Slide("title", body, why + needs), *_items("You will be able to", able, needs)]


def question(section: Section, values: Mapping[str, str]) -> list[Slide]:
    """The slides of one section; the first of them has the section's words as notes."""
    title = f"<h2>{to_html(section.title, values, inline=True)}</h2>"
    cells = [c for c in section.cells if c["cell_type"] == "code" and "skip-slide" not in _tags(c)]
    shown = [cell for cell in cells if "slide" in _tags(cell)]
    bodies = [("code", title + (code(source_shown(cell)) or code(source(cell)) + output(cell))) for cell in shown]
    if short := "" if shown else _functions(cells):
        bodies.append(("code", title + code(short)))
    claims = [measured(claim) for cell in cells for claim in claims_of(cell)]
    rest = [cell for cell in cells if cell not in shown]
    if drawn := [drawing for cell in rest for drawing in drawings(cell)]:
        body, claims = with_claims(*drawn[0], claims)
        bodies.append(("figure", title + body))
    elif tables := [table for cell in rest for table in tables_of(cell)]:
        free = 12.5 - 0.9 * tables[0].count("<tr")
        if short and short.count("\n") < SHORT_LINES and free > SHORT_LINES + 1:  # code and table on one slide
            bodies, free = [], free - 1.5 - 0.8 * short.count("\n")
            tables = [code(short) + tables[0]]
        body, claims = above(tables[0], claims, free)
        bodies.append(("table", title + body))
    elif bodies:
        body, claims = above(bodies[-1][1], claims, 11.5 - 0.8 * bodies[-1][1].count("\n"))
        bodies[-1] = ("code", body)
    elif section.text:
        body, claims = above(_words(section.text, values), claims, 8)
        bodies.append(("words", title + body))
    found = [Slide(kind, body) for kind, body in bodies] + _items(section.title, claims, "", values)
    notes = _notes(section.text, values)
    return [Slide(s.kind, s.body, s.notes if i else notes) for i, s in enumerate(found)]


def _words(text: str, values: Mapping[str, str]) -> str:
    """What a section says where it shows nothing: its first formula or sentences, and its first list."""
    formula = re.search(r"\$\$.*?\$\$", text, re.DOTALL)
    items = re.search(r"^(?:1\.|-) .*?(?=\n\n|\Z)", text, re.DOTALL | re.MULTILINE)
    parts = [formula[0] if formula else _lead(text.split("\n\n")[0]), items[0] if items else ""]
    return to_html("\n\n".join(parts), values)


def _lead(text: str) -> str:
    """The first sentences of a paragraph, as many as say something."""
    sentences = re.split(r"(?<=[.?!])\s+", text.strip())
    enough = next((i for i in range(1, len(sentences)) if len(" ".join(sentences[:i])) >= LEAD), len(sentences))
    return " ".join(sentences[:enough])


def _functions(cells: list[dict]) -> str:
    """The functions that a section writes before its first figure or claim, or else later, as many as a slide holds."""
    shows = (i for i, cell in enumerate(cells) if claims_of(cell) or drawings(cell))
    first = next(shows, len(cells))
    for part in (cells[:first], cells[first:]):
        ideas, found = filter(_is_idea, (source_shown(cell) or source(cell) for cell in part)), ""
        for text in ideas:
            more = f"{found}\n\n{text}".strip("\n")
            if len(more.splitlines()) > MOST_LINES:
                break
            found = more
        if found:
            return found
    return ""


def claims_of(cell: dict) -> list[Claim]:
    """The claims that a cell made when it ran."""
    records = (output.get("metadata", {}).get("claim") for output in cell.get("outputs", []))
    return [Claim(**record) for record in records if record]


def measured(claim: Claim) -> str:
    """A claim with what was measured, in HTML."""
    return f'{claim.html()} <span class="measured">{html.escape(claim.evidence())}</span>'


def source_shown(cell: dict) -> str:
    """The function of the package that a cell shows with `show_source`, or nothing."""
    found = [
        re.search(r"```python\n(.*)```", "".join(o.get("data", {}).get("text/markdown", "")), re.DOTALL)
        for o in cell["outputs"]
    ]
    return "\n".join(match[1] for match in found if match)


def code(text: str) -> str:
    """Code with its words coloured, lettered so that its longest line and its height fit; nothing for nothing."""
    lines = text.strip("\n").splitlines()
    if not lines:
        return ""
    size = min(22.0, 1120 / (0.61 * max(len(line) for line in lines)), 520 / (1.4 * len(lines)))
    marked = highlight("\n".join(lines), PythonLexer(), HtmlFormatter(nowrap=True))
    return f'<pre class="code" tabindex="0" style="font-size:{size:.1f}px"><code>{marked}</code></pre>'


def output(cell: dict) -> str:
    """What a cell showed: figures, tables, text."""
    text = "".join("".join(o.get("text", o.get("data", {}).get("text/plain", ""))) for o in cell["outputs"] if _is_text(o))
    return "".join([*figures(cell), *tables_of(cell)]) + (f"<pre>{html.escape(text.strip())}</pre>" if text.strip() else "")


def _is_idea(text: str) -> bool:
    """True for code that holds nothing but functions or classes, of the length that shows an idea."""
    if not LEAST_LINES <= len(text.splitlines()) <= MOST_LINES:
        return False
    return all(isinstance(part, ast.FunctionDef | ast.ClassDef) for part in chapter.parse(text).body)


def _exercise(exercise: chapter.Exercise, values: Mapping[str, str]) -> list[Slide]:
    title = f"<h2>Exercise: {to_html(exercise.title, values, inline=True)}</h2>"
    return [Slide("exercise", title + to_html(exercise.task, values))]


def _quiz(quiz: chapter.Quiz, values: Mapping[str, str]) -> list[Slide]:
    """The question with its choices, and then the same with the reasons."""
    title = f"<h2>{to_html(quiz.question, values, inline=True)}</h2>"
    lettered = list(zip(LETTERS, quiz.choices, strict=False))
    plain = [f"<li><b>{letter}</b> {to_html(choice.text, values, inline=True)}</li>" for letter, choice in lettered]
    told = [
        f'<li class="{"right" if choice.right else "wrong"}"><b>{letter} {"✓ right" if choice.right else "✗ not it"}:</b> '
        f"{to_html(choice.text, values, inline=True)}<span>{to_html(choice.reason, values)}</span></li>"
        for letter, choice in lettered
    ]
    notes = "<p>Let everybody choose alone, then talk in pairs, then choose again.</p>"
    return [Slide("quiz", f"{title}<ul>{''.join(plain)}</ul>", notes), Slide("quiz", f"{title}<ul>{''.join(told)}</ul>")]


def _items(title: str, items: Iterable[str], notes: str, values: Mapping[str, str] | None = None) -> list[Slide]:
    """As many slides as a list needs, each about as full; the first has the notes."""
    groups = even_groups(list(items))
    count = [f" ({i} of {len(groups)})" if len(groups) > 1 else "" for i in range(1, len(groups) + 1)]
    heading = to_html(title, values or {}, inline=True)
    bodies = [
        f"<h2>{heading}{n}</h2><ul>{''.join(f'<li>{item}</li>' for item in group)}</ul>"
        for n, group in zip(count, groups, strict=True)
    ]
    return [Slide("list", body, "" if i else notes) for i, body in enumerate(bodies)]


def _first_sentences(text: str, values: Mapping[str, str]) -> list[str]:
    """Of each item of a list its bold words and its first sentence."""
    items = re.findall(r"^- (.+?)(?=\n- |\n\n|\Z)", text, re.DOTALL | re.MULTILINE)
    short = [re.match(r"(\*\*.+?\*\*)?.*?[.?!](?=\s|\Z)", " ".join(item.split())) for item in items]
    return [to_html(found[0], values, inline=True) for found in short if found]


def _notes(text: str, values: Mapping[str, str]) -> str:
    return to_html(text, values)


def _tags(cell: dict) -> list[str]:
    return cell["metadata"].get("tags", [])


def _is_text(output: dict) -> bool:
    data = output.get("data", {})
    return "text/html" not in data and ("text/plain" in data or output.get("name") == "stdout")
