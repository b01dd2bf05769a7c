"""Web pages around a text: five layouts with menus, banners, scripts, related links and footers, as crawlers meet them."""

from dataclasses import dataclass
from datetime import date
from html import escape
from html.entities import codepoint2name
from random import Random

from helpers.crawl.texts import join, tag_of


@dataclass(frozen=True)
class Page:
    """What a page says and how it looks.

    `source` names its text, `sentences` are its content, `menu` and `related` words and titles around it, `layout` is one of
    `LAYOUTS`, and `entities` says whether letters beyond ASCII are written as HTML entities ("&eacute;").
    """

    url: str
    source: str
    title: str
    sentences: tuple[str, ...]
    menu: tuple[str, ...]
    related: tuple[str, ...]
    day: date
    layout: str
    entities: bool = False

    @property
    def paragraphs(self) -> list[str]:
        """The sentences, three to a paragraph."""
        return [join(self.sentences[i : i + 3], self.source) for i in range(0, len(self.sentences), 3)]

    @property
    def text(self) -> str:
        """What a perfect extractor would find: the title and the paragraphs, one a line."""
        return "\n".join([self.title, *self.paragraphs])


@dataclass(frozen=True)
class Layout:
    """A `<body>` and, within it, one paragraph, both templates of `str.format`."""

    body: str
    paragraph: str = "<p>{text}</p>\n"


COOKIES = """<div id="cookie-banner" class="cookie-consent" role="dialog"><p>We use cookies to improve your experience.
By using this site you agree to our cookie policy.</p><button>Accept all</button><button>Settings</button></div>"""
SCRIPT = """<script>window.dataLayer=window.dataLayer||[];function track(){dataLayer.push(arguments)}track("js",new Date());
if(document.cookie.indexOf("consent=1")<0){document.documentElement.className+=" no-consent"}</script>"""
STYLE = """<style>body{font:16px/1.5 sans-serif;margin:0}nav a{margin-right:1em}.related li{list-style:none}
.cookie-consent{position:fixed;bottom:0;background:#eee}@media(max-width:600px){aside{display:none}}</style>"""
FOOTER = "<footer><p>&copy; 2025 {host}. All rights reserved.</p><p><a href='/privacy'>Privacy</a> | {links}</p></footer>"

LAYOUTS = {
    "blog": Layout(
        """<header><nav class="menu">{nav}</nav></header><main><article class="post"><h1>{title}</h1>
<p class="meta">Posted on {day} by admin &bull; <a href="#comments">{number} comments</a></p>
{text}</article></main><aside class="sidebar"><form><input type="email"><button>Subscribe</button></form>
<ul class="related">{related}</ul></aside>"""
    ),
    "shop": Layout(
        """<header><nav class="breadcrumbs">{nav}</nav><a class="cart" href="/cart">Cart (0)</a></header>
<main><h1>{title}</h1><div class="price">{price} &euro;</div><button class="buy">Add to cart</button>
<p class="sku">SKU {number}-{price}</p>
<div class="product-description">{text}</div></main><div class="related"><ul>{related}</ul></div>"""
    ),
    "forum": Layout(
        """<header><nav>{nav}</nav><a href="/login">Log in</a> <a href="/register">Register</a></header>
<main><h1>{title}</h1>{text}</main><div class="pagination"><a>1</a> <a>2</a> <a>3</a> <a>Next &raquo;</a></div>
<ul class="related">{related}</ul>""",
        """<div class="post"><div class="author">user{number} &middot; {day}</div><div class="message"><p>{text}</p></div>
<div class="actions"><a href="#quote">Quote</a> <a href="#report">Report</a></div></div>\n""",
    ),
    "news": Layout(
        """<div class="top-bar"><nav>{nav}</nav></div><div class="trending"><ul>{related}</ul></div><article><h1>{title}</h1>
<time datetime="{day}">{day}</time><div class="share"><a>Share</a> <a>Tweet</a> <a>E-mail</a></div>
<div class="ad">Advertisement</div>{text}</article><section class="newsletter"><h3>Newsletter</h3></section>"""
    ),
    "wiki": Layout(
        """<div id="sidebar" class="navigation"><ul>{related}</ul></div><div id="content"><h1>{title}</h1>
<div id="toc" class="toc">{nav}</div><table class="infobox"><tr><th>ID</th><td>{number}</td></tr></table>{text}</div>
<div id="catlinks" class="categories">{nav}</div><p class="lastmod">This page was last edited on {day}.</p>"""
    ),
}

NAMED = {code: f"&{name};" for code, name in codepoint2name.items() if code > 126}


def render(page: Page, charset_tag: str, rng: Random) -> str:
    """The HTML of a page.

    Args:
        page: what it says.
        charset_tag: the charset for its `<meta>` tag, or "" for none.
        rng: for what is of no weight, such as prices and numbers.
    """
    layout, host = LAYOUTS[page.layout], page.url.split("/")[2]
    around = {"day": page.day.isoformat(), "number": rng.randint(100, 9999), "price": f"{rng.randint(100, 99999) / 100:.2f}"}
    text = "".join(layout.paragraph.format(text=escape(p, quote=False), **around) for p in page.paragraphs)
    body = layout.body.format(
        title=escape(page.title), text=text, nav=_links(page.menu), related=_list(page.related), **around
    )
    body = COOKIES + body if rng.random() < 0.5 else body + COOKIES
    body += FOOTER.format(host=host, links=_links(page.menu[:3]))
    if page.entities:
        body = body.translate(NAMED)
    meta = f'<meta charset="{charset_tag}">' if charset_tag else ""
    head = f"<head>{meta}<title>{escape(page.title)} | {host}</title>{STYLE}{SCRIPT}</head>"
    tag, direction = tag_of(page.source)
    return f'<!DOCTYPE html>\n<html lang="{tag}" dir="{direction}">{head}\n<body>{body}</body></html>\n'


def plain(title: str, lines: list[str]) -> str:
    """The HTML of a page without menus: an error, or a table of numbers."""
    return f"<html><head><title>{escape(title)}</title></head><body>{'<br>'.join(map(escape, lines))}</body></html>\n"


def _links(names: tuple[str, ...]) -> str:
    return " ".join(f'<a href="/{i}">{escape(name)}</a>' for i, name in enumerate(names))


def _list(names: tuple[str, ...]) -> str:
    return "".join(f'<li><a href="/r/{i}">{escape(name)}</a></li>' for i, name in enumerate(names))
