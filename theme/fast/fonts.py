"""Fonts cut down to the characters that the site shows: every page would fetch the rest for nothing."""

import io
import re
from collections.abc import Iterable
from pathlib import Path

import pydata_sphinx_theme
from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

from helpers import assets

BURMESE = "noto-sans-myanmar-myanmar-400-normal.woff2"
WRITTEN = frozenset(range(0x1000, 0x1050))  # what Burmese is written with, which readers may type into a playground
OTHERS = re.compile("[\u1050-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f]")  # of other languages that share its script
AROUND = frozenset({0x20, 0xA0, 0x200B, 0x200C, 0x200D, 0x25CC})  # spaces, joiners, and the circle that carries a mark
WEIGHTS = (400, 700)  # regular to bold
ICONS = Path("vendor/fontawesome/webfonts/fa-solid-900.woff2")
STYLES = Path("styles/pydata-sphinx-theme.css")
WHOLE = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static" / ICONS
RULE = re.compile(r'((?:\.fa-[\w-]+:before,?)+)\{content:"(?:\\([0-9a-f]{4})|([^"\\]))"\}')  # of an icon, by its names
NAME = re.compile(r"\bfa-[a-z0-9-]+")
ESCAPED = re.compile(r"\\([ef][0-9a-f]{3})\b")
OWN = re.compile("[\ue000-\uf8ff]")  # characters that only a font gives a shape


def cut_burmese(site: Path) -> None:
    """Put the Burmese font into a built site, with what Burmese is written with and what else of its script pages show."""
    shown = {ord(sign) for page in _read(site, "*.html") for sign in OTHERS.findall(page)}
    whole = assets.path("burmese-font") / BURMESE
    (site / "_static" / "fonts" / BURMESE).write_bytes(_cut(whole, WRITTEN | AROUND | shown, ["*"]))


def cut_icons(site: Path) -> None:
    """Take the icons that no page or script names out of the theme's styles, and out of its font."""
    names = {name for text in [*_read(site, "*.html"), *_read(site, "*.js")] for name in NAME.findall(text)}
    styles = site / "_static" / STYLES
    text = styles.read_text(encoding="utf-8")
    styles.write_text(RULE.sub(lambda rule: rule[0] if names & set(NAME.findall(rule[1])) else "", text), encoding="utf-8")
    (site / "_static" / ICONS).write_bytes(_cut(WHOLE, shown_icons(site), []))


def cut_weights(site: Path) -> None:
    """Take the weights that no style asks for, thinner than regular or blacker than bold, out of the Latin text fonts."""
    for file in sorted((site / "_static" / "fonts").glob("*-latin-wght-*.woff2")):
        font = instancer.instantiateVariableFont(TTFont(file, recalcTimestamp=False), {"wght": WEIGHTS})
        font.flavor = "woff2"
        font.save(file)


def shown_icons(site: Path) -> set[int]:
    """Return the code points of the icons for which the styles of a site have a rule."""
    style = "".join(_read(site, "*.css"))
    rules = RULE.findall(style)
    rest = RULE.sub("", style)
    return (
        {int(code, 16) if code else ord(sign) for _, code, sign in rules}
        | {int(code, 16) for code in ESCAPED.findall(rest)}
        | {ord(sign) for sign in OWN.findall(rest)}
    )


def _read(site: Path, pattern: str) -> list[str]:
    """Return the texts of files of a site, without fontawesome's own and the index of the search."""
    files = [file for file in sorted(site.rglob(pattern)) if file.name != "searchindex.js"]
    return [file.read_text("utf-8", errors="replace") for file in files if "fontawesome" not in file.as_posix()]


def _cut(font: Path, codes: Iterable[int], features: list[str]) -> bytes:
    """Return a font with some of its characters, as WOFF2; layout features that are not named leave it, ["*"] keeps all."""
    whole = TTFont(font, recalcTimestamp=False)
    options = subset.Options(flavor="woff2", layout_features=features, name_IDs=[1, 2, 4, 6], notdef_outline=True)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=codes)
    cutter.subset(whole)
    packed = io.BytesIO()
    whole.flavor = "woff2"
    whole.save(packed)
    return packed.getvalue()
