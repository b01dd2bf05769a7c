"""The pages of the site for teachers: the syllabus and a guide to each chapter, made when the site is staged."""

import re
from collections.abc import Collection
from pathlib import Path

from tools.execute import recorded
from tools.teach.guide import chapter_page, syllabus

FOLDER = "chapters/teaching"


def staged(root: Path, names: Collection[str]) -> dict[str, Path]:
    """Write the pages for teachers of a checkout below its `_build`.

    Args:
        root: the checkout; one without `teaching/` has no such pages.
        names: the pages of `_toc.yml`, as `tools.site.pages` gives them; a chapter that is not among them is left out.

    Returns:
        path in the staged tree -> file, as `tools.site.sources` has them.
    """
    if not (root / "teaching").is_dir():
        return {}
    chapters = [path for path in sorted((root / "chapters").glob("*.ipynb")) if f"chapters/{path.stem}" in names]
    runs = {path.stem: recorded(root / "_build" / "executed" / path.name) for path in chapters}
    texts = {"syllabus": syllabus(chapters, runs)} | {path.stem: chapter_page(path, runs[path.stem]) for path in chapters}
    folder, files = root / "_build" / "teach-pages", {}
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        file = folder / f"{name}.md"
        file.write_text(moved(text), encoding="utf-8")
        files[f"{FOLDER}/{name}.md"] = file
    return files


def moved(text: str) -> str:
    """MyST that was written for a page of `chapters`, for one a folder deeper: its links lead one up."""
    return re.sub(r"(\{doc\}`(?:[^`<]*<)?)(?=[\w.])", r"\1../", text)
