"""The icon font, cut down to the icons that the site shows: a few kilobytes of what every page would fetch else."""

import io
import re
from pathlib import Path

import pydata_sphinx_theme
from fontTools import subset
from fontTools.ttLib import TTFont

FONT = Path("vendor/fontawesome/webfonts/fa-solid-900.woff2")
WHOLE = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static" / FONT
NAMED = re.compile(r'((?:\.fa-[\w-]+:before,?)+)\{content:"(?:\\([0-9a-f]{4})|([^"\\]))"\}')  # a rule for names of an icon
NAME = re.compile(r"\bfa-[a-z0-9-]+")
ESCAPED = re.compile(r"\\([ef][0-9a-f]{3})\b")
OWN = re.compile("[\ue000-\uf8ff]")  # characters that only a font gives a shape


def used_icons(output: Path) -> set[int]:
    """Code points of the icons that pages, scripts or styles of a built site name; fontawesome's own files do not count.

    Args:
        output: the folder of the built pages.
    """
    codes: dict[str, int] = {}
    names, found = set(), set()
    for file in [*output.rglob("*.html"), *output.rglob("*.css"), *output.rglob("*.js")]:
        if "fontawesome" in file.as_posix() or file.name == "searchindex.js":
            continue
        text = file.read_text(encoding="utf-8", errors="replace")
        if file.suffix != ".css":
            names |= set(NAME.findall(text))
            continue
        for rule in NAMED.finditer(text):
            code = int(rule[2], 16) if rule[2] else ord(rule[3])
            codes |= {name[1:].removesuffix(":before"): code for name in rule[1].split(",") if name}
        rest = NAMED.sub("", text)
        found |= {int(code, 16) for code in ESCAPED.findall(rest)} | {ord(sign) for sign in OWN.findall(rest)}
    return found | {codes[name] for name in names & set(codes)}


def cut_font(output: Path) -> None:
    """Put the theme's icon font into a built site, with the icons that it shows.

    Args:
        output: the folder of the built pages.
    """
    font = TTFont(WHOLE, recalcTimestamp=False)
    options = subset.Options(flavor="woff2", layout_features=[], name_IDs=[1, 2, 4, 6], notdef_outline=True)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=used_icons(output))
    cutter.subset(font)
    cut = io.BytesIO()
    font.flavor = "woff2"
    font.save(cut)
    (output / "_static" / FONT).write_bytes(cut.getvalue())
