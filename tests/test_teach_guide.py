"""The guide and the syllabus fit the chapters that they speak of, and nobody sits longer than ninety minutes."""

import re

import pytest
import yaml

from tests.test_notebooks import NOTEBOOKS, chapters
from tools.teach.chapter import objectives, read
from tools.teach.guide import LONGEST, PARTS, TEACHING, Guide, chapter_page, guide, guide_of, questions, stretches, syllabus
from tools.teach.markup import to_html
from tools.teach.pages import moved, staged

PLANS = yaml.safe_load((TEACHING / "plans.yaml").read_text(encoding="utf-8"))
GUIDES = sorted((TEACHING / "guide").glob("*.md"))


def misfits(notebook: dict, written: Guide) -> list[str]:
    """Where a guide speaks of a chapter that has changed: headings that it does not have, or that no part covers."""
    asked = questions(notebook)
    gone = [name for name in (*written.optional, *(until for until, _ in written.parts)) if name not in asked]
    ends = [asked.index(until) for until, _ in written.parts if until in asked]
    wrong = [f"no such section: {name}" for name in gone]
    if ends != sorted(set(ends)):
        wrong.append("the parts are not in the order of the chapter")
    if not gone and (not ends or ends[-1] != len(asked) - 1):
        wrong.append(f"the last part does not reach the last question, {asked[-1]}")
    return wrong


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)
def test_a_guide_has_all_parts_and_speaks_of_its_chapter_as_it_is(path):
    (notebook,) = [one for one in NOTEBOOKS if one.stem.startswith(f"{path.stem}_")]
    written = guide(path)
    assert misfits(read(notebook), written) == []
    assert re.findall(r"^## (.+)$", written.text, re.MULTILINE) == list(PARTS)
    sections = dict(zip(PARTS, re.split(r"^## .+$", written.text, flags=re.MULTILINE)[1:], strict=True))
    assert len(re.findall(r"^\d\. ", sections["Three questions to ask"], re.MULTILINE)) == 3
    assert all(
        len(re.findall(r"^- ", sections[name], re.MULTILINE)) >= 3 for name in ("What students get wrong", "To discuss")
    )
    points = [int(p) for p in re.findall(r"^\| (\d) \|", sections["Rubric"], re.MULTILINE)]
    assert points == sorted(points, reverse=True) and len(points) >= 3
    assert written.practise > 0 and written.needed and "estimates" in chapter_page(notebook, {})


@chapters
def test_every_chapter_has_a_page_of_the_guide_that_can_be_read(path):
    page = chapter_page(path, {"seconds": 60, "peak_mb": 900})
    assert page.startswith("# Teaching “") and "in 60 seconds with 900 MB" in page
    assert all(item in page for item in objectives(read(path)))
    assert not re.search(r"\{\w+\}`", to_html(page, {}))
    if guide_of(path) is None:
        assert "not there yet" in page


def test_no_stretch_of_a_plan_is_too_long():
    assert {plan["name"] for plan in PLANS["plans"]} == {"Twelve weeks", "Two days", "One evening"}
    for plan in PLANS["plans"]:
        for day in plan.get("days", []):
            assert max(stretches(day)) <= LONGEST, (plan["name"], stretches(day))
            assert all(block["kind"] in ("teach", "practise", "discuss", "break") for block in day)
        assert max(plan.get("session", {"": 0}).values()) <= LONGEST
    assert len(PLANS["plans"][0]["weeks"]) == 12


def test_the_twelve_weeks_take_the_chapters_in_their_order():
    taught = [chapter for week in PLANS["plans"][0]["weeks"] for chapter in week["chapters"]]
    assert taught == sorted(taught), "the weeks of teaching/plans.yaml leave the order of the chapters"
    left_out = {path.stem[:2] for path in NOTEBOOKS} - set(taught)
    assert not left_out, f"give these chapters a week in the first plan of teaching/plans.yaml: {left_out}"
    assert not set(taught) - {path.stem[:2] for path in NOTEBOOKS}


def test_the_syllabus_has_every_chapter_and_every_plan():
    page = syllabus(NOTEBOOKS, {})
    assert all(f"{{doc}}`{path.stem}`" in page for path in NOTEBOOKS)
    assert all(f"## {plan['name']}" in page for plan in PLANS["plans"])
    assert all(learner["name"] in page for learner in PLANS["learners"]) and len(PLANS["learners"]) == 3
    assert "<table>" in to_html(page, {})


def test_a_guide_to_a_chapter_that_has_changed_is_found(tmp_path):
    notebook = {"cells": [{"cell_type": "markdown", "source": "# T\n\n## A?\n\n## B?"}]}
    assert misfits(notebook, Guide(parts=(("A?", 10), ("B?", 10)))) == []
    assert misfits(notebook, Guide(parts=(("A?", 10),))) == ["the last part does not reach the last question, B?"]
    assert misfits(notebook, Guide(parts=(("B?", 10), ("A?", 10))))[0] == "the parts are not in the order of the chapter"
    assert misfits(notebook, Guide(parts=(("B?", 10),), optional=("C?",))) == ["no such section: C?"]
    path = tmp_path / "01.md"
    path.write_text("no head")
    with pytest.raises(ValueError, match=r"01\.md has no head"):
        guide(path)
    path.write_text("---\npractise: 1\n---\n")
    with pytest.raises(ValueError, match="lacks helpful, needed, optional, parts"):
        guide(path)
    path.write_text("---\nparts: [{until: A, minutes: 91}]\npractise: 1\noptional: []\nneeded: []\nhelpful: []\n---\n")
    with pytest.raises(ValueError, match="'A' has more than 90 minutes"):
        guide(path)


def test_the_pages_of_the_site_are_staged_a_folder_deeper(tmp_path):
    assert staged(tmp_path, []) == {}
    (tmp_path / "teaching").mkdir()
    (tmp_path / "chapters").mkdir()
    copy = tmp_path / "chapters" / NOTEBOOKS[0].name
    copy.write_bytes(NOTEBOOKS[0].read_bytes())
    (tmp_path / "chapters" / "10_later.ipynb").write_text("not in the contents, so not read")
    name = NOTEBOOKS[0].stem
    assert staged(tmp_path, [f"chapters/{name}"]) == {}
    files = staged(tmp_path, [f"chapters/{name}", "chapters/teaching/syllabus", f"chapters/teaching/{name}"])
    assert sorted(files) == [f"chapters/teaching/{NOTEBOOKS[0].stem}.md", "chapters/teaching/syllabus.md"]
    text = files[f"chapters/teaching/{NOTEBOOKS[0].stem}.md"].read_text(encoding="utf-8")
    assert f"{{doc}}`../{NOTEBOOKS[0].stem}`" in text
    assert moved("{doc}`x` {doc}`words <y>` {term}`z`") == "{doc}`../x` {doc}`words <../y>` {term}`z`"
