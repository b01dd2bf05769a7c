"""Buttons at the head of a chapter: its notebook to download, all notebooks with their package, and hubs that can run it.

The buttons of hubs are sphinx-book-theme's; they need the address of a public repository, `repository: url:` in
`_config.yml`, and without one there are none.
"""

import json
import zipfile
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

ROOT = Path(__file__).resolve().parents[1]
FOLDER, WHOLE = "downloads", "understanding-foundation-models.zip"
PACKED = ("helpers", "data", "requirements.txt", "locks/constraints.txt", "LICENSE", "LICENSE-CONTENT.md")
ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the same files give the same archive
FIND = """# Finds the book's package `helpers`, in this folder, in one above it, or where set-up installed it.
import importlib.util
import sys
from pathlib import Path

folders = [Path.cwd(), *Path.cwd().parents]
found = [folder for folder in folders if (folder / "helpers" / "assets").is_dir()]
sys.path[:0] = map(str, found[:1])
if importlib.util.find_spec("helpers") is None:
    raise ModuleNotFoundError(
        "this notebook needs the folders `helpers` and `data` beside it or above it; "
        "{whole}, on the same button as this notebook, has both"
    )"""
READ_ME = """# The notebooks of Understanding Foundation Models

In this folder, with Python 3.11, 3.12 or 3.13, on Linux, a Mac with Apple silicon, or Windows with WSL:

    python -m venv .venv
    . .venv/bin/activate
    python -m pip install -r requirements.txt -c locks/constraints.txt
    python -m helpers.assets fetch
    jupyter lab

On Linux without an NVIDIA card pip takes PyTorch's CUDA build, about 3 GB more, unless PIP_EXTRA_INDEX_URL holds the CPU
index that pytorch.org/get-started names. The last line but one fetches texts, vocabularies and the chat model, once; after
it no notebook needs a network. Chapters ask for up to about 3 GB of memory each, and for a minute or two on two cores.
"""


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the buttons with Sphinx."""
    app.connect("config-inited", forget_hubs_without_address, priority=900)
    app.connect("html-page-context", add_downloads, priority=600)  # behind the theme's own buttons
    app.connect("build-finished", write_downloads)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def forget_hubs_without_address(app: Sphinx, config: Config) -> None:
    """Take the launch buttons out unless the book says where its repository is: they would lead nowhere."""
    if not config.html_theme_options.get("repository_url"):
        config.html_theme_options["launch_buttons"] = {}


def add_downloads(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document) -> None:
    """Give a page that is a notebook the button for downloads."""
    if not (Path(app.srcdir) / f"{pagename}.ipynb").is_file():
        return
    to = context["pathto"]
    name = f"{Path(pagename).name}.ipynb"
    links = [(name, "This notebook", "fas fa-file-code"), (WHOLE, "All notebooks, with their package", "fas fa-file-zipper")]
    buttons = [
        {"type": "link", "url": to(f"{FOLDER}/{file}", 1), "text": text, "tooltip": text, "icon": icon, "label": "download"}
        for file, text, icon in links
    ]
    context["header_buttons"].append(
        {"type": "group", "tooltip": "Download", "icon": "fas fa-download", "buttons": buttons, "label": "download-buttons"}
    )


def write_downloads(app: Sphinx, error: Exception | None) -> None:
    """Write the notebooks of the site's pages, and the archive of all, into the output."""
    if error is not None or app.builder.format != "html":
        return
    notebooks = {file.name: as_download(file) for file in sorted((Path(app.srcdir) / "chapters").glob("*.ipynb"))}
    if notebooks:
        folder = Path(app.outdir) / FOLDER
        folder.mkdir(exist_ok=True)
        for name, text in notebooks.items():
            (folder / name).write_text(text, encoding="utf-8")
        pack(notebooks, folder / WHOLE)


def as_download(file: Path) -> str:
    """A notebook without outputs, with a cell before its first one that finds the package `helpers`."""
    notebook = json.loads(file.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    kept = {name: notebook["metadata"][name] for name in ("kernelspec", "language_info") if name in notebook["metadata"]}
    first = next((i for i, cell in enumerate(notebook["cells"]) if cell["cell_type"] == "code"), 0)
    source = FIND.format(whole=WHOLE).splitlines(keepends=True)
    cell = {
        "cell_type": "code",
        "id": "find-helpers",
        "metadata": {},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }
    cells = [*notebook["cells"][:first], cell, *notebook["cells"][first:]]
    return f"{json.dumps({**notebook, 'metadata': kept, 'cells': cells}, ensure_ascii=False, indent=1)}\n"


def pack(notebooks: dict[str, str], archive: Path) -> None:
    """Write the notebooks into one archive, with what they import and the versions of what they need."""
    files = [file for name in PACKED for file in [ROOT / name, *sorted((ROOT / name).rglob("*"))] if file.is_file()]
    kept = [file for file in files if "__pycache__" not in file.parts and not file.name.startswith(".")]
    texts: dict[str, str | bytes] = {"README.md": READ_ME, **notebooks}
    texts |= {file.relative_to(ROOT).as_posix(): file.read_bytes() for file in kept}
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in texts.items():
            member = zipfile.ZipInfo(f"{archive.stem}/{name}", ZIP_TIME)
            member.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(member, content)
