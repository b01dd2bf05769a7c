"""The quizzes of the book as a bank of questions in Moodle's XML, each choice with its reason as feedback.

Moodle documents the format under "Moodle XML format"; Canvas, ILIAS and others read it too.
"""

from collections.abc import Mapping

from lxml import etree

from tools.teach.chapter import Quiz
from tools.teach.markup import to_html

BOOK = "Understanding Foundation Models"


def bank(chapters: Mapping[str, tuple[str, list[Quiz], Mapping[str, str]]]) -> bytes:
    """A bank of questions, one category a chapter.

    Args:
        chapters: by the name of its file, a chapter's title, its quizzes, and the values that its run recorded.

    Returns:
        the XML, in UTF-8.

    Raises:
        ValueError: if a quiz has not exactly one right choice.
    """
    root = etree.Element("quiz")
    for name, (title, quizzes, values) in chapters.items():
        category = _child(_child(root, "question", type="category"), "category")
        _text(category, f"$course$/top/{BOOK}/{title.replace('/', '//')}")
        for number, quiz in enumerate(quizzes, 1):
            root.append(question(quiz, f"{name}-{number}", values))
    return etree.tostring(root, encoding="utf-8", xml_declaration=True, pretty_print=True)


def question(quiz: Quiz, name: str, values: Mapping[str, str]) -> etree._Element:
    """One question of type multichoice, one choice of which is worth all points and the others none."""
    if sum(choice.right for choice in quiz.choices) != 1:
        raise ValueError(f"the quiz {quiz.question!r:.80} has {sum(c.right for c in quiz.choices)} right choices, not one")
    node = etree.Element("question", type="multichoice")
    _text(_child(node, "name"), name)
    _html(node, "questiontext", quiz.question, values)
    _text(_child(node, "generalfeedback", format="html"), "")
    for tag, text in {"defaultgrade": "1", "penalty": "0.3333333", "hidden": "0", "idnumber": name}.items():
        _child(node, tag).text = text
    for tag, text in {"single": "true", "shuffleanswers": "true", "answernumbering": "abc"}.items():
        _child(node, tag).text = text
    for choice in quiz.choices:
        answer = _html(node, "answer", choice.text, values, fraction="100" if choice.right else "0")
        _html(answer, "feedback", choice.reason, values)
    return node


def _child(parent: etree._Element, tag: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, tag, **attributes)


def _text(parent: etree._Element, text: str) -> None:
    _child(parent, "text").text = text


def _html(parent: etree._Element, tag: str, text: str, values: Mapping[str, str], **attributes: str) -> etree._Element:
    node = _child(parent, tag, **attributes, format="html")
    _text(node, to_html(text, values))
    return node
