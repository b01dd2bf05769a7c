"""The PDF holds every page of the site in order, and its links, folds and diagrams are whole."""

import pytest
from lxml import html
from pypdf import PdfReader

from tools import pdf, site
from tools.execute import ROOT

PAGE = """<html><head><link rel="stylesheet" href="../_static/a.css"><script src="../_static/menu.js"></script></head>
<body><nav>menu</nav>
<article class="bd-article"><h1>{title}</h1>{body}</article></body></html>"""


@pytest.fixture
def small(tmp_path):
    """A site of two pages."""
    (tmp_path / "chapters").mkdir()
    one = """<p id="here">A <a href="two.html#there">link</a>, <a href="#here">one</a>, <a href="../genindex.html">none</a>,
    <a href="https://example.org/x">far</a><a class="headerlink" href="#here">#</a></p>
    <details><summary>More</summary>x</details>
    <svg><g id="drawn"></g></svg><div class="playground wide">sliders</div>"""
    two = '<p id="here" aria-labelledby="there">Two</p><p id="there">There, <a href="one.html">back</a></p>'
    for name, body in (("one", one), ("two", two)):
        (tmp_path / "chapters" / f"{name}.html").write_text(PAGE.format(title=f"Page {name} &lt;", body=body))
    return tmp_path


def test_pages_become_one_with_links_within(small):
    whole = pdf.assemble(small, ["chapters/one", "chapters/two"])
    page = html.fromstring(whole)
    assert page.xpath("//article/@id") == ["chapters-one", "chapters-two"]
    assert page.xpath("//nav//a/@href") == ["#chapters-one", "#chapters-two"]
    links = page.xpath("//article//a/@href")
    assert links == ["#chapters-two--there", "#chapters-one--here", "https://example.org/x", "#chapters-one"]
    assert pdf.broken(whole) == []
    assert page.xpath("//*[@aria-labelledby]/@aria-labelledby") == ["chapters-two--there"]


def test_what_is_for_the_screen_stays_there_and_folds_are_open(small):
    page = html.fromstring(pdf.assemble(small, ["chapters/one", "chapters/two"]))
    assert page.xpath("//details/@open") == [""]
    assert page.xpath("//svg/g/@id") == ["drawn"], "figures refer to their own parts"
    assert "sliders" not in page.text_content() and "menu" not in page.text_content()
    assert len(page.xpath("//link")) == 1 and not page.xpath("//script")


def test_a_link_that_leads_nowhere_is_found(small):
    page = small / "chapters" / "two.html"
    page.write_text(page.read_text().replace("one.html", "one.html#gone"))
    whole = pdf.assemble(small, ["chapters/one", "chapters/two"])
    assert pdf.broken(whole) == ["#chapters-one--gone"]
    with pytest.raises(ValueError, match="1 links of the PDF lead nowhere, the first to #chapters-one--gone"):
        pdf.print_site(None, small, ["chapters/one", "chapters/two"], small / "a.pdf")


def test_a_page_that_is_not_there_is_an_error(small):
    with pytest.raises(FileNotFoundError, match="three.html"):
        pdf.assemble(small, ["chapters/three"])


@pytest.mark.long
def test_the_book_is_printed_whole(browser, tmp_path):
    names = site.pages(ROOT)
    built = site.build_site(ROOT).parent
    book = PdfReader(pdf.print_site(browser, built, names, tmp_path / "book.pdf"))
    text = "".join("".join(page.extract_text().split()) for page in book.pages)
    titles = [html.fromstring((built / f"{name}.html").read_bytes()).xpath("string(//article//h1)") for name in names]
    places = [text.rfind("".join(title.split()).rstrip("#")) for title in titles]
    assert all(place >= 0 for place in places)
    assert "Datacollectionandcuration" in text, "the diagram of the first page is drawn"
    links = [a.get_object() for page in book.pages for a in page.get("/Annots") or []]
    inner = [link for link in links if "/Dest" in link]
    assert len(inner) > 300 and all(link["/Dest"] in book.named_destinations for link in inner)
    assert len(book.outline) > len(names)
