"""`python -m tools.screenshot` takes the README's picture of the built site: `theme/screenshot.png`, at most 300 kB."""

import sys
from pathlib import Path

from tools.browser import browser_for, serve

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "theme" / "screenshot.png"
PAGE = "chapters/03_multilingual_tokens.html"
MOST_BYTES = 300_000


def take(site: Path, page: str, picture: Path) -> int:
    """Photograph a page from just above its first figure, at 1280 × 860, and return the size of the file in bytes."""
    with browser_for(site) as browser, serve(site) as address:
        window = browser.new_page(viewport={"width": 1280, "height": 860}, color_scheme="light")
        window.goto(address + page, wait_until="networkidle")
        window.evaluate(
            """() => {
                 const found = document.querySelector("figure.plot") || document.querySelector("div.claim");
                 if (found) scrollTo(0, found.getBoundingClientRect().top + scrollY - 110);
               }"""
        )
        window.wait_for_timeout(300)
        window.screenshot(path=picture)
    return picture.stat().st_size


if __name__ == "__main__":
    size = take(ROOT / "_build" / "html", PAGE, PICTURE)
    print(f"{PICTURE.relative_to(ROOT)}: {size / 1000:.0f} kB")
    if size > MOST_BYTES:
        sys.exit(f"error: that is more than {MOST_BYTES / 1000:.0f} kB")
