"""The Content-Security-Policy of each page, as a meta tag: what it may run and load.

Scripts are those of the site's own files, and the few that the theme writes into the page, each named by the digest of its
words: anything else that gets into a page does not run. Styles may stand in the page, as figures, formulas and mermaid
put thousands of style attributes there; a style can't run code or, under this policy, reach another host.
"""

import base64
import hashlib
import re

INLINE = re.compile(r"<script\b(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)
META = re.compile(r'\s*<meta http-equiv="Content-Security-Policy"[^>]*>')
HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
CHARSET = re.compile(r'\s*<meta charset="[^"]*"\s*/?>', re.IGNORECASE)
RULES = {
    "default-src": "'none'", "script-src": "'self'", "style-src": "'self' 'unsafe-inline'", "img-src": "'self' data:",
    "font-src": "'self' data:", "connect-src": "'self'", "worker-src": "'self'", "form-action": "'self'",
    "base-uri": "'none'",
}  # fmt: skip


def policy(text: str) -> str:
    """The policy for a page, which allows the scripts that stand in it and no other."""
    digests = dict.fromkeys(hashlib.sha256(script.encode()).digest() for script in INLINE.findall(text))
    allowed = "".join(f" 'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    return "; ".join(f"{name} {value}{allowed * (name == 'script-src')}" for name, value in RULES.items())


def sealed(text: str) -> str:
    """A page with its policy at the top of its head, in the place of any that it had; the last change that is made to it.

    Raises:
        ValueError: if the page has no head.
    """
    text = META.sub("", text)
    if not (head := HEAD.search(text)):
        raise ValueError("the page has no <head>, so no policy can be put there")
    charset = CHARSET.match(text, head.end())
    place = charset.end() if charset else head.end()
    return f'{text[:place]}\n    <meta http-equiv="Content-Security-Policy" content="{policy(text)}">{text[place:]}'
