"""Short questions whose answers are facts, in words of this book's own, and who answered them right.

`data/questions.csv` has a hundred of four tasks, from easy to hard for a small model; `data/paraphrases.csv` asks a dozen
of them in five ways each.
"""

import re
import unicodedata

import pandas as pd

from helpers.tables import read_table

EXAMPLES = {  # solved, to show a model the form; none of them is among the questions
    "What is the capital of Finland?": "Helsinki",
    "What is 3 plus 5?": "8",
    "What is the opposite of left?": "right",
}
LEADS = re.compile(r"^(?:the (?:answer|capital|opposite|element|sum) is|it is|it's|that is)\b[\s:]*", re.IGNORECASE)
ARTICLES = re.compile(r"^(?:a|an|the)\s+", re.IGNORECASE)


def questions() -> pd.DataFrame:
    """A hundred questions: columns `task`, `question`, and `accepted`, the right answers separated by "|"."""
    return read_table("questions").astype(str)


def paraphrases() -> pd.DataFrame:
    """A dozen questions, each in five ways: columns `item`, a number for those that ask the same, `question`, `accepted`."""
    return read_table("paraphrases").astype({"question": str, "accepted": str})


def prompt(question: str, examples: dict[str, str] | None = None) -> str:
    """A question after solved examples, for a model to continue with the answer and the end of a line.

    Args:
        question: in words.
        examples: answers by question; None for the three of this module.

    Raises:
        ValueError: if the question is empty or has several lines, which would look like more examples.
    """
    if not question.strip() or "\n" in question:
        raise ValueError(f"question={question!r} is not accepted; give one line of text")
    solved = EXAMPLES if examples is None else examples
    return "".join(f"Q: {q}\nA: {a}\n" for q, a in solved.items()) + f"Q: {question}\nA:"


def is_right(answer: str, accepted: str) -> bool:
    """Whether the first line of an answer is one of the accepted answers, and nothing else.

    Capitals, accents, spaces, an article, marks at the ends, and a lead such as "The answer is" make no difference.

    Args:
        answer: what a model wrote.
        accepted: the right answers, separated by "|".

    Raises:
        ValueError: if none is accepted.
    """
    wanted = {plain(one) for one in accepted.split("|")} - {""}
    if not wanted:
        raise ValueError(f"accepted={accepted!r} holds no answer; give at least one")
    return plain(answer) in wanted


def plain(answer: str) -> str:
    """The first line of an answer without what makes no difference."""
    line = answer.strip().split("\n")[0]
    letters = unicodedata.normalize("NFKD", line).encode("ascii", "ignore").decode()
    words = " ".join(letters.casefold().split()).strip(" .,;:!?\"'()*")
    return ARTICLES.sub("", LEADS.sub("", words)).strip(" .,;:!?\"'()*")
