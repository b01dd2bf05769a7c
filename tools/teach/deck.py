"""A set of slides as one page for reveal.js, which finds all it loads beside itself."""

import html
import shutil
from pathlib import Path

from helpers import assets
from theme.fast import formulas
from tools.teach.slides import HEIGHT, WIDTH, Slide

HERE = Path(__file__).resolve().parent
THEME = HERE.parents[1] / "theme" / "static"
LOADED = {"reveal": "reveal", "text-font": "fonts", "burmese-font": "fonts"}
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="static/reveal/dist/reset.css">
<link rel="stylesheet" href="static/reveal/dist/reveal.css">
<link rel="stylesheet" href="static/fonts.css">
<link rel="stylesheet" href="static/formulas.css">
<link rel="stylesheet" href="static/slides.css">
</head><body>
<div class="reveal"><div class="slides">
{slides}
</div></div>
<script src="static/reveal/dist/reveal.js"></script>
<script src="static/reveal/plugin/notes/notes.js"></script>
<script src="static/slides.js" data-width="{width}" data-height="{height}"></script>
</body></html>
"""


def page(title: str, slides: list[Slide]) -> str:
    """The page of a chapter's slides."""
    sections = [
        f'<section class="{slide.kind}">{formulas.drawn_marks(slide.body)}'
        + (f'<aside class="notes">{formulas.drawn_marks(slide.notes)}</aside>' if slide.notes else "")
        + "</section>"
        for slide in slides
    ]
    return PAGE.format(title=html.escape(title), slides="\n".join(sections), width=WIDTH, height=HEIGHT)


def copy_static(folder: Path) -> None:
    """Put what the pages load into `folder/static`."""
    static = folder / "static"
    shutil.rmtree(static, ignore_errors=True)
    for name, where in LOADED.items():
        skip = shutil.ignore_patterns(assets.MANIFEST)
        shutil.copytree(assets.path(name), static / where, dirs_exist_ok=True, ignore=skip)
    for file in (THEME / "fonts.css", THEME / "formulas.css", HERE / "slides.css", HERE / "slides.js"):
        shutil.copy(file, static / file.name)
