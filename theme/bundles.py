"""The styles and scripts that every page loads, in one file each: a slow line pays for each request anew.

What single pages need more, such as the style of formulas, stays in files of its own.
"""

import hashlib
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

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
PRELOAD = re.compile(r'[ \t]*<link\b(?=[^>]*\brel="preload")(?=[^>]*\bas="script")[^>]*>\n?')
ADDRESS = re.compile(r"""url\(\s*(["']?)(?!data:|#|https?:|/)([^"')]+)\1\s*\)""")
IMPORT = re.compile(r"""@import\s+(?:url\()?["']?([^"');]+)["']?\)?[^;]*;""")
SOURCE_MAP = re.compile(r"(?m)^/[/*]# sourceMappingURL=.*$")


def write(output: Path) -> None:
    """Make the bundles of a built site, and let its pages load them.

    Args:
        output: the folder of the built pages.

    Raises:
        FileNotFoundError: if a file that belongs to a bundle is not there.
    """
    static = output / "_static"
    style = "\n".join(moved(found.read_text(encoding="utf-8"), name) for name, found in files(static, STYLES))
    scripts = (SOURCE_MAP.sub("", found.read_text(encoding="utf-8")) for _, found in files(static, SCRIPTS))
    script = ";\n" + "\n;\n".join(scripts)  # a "use strict" at its very top would hold for all
    script = script.replace(LOOKED_AT, '[":not(*)"]')
    (static / STYLE).write_text(style, encoding="utf-8")
    (static / SCRIPT).write_text(script, encoding="utf-8")
    names = {STYLE: stamped(STYLE, style), SCRIPT: stamped(SCRIPT, script)}
    options = (static / OPTIONS).read_text(encoding="utf-8").strip()
    for page in output.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        if "<head" in text and "_static" not in page.relative_to(output).parts:
            page.write_text(bundled(text, names, options, whole=page.name != "search.html"), encoding="utf-8")


def files(static: Path, names: Iterable[str]) -> list[tuple[str, Path]]:
    """The files of a bundle, in order; a name may hold a `*` for a digest, of which the newest counts.

    Raises:
        FileNotFoundError: if there is no file of a name.
    """
    found = []
    for name in names:
        matching = sorted(static.glob(name), key=lambda file: file.stat().st_mtime)
        if not matching:
            raise FileNotFoundError(f"no file is called {name!r} in {static}, and pages need it")
        found.append((matching[-1].relative_to(static).as_posix(), matching[-1]))
    return found


def moved(style: str, name: str) -> str:
    """A style as it has to be in the bundle: what it loads is found from there, and styles of the bundle it has not to load.

    Raises:
        ValueError: if it loads a style that is not in the bundle.
    """
    folder = PurePosixPath("/", name).parent

    def there(address: str) -> str:
        return os.path.normpath(folder / address).lstrip("/")

    for wanted in IMPORT.findall(style):
        if there(wanted) not in STYLES:
            raise ValueError(f"style={name!r} loads {wanted!r}, which is not in the bundle")
    bare = IMPORT.sub("", SOURCE_MAP.sub("", style)).replace('@charset "UTF-8";', "")
    return ADDRESS.sub(lambda found: f'url("{there(found[2])}")', bare)


def stamped(name: str, content: str) -> str:
    """The name of a file with a digest of its content, so that a browser never takes an old one."""
    return f"{name}?v={hashlib.sha256(content.encode()).hexdigest()[:8]}"


def bundled(page: str, names: dict[str, str], options: str, *, whole: bool) -> str:
    """A page that loads the bundles in the place of the files in them.

    Args:
        page: HTML.
        names: of the bundles, with their digests, by their plain names.
        options: the script that comes to stand in the page.
        whole: whether scripts are bundled too; those of the search page need them one by one.
    """
    style = _once(STYLES, STYLE, lambda root: f'<link rel="stylesheet" href="{root}_static/{names[STYLE]}">\n')
    page = LINK.sub(style, page)
    if not whole:
        return page
    script = _once(SCRIPTS, SCRIPT, lambda root: f'<script defer src="{root}_static/{names[SCRIPT]}"></script>\n')
    page = CALL.sub(lambda found: f"<script>{options}</script>\n" if found[2] == OPTIONS else found[0], page)
    return CALL.sub(script, PRELOAD.sub("", page))


def _once(members: Iterable[str], bundle: str, tag: Callable[[str], str]) -> Callable[[re.Match], str]:
    """Puts a bundle where the first of its files is, and takes out the others; one that is there already is put anew."""
    belongs = re.compile("|".join(re.escape(name).replace(r"\*", "[^/]*") for name in (*members, bundle)))
    done: list[str] = []

    def replaced(found: re.Match) -> str:
        if not belongs.fullmatch(found[2]):
            return found[0]
        done.append(found[2])
        return tag(found[1]) if len(done) == 1 else ""

    return replaced
