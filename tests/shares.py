"""`python -m tests.shares`: how much of each chapter's page is text, code, figures and findings, by height at 1280 px."""

import sys
from pathlib import Path

from tools.browser import find_chromium, serve

SITE = Path(__file__).resolve().parents[1] / "_build" / "html"
KINDS = {  # the first kind that an element matches takes its whole box
    "findings": "div.claim, ul.chapter-claims",
    "code": "div.cell_input, details.hide, div.highlight",
    "figures": "figure, .mermaid",
    "tables": ".table-scroll, table",
    "outputs": "div.cell_output pre, div.check",
    "text": "p, ul, ol, dl, h1, h2, h3, h4, details.sd-dropdown, .admonition-title, blockquote, mjx-container, .math",
}
MEASURE = """(kinds) => {
  const heights = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, 0]));
  const walk = (box) => {
    for (const child of box.children) {
      const height = child.getBoundingClientRect().height;
      if (!height) continue;
      const kind = Object.keys(kinds).find((kind) => child.matches(kinds[kind]));
      if (kind) heights[kind] += height; else walk(child);
    }
  };
  const article = document.querySelector("article");
  walk(article);
  return [article.getBoundingClientRect().height, heights];
}"""


def shares(site: Path) -> dict[str, dict[str, float]]:
    """Return for each chapter its height in px, the percentage of that between the boxes, and each kind's of the boxes."""
    from playwright.sync_api import sync_playwright

    found = {}
    with serve(site) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        for file in sorted((site / "chapters").glob("[0-9][0-9]_*.html")):
            page.goto(f"{address}chapters/{file.name}")
            page.evaluate("dispatchEvent(new KeyboardEvent('keydown', { key: 'Tab' }))")  # what is far is laid out too
            page.wait_for_timeout(500)
            height, heights = page.evaluate(MEASURE, KINDS)
            boxes = sum(heights.values())
            found[file.stem] = {"height": height, "space": 100 * (1 - boxes / height)}
            found[file.stem] |= {kind: 100 * part / boxes for kind, part in heights.items()}
        browser.close()
    return found


def main() -> int:
    """Print the shares as a table."""
    if not find_chromium():
        sys.exit("error: Chromium or Chrome is needed; install it, or set CHROMIUM to its path")
    print(f"{'chapter':28}{'px':>8}" + "".join(f"{kind:>10}" for kind in ("space", *KINDS)))
    for name, parts in shares(SITE).items():
        print(f"{name:28}{parts['height']:8.0f}" + "".join(f"{parts[kind]:9.1f}%" for kind in ("space", *KINDS)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
