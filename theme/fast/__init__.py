"""What makes the pages light: one step after the build, over a copy of the site that Sphinx wrote.

A chapter of stock Jupyter Book takes 32 requests, four of them to other hosts, and 1.2 MB, packed. With fast 3G and a
processor slowed four times, a reader can use it after 8.5 seconds. After this step it takes 8 or 9 requests, 170 to 280 kB,
and can be used after about 2 seconds (`benchmarks/results.md`, "Page"; `make bench` measures it). What each module saves:

- `bundles`: the styles and scripts that all pages share are one file each, so that a slow line pays for two requests, and
  both are asked for before the policy, so that the text shows some tenths of a second sooner; a page that runs in the
  browser asks for its modules and data at once, not one after another, and is ready half a second sooner;
- `formulas`: MathJax sets formulas here, in Node, and not in the reader's browser: 165 kB of scripts, packed, and its fonts;
- `styles`: rules for classes that no page has leave the styles: 33 of 75 kB stay, packed;
- `fonts`: the icon font keeps the icons that are shown, 1 of its 118 kB, the Burmese font the letters of Burmese, and the
  text font the weights from regular to bold, 35 of 51 kB a style;
- `pages`: scripts that a page does not use leave it (fontawesome's alone has 527 kB); code has no elements without a colour;
  figures have two decimals, and no names that nothing calls; and each box says its size, so that a browser lays it out
  only when it comes near the window.

None of it changes what a page says or how it looks. The rest of `theme` does not know of it.
"""

from pathlib import Path

from theme.fast import bundles, fonts, formulas, pages, styles


def make_light(site: Path) -> None:
    """Rewrite a built site in place; it must be as Sphinx left it.

    Args:
        site: the folder of the built pages.

    Raises:
        FileNotFoundError: if a file that every page loads is not there.
        formulas.FormulaError: if MathJax can't read a formula; the message names its page.
    """
    static = site / "_static"
    files = [page for page in sorted(site.rglob("*.html")) if static not in page.parents]  # the theme has pieces there
    fonts.cut_icons(site)
    fonts.cut_burmese(site)
    fonts.cut_weights(site)
    dull = pages.dull_words((static / "pygments.css").read_text(encoding="utf-8"))
    links = bundles.write(static, styles.words_of(site))
    for file in files:
        try:
            text = formulas.set_page(file.read_text(encoding="utf-8"))
        except formulas.FormulaError as error:
            raise formulas.FormulaError(f"{file.relative_to(site).as_posix()}: {error}") from None
        file.write_text(bundles.link(pages.lighten(text, dull), links), encoding="utf-8")
    formulas.stop()
