"""`python -m tools.screenshot` takes the README's picture of the built site: `theme/screenshot.png`, at most 300 kB."""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tools.browser import find_chromium, serve

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "theme" / "screenshot.png"
PAGE = "chapters/03_multilingual_tokens.html"
MOST_BYTES = 300_000


def take(site: Path, page: str, picture: Path) -> int:
    """Photograph a page from just above its first figure, at 1280 × 860; gives the size of the file in bytes."""
    with serve(site) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
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
        browser.close()
    return picture.stat().st_size


def main() -> int:
    """Take the picture; fail if the page is not there or the picture is too large."""
    site = ROOT / "_build" / "html"
    if not (site / PAGE).exists():
        print(f"error: {site / PAGE} is not there; run `make book` first", file=sys.stderr)
        return 1
    if not find_chromium():
        print("error: no Chromium or Chrome was found; install one, or set CHROMIUM to its path", file=sys.stderr)
        return 1
    size = take(site, PAGE, PICTURE)
    print(f"{PICTURE.relative_to(ROOT)}: {size / 1000:.0f} kB")
    if size > MOST_BYTES:
        print(f"error: that is more than {MOST_BYTES / 1000:.0f} kB", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
