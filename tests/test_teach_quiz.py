"""The bank of questions is what Moodle reads: one right choice at 100 %, a reason for each, no MyST left over."""

import re

import pytest
from lxml import etree

from tests.test_notebooks import NOTEBOOKS
from tools.execute import EXECUTED
from tools.teach.chapter import Choice, Quiz, prose, quizzes, read, title
from tools.teach.markup import to_html, to_text, values_of
from tools.teach.quizzes import bank, question

SCHEMA = etree.XMLSchema(
    etree.fromstring(b"""
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:complexType name="words"><xs:sequence><xs:element name="text" type="xs:string"/></xs:sequence>
    <xs:attribute name="format" type="format"/></xs:complexType>
  <xs:simpleType name="format"><xs:restriction base="xs:string">
    <xs:enumeration value="html"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="fraction"><xs:restriction base="xs:integer">
    <xs:enumeration value="0"/><xs:enumeration value="100"/></xs:restriction></xs:simpleType>
  <xs:complexType name="answer"><xs:sequence><xs:element name="text" type="xs:string"/>
    <xs:element name="feedback" type="words"/></xs:sequence>
    <xs:attribute name="fraction" type="fraction" use="required"/>
    <xs:attribute name="format" type="format"/></xs:complexType>
  <xs:element name="quiz"><xs:complexType><xs:sequence><xs:element name="question" maxOccurs="unbounded"><xs:complexType>
    <xs:choice><xs:element name="category" type="words"/><xs:sequence>
      <xs:element name="name" type="words"/><xs:element name="questiontext" type="words"/>
      <xs:element name="generalfeedback" type="words"/><xs:element name="defaultgrade" type="xs:decimal"/>
      <xs:element name="penalty" type="xs:decimal"/><xs:element name="hidden" type="xs:boolean"/>
      <xs:element name="idnumber" type="xs:string"/><xs:element name="single" type="xs:boolean"/>
      <xs:element name="shuffleanswers" type="xs:boolean"/><xs:element name="answernumbering" type="xs:string"/>
      <xs:element name="answer" type="answer" minOccurs="3" maxOccurs="unbounded"/></xs:sequence></xs:choice>
    <xs:attribute name="type" use="required"/></xs:complexType></xs:element></xs:sequence></xs:complexType></xs:element>
</xs:schema>""")
)
LEFT = re.compile(r"\{[\w:]+\}`|^:::|```|:class-container:|\{dropdown\}|\*\*", re.MULTILINE)


@pytest.fixture(scope="module")
def whole():
    """The bank of the whole book, and the quizzes in it."""
    chapters = {}
    for path in NOTEBOOKS:
        copy = EXECUTED / path.name
        values = values_of(read(copy)) if copy.exists() else {}
        chapters[path.stem] = (to_text(title(read(path)), values), quizzes(prose(read(path))), values)
    return etree.fromstring(bank(chapters)), chapters


def test_the_bank_has_the_form_that_moodle_reads(whole):
    SCHEMA.assertValid(whole[0])


def test_every_quiz_of_the_book_is_in_it_with_all_reasons(whole):
    root, chapters = whole
    asked = root.findall("question[@type='multichoice']")
    due = [quiz for _, found, _ in chapters.values() for quiz in found]
    assert len(asked) == len(due) and len(root.findall("question[@type='category']")) == len(NOTEBOOKS)
    names = [node.findtext("name/text") for node in asked]
    assert len(set(names)) == len(names) and names[0].startswith(NOTEBOOKS[0].stem)
    for node, quiz in zip(asked, due, strict=True):
        answers = node.findall("answer")
        assert [answer.get("fraction") for answer in answers].count("100") == 1
        assert [answer.get("fraction") == "100" for answer in answers] == [choice.right for choice in quiz.choices]
        assert all(len(answer.findtext("feedback/text").split()) >= 5 for answer in answers)
        texts = [node.findtext("questiontext/text"), *node.xpath("answer/text/text() | answer/feedback/text/text()")]
        assert all(text.startswith("<") and not LEFT.search(text) for text in texts), texts


def test_a_question_by_hand():
    choices = [Choice("$2^3$", True, "It is {eval}`eight`."), Choice("`6` & 7", False, "No <b>.")]
    node = question(Quiz("What is {term}`two <number>` cubed?", (*choices,)), "q-1", {"eight": "8"})
    assert node.findtext("questiontext/text") == "<p>What is two cubed?</p>"
    assert [a.findtext("text") for a in node.findall("answer")] == [
        '<p><span class="math inline">\\(2^3\\)</span></p>', "<p><code>6</code> &amp; 7</p>"
    ]  # fmt: skip
    assert [a.findtext("feedback/text") for a in node.findall("answer")] == ["<p>It is 8.</p>", "<p>No &lt;b&gt;.</p>"]


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="has 0 right choices, not one"):
        question(Quiz("Q?", (Choice("a", False, "no"),)), "q", {})
    for text, words in {
        "{eval}`gone`": "the run recorded no value of 'gone'",
        "{cite:t}`nobody2000`": "'nobody2000' is not in references.bib",
        "{whatever}`x`": "role {whatever} of 'x' is not known",
    }.items():
        with pytest.raises(ValueError, match=re.escape(words)):
            to_html(text, {})


def test_references_become_words():
    assert to_text("by {cite:t}`petrov2023tokenizers`", {}) == "by Petrov et al. (2023)"
    assert (
        to_text("so {cite:p}`petrov2023tokenizers,vaswani2017attention`", {})
        == "so (Petrov et al., 2023; Vaswani et al., 2017)"
    )
    assert to_text("in {doc}`02_training_data`", {}).startswith("in “2. Training data")
    assert to_text("{eval}`n` {term}`two <number>`", {"n": "1"}) == "1 two"
    assert to_html("a\n\n```{note}\n:class: x\nb\n```\n", {}) == "<p>a</p>\n<p>b</p>"
