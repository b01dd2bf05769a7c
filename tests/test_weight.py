"""What a reader's browser has to fetch for a page, packed, before anything is typed or chosen."""

import gzip
from pathlib import Path

import pytest

from tests.browser import Visitor, unlike_first
from tools import site

MOST = 300_000  # bytes of a first load, each file packed as a server packs it
VOCABULARY = "/vocabularies/"  # 270 kB, without which the token playground has nothing to show
PACKED = (".woff", ".woff2", ".png")  # as they are
PAGES = [f"{name}.html" for name in site.pages(site.ROOT) if not name.startswith("chapters/teaching/")]


@pytest.fixture(scope="module")
def built() -> Path:
    """Folder of the built book."""
    return site.build_site().parent


@pytest.mark.parametrize("name", unlike_first(PAGES))
def test_a_page_is_light(reader: Visitor, name: str) -> None:
    sizes: dict[str, int] = {}

    def weigh(response) -> None:
        body = response.body()
        sizes[response.url] = len(body if response.url.endswith(PACKED) else gzip.compress(body))

    reader.page.on("response", weigh)
    page = reader.open(name)
    page.wait_for_function("() => document.fonts.ready.then(() => true)")
    page.wait_for_load_state("networkidle")
    heaviest = sorted(sizes.items(), key=lambda item: -item[1])[:5]
    assert sum(size for url, size in sizes.items() if VOCABULARY not in url) <= MOST, heaviest
    assert len(sizes) >= 5 and not reader.faults
