"""The styles and scripts that every page loads, in one file each: a slow line pays for each request anew.

What single pages need more, such as the style of formulas, stays in files of its own.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Mapping, Set
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from theme.fast import styles

STYLES = (  # in the order in which the theme has them; later ones overrule
    "basic.css", "styles/theme.css", "styles/pydata-sphinx-theme.css", "pygments.css", "styles/sphinx-book-theme.css",
    "togglebutton.css", "copybutton.css", "mystnb.*.css", "exercise.css", "sphinx-design.min.css", "fonts.css", "book.css",
)  # fmt: skip
SCRIPTS = (
    "doctools.js", "sphinx_highlight.js", "clipboard.min.js", "copybutton.js", "scripts/sphinx-book-theme.js",
    "togglebutton.js", "book.js", "scripts/bootstrap.js", "scripts/pydata-sphinx-theme.js",
)  # fmt: skip
OPTIONS = "documentation_options.js"  # a page's own words need it at once, so it stands in the page
STYLE, SCRIPT = "all.css", "all.js"
# The theme asks every box of code whether it scrolls, again and again; that lays out all that waits. book.js watches them.
LOOKED_AT = (
    '["pre",".nboutput > .output_area",".cell_output > .output",".jp-RenderedHTMLCommon",".pst-scrollable-table-container"]'
)
LINK = re.compile(r'[ \t]*<link\b(?=[^>]*\brel="stylesheet")[^>]*\bhref="([^"]*?)_static/([^"?]+)[^"]*"[^>]*>\n?')
CALL = re.compile(r'[ \t]*<script\b(?![^>]*\btype="module")[^>]*\bsrc="([^"]*?)_static/([^"?]+)[^"]*"[^>]*></script>\n?')
ADDRESS = re.compile(r"""url\(\s*(["']?)(?!data:|#|https?:|/)([^"')]+)\1\s*\)""")
IMPORT = re.compile(r"""@import\s+(?:url\()?["']?([^"');]+)["']?\)?[^;]*;""")
STYLES_OF = re.compile(r'[ \t]*<link\b(?=[^>]*\brel="stylesheet")[^>]*\bhref="([^"]*)"[^>]*>\n?')
DEFERRED = re.compile(r'[ \t]*<script defer src="[^"]*"></script>\n?')
TOP = re.compile(r'<head\b[^>]*>(?:\s*<meta charset="[^"]*"\s*/?>)?', re.IGNORECASE)
MODULE = re.compile(
    r'[ \t]*<script\b(?=[^>]*\btype="module")[^>]*\bsrc="([^"]*_static/parts/)([\w-]+)\.js[^>]*></script>\n?'
)
IMPORTED = re.compile(r'^import [^;]* from "\./([\w-]+)\.js";$', re.MULTILINE)
OPENED = re.compile(r'^openForm\([^"]*"([\w-]+\.json)"', re.MULTILINE)
SOURCE_MAP = re.compile(r"(?m)^/[/*]# sourceMappingURL=.*$")


class Links(NamedTuple):
    """What a page has in the place of the bundled files."""

    style: str  # address of the style below `_static`, with a digest, so that a browser never takes an old one
    script: str
    options: str  # a script that stands in the page
    parts: Mapping[str, str]  # the script of a part, and what its page asks for beside it


def write(static: Path, words: Set[str]) -> Links:
    """Make the bundles of a site.

    Args:
        static: its folder `_static`.
        words: those of its pages and scripts; rules for classes that are none of them are left out.

    Raises:
        FileNotFoundError: if a file that belongs to a bundle is not there.
    """
    style = "\n".join(_moved(file.read_text(encoding="utf-8"), name) for name, file in _files(static, STYLES))
    scripts = (SOURCE_MAP.sub("", file.read_text(encoding="utf-8")) for _, file in _files(static, SCRIPTS))
    script = ";\n" + "\n;\n".join(scripts)  # a "use strict" at its very top would hold for all
    script = script.replace(LOOKED_AT, '[":not(*)"]')
    options = (static / OPTIONS).read_text(encoding="utf-8").strip()
    return Links(
        _written(static / STYLE, styles.purged(style, words)), _written(static / SCRIPT, script), options, _parts(static)
    )


def link(page: str, links: Links) -> str:
    """Return a page that loads the bundles; the search page needs its scripts one by one, and keeps them."""
    page = _once(LINK, STYLES, f'<link rel="stylesheet" href="{{}}_static/{links.style}">\n', page)
    if 'id="search-results"' in page:
        return asked_early(page)
    page = CALL.sub(lambda call: f"<script>{links.options}</script>\n" if call[2] == OPTIONS else call[0], page)
    page = MODULE.sub(lambda call: call[0] + links.parts[call[2]].format(call[1]), page)
    return asked_early(_once(CALL, SCRIPTS, f'<script defer src="{{}}_static/{links.script}"></script>\n', page))


def asked_early(page: str) -> str:
    """Return a page that asks for its styles and its script at the top of its head.

    Chromium looks ahead for files only until it meets a policy, and an inline script waits for the styles above it: so
    what is fetched stands first, and the styles themselves stand last. The text is parsed while they come.
    """
    head, end, rest = page.partition("</head>")
    styles, scripts = list(STYLES_OF.finditer(head)), DEFERRED.findall(head)
    head = DEFERRED.sub("", STYLES_OF.sub("", head))
    early = [f'<link rel="preload" as="style" href="{style[1]}">' for style in styles] + [one.strip() for one in scripts]
    head = TOP.sub(lambda top: "\n    ".join([top[0], *early]), head, count=1)
    return head + "".join(style[0].strip() + "\n" for style in styles) + end + rest


def _parts(static: Path) -> dict[str, str]:
    """Return, by script of `parts`, links to all that it imports, at whatever remove, and to the data that its form opens
    with: a browser that is not told of them asks for one after another. Their folder is left open, as `{0}`."""
    scripts = {file.stem: file.read_text(encoding="utf-8") for file in (static / "parts").glob("*.js")}
    found = {}
    for name, script in scripts.items():
        wanted = [name]
        for one in wanted:
            wanted += [other for other in IMPORTED.findall(scripts.get(one, "")) if other not in wanted]
        modules = [f'<link rel="modulepreload" href="{{0}}{one}.js">\n' for one in wanted[1:]]
        later = (
            '<link rel="preload" as="fetch" crossorigin fetchpriority="low" href="{{0}}{}">\n'  # after what draws the page
        )
        found[name] = "".join([*modules, *map(later.format, OPENED.findall(script))])
    return found


def _files(static: Path, names: Iterable[str]) -> list[tuple[str, Path]]:
    """Return the files of a bundle, in order; a name may hold a `*` for a digest, of which the newest counts."""
    found = []
    for name in names:
        matching = sorted(static.glob(name), key=lambda file: file.stat().st_mtime)
        if not matching:
            raise FileNotFoundError(f"no file is called {name!r} in {static}, and pages need it")
        found.append((matching[-1].relative_to(static).as_posix(), matching[-1]))
    return found


def _moved(style: str, name: str) -> str:
    """Return a style as it has to be in the bundle: what it loads is found from there, but styles of the bundle."""
    folder = PurePosixPath("/", name).parent

    def there(address: str) -> str:
        return os.path.normpath(folder / address).lstrip("/")

    for wanted in IMPORT.findall(style):
        if there(wanted) not in STYLES:
            raise ValueError(f"style={name!r} loads {wanted!r}, which is not in the bundle")
    bare = IMPORT.sub("", SOURCE_MAP.sub("", style)).replace('@charset "UTF-8";', "")
    return ADDRESS.sub(lambda found: f'url("{there(found[2])}")', bare)


def _written(file: Path, content: str) -> str:
    """Write a bundle and return its name with a digest."""
    file.write_text(content, encoding="utf-8")
    return f"{file.name}?v={hashlib.sha256(content.encode()).hexdigest()[:8]}"


def _once(pattern: re.Pattern, members: Iterable[str], tag: str, page: str) -> str:
    """Return a page with a tag in the place of the first file of a bundle, and without the others."""
    belongs = re.compile("|".join(re.escape(name).replace(r"\*", "[^/]*") for name in members))
    tags = iter([tag])

    def replaced(found: re.Match) -> str:
        return next(tags, "").format(found[1]) if belongs.fullmatch(found[2]) else found[0]

    return pattern.sub(replaced, page)
