"""`python -m tools.pdf` prints the built site as one PDF: the pages in the order of the contents, links, figures, outline.

The pages of the site become one page, whose links lead within it; Chromium prints that. Nothing is executed here.
"""

import html as markup
import shutil
from datetime import date
from pathlib import Path
from urllib.parse import unquote, urljoin, urlparse

from lxml import etree, html
from playwright.sync_api import Browser, PdfMargins

from tools.browser import browser_for, serve
from tools.site import pages

ROOT = Path(__file__).resolve().parents[1]
PDF = ROOT / "_build" / "understanding-foundation-models.pdf"
LINKED = ("aria-controls", "aria-describedby", "aria-labelledby", "for", "headers")  # attributes that name ids
SCREEN_ONLY = ".//a[contains(@class, 'headerlink')] | .//*[contains(@class, 'ledger-filter')] | .//button"
PLAYGROUND = ".//*[contains(concat(' ', @class, ' '), ' playground ')]"
FOOT = '<div style="width:100%;text-align:center;font-size:8px"><span class="pageNumber"></span></div>'
MARGIN: PdfMargins = {"top": "20mm", "bottom": "20mm", "left": "18mm", "right": "18mm"}
SHEET = """<!DOCTYPE html>
<html lang="en" data-theme="light" data-mode="light"><head><meta charset="utf-8"><title>{title}</title>{head}
<style>article.bd-article {{ break-before: page; padding: 0; }} .cover {{ padding-top: 60mm; }}
.bd-container, .bd-main {{ display: block; }} pre, code {{ overflow-wrap: anywhere; }}</style></head>
<body><div class="cover"><h1>{title}</h1><p>{today}</p></div>
<nav class="bd-article" aria-label="Contents"><h2>Contents</h2><ol>{contents}</ol></nav>{articles}</body></html>"""


def assemble(site: Path, names: list[str]) -> str:
    """Return the pages of a built site, by their names without suffix, as one page."""
    trees = {name: html.fromstring((site / f"{name}.html").read_bytes()) for name in names}
    articles = {name: article_of(tree, name, names) for name, tree in trees.items()}
    titles = {name: " ".join(article.xpath("string(.//h1)").split()) for name, article in articles.items()}
    contents = "".join(f'<li><a href="#{slug(name)}">{markup.escape(title)}</a></li>' for name, title in titles.items())
    whole = "".join(html.tostring(article, encoding="unicode") for article in articles.values())
    styles = [style for tree in trees.values() for style in tree.xpath("//link[@rel='stylesheet']")]
    head = "".join(dict.fromkeys(html.tostring(style, encoding="unicode", with_tail=False) for style in styles))
    values = {"head": head, "contents": contents, "articles": whole, "today": date.today().isoformat()}
    return SHEET.format(title=markup.escape(titles[names[0]]), **values)


def article_of(tree: html.HtmlElement, name: str, names: list[str]) -> html.HtmlElement:
    """Return the article of a page, its ids made its own, its links led to where they are now, its folds open."""
    (article,) = tree.xpath("//article")
    for left in article.xpath(SCREEN_ONLY):
        left.drop_tree()
    for box in article.xpath(PLAYGROUND):
        box.getparent().replace(box, html.fromstring("<p><em>This part works in the browser, on the site.</em></p>"))
    for element in article.iter(etree.Element):
        if element.get("id") and not element.xpath("ancestor-or-self::*[local-name()='svg']"):
            element.set("id", f"{slug(name)}--{element.get('id')}")
        for attribute in LINKED:
            if element.get(attribute):
                element.set(attribute, " ".join(f"{slug(name)}--{id}" for id in element.get(attribute).split()))
        if element.tag == "a" and element.get("href"):
            lead(element, name, names)
        if element.tag == "details":
            element.set("open", "")
    article.set("id", slug(name))
    return article


def lead(link: html.HtmlElement, name: str, names: list[str]) -> None:
    """Make a link between pages one within the page; one to a page that is not printed is none any more."""
    address = urlparse(urljoin(f"http://site/{name}.html", link.get("href")))
    if address.netloc != "site":
        return
    page = unquote(address.path).removeprefix("/").removesuffix(".html")
    if page in names:
        link.set("href", f"#{slug(page)}--{unquote(address.fragment)}" if address.fragment else f"#{slug(page)}")
    else:
        del link.attrib["href"]


def slug(name: str) -> str:
    """Return the id of a page within the whole."""
    return name.replace("/", "-")


def broken(page: str) -> list[str]:
    """Return the links within a page that lead nowhere."""
    tree = html.fromstring(page)
    ids = set(tree.xpath("//@id"))
    return sorted({link for link in tree.xpath("//a/@href") if link.startswith("#") and link[1:] not in ids})


def print_site(browser: Browser, site: Path, names: list[str], pdf: Path) -> Path:
    """Print a site's pages to a file.

    Raises:
        ValueError: if a link within the whole leads nowhere.
    """
    page = assemble(site, names)
    if wrong := broken(page):
        raise ValueError(f"{len(wrong)} links of the PDF lead nowhere, the first to {wrong[0]}")
    stage = pdf.with_suffix(".html.d")
    shutil.rmtree(stage, ignore_errors=True)
    (stage / "chapters").mkdir(parents=True)
    (stage / "_static").symlink_to((site / "_static").resolve(), target_is_directory=True)
    (stage / "chapters" / "book.html").write_text(page, encoding="utf-8")
    with serve(stage) as address:
        window = browser.new_page(color_scheme="light")
        window.goto(f"{address}chapters/book.html", wait_until="networkidle", timeout=120_000)
        window.pdf(
            path=pdf, format="A4", margin=MARGIN, header_template="<span></span>", footer_template=FOOT,
            print_background=True, outline=True, tagged=True, display_header_footer=True,
        )  # fmt: skip
        window.close()
    shutil.rmtree(stage)
    return pdf


if __name__ == "__main__":
    built = ROOT / "_build" / "html"
    with browser_for(built) as chromium:
        made = print_site(chromium, built, pages(ROOT), PDF)
    print(f"{made.relative_to(ROOT)}: {made.stat().st_size / 1e6:.1f} MB")
