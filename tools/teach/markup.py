"""MyST as the chapters use it, as HTML that needs no Sphinx: values are filled in, references become words."""

import html
import json
import re
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from pybtex.database import parse_file

from tools.inline import text_of

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = ROOT / "chapters"
ROLE = re.compile(r"\{([a-z:]+)\}`([^`]+)`")
FENCE = re.compile(r"^(`{3,}|:{3,})\{[^\n]*\n(?::[\w-]+:.*\n)*|^(?:`{3,}|:{3,})[ \t]*$", re.MULTILINE)


def values_of(executed: dict) -> dict[str, str]:
    """Return the values of an executed notebook's inline expressions, by expression, as a reader sees them."""
    kept = (one for cell in executed["cells"] for one in cell["metadata"].get("user_expressions", []))
    return {one["expression"]: text_of(one["result"]) for one in kept}


def to_html(text: str, values: Mapping[str, str], *, inline: bool = False) -> str:
    r"""Turn MyST into HTML; formulas stand in \( \) and \[ \], as MathJax reads them.

    Args:
        text: MyST; of directives only what they hold is kept.
        values: by expression, for {eval}.
        inline: leave out the paragraph around it.

    Raises:
        ValueError: for an expression without a value, a work that is not in references.bib, or a role that is not known.
    """
    text = FENCE.sub("", re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL))
    plain = ROLE.sub(lambda role: _role(role[1], role[2], values), text)
    render = _parser().renderInline if inline else _parser().render
    return render(plain).strip()


def to_text(text: str, values: Mapping[str, str]) -> str:
    """MyST as plain text on one line, as for a title."""
    return html.unescape(re.sub(r"<[^>]+>", "", to_html(" ".join(text.split()), values, inline=True)))


@cache
def _parser() -> MarkdownIt:
    def formula(content: str, options: Mapping[str, bool]) -> str:
        left, right = ("\\[", "\\]") if options["display_mode"] else ("\\(", "\\)")
        return f"{left}{html.escape(content.strip())}{right}"

    return MarkdownIt("commonmark", {"html": False}).enable("table").use(dollarmath_plugin, renderer=formula)


def _role(name: str, content: str, values: Mapping[str, str]) -> str:
    words, _, target = content.rstrip(">").partition("<")
    words, target = words.strip(), target.strip() or content
    roles: dict[str, Callable[[], str]] = {
        "eval": partial(_value, values, content), "term": lambda: words, "claim": lambda: f"`{content}`",
        "doc": lambda: words if words != target else _title(target), "cite:p": lambda: f"({_works(content, ', ')})",
        "cite:t": lambda: _works(content, " ({})"), "ref": lambda: words, "code": lambda: f"`{content}`",
    }  # fmt: skip
    if name not in roles:
        raise ValueError(f"the role {{{name}}} of {content!r} is not known here; there are {', '.join(roles)}")
    return roles[name]()


def _value(values: Mapping[str, str], expression: str) -> str:
    if expression not in values:
        raise ValueError(f"the run recorded no value of {expression!r}: run the chapter first (python -m tools.book)")
    return values[expression]


def _title(page: str) -> str:
    """The title of a page of the book, by its name."""
    notebook, text = (CHAPTERS / f"{page}{suffix}" for suffix in (".ipynb", ".md"))
    if notebook.exists():
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        written = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    else:
        written = text.read_text(encoding="utf-8")
    if not (heading := re.search(r"^# +(.+)$", written, re.MULTILINE)):
        raise ValueError(f"page={page!r} has no title")
    return f"“{heading[1].strip()}”"


@cache
def _library() -> Mapping:
    return parse_file(ROOT / "references.bib", "bibtex").entries


def _works(keys: str, year: str) -> str:
    return "; ".join(_work(key.strip(), year) for key in keys.split(","))


def _work(key: str, year: str) -> str:
    """Authors and year of one work, the year after a comma or in brackets."""
    if key not in _library():
        raise ValueError(f"{key!r} is not in references.bib")
    entry = _library()[key]
    names = [" ".join([*person.prelast_names, *person.last_names]).strip("{}") for person in entry.persons.get("author", [])]
    who = names[0] if len(names) == 1 else " and ".join(names[:2]) if len(names) == 2 else f"{(names or [key])[0]} et al."
    when = entry.fields.get("year", "")
    return who + (year.format(when) if "{}" in year else f"{year}{when}")
