"""The form of the chapters that only a run can show: cells that end in something to look at, outputs that are no reprs."""

import json
import re

import pytest

from tests.test_notebooks import MOVED, is_seen, source
from tools.execute import EXECUTED, notebooks

REPR = re.compile(r"<matplotlib|\bdtype: ?\w|<[\w.]+ object at 0x|\[<")
moved = pytest.mark.parametrize("path", MOVED, ids=lambda path: path.stem)


def executed(path):
    """Return the code cells of a chapter's executed copy."""
    cells = json.loads((EXECUTED / path.name).read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


@moved
def test_at_most_one_seen_cell_in_six_shows_nothing(path):
    seen = [cell for cell in executed(path) if is_seen(cell) and source(cell) != "answer = ..."]
    silent = [cell["id"] for cell in seen if not cell["outputs"]]
    assert len(silent) * 6 <= len(seen), silent


@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_no_output_is_a_repr(path):
    for cell in executed(path):
        for output in cell["outputs"]:
            text = "".join(output.get("text", [])) + "".join(output.get("data", {}).get("text/plain", []))
            if "text/html" not in output.get("data", {}):
                assert not REPR.search(text), f"cell {cell['id']} shows {REPR.search(text).group()!r}"
