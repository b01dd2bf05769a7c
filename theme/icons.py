"""The icon font and its rules, cut down to the icons that the site shows: a few kilobytes of what every page would fetch."""

import re
from pathlib import Path

import pydata_sphinx_theme

from theme.fonts import cut

FONT = Path("vendor/fontawesome/webfonts/fa-solid-900.woff2")
STYLES = Path("styles/pydata-sphinx-theme.css")
WHOLE = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static" / FONT
NAMED = re.compile(r'((?:\.fa-[\w-]+:before,?)+)\{content:"(?:\\([0-9a-f]{4})|([^"\\]))"\}')  # a rule for names of an icon
NAME = re.compile(r"\bfa-[a-z0-9-]+")
ESCAPED = re.compile(r"\\([ef][0-9a-f]{3})\b")
OWN = re.compile("[\ue000-\uf8ff]")  # characters that only a font gives a shape


def named_icons(output: Path) -> set[str]:
    """The names of icons, such as fa-bars, in pages and scripts of a built site; fontawesome's own files do not count.

    Args:
        output: the folder of the built pages.
    """
    files = [file for file in [*output.rglob("*.html"), *output.rglob("*.js")] if file.name != "searchindex.js"]
    texts = [file.read_text(encoding="utf-8", errors="replace") for file in files if "fontawesome" not in file.as_posix()]
    return {name for text in texts for name in NAME.findall(text)}


def used_icons(output: Path) -> set[int]:
    """Code points of the icons that pages and scripts of a built site name, or its styles show.

    Args:
        output: the folder of the built pages.
    """
    codes: dict[str, int] = {}
    found = set()
    for file in output.rglob("*.css"):
        if "fontawesome" in file.as_posix():
            continue
        text = file.read_text(encoding="utf-8", errors="replace")
        for rule in NAMED.finditer(text):
            code = int(rule[2], 16) if rule[2] else ord(rule[3])
            codes |= dict.fromkeys(_names(rule), code)
        rest = NAMED.sub("", text)
        found |= {int(code, 16) for code in ESCAPED.findall(rest)} | {ord(sign) for sign in OWN.findall(rest)}
    return found | {codes[name] for name in named_icons(output) & set(codes)}


def _names(rule: re.Match[str]) -> list[str]:
    return [name[1:].removesuffix(":before") for name in rule[1].split(",") if name]


def cut_rules(output: Path) -> None:
    """Take the rules of icons that no page names out of the theme's styles; the font is cut by what is left.

    Args:
        output: the folder of the built pages.
    """
    names, styles = named_icons(output), output / "_static" / STYLES
    text = styles.read_text(encoding="utf-8")
    styles.write_text(NAMED.sub(lambda rule: rule[0] if names & set(_names(rule)) else "", text), encoding="utf-8")


def cut_font(output: Path) -> None:
    """Put the theme's icon font into a built site, with the icons that it shows.

    Args:
        output: the folder of the built pages.
    """
    (output / "_static" / FONT).write_bytes(cut(WHOLE, used_icons(output), []))
