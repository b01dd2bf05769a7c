"""`python -m tools.diagrams` draws the diagrams of the built site that are new, and keeps them in `theme/diagrams`."""

import re
from pathlib import Path

from theme.diagrams import DRAWN, WAITS
from tools.browser import browser_for, serve

ROOT = Path(__file__).resolve().parents[1]
OWN_ID = re.compile(r'^<svg\b[^>]*?\bid="([^"]+)"')
LONG = re.compile(r"(\d\.\d\d)\d+")  # hundredths of a pixel are enough


def tidy(drawing: str, name: str) -> str:
    """Return a drawing whose ids and styles have a name that stays, and whose places are rounded.

    Raises:
        ValueError: if it has no id, as mermaid's drawings do.
    """
    if not (own := OWN_ID.match(drawing)):
        raise ValueError(f"drawing={drawing[:60]!r} is no drawing of mermaid's: it has no id")
    return LONG.sub(r"\1", drawing.replace(own[1], f"diagram-{name}")) + "\n"


def draw(site: Path) -> list[str]:
    """Draw what waits in a site's pages, and return the names of the drawings."""
    drawn: list[str] = []
    with browser_for(site) as browser, serve(site) as address:
        window = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
        for page in sorted(site.glob("chapters/**/*.html")):
            if WAITS not in page.read_text(encoding="utf-8"):
                continue
            window.goto(address + page.relative_to(site).as_posix(), wait_until="networkidle")
            window.wait_for_function("[...document.querySelectorAll('[data-diagram]')].every((d) => d.querySelector('svg'))")
            for diagram in window.locator("[data-diagram]").all():
                name = diagram.get_attribute("data-diagram") or ""
                drawing = diagram.locator("svg").first.evaluate("(svg) => svg.outerHTML")
                (DRAWN / f"{name}.svg").write_text(tidy(drawing, name), encoding="utf-8")
                drawn.append(name)
    return drawn


def forget(site: Path) -> list[str]:
    """Remove the drawings that no page of the site shows, and return their names."""
    shown = " ".join(page.read_text(encoding="utf-8") for page in site.glob("chapters/**/*.html"))
    old = [file for file in DRAWN.glob("*.svg") if f'"{file.stem}"' not in shown and f"diagram-{file.stem}" not in shown]
    for file in old:
        file.unlink()
    return [file.stem for file in old]


if __name__ == "__main__":
    built = ROOT / "_build" / "html"
    DRAWN.mkdir(exist_ok=True)
    print(f"drawn: {len(draw(built))}, removed: {len(forget(built))}; they are in {DRAWN.relative_to(ROOT)}")
