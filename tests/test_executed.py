"""Each notebook has run as it stands; its claims hold, its figures are named, its solutions are right."""

import re

from helpers.claims import ledger
from tests.test_notebooks import cells, chapters, source
from tools.execute import EXECUTED, key, recorded


@chapters
def test_it_has_run_as_it_stands_and_every_claim_holds(path):
    assert recorded(EXECUTED / path.name).get("key") == key(path), (
        f"{path.name} has changed since it ran: python -m tools.book"
    )
    outputs = [o for c in cells(EXECUTED / path.name, "code") for o in c["outputs"]]
    assert not [o for o in outputs if o["output_type"] == "error"]
    called = re.findall(r'^claim\(\s*"([^"]+)"', "\n".join(source(c) for c in cells(path, "code")), re.MULTILINE)
    claims = ledger([EXECUTED / path.name])
    assert [claim.id for claim in claims] == called
    assert all(claim.holds for claim in claims)


@chapters
def test_its_figures_are_named_and_its_solutions_are_right(path):
    outputs = [o for c in cells(EXECUTED / path.name, "code") for o in c["outputs"] if "data" in o]
    pages = ["".join(o["data"].get("text/html", "")) for o in outputs]
    assert not [o for o in outputs if "image/png" in o["data"]], "figures go through plots.show, which gives them alt text"
    figures = [page for page in pages if "<svg" in page]
    assert len(figures) >= 2
    assert all(re.search(r'role="img" aria-label="[^"]{30,}"', page) for page in figures)
    checks = ["".join(o["data"]["text/plain"]) for o, page in zip(outputs, pages, strict=True) if 'class="check"' in page]
    assert len(checks) % 2 == 0
    assert all(words.startswith("… Not answered") for words in checks[::2])
    assert all(words.startswith("✓") for words in checks[1::2])


@chapters
def test_no_warning_of_ours_reaches_the_page(path):
    outputs = [o for c in cells(EXECUTED / path.name, "code") for o in c["outputs"]]
    assert not ["".join(o["text"]) for o in outputs if o.get("name") == "stderr"]
