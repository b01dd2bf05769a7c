"""MyST as HTML that needs no Sphinx: values are filled in, references become words, of directives what they hold is kept."""

import html
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.myst_role import myst_role_plugin
from pybtex.database import parse_file

from tools.inline import text_of
from tools.teach.chapter import prose, read

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"(?s:<!--.*?-->)|^(?:`{3,}|:{3,})\{.*\n(?::[\w-]+:.*\n)*|^(?:`{3,}|:{3,})[ \t]*$", re.MULTILINE)
MERMAID = re.compile(r"^```\{mermaid\}.*?^```$", re.MULTILINE | re.DOTALL)


def values_of(executed: dict) -> dict[str, str]:
    """Return the values of an executed notebook's inline expressions, by expression, as a reader sees them."""
    kept = (one for cell in executed["cells"] for one in cell["metadata"].get("user_expressions", []))
    return {one["expression"]: text_of(one["result"]) for one in kept}


def to_html(text: str, values: Mapping[str, str]) -> str:
    r"""Turn MyST into HTML; formulas stand in \( \) and \[ \], as MathJax reads them.

    Args:
        text: MyST.
        values: by expression, for {eval}.

    Raises:
        ValueError: for an expression without a value, a work that is not in references.bib, or a role that is not known.
    """
    return _parser().render(FENCE.sub("", MERMAID.sub("", text)), {"values": values}).strip()


def to_text(text: str, values: Mapping[str, str]) -> str:
    """Return MyST as plain text on one line, as for a title."""
    return html.unescape(re.sub(r"<[^>]+>", "", to_html(" ".join(text.split()), values)))


@cache
def _parser() -> MarkdownIt:
    def formula(content: str, options: Mapping[str, bool]) -> str:
        left, right = ("\\[", "\\]") if options["display_mode"] else ("\\(", "\\)")
        return f"{left}{html.escape(content.strip())}{right}"

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.use(dollarmath_plugin, renderer=formula).use(myst_role_plugin)
    parser.add_render_rule("myst_role", _role)
    return parser


def _role(self, tokens: list, place: int, options: Mapping, env: Mapping) -> str:
    name, content = tokens[place].meta["name"], tokens[place].content.strip("`")
    words, _, target = (part.strip() for part in content.rstrip(">").partition("<"))
    if name == "eval":
        if content not in env["values"]:
            raise ValueError(f"the run recorded no value of {content!r}: run the chapter first (python -m tools.book)")
        return html.escape(env["values"][content])
    if name in ("cite:p", "cite:t"):
        works = [_work(key.strip(), "{}, {}" if name == "cite:p" else "{} ({})") for key in content.split(",")]
        return html.escape("; ".join(works).join("()" if name == "cite:p" else ("", "")))
    if name in ("code", "claim"):
        return f"<code>{html.escape(content)}</code>"
    if name not in ("doc", "term", "ref"):
        raise ValueError(f"the role {{{name}}} of {content!r} is not known here: add it to tools/teach/markup.py")
    return html.escape(words if target or name != "doc" else _title(content))


def _title(page: str) -> str:
    notebook = ROOT / "chapters" / f"{page}.ipynb"
    written = prose(read(notebook)) if notebook.exists() else notebook.with_suffix(".md").read_text("utf-8")
    return f"“{written.partition('# ')[2].partition(chr(10))[0].strip()}”"


@cache
def _library() -> Mapping:
    return parse_file(ROOT / "references.bib", "bibtex").entries


def _work(key: str, form: str) -> str:
    if key not in _library():
        raise ValueError(f"{key!r} is not in references.bib")
    people = _library()[key].persons.get("author", [])
    names = [" ".join([*person.prelast_names, *person.last_names]).strip("{}") for person in people] or [key]
    who = " and ".join(names) if len(names) < 3 else f"{names[0]} et al."
    return form.format(who, _library()[key].fields.get("year", ""))
