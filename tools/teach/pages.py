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
        names: the pages of `_toc.yml`, as `tools.site.pages` gives them; what is not among them is left out.

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
        if f"{FOLDER}/{name}" in names:
            file = folder / f"{name}.md"
            file.write_text(guided(moved(text), names), encoding="utf-8")
            files[f"{FOLDER}/{name}.md"] = file
    return files


def moved(text: str) -> str:
    """MyST that was written for a page of `chapters`, for one a folder deeper: its links lead one up."""
    return re.sub(r"(\{doc\}`(?:[^`<]*<)?)(?=[\w.])", r"\1../", text)


def guided(text: str, names: Collection[str]) -> str:
    """Beside each link to a chapter that stands alone in its paragraph, as below its heading, a link to its guide."""

    def both(link: re.Match) -> str:
        guide = f", and {{doc}}`how to teach it <{link[2]}>`" if f"{FOLDER}/{link[2]}" in names else ""
        return f"{link[1]}{guide}"

    return re.sub(r"^(\{doc\}`\.\./(\w+)`)$", both, text, flags=re.MULTILINE)
