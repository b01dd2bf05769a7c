"""Assignments with nbgrader: made from their sources, handed out, run and marked, and answered; a course says where."""

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat

from tools.teach.course import SETTINGS, AssignmentError, check_name, convert, gradebook, known
from tools.teach.sources import notebook

ELSEWHERE = re.compile(r"""<script[^>]*\bsrc=["']https?:[^>]*>\s*</script>""")  # MathJax; formulas stay as they are written
WRAPPED = "<style>pre { white-space: pre-wrap !important }</style>"  # so that a long message is read without scrolling


def generate(name: str, course: Path) -> Path:
    """Write the instructor's notebook of an assignment, and the settings of the course where it has none.

    Returns:
        the notebook, with solutions and hidden tests.
    """
    check_name(name)
    if odd := re.search(r"[*?\[\]{}]", str(course)):
        raise AssignmentError(
            f"{course} has {odd[0]!r} in its name, which nbgrader takes for a pattern; name another folder"
        )
    made = course / "source" / name / f"{name}.ipynb"
    made.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook(known()[name]), made)
    if not (course / "nbgrader_config.py").exists():
        (course / "nbgrader_config.py").write_text(SETTINGS, encoding="utf-8")
    return made


def release(name: str, course: Path) -> Path:
    """Write the students' notebook: no solutions, no hidden tests, and enter its cells in the gradebook.

    Returns:
        the notebook to hand out.
    """
    from nbgrader.converters import GenerateAssignment

    generate(name, course)
    convert(GenerateAssignment, course, name)
    return course / "release" / name / f"{name}.ipynb"


def students(name: str, course: Path, student: str | None = None) -> list[str]:
    """Who handed in an assignment, or the one student who is asked for.

    Raises:
        AssignmentError: if nobody did, or that student did not.
    """
    check_name(name)
    handed_in = sorted(folder.parent.name for folder in course.glob(f"submitted/*/{name}") if folder.is_dir())
    wanted = handed_in if student is None else [student]
    if not wanted or student is not None and student not in handed_in:
        where = course / "submitted" / (student or "STUDENT") / name / f"{name}.ipynb"
        raise AssignmentError(f"nothing was handed in for {name!r}: there is no {where}")
    return wanted


def autograde(name: str, course: Path, student: str | None = None, seconds: int | None = None) -> Iterator[tuple[str, str]]:
    """Run and mark what was handed in, each student anew, and go on where one can't be marked.

    Args:
        name: of the assignment.
        course: its folder.
        student: one of them; None for all.
        seconds: for a cell, instead of those in the settings.

    Yields:
        a student, and what was wrong with the submission, which is empty if nothing was.
    """
    from nbgrader.converters import Autograde

    if seconds is not None and seconds < 1:
        raise AssignmentError(f"seconds={seconds} is no time limit of a cell; give at least 1")
    if not _is_released(name, course):
        raise AssignmentError(f"{name!r} was not released in {course}: run `release {name}` first")
    for who in students(name, course, student):
        handed_in = course / "submitted" / who / name / f"{name}.ipynb"
        trouble = _unreadable(who, handed_in)
        if not trouble:
            try:
                convert(Autograde, course, name, who, seconds)
            except AssignmentError as error:
                trouble = str(error)
        yield who, trouble


def _unreadable(student: str, handed_in: Path) -> str:
    if not re.fullmatch(r"[\w.@-]+", student):
        return f"the folder {student!r} is no name that nbgrader can take; use letters, digits and . _ @ -"
    if not handed_in.is_file():
        return f"there is no {handed_in.name} in {handed_in.parent}"
    try:
        nbformat.validate(nbformat.read(handed_in, as_version=4))
    except (ValueError, AttributeError, KeyError, nbformat.ValidationError) as error:
        return f"{handed_in} is no notebook: {str(error).splitlines()[0]:.120}"
    return ""


def mark(name: str, course: Path, student: str, question: str, points: float, comment: str = "") -> None:
    """Give points by hand, for an essay or instead of what a test gave.

    Raises:
        AssignmentError: if there is no such submission or question, or not as many points.
    """
    from nbgrader.api import MissingEntry

    check_name(name)
    with gradebook(course) as book:
        try:
            grade = book.find_grade(question, name, name, student)
        except MissingEntry:
            cells = _graded_cells(name)
            hint = f"nothing of {student!r} was marked; run autograde first" if question in cells else ", ".join(cells)
            raise AssignmentError(f"no answer {question!r} of {student!r} in {name!r}: {hint}") from None
        if not 0 <= points <= grade.max_score:
            raise AssignmentError(f"points={points:g} is not between 0 and {grade.max_score:g}, what {question!r} is worth")
        grade.manual_score, grade.needs_manual_grade = points, False
        book.find_comment(question, name, name, student).manual_comment = comment or None
        book.db.commit()


def feedback(name: str, course: Path, student: str | None = None) -> list[Path]:
    """Write a page for each student who was marked, with points and messages, and without the code of hidden tests.

    Returns:
        the pages.
    """
    from nbgrader.converters import GenerateFeedback

    check_name(name)
    marked = {folder.parent.name for folder in course.glob(f"autograded/*/{name}")}
    wanted = sorted(marked) if student is None else [student]
    if not wanted or not marked.issuperset(wanted):
        raise AssignmentError(f"nothing of {student or 'anybody'!r} in {name!r} was marked; run autograde first")
    pages = [course / "feedback" / who / name / f"{name}.html" for who in wanted]
    for who, page in zip(wanted, pages, strict=True):
        convert(GenerateFeedback, course, name, who)
        text = ELSEWHERE.sub("", page.read_text(encoding="utf-8"))
        page.write_text(text.replace("</head>", f"{WRAPPED}</head>", 1), encoding="utf-8")
    return pages


def grades(name: str, course: Path) -> list[dict[str, str | float]]:
    """One row a student: points so far, what there is to have, and the answers that wait for a person."""
    check_name(name)
    with gradebook(course) as book:
        rows = []
        for submission in sorted(book.assignment_submissions(name), key=lambda s: s.student_id):
            waiting = [g.name for notebook in submission.notebooks for g in notebook.grades if g.needs_manual_grade]
            row = {"student": submission.student_id, "points": submission.score, "of": submission.max_score}
            rows.append(row | {"to_mark": " ".join(sorted(waiting))})
        return rows


def _graded_cells(name: str) -> list[str]:
    return [cell.id for cell in notebook(known()[name]).cells if cell.metadata.nbgrader.grade]


def _is_released(name: str, course: Path) -> bool:
    return (course / "release" / name / f"{name}.ipynb").is_file() and (course / "gradebook.db").is_file()
