"""A chapter in JupyterLab after Run All: every number of the prose shows as its value, and plumbing is folded."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from tools.execute import EXECUTED, ROOT
from tools.inline import expressions, text_of

CHAPTER = "01_why.ipynb"
HAS_RUN = """() => {  // a collapsed cell has an empty prompt
  const boxes = [...document.querySelectorAll(".jp-CodeCell .jp-InputArea-prompt")];
  const prompts = boxes.map((box) => box.textContent).filter(Boolean);
  return prompts.length > 3 && prompts.every((text) => /\\[\\d+\\]/.test(text));
}"""

PROSE = """() => [...document.querySelectorAll(".jp-MarkdownCell")].map((cell) => {  // as it is shown: without its editor
  const shown = cell.cloneNode(true);
  shown.querySelectorAll(".jp-InputArea-editor").forEach((editor) => editor.remove());
  return shown.textContent;
})"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[str]:
    """Serve a folder that holds one chapter, as `make lab` does; gives the chapter's address."""
    folder, home = tmp_path_factory.mktemp("lab"), tmp_path_factory.mktemp("home")
    shutil.copy(ROOT / "chapters" / CHAPTER, folder)
    settings = home / "settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)
    (settings / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}')  # all cells are on the page
    port, log = 18_877, (home / "log").open("w")
    places = {"JUPYTER_CONFIG_DIR": str(home), "JUPYTER_DATA_DIR": str(home), "IPYTHONDIR": str(home)}
    places["JUPYTERLAB_SETTINGS_DIR"] = str(home / "settings")
    options = [f"--port={port}", "--ServerApp.port_retries=0", "--no-browser", "--IdentityProvider.token=", "--allow-root"]
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *options, str(folder)],
        env=os.environ | places | {"UFM_BATCH": "1"}, stdout=log, stderr=subprocess.STDOUT,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}/"
    for _ in range(120):
        try:
            urlopen(f"{address}api/status")
            break
        except OSError:
            assert process.poll() is None, Path(log.name).read_text()
            time.sleep(0.5)
    yield f"{address}lab/tree/{CHAPTER}?reset"
    process.terminate()
    process.wait(timeout=30)


@pytest.mark.long
def test_numbers_show_and_plumbing_is_folded(lab: str, browser) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    idle = ".jp-Notebook-ExecutionIndicator[data-status=idle]"
    page.goto(lab)
    page.locator(idle).wait_for(timeout=120_000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    page.wait_for_function(HAS_RUN, timeout=600_000)
    page.locator(idle).wait_for(timeout=120_000)  # the last cells are collapsed ones
    assert page.locator(".jp-InputPlaceholder").count(), "plumbing is collapsed"
    cells = json.loads((EXECUTED / CHAPTER).read_text(encoding="utf-8"))["cells"]
    markdown = [cell for cell in cells if cell["cell_type"] == "markdown"]
    asked = [expression for cell in markdown for expression in expressions("".join(cell["source"]))]
    for _ in range(60):  # the values of the last cells may be on their way
        prose = "\n".join(page.evaluate(PROSE))
        if not any(expression in prose for expression in asked):
            break
        page.wait_for_timeout(500)
    page.close()
    assert len(asked) > 5 and not [expression for expression in asked if expression in prose]
    assert "{eval}" not in prose and "{claim}" not in prose and "Error" not in prose
    recorded = [text_of(kept["result"]) for cell in markdown for kept in cell["metadata"].get("user_expressions", [])]
    shown = " ".join(prose.split())
    assert not [value for value in recorded if " ".join(value.split()) not in shown], "the site's values stand in JupyterLab"
