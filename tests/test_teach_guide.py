"""The guide and the syllabus fit the chapters that they speak of, and nobody sits longer than ninety minutes."""

import re

import yaml

from tests.test_notebooks import NOTEBOOKS, chapters
from tools.teach.chapter import objectives, questions, read
from tools.teach.guide import TEACHING, chapter_page, deeper, guide, staged, syllabus
from tools.teach.markup import to_html

LONGEST = 90  # minutes between breaks
PLANS = yaml.safe_load((TEACHING / "plans.yaml").read_text(encoding="utf-8"))
PARTS = (
    "The arc", "Three questions to ask", "What students get wrong", "If the notebook fails", "To discuss",
    "The open exercise", "Rubric",
)  # fmt: skip


def misfits(asked: list[str], head: dict) -> list[str]:
    """Where a guide speaks of a chapter that has changed: headings that it does not have, or that no part covers."""
    headings = [part["until"] for part in head["parts"]]
    wrong = [f"no such section: {name}" for name in (*head["optional"], *headings) if name not in asked]
    ends = [asked.index(until) for until in headings if until in asked]
    if ends != sorted(set(ends)):
        wrong.append("the parts are not in the order of the chapter")
    if not wrong and ends[-1:] != [len(asked) - 1]:
        wrong.append(f"the last part does not reach the last question, {asked[-1]}")
    return wrong


@chapters
def test_a_guide_has_all_parts_and_speaks_of_its_chapter_as_it_is(path):
    head, text = guide(path)
    assert misfits(questions(read(path)), head) == []
    assert max(part["minutes"] for part in head["parts"]) <= LONGEST
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == list(PARTS)
    sections = dict(zip(PARTS, re.split(r"^## .+$", text, flags=re.MULTILINE)[1:], strict=True))
    assert len(re.findall(r"^\d\. ", sections["Three questions to ask"], re.MULTILINE)) == 3
    listed = (sections[name] for name in ("What students get wrong", "To discuss"))
    assert all(len(re.findall(r"^- ", section, re.MULTILINE)) >= 3 for section in listed)
    points = [int(p) for p in re.findall(r"^\| (\d) \|", sections["Rubric"], re.MULTILINE)]
    assert points == sorted(points, reverse=True) and len(points) >= 3
    assert head["practise"] > 0 and head["needed"] and head["helpful"]


@chapters
def test_every_chapter_has_a_page_of_the_guide_that_can_be_read(path):
    page = chapter_page(path, {"seconds": 60, "peak_mb": 900})
    assert page.startswith("# Teaching “") and "in 60 seconds with 900 MB" in page and "estimates" in page
    assert all(item in page for item in objectives(read(path)))
    assert not re.search(r"\{\w+\}`", to_html(page, {}))


def stretches(blocks: list[dict]) -> list[int]:
    """Return the minutes between the breaks of one day."""
    found = [0]
    for block in blocks:
        if block["kind"] == "break":
            found.append(0)
        else:
            found[-1] += block["minutes"]
    return found


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


def test_a_guide_to_a_chapter_that_has_changed_is_found():
    def head(*headings, optional=()):
        return {"parts": [{"until": until} for until in headings], "optional": optional}

    assert misfits(["A?", "B?"], head("A?", "B?")) == []
    assert misfits(["A?", "B?"], head("A?")) == ["the last part does not reach the last question, B?"]
    assert misfits(["A?", "B?"], head("B?", "A?")) == ["the parts are not in the order of the chapter"]
    assert misfits(["A?", "B?"], head("B?", optional=["C?"])) == ["no such section: C?"]


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
    assert deeper("{doc}`x` {doc}`words <y>` {term}`z`") == "{doc}`../x` {doc}`words <../y>` {term}`z`"
    assert deeper("{doc}`01_why`\n\nSee {doc}`01_why`.").startswith(
        "{doc}`../01_why`, and {doc}`how to teach it <01_why>`\n\nSee"
    )
