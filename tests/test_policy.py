"""The policy of the pages: what stands in it, and that what gets into a page does not run.

That no page breaks a rule of its own is seen in `tests/test_site.py`: Chromium reports it as an error.
"""

import base64
import hashlib
import re
from pathlib import Path

import pytest

from tests.browser import Visitor
from theme.parts import playground
from theme.policy import ENGINE, policy, sealed
from tools import site

HEAD = '<meta charset="utf-8"><title>x</title><script>let a = "é";</script>'
PAGE = f"<!DOCTYPE html>\n<html><head>\n{HEAD}</head><body></body></html>"
PAGES = [f"{name}.html" for name in site.pages(site.ROOT)]
HANDLER = re.compile(r"<[a-z][^<>]*\son[a-z]+\s*=", re.IGNORECASE)


@pytest.fixture(scope="module")
def built() -> Path:
    """Folder of the built book."""
    return site.build_site().parent


def test_a_policy_names_the_scripts_that_stand_in_the_page() -> None:
    digest = base64.b64encode(hashlib.sha256('let a = "é";'.encode()).digest()).decode()
    assert f"script-src 'self' 'sha256-{digest}';" in policy(PAGE)
    assert "script-src 'self';" in policy('<head></head><script src="x.js"></script>')
    assert "unsafe-eval" not in policy(PAGE) and "unsafe-inline" not in policy(PAGE).split("style-src")[0]


def test_only_the_page_with_the_model_may_compile_webassembly() -> None:
    theirs = policy(f"{PAGE}<div {ENGINE}></div>")
    assert "script-src 'self' 'sha256-" in theirs and "'wasm-unsafe-eval' blob:;" in theirs
    assert "worker-src 'self' blob:;" in theirs and "blob:" not in policy(PAGE) and "'unsafe-eval'" not in theirs
    assert ENGINE in playground.FORM


def test_the_policy_stands_after_the_charset() -> None:
    once = sealed(PAGE)
    assert once.index("charset") < once.index("Content-Security-Policy") < once.index("<title>")
    with pytest.raises(ValueError, match="no <head>"):
        sealed("<p>words</p>")


def test_every_page_has_its_policy_and_no_inline_handler(built: Path) -> None:
    found = sorted(built.rglob("*.html"))
    pages = [page for page in found if "_static" not in page.relative_to(built).parts]
    assert len(pages) > len(PAGES)
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert text.count("Content-Security-Policy") == 1 and policy(text) in text, page
        assert not HANDLER.search(re.sub(r"<(script|pre|style)\b.*?</\1>", "", text, flags=re.DOTALL)), page
        assert "javascript:" not in text, page


def test_what_gets_into_a_page_does_not_run(reader: Visitor) -> None:
    page = reader.open("chapters/index.html")
    page.evaluate(
        """() => {
            const box = document.createElement("div");
            box.innerHTML = '<img src="x" onerror="window.hurt = 1">';
            const script = document.createElement("script");
            script.textContent = "window.hurt = 2";
            document.body.append(box, script);
        }"""
    )
    page.wait_for_timeout(200)
    assert page.evaluate("window.hurt") is None


def test_the_door_leads_in_from_a_file(browser, built: Path) -> None:
    context = browser.new_context()
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: message.type == "error" and said.append(message.text))
    page.goto((built / "index.html").as_uri())
    page.wait_for_selector("article h1")
    assert page.url.endswith("chapters/index.html")
    page.wait_for_selector(".mermaid svg")
    assert not [text for text in said if "Content Security" in text], said
    context.close()
