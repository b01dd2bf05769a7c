"""The quizzes of the book as a bank of questions in Moodle's XML, each choice with its reason as feedback.

Moodle documents the format under "Moodle XML format"; Canvas, ILIAS and others read it too.
"""

from collections.abc import Mapping

from lxml import etree
from lxml.builder import E

from tools.teach.chapter import Quiz
from tools.teach.markup import to_html

FIXED = {"single": "true", "shuffleanswers": "true", "answernumbering": "abc"}


def bank(chapters: Mapping[str, tuple[str, list[Quiz], Mapping[str, str]]]) -> bytes:
    """Return the bank of questions, one category a chapter, as XML in UTF-8.

    Args:
        chapters: by the name of its file, a chapter's title, its quizzes, and the values that its run recorded.
    """
    root = E.quiz()
    for name, (title, quizzes, values) in chapters.items():
        category = f"$course$/top/Understanding Foundation Models/{title.replace('/', '//')}"
        root.append(E.question(E.category(E.text(category)), type="category"))
        root.extend(question(quiz, f"{name}-{number}", values) for number, quiz in enumerate(quizzes, 1))
    return etree.tostring(root, encoding="utf-8", xml_declaration=True, pretty_print=True)


def question(quiz: Quiz, name: str, values: Mapping[str, str]) -> etree._Element:
    """Return a question of type multichoice, one choice of which is worth all points and the others none.

    Raises:
        ValueError: if the quiz has not exactly one right choice.
    """
    if (n_right := sum(choice.right for choice in quiz.choices)) != 1:
        raise ValueError(f"the quiz {quiz.question!r:.80} has {n_right} right choices, not one")

    def words(tag: str, text: str, *more: etree._Element, **attributes: str) -> etree._Element:
        return E(tag, E.text(to_html(text, values)), *more, format="html", **attributes)

    marks = {True: "100", False: "0"}
    answers = [words("answer", c.text, words("feedback", c.reason), fraction=marks[c.right]) for c in quiz.choices]
    fixed = [E(tag, text) for tag, text in FIXED.items()]
    head = [E.name(E.text(name)), words("questiontext", quiz.question)]
    head += [E.generalfeedback(E.text(), format="html"), E.defaultgrade("1"), E.penalty("0.3333333"), E.hidden("0")]
    head.append(E.idnumber(name))
    return E.question(*head, *fixed, *answers, type="multichoice")
