"""Fonts cut down to the characters that the site shows: every page would fetch the rest for nothing."""

import io
import re
from collections.abc import Iterable
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

from helpers import assets

BURMESE = "noto-sans-myanmar-myanmar-400-normal.woff2"
WRITTEN = frozenset(range(0x1000, 0x1050))  # what Burmese is written with, which readers may type into a playground
OTHERS = re.compile("[\u1050-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f]")  # of other languages that share its script
AROUND = frozenset({0x20, 0xA0, 0x200B, 0x200C, 0x200D, 0x25CC})  # spaces, joiners, and the circle that carries a mark


def cut(font: Path, codes: Iterable[int], features: list[str]) -> bytes:
    """A font with some of its characters, as WOFF2.

    Args:
        font: the whole font.
        codes: code points that stay; those that the font lacks are passed over.
        features: tags of the layout features that stay; ["*"] keeps all.
    """
    whole = TTFont(font, recalcTimestamp=False)
    options = subset.Options(flavor="woff2", layout_features=features, name_IDs=[1, 2, 4, 6], notdef_outline=True)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=codes)
    cutter.subset(whole)
    packed = io.BytesIO()
    whole.flavor = "woff2"
    whole.save(packed)
    return packed.getvalue()


def cut_burmese(output: Path) -> None:
    """Put the Burmese font into a built site, with what Burmese is written with and what else of its script pages show.

    Args:
        output: the folder of the built pages.
    """
    pages = (page.read_text(encoding="utf-8", errors="replace") for page in output.rglob("*.html"))
    shown = {ord(sign) for page in pages for sign in OTHERS.findall(page)}
    whole = assets.path("burmese-font") / BURMESE
    (output / "_static" / "fonts" / BURMESE).write_bytes(cut(whole, WRITTEN | AROUND | shown, ["*"]))
