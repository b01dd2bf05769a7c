"""The site: pages and executed notebooks staged as one source tree, built by Jupyter Book, published only when whole.

`build_site` never executes a notebook. It shows the outputs that `tools.execute` left in `_build/executed`, refuses to
build without them, and does nothing when nothing that a page depends on has changed since the site was last published.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml
from filelock import FileLock

from helpers import assets
from theme.policy import sealed
from tools import inline
from tools.execute import key, recorded, runtime_packages
from tools.teach.pages import staged

ROOT = Path(__file__).resolve().parents[1]
STAMP = ".published"
JUPYTER_BOOK = "from jupyter_book.cli.main import main; main()"
CODE = (".py", ".css", ".js", ".svg")
DOOR = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Understanding Foundation Models</title>
<meta http-equiv="refresh" content="0; url={page}"></head>
<body><a href="{page}">Understanding Foundation Models</a></body></html>
"""
COMPLAINT = re.compile(r"WARNING|ERROR|CRITICAL|Error:|Exception")


class SiteError(RuntimeError):
    """A site that cannot be built; the message says why."""


def build_site(root: Path = ROOT) -> Path:
    """Build what has changed and publish it to `_build/html`; what was there stays until the new site is whole.

    Args:
        root: the checkout, with `_config.yml`, `_toc.yml`, `chapters/`, `theme/` and `helpers/`.

    Returns:
        Path of the first page.

    Raises:
        SiteError: for a page that is missing, a notebook without a current executed copy, or any warning of Sphinx.
    """
    build = root / "_build"
    build.mkdir(exist_ok=True)
    with FileLock(build / ".site.lock"):
        files = sources(root)
        key = digest(root, files)
        published = build / "html"
        if not (published / STAMP).exists() or (published / STAMP).read_text() != key:
            gone, changed = stage(files, build / "source")
            if gone:
                shutil.rmtree(build / "site", ignore_errors=True)  # Sphinx leaves the pages of sources that are gone
            forget(changed, build / "site")
            run_sphinx(root, build)
            publish(build / "site" / "_build" / "html", published, key, f"{pages(root)[0]}.html")
    return published / "index.html"


def pages(root: Path) -> list[str]:
    """The pages of `_toc.yml`, in order, without suffix."""
    text = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))

    def walk(node: object) -> list[str]:
        if isinstance(node, list):
            return [name for item in node for name in walk(item)]
        if not isinstance(node, dict):
            return []
        own = [node[key] for key in ("root", "file") if key in node]
        return own + [name for value in node.values() for name in walk(value)]

    return walk(text)


def sources(root: Path) -> dict[str, Path]:
    """What the site is made of: path in the staged tree -> file, with each notebook's executed copy in its place.

    The pages for teachers are written here, from the chapters and from `teaching/`.

    Raises:
        SiteError: if a page of `_toc.yml` is not there, or a notebook has no executed copy, or one of another version.
    """
    files = {name: root / name for name in ("_config.yml", "_toc.yml", "references.bib")}
    for file in sorted((root / "chapters").rglob("*")):
        hidden = any(part.startswith((".", "_")) for part in file.relative_to(root).parts)
        if file.is_file() and not hidden and file.suffix != ".ipynb":
            files[file.relative_to(root).as_posix()] = file
    files |= staged(root, pages(root))
    for page in pages(root):
        if (root / f"{page}.ipynb").exists():
            files[f"{page}.ipynb"] = executed_copy(root, root / f"{page}.ipynb")
        elif f"{page}.md" not in files:
            raise SiteError(f"_toc.yml names {page}, but there is neither {page}.md nor {page}.ipynb")
    for name, file in files.items():
        if not file.exists():
            raise SiteError(f"{name} is missing; the site cannot be built without it")
    return files


def executed_copy(root: Path, notebook: Path) -> Path:
    """The executed copy of a notebook, which must have the same cells and no error."""
    copy, name = root / "_build" / "executed" / notebook.name, notebook.relative_to(root)
    if not copy.exists():
        folder = copy.parent.relative_to(root)
        raise SiteError(f"{name} has no executed copy in {folder}; run `make book`, which executes it")
    cells = [json.loads(file.read_text(encoding="utf-8"))["cells"] for file in (notebook, copy)]
    if len({json.dumps([[cell["cell_type"], "".join(cell["source"])] for cell in book]) for book in cells}) > 1:
        raise SiteError(f"{name} has changed since it was executed; run `make book`, which executes it again")
    if recorded(copy).get("key") != key(notebook):
        raise SiteError(
            f"what {name} depends on has changed since it was executed; run `make book`, which executes it again"
        )
    for cell in cells[1]:
        expected = "raises-exception" in cell["metadata"].get("tags", [])
        for output in cell.get("outputs", []):
            if output["output_type"] == "error" and not expected:
                raise SiteError(f"{name} failed when it was executed: {output['ename']}: {output['evalue']}")
    return copy


def digest(root: Path, files: dict[str, Path]) -> str:
    """One number for all that the site depends on: sources, theme, helpers, assets, versions of what builds it."""
    own = [f for folder in ("theme", "helpers") for f in (root / folder).rglob("*") if f.suffix in CODE and f.is_file()]
    own += (root / "data").glob("*.csv")  # which the build turns into data for the pages without a kernel
    total = hashlib.sha256(sys.version.encode() + Path(__file__).read_bytes())
    for name, file in [*sorted(files.items()), *((f.relative_to(root).as_posix(), f) for f in sorted(own))]:
        total.update(f"{name}\n".encode() + hashlib.sha256(file.read_bytes()).digest())
    total.update(repr(sorted(asset.folder().name for asset in assets.ASSETS.values())).encode())
    total.update(repr(runtime_packages()).encode())
    return total.hexdigest()


def stage(files: dict[str, Path], source: Path) -> tuple[bool, list[str]]:
    """Make `source` hold exactly these files; one that is unchanged keeps its age, so that Sphinx can pass over it.

    Returns:
        whether a file was there that is not wanted any more; the names of those that have changed.
    """
    gone = [file for file in source.rglob("*") if file.is_file() and file.relative_to(source).as_posix() not in files]
    for file in gone:
        file.unlink()
    changed = []
    for name, file in files.items():
        copy, content = source / name, staged_content(file)
        if not copy.exists() or copy.read_bytes() != content:
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(content)
            changed.append(name)
    return bool(gone), changed


def staged_content(file: Path) -> bytes:
    """Return a file as the site gets it: in a notebook, values stand in the place of inline expressions."""
    if file.suffix != ".ipynb":
        return file.read_bytes()
    book = json.loads(file.read_text(encoding="utf-8"))
    for cell in book["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = inline.fill(cell)
    return json.dumps(book, ensure_ascii=False, indent=1).encode()


def forget(names: list[str], site: Path) -> None:
    """Make Sphinx read these sources again. It compares ages, which say nothing after a clock was set back."""
    for name in names:
        (site / "_build" / ".doctrees" / name).with_suffix(".doctree").unlink(missing_ok=True)


def run_sphinx(root: Path, build: Path) -> None:
    """Run Jupyter Book over the staged tree, where every warning is an error.

    Sphinx remembers the pages that it has read, but not their warnings: after a failure or an interruption it starts
    afresh.
    """
    site, unfinished, log = build / "site", build / ".site-unfinished", build / "site.log"
    if unfinished.exists():
        shutil.rmtree(site, ignore_errors=True)
    unfinished.touch()
    code = f"import sys; sys.path.append({str(ROOT)!r}); from tools import leash; leash.hold(); {JUPYTER_BOOK}"
    command = [sys.executable, "-c", code, "build", str(build / "source")]
    command += ["--path-output", str(site), "-W", "-n", "--keep-going"]
    print("building the site ...", flush=True)
    with log.open("w", encoding="utf-8") as output:
        environment = os.environ | {"NO_COLOR": "1"}  # in the checkout's folder Python finds its theme
        status = subprocess.run(command, cwd=root, stdout=output, stderr=subprocess.STDOUT, env=environment).returncode
    if status:
        raise SiteError(f"the site was not built, and what was published before stays:\n{complaints(log)}")
    unfinished.unlink()


def complaints(log: Path) -> str:
    """The lines of Sphinx's log that say what is wrong, or its end where none does."""
    lines = re.sub(r"\x1b\[[\d;]*m", "", log.read_text(encoding="utf-8", errors="replace")).splitlines()
    found = list(dict.fromkeys(line.strip() for line in lines if COMPLAINT.search(line)))
    return "\n".join([*(found or lines[-20:]), f"(all that was said: {log})"])


def publish(built: Path, published: Path, key: str, first: str) -> None:
    """Put a whole new site in the place of the old one, with an index that leads to its first page."""
    fresh, old = published.with_name("html.new"), published.with_name("html.old")
    for left in (fresh, old):
        shutil.rmtree(left, ignore_errors=True)
    shutil.copytree(built, fresh, ignore=shutil.ignore_patterns(".buildinfo", "_sources", "*.map"))
    (fresh / "index.html").write_text(sealed(DOOR.format(page=first)), encoding="utf-8")
    (fresh / STAMP).write_text(key)
    if published.exists():
        published.rename(old)
    fresh.rename(published)
    shutil.rmtree(old, ignore_errors=True)


if __name__ == "__main__":
    try:
        print(build_site())
    except SiteError as error:
        sys.exit(f"error: {error}")
