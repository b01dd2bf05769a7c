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

from filelock import FileLock
from sphinx_external_toc.parsing import parse_toc_yaml

from helpers import assets
from theme.fast import formulas, make_light
from theme.policy import seal
from tools import inline
from tools.execute import key, recorded, runtime_packages
from tools.teach.guide import staged

ROOT = Path(__file__).resolve().parents[1]
STAMP = ".published"  # what the site was made of: a digest of it all, and a version of each page
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
    """Build what has changed of a checkout and publish it; what was published stays until the new site is whole.

    Returns:
        Path of the first page.

    Raises:
        SiteError: for a page that is missing, a notebook without a current executed copy, or any warning of Sphinx.
    """
    build, site = root / "_build", root / "_build" / "site"
    build.mkdir(exist_ok=True)
    with FileLock(build / ".site.lock"):
        files = sources(root)
        stamp = {"key": digest(root, files), "pages": versions(root)}
        if stamp_of(root).get("key") != stamp["key"]:
            gone, changed = stage(files, build / "source")
            if gone:
                shutil.rmtree(site, ignore_errors=True)  # Sphinx leaves the pages of sources that are gone
            for name in changed:  # Sphinx compares ages, which say nothing after a clock was set back
                (site / "_build" / ".doctrees" / name).with_suffix(".doctree").unlink(missing_ok=True)
            run_sphinx(root, build)
            publish(site / "_build" / "html", build / "html", json.dumps(stamp), f"{pages(root)[0]}.html")
    return build / "html" / "index.html"


def pages(root: Path) -> list[str]:
    """Return the pages of `_toc.yml`, in order, without suffix."""
    return list(parse_toc_yaml(root / "_toc.yml"))


def stamp_of(root: Path) -> dict:
    """Return what the published site was made of; {} if there is none."""
    try:
        return json.loads((root / "_build" / "html" / STAMP).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}


def versions(root: Path) -> dict[str, str]:
    """Return a digest of what each page shows, by page; a notebook's changes with all that it depends on."""
    found = {page: (root / f"{page}.ipynb", root / f"{page}.md") for page in pages(root)}
    notebooks = {page: key(notebook) for page, (notebook, _) in found.items() if notebook.is_file()}
    texts = {page: hashlib.sha256(text.read_bytes()).hexdigest() for page, (_, text) in found.items() if text.is_file()}
    return texts | notebooks


def outdated(root: Path) -> list[str]:
    """Return the published pages that do not show the checkout as it is now."""
    published = stamp_of(root).get("pages", {})
    now = versions(root) if published else {}
    return [page for page, version in published.items() if now.get(page) != version]


def sources(root: Path) -> dict[str, Path]:
    """Return what the site is made of: path in the staged tree -> file, with each notebook's executed copy in its place.

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
    return files


def executed_copy(root: Path, notebook: Path) -> Path:
    """Return the executed copy of a notebook, which must be of what the notebook depends on now."""
    copy, name = root / "_build" / "executed" / notebook.name, notebook.relative_to(root)
    if not copy.exists():
        raise SiteError(f"{name} has no executed copy in {copy.parent.relative_to(root)}; run `make book`")
    if recorded(copy).get("key") != key(notebook):
        raise SiteError(f"{name}, or what it needs, has changed since it was executed; run `make book` to execute it again")
    return copy


def digest(root: Path, files: dict[str, Path]) -> str:
    """Return one number for all that the site depends on: sources, theme, helpers, assets, versions of what builds it."""
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
    there = [file for file in source.rglob("*") if file.is_file()]
    gone = [file for file in there if file.relative_to(source).as_posix() not in files]
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
        cell["source"] = inline.fill(cell) if cell["cell_type"] == "markdown" else cell["source"]
    return json.dumps(book, ensure_ascii=False, indent=1).encode()


def run_sphinx(root: Path, build: Path) -> None:
    """Run Jupyter Book over the staged tree, where every warning is an error.

    Sphinx remembers the pages that it has read, but not their warnings: after a failure or a stop it starts afresh.
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
        lines = re.sub(r"\x1b\[[\d;]*m", "", log.read_text(encoding="utf-8", errors="replace")).splitlines()
        wrong = list(dict.fromkeys(line.strip() for line in lines if COMPLAINT.search(line))) or lines[-20:]
        raise SiteError("\n".join(["the site was not built:", *wrong, f"(all that was said: {log})"]))
    unfinished.unlink()


def publish(built: Path, published: Path, stamp: str, first: str) -> None:
    """Put a new site, made light and sealed, in the place of the old one, with an index that leads to its first page."""
    fresh, old = published.with_name("html.new"), published.with_name("html.old")
    for left in (fresh, old):
        shutil.rmtree(left, ignore_errors=True)
    shutil.copytree(built, fresh, ignore=shutil.ignore_patterns(".buildinfo", "_sources", "*.map"))
    (fresh / "index.html").write_text(DOOR.format(page=first), encoding="utf-8")
    try:
        make_light(fresh)
    except formulas.FormulaError as error:
        raise SiteError(f"the site was not built: {error}") from None
    seal(fresh)
    (fresh / STAMP).write_text(stamp, encoding="utf-8")
    if published.exists():
        published.rename(old)
    fresh.rename(published)
    shutil.rmtree(old, ignore_errors=True)


if __name__ == "__main__":
    try:
        print(build_site())
    except SiteError as error:
        sys.exit(f"error: {error}")
