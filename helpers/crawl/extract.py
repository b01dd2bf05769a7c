"""The text of a record: its bytes read in the right charset, its page without menus and scripts; or why there is none."""

import re
from dataclasses import dataclass

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.encoding import detect_encoding, detect_mime, map_encoding_to_html5

from helpers.crawl.read import Record
from helpers.languages import REPLACEMENT

NO_PAGE, BAD_STATUS, NOT_HTML, BINARY, NO_TEXT = "not a page", "status not 200", "not HTML", "binary", "no text"
UNREADABLE = "wrong charset"
HTML_TYPES = ("text/html", "application/xhtml+xml", "text/plain", "")
BINARY_TYPES = ("image/", "audio/", "video/", "application/pdf", "application/zip", "application/gzip", "application/x-")
MARKS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\x1b"))
SAMPLE = 4096  # bytes that tell text from what is none
MAX_UNREADABLE = 0.005  # of a text's characters; beyond it, one word in forty or more is broken


@dataclass(frozen=True)
class Extracted:
    """A record's text and the charset it was read in, or the reason why there is none; `repaired` if what was declared was
    wrong."""

    text: str
    reason: str = ""
    charset: str = ""
    repaired: bool = False


def extract(record: Record) -> Extracted:
    """The main text of a page that a server answered with (WARC), or the text that a crawler extracted from it (WET).

    resiliparse finds the text, and takes bytes that are no text for some: these are turned away before.

    Args:
        record: any; one without a page, such as a request, has no text.
    """
    if record.kind not in ("response", "conversion"):
        return Extracted("", NO_PAGE)
    if record.kind == "conversion":
        text, charset, repaired = repair(record.body, "utf-8")
        return Extracted(text, "" if text.strip() else NO_TEXT, charset, repaired)
    if record.status != 200:
        return Extracted("", BAD_STATUS)
    if record.content_type.lower() not in HTML_TYPES:
        return Extracted("", NOT_HTML)
    if not record.body.strip():
        return Extracted("", NO_TEXT)
    if is_binary(record.body):
        return Extracted("", BINARY)
    page, charset, repaired = repair(record.body, record.charset or declared_in(record.body))
    text = (
        page if record.content_type.lower() == "text/plain" else extract_plain_text(page, main_content=True, alt_texts=False)
    )
    return Extracted(text, "" if text.strip() else NO_TEXT, charset, repaired)


def repair(body: bytes, declared: str = "") -> tuple[str, str, bool]:
    """Bytes as text, in the charset that they are in, whatever they are said to be in.

    A byte order mark decides. Else bytes beyond ASCII that are valid UTF-8 are UTF-8, as such are hardly ever anything else.
    Else the declared charset holds, if it can read them all; else the one that uchardet finds. What no charset could read
    is U+FFFD. Text that was read as Latin-1 before and then written as UTF-8 ("CafÃ©") is put right.

    Args:
        body: a page or a text.
        declared: the name of a charset, or "".

    Returns:
        The text, the charset, and whether that is another than was declared.
    """
    for mark, charset in MARKS.items():
        if body.startswith(mark):
            return body[len(mark) :].decode(charset, "replace"), charset, False
    declared = _known(declared)
    text = _decoded(body, "utf-8")
    if text is not None:
        before = _written_twice(text)
        if before:
            return before, "utf-8", True
        return text, "utf-8", bool(declared) and declared != "utf-8" and not text.isascii()
    if declared not in ("", "utf-8") and (text := _decoded(body, declared)) is not None:
        return text, declared, False
    found = detect_encoding(body) or "utf-8"
    return body.decode(found, "replace"), found, declared != found


def is_unreadable(text: str) -> bool:
    """Was a text read in a wrong charset, so that too much of it is U+FFFD?"""
    return text.count(REPLACEMENT) > MAX_UNREADABLE * len(text)


def is_binary(body: bytes) -> bool:
    """Are bytes a picture, a document, an archive or noise? By how they begin, and by the control characters in them."""
    if body.startswith(tuple(MARKS)):
        return False
    head = body[:SAMPLE]
    if len(head) - len(head.translate(None, CONTROLS)) > 0.02 * len(head):
        return True
    return detect_mime(head).startswith(BINARY_TYPES)


def declared_in(body: bytes) -> str:
    """The charset that a page names in its `<meta>` tag, or ""."""
    found = META.search(body[:SAMPLE])
    return found[1].decode("ascii") if found else ""


def _known(charset: str) -> str:
    """A charset as Python calls it and as browsers understand it ("iso-8859-1" is windows-1252), or "" if there is none."""
    try:
        return map_encoding_to_html5(charset, fallback_utf8=False) or "" if charset else ""
    except (LookupError, ValueError):
        return ""


def _decoded(body: bytes, charset: str) -> str | None:
    try:
        return body.decode(charset)
    except (UnicodeDecodeError, LookupError):
        return None


def _written_twice(text: str) -> str | None:
    """What a text was before its UTF-8 was taken for Latin-1, if it was: no other text is UTF-8 when written as Latin-1."""
    if text.isascii():
        return None
    for charset in ("cp1252", "latin-1"):
        try:
            return text.encode(charset).decode("utf-8")
        except UnicodeError:
            continue
    return None
