"""The Content-Security-Policy of each page, as a meta tag: what it may run and load.

Scripts are those of the site's own files, and the few that the theme writes into the page, each named by the digest of its
words: anything else that gets into a page does not run. Styles may stand in the page, as figures, formulas and mermaid
put thousands of style attributes there; a style can't run code or, under this policy, reach another host.
"""

import base64
import hashlib
import re
from pathlib import Path

INLINE = re.compile(r"<script\b(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)
EARLY = r'<meta charset="[^"]*"\s*/?>|<link rel="preload"[^>]*>|<script defer src="[^"]*"></script>'
HEAD = re.compile(rf"<head\b[^>]*>(?:\s*(?:{EARLY}))*", re.IGNORECASE)
RULES = {
    "default-src": "'none'", "script-src": "'self'", "style-src": "'self' 'unsafe-inline'", "img-src": "'self' data:",
    "font-src": "'self' data:", "connect-src": "'self'", "worker-src": "'self'", "form-action": "'self'",
    "base-uri": "'none'",
}  # fmt: skip
ENGINE = 'id="model-playground"'  # the page that runs a model: WebAssembly, in a worker that llama.cpp makes of its own code


def seal(site: Path) -> None:
    """Put its policy into each page of a site, as the last change that is made to it.

    Args:
        site: the folder of the built pages.

    Raises:
        ValueError: if a page has no head.
    """
    for page in site.rglob("*.html"):
        if site / "_static" not in page.parents:  # where the theme has pieces of pages
            page.write_text(sealed(page.read_text(encoding="utf-8")), encoding="utf-8")


def sealed(text: str) -> str:
    """Return a page with its policy at the top of its head, after what is to be fetched at once.

    Where Chromium meets a policy, it no longer looks ahead for files to fetch.

    Raises:
        ValueError: if the page has no head.
    """
    if not (head := HEAD.search(text)):
        raise ValueError("the page has no <head>, so no policy can be put there")
    meta = f'\n    <meta http-equiv="Content-Security-Policy" content="{policy(text)}">'
    return text[: head.end()] + meta + text[head.end() :]


def policy(text: str) -> str:
    """Return the policy for a page, which allows the scripts that stand in it and no other, but for a model's engine."""
    digests = dict.fromkeys(hashlib.sha256(script.encode()).digest() for script in INLINE.findall(text))
    more = {"script-src": "".join(f" 'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)}
    if ENGINE in text:
        more = {"script-src": more["script-src"] + " 'wasm-unsafe-eval' blob:", "worker-src": " blob:"}
    return "; ".join(f"{name} {value}{more.get(name, '')}" for name, value in RULES.items())
