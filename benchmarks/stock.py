"""A chapter as stock Jupyter Book shows it: its defaults, none of our extensions, the same words, outputs and neighbours."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from helpers.assets import ASSETS
from helpers.assets.download import fetch
from helpers.progress import BATCH_VARIABLE
from tools.site import pages

ROOT = Path(__file__).resolve().parents[1]
CONFIG = """title: Understanding Foundation Models
execute:
  execute_notebooks: "off"
bibtex_bibfiles: [references.bib]
sphinx:
  extra_extensions: [sphinx_exercise]  # without it the exercises would be missing there, and the page lighter for it
"""
WHOLE = ("chapters/glossary", "chapters/bibliography")  # what a chapter's terms and citations lead to
MATHJAX = replace(
    ASSETS["mathjax"], root="package/es5", takes=("tex-mml-chtml.js", "output/chtml/fonts/*"), finish="",
    about="MathJax as Sphinx's default asks a content network for it",
)  # fmt: skip
MATHJAX_ADDRESS = "https://cdn.jsdelivr.net/npm/mathjax@3/es5/"


def build_stock(copies: Sequence[Path], folder: Path, root: Path = ROOT) -> Path:
    """Build executed chapters with stock Jupyter Book; other pages of the contents have a title and nothing more.

    Nothing is run. Sphinx passes over what only our extensions know, with a warning, so warnings are no errors here; in the
    chapters that are compared that is nothing but what the theme adds.

    Args:
        copies: executed notebooks, of `_build/executed`.
        folder: an empty one.
        root: the checkout, with `_toc.yml`, `references.bib` and `chapters/`.

    Returns:
        The folder of the built site, with the pages under the names that they have in ours.

    Raises:
        RuntimeError: if Jupyter Book fails; the message ends with what it said.
    """
    source = folder / "source"
    (source / "chapters").mkdir(parents=True)
    (source / "_config.yml").write_text(CONFIG, encoding="utf-8")
    for name in ("_toc.yml", "references.bib", *(f"{page}.md" for page in WHOLE)):
        shutil.copy(root / name, source / name)
    for copy in copies:
        shutil.copy(copy, source / "chapters" / copy.name)
    for page in pages(root):
        file = source / f"{page}.md"
        if page not in (*WHOLE, *(f"chapters/{copy.stem}" for copy in copies)):
            file.parent.mkdir(exist_ok=True)
            file.write_text(f"# {file.stem}\n", encoding="utf-8")
    return jupyter_book(source)


def jupyter_book(source: Path) -> Path:
    """Build a folder that has a `_config.yml` and a `_toc.yml`, from nothing; gives the folder of the site.

    Raises:
        RuntimeError: if that fails; the message ends with what was said.
    """
    shutil.rmtree(source / "_build", ignore_errors=True)
    call(["-c", "from jupyter_book.cli.main import main; main()", "build", str(source)], source)
    return source / "_build" / "html"


def call(words: Sequence[str], folder: Path) -> None:
    """Run Python in a folder.

    Raises:
        RuntimeError: if it fails; the message ends with what it said.
    """
    folder.mkdir(parents=True, exist_ok=True)
    variables = os.environ | {"PYTHONHASHSEED": "0", BATCH_VARIABLE: "1"}
    done = subprocess.run([sys.executable, *words], cwd=folder, env=variables, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words[:2])} failed:\n{(done.stdout + done.stderr)[-2000:]}")


def third_parties() -> dict[str, Path]:
    """What stock pages fetch from other hosts as they open, and of which there is a copy: address -> folder of the copy.

    Raises:
        AssetError: if the copy isn't in the cache and cannot be fetched.
    """
    if not MATHJAX.is_complete():
        fetch("stock-mathjax", MATHJAX)
    return {MATHJAX_ADDRESS: MATHJAX.folder()}
