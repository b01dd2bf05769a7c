"""The pages for teachers build without a warning and hold what a lecturer needs; a chapter's buttons lead somewhere."""

import ast
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urljoin, urlparse

import nbformat
import pytest
import yaml
from lxml import html

from tests.browser import Visitor
from tests.small_site import assert_whole
from tests.test_notebooks import NOTEBOOKS
from tests.test_teach_guide import PARTS
from theme import launch
from tools import site
from tools.execute import ROOT
from tools.teach.guide import guide, staged

ADDRESS = "https://github.com/someone/understanding-foundation-models"
NAMES = site.pages(ROOT)
TAUGHT = [name for name in NAMES if name.startswith("chapters/teaching/")]
CHAPTERS = [path for path in NOTEBOOKS if f"chapters/{path.stem}" in NAMES]
GUIDED = [path for path in CHAPTERS if f"chapters/teaching/{path.stem}" in TAUGHT]
SMALL = "chapters/10_small"
NOTEBOOK = nbformat.v4.new_notebook(
    cells=[
        nbformat.v4.new_markdown_cell("# A chapter"),
        nbformat.v4.new_code_cell("import helpers\n\nprint(helpers.__name__)", execution_count=1),
    ],
    metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
)


def address_given(text: str) -> str:
    """`_config.yml` with the one line set that brings the buttons of hubs."""
    made, n = re.subn(r'^(  url: )""', rf"\1{ADDRESS}", text, flags=re.MULTILINE)
    assert n == 1
    return made


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """A site of the pages for teachers, a small notebook, and stubs of all else; its repository has an address."""
    root = tmp_path_factory.mktemp("teaching")
    (root / "chapters").mkdir()
    for name in ("theme", "helpers", "teaching", "references.bib"):
        (root / name).symlink_to(ROOT / name)
    for path in CHAPTERS:
        (root / "chapters" / path.name).symlink_to(path)
    (root / "_config.yml").write_text(address_given((ROOT / "_config.yml").read_text()))
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    toc["parts"].append({"caption": "Small", "chapters": [{"file": SMALL}]})
    (root / "_toc.yml").write_text(yaml.safe_dump(toc))
    (root / "small.ipynb").write_text(nbformat.writes(NOTEBOOK))
    (root / "stub.md").write_text("# A page\n\nNothing more.\n")
    files = {name: root / name for name in ("_config.yml", "_toc.yml", "references.bib")}
    files |= {f"{SMALL}.ipynb": root / "small.ipynb"} | staged(root, NAMES)
    for name in NAMES:
        real = ROOT / f"{name}.md"
        kept = real if real.stem in ("glossary", "bibliography") else root / "stub.md"
        files.setdefault(f"{name}.md", kept)
    build = root / "_build"
    site.stage(files, build / "source")
    site.run_sphinx(root, build)
    site.publish(build / "site" / "_build" / "html", build / "html", "key", "chapters/index.html")
    return build / "html"


def page(built: Path, name: str) -> html.HtmlElement:
    return html.fromstring((built / f"{name}.html").read_bytes())


def test_every_chapter_of_the_site_has_a_page_for_teachers():
    due = ["chapters/teaching/syllabus", *(f"chapters/teaching/{path.stem}" for path in CHAPTERS)]
    assert due == TAUGHT, "add a chapter's page to the caption Teaching in _toc.yml"


def test_the_syllabus_has_what_a_lecturer_plans_with(built):
    text = page(built, "chapters/teaching/syllabus").xpath("//article")[0].text_content()
    for part in ("The chapters", "Who it is for", "Twelve weeks", "Two days", "One evening", "Who may read this"):
        assert part in text, part
    for part in ("Minutes are estimates", "minutes to teach", "to practise", "make check", "GB of memory"):
        assert part in text, part
    for part in ("After it, students are able to", "Necessary before it:", "Core sections", "Optional sections"):
        assert text.count(part) == len(CHAPTERS), part
    assert text.count("how to teach it") == len(TAUGHT) - 1


@pytest.mark.parametrize(
    "path", [p for p in CHAPTERS if f"chapters/teaching/{p.stem}" in TAUGHT], ids=lambda path: path.stem
)
def test_a_guide_has_its_parts_on_the_site(built, path):
    article = page(built, f"chapters/teaching/{path.stem}").xpath("//article")[0]
    text, headings = article.text_content(), [re.sub(r"#$", "", h.text_content()) for h in article.xpath(".//h2")]
    assert headings == ["Exercises", *PARTS]
    for part in (
        "Necessary before it:",
        "Helpful before it:",
        "Core sections",
        "Optional sections",
        "Students may read this",
    ):
        assert part in text, part
    minutes = [int(row.xpath("string(td[2])")) for row in article.xpath("(.//table)[1]//tbody/tr")]
    parts = [part["minutes"] for part in guide(path)[0]["parts"]]
    assert minutes == [*parts, sum(parts)] and "estimates" in text


@pytest.mark.parametrize("name", [*TAUGHT, SMALL])
def test_links_lead_somewhere(built, name):
    broken = []
    for link in page(built, name).xpath("//a/@href"):
        target = urlparse(urljoin(f"http://site/{name}.html", link))
        if target.netloc == "site" and not (built / unquote(target.path).lstrip("/")).is_file():
            broken.append(link)
    assert not broken


@pytest.mark.parametrize("name", [TAUGHT[0], TAUGHT[-1], SMALL])
def test_everybody_can_read_them(visitor: Visitor, name):
    visitor.open(f"{name}.html")
    assert_whole(visitor)


def test_with_an_address_a_chapter_can_be_started_on_a_hub(built):
    links = page(built, SMALL).xpath("//header//a/@href | //div[contains(@class, 'article-header-buttons')]//a/@href")
    hub = f"https://mybinder.org/v2/gh/someone/understanding-foundation-models/main?urlpath=lab/tree/{SMALL}.ipynb"
    assert hub in links
    assert not [link for link in page(built, TAUGHT[0]).xpath("//a/@href") if "mybinder" in link]


def test_without_an_address_no_button_leads_nowhere():
    options = {"launch_buttons": {"binderhub_url": "https://mybinder.org"}, "repository_url": ""}
    launch.forget_hubs_without_address(None, SimpleNamespace(html_theme_options=options))
    assert options["launch_buttons"] == {}
    assert yaml.safe_load((ROOT / "_config.yml").read_text())["repository"]["url"] in ("", ADDRESS)


def test_a_chapter_and_all_chapters_can_be_downloaded(built):
    links = [link for link in page(built, SMALL).xpath("//a/@href") if "downloads/" in link]
    assert sorted({Path(link).name for link in links}) == ["10_small.ipynb", launch.WHOLE]
    notebook = nbformat.read(built / "downloads" / "10_small.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert [cell.get("id") for cell in notebook.cells][1] == "find-helpers"
    with zipfile.ZipFile(built / "downloads" / launch.WHOLE) as packed:
        names = {name.partition("/")[2] for name in packed.namelist()}
    assert {"README.md", "10_small.ipynb", "requirements.txt", "locks/constraints.txt", "helpers/__init__.py"} <= names
    assert {f"data/{file.name}" for file in (ROOT / "data").iterdir()} <= names
    assert not [name for name in names if "__pycache__" in name or name.startswith(("/", ".."))]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory) -> Path:
    """The archive of all chapters, unpacked far from the checkout."""
    folder = tmp_path_factory.mktemp("reader")
    made = {path.name: launch.as_download(path) for path in NOTEBOOKS}
    launch.pack(made, folder / launch.WHOLE)
    with zipfile.ZipFile(folder / launch.WHOLE) as packed:
        packed.extractall(folder)
    return folder / Path(launch.WHOLE).stem


def run(code: str, folder: Path) -> subprocess.CompletedProcess:
    """Run code as a kernel started in a folder would, with nothing on the path but the packages."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"PYTHONSAFEPATH": "1"}
    return subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True)


def test_downloaded_notebooks_find_their_package_and_import_all_they_need(unpacked):
    code = []
    for path in sorted(unpacked.glob("*.ipynb")):
        cells = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
        finder, first = ("".join(cell["source"]) for cell in cells[:2])
        imports = [n for n in ast.parse(first).body if isinstance(n, ast.Import | ast.ImportFrom)]
        code += [finder, *map(ast.unparse, imports)]
    assert len(code) > 5 * len(NOTEBOOKS)
    code.append("import helpers\nprint(helpers.__file__)")
    deeper = unpacked / "my own" / "folder"
    deeper.mkdir(parents=True)
    done = run("\n".join(code), deeper)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(unpacked / "helpers" / "__init__.py")


def test_a_notebook_without_the_package_says_where_it_is(tmp_path):
    code = f"import sys\nsys.modules['helpers'] = None\n{launch.FIND.format(whole=launch.WHOLE)}"
    done = run(code, tmp_path)
    assert done.returncode and "ModuleNotFoundError: this notebook needs the folders `helpers` and `data`" in done.stderr
    assert launch.WHOLE in done.stderr
