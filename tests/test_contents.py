"""Every chapter is where a reader looks for it: README, first page, teaching pages."""

from pathlib import Path

import pytest
import yaml

from tools import site
from tools.execute import notebooks

ROOT = Path(__file__).resolve().parents[1]
PAGES = [name for name in site.pages(ROOT) if not name.startswith("chapters/teaching/")]


def test_every_chapter_is_a_page_with_a_page_for_its_teacher() -> None:
    assert [f"chapters/{path.stem}" for path in notebooks()] == [name for name in PAGES if name[9:11].isdigit()]
    taught = [
        name for name in site.pages(ROOT) if name.startswith("chapters/teaching/") and name != "chapters/teaching/syllabus"
    ]
    assert taught == [f"chapters/teaching/{path.stem}" for path in notebooks()], (
        "a line for each in _toc.yml, under Teaching"
    )


def in_part(caption: str) -> list[str]:
    """The pages of a part of _toc.yml."""
    parts = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))["parts"]
    return [row["file"] for part in parts if part["caption"] == caption for row in part["chapters"]]


@pytest.mark.parametrize("page", in_part("Chapters"))
def test_the_first_page_and_the_readme_lead_to_it(page: str) -> None:
    name = Path(page).name
    first = (ROOT / "chapters" / "index.md").read_text(encoding="utf-8")
    assert f"{{doc}}`{name}`" in first or f"<{name}>`" in first, f"chapters/index.md has no link to {name}"
    assert f"]({page}." in (ROOT / "README.md").read_text(encoding="utf-8"), f"README.md has no link to {name}"
