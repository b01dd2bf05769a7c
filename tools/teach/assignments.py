"""The assignments of the course, with nbgrader: `python -m tools.teach.assignments release NAME`, then autograde, and so on.

A course is a folder, `_build/assignments` unless another is given, with nbgrader's own folders in it: source, release,
submitted/STUDENT/NAME/NAME.ipynb, autograded, feedback; and its database, gradebook.db.
"""

import argparse
import csv
import logging
import os
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat

from tools.execute import ROOT
from tools.teach.sources import notebook

if TYPE_CHECKING:
    from nbgrader.api import Gradebook
    from nbgrader.converters.base import BaseConverter
    from traitlets.config import Config

SOURCES = ROOT / "teaching" / "assignments"
COURSE = ROOT / "_build" / "assignments"
ELSEWHERE = re.compile(r"""<script[^>]*\bsrc=["']https?:[^>]*>\s*</script>""")  # MathJax; formulas stay as they are written
SETTINGS = """# Written once, and read by tools/teach/assignments.py and by nbgrader's own commands: change what you like.
c = get_config()
c.Execute.timeout = 30  # seconds for a cell; one that takes longer gets no points, and the rest is still marked
c.Execute.extra_arguments = ["--IPKernelApp.log_level=ERROR"]
c.ClearSolutions.code_stub = {"python": 'raise NotImplementedError("write this, and run this cell again")'}
c.ClearSolutions.text_stub = "*Write your answer here.*"
c.Autograde.autograde_preprocessors = [
    "tools.teach.isolating.Isolating",
    "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "tools.teach.isolating.Confidential",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
"""


class AssignmentError(RuntimeError):
    """What went wrong, in words for a lecturer."""


def known() -> dict[str, Path]:
    """The assignments by name, each with its source."""
    return {file.stem: file for file in sorted(SOURCES.glob("*.py"))}


def check_name(name: str) -> None:
    """Raise an AssignmentError unless there is an assignment of that name."""
    if name not in known():
        raise AssignmentError(f"there is no assignment {name!r}; there are {', '.join(known())}")


def generate(name: str, course: Path) -> Path:
    """Write the instructor's notebook of an assignment, and the settings of the course where it has none.

    Returns:
        the notebook, with solutions and hidden tests.
    """
    check_name(name)
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
    _convert(GenerateAssignment, course, name)
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
                _convert(Autograde, course, name, who, seconds)
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
    with _gradebook(course) as book:
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
        _convert(GenerateFeedback, course, name, who)
        page.write_text(ELSEWHERE.sub("", page.read_text(encoding="utf-8")), encoding="utf-8")
    return pages


def grades(name: str, course: Path) -> list[dict[str, str | float]]:
    """One row a student: points so far, what there is to have, and the answers that wait for a person."""
    check_name(name)
    with _gradebook(course) as book:
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


@contextmanager
def _gradebook(course: Path) -> Iterator["Gradebook"]:
    from nbgrader.api import Gradebook

    if not (course / "gradebook.db").is_file():
        raise AssignmentError(f"there is no gradebook.db in {course}: release an assignment there first")
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        yield book


def _settings(course: Path, seconds: int | None) -> "Config":
    from traitlets.config.loader import PyFileConfigLoader

    config = PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config()
    config.CourseDirectory.root = str(course)
    if seconds is not None:
        config.Execute.timeout = seconds
    return config


def _convert(
    converter: type["BaseConverter"], course: Path, name: str, student: str | None = None, seconds: int | None = None
) -> None:
    """Run a step of nbgrader for an assignment, over what an earlier run left.

    Raises:
        AssignmentError: if it fails, with the errors that nbgrader logged.
    """
    from nbgrader.converters.base import NbGraderException
    from nbgrader.coursedir import CourseDirectory
    from sqlalchemy.exc import SAWarning

    config = _settings(course, seconds)
    directory = CourseDirectory(config=config, assignment_id=name, **({"student_id": student} if student else {}))
    step = converter(coursedir=directory, config=config)
    step.force = True
    with _heard(step.log) as said, warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # of nbgrader's own use of its database
        try:
            step.start()
        except NbGraderException as error:
            told = [line for record in said for line in record.splitlines() if line.strip()]
            raise AssignmentError("\n".join(told) or str(error)) from error


@contextmanager
def _heard(log: logging.Logger) -> Iterator[list[str]]:
    """What a logger says at the level of errors, kept and not shown."""
    said: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    before, log.handlers, log.propagate = log.handlers, [handler], False
    try:
        yield said
    finally:
        log.handlers = before


def main(words: list[str] | None = None) -> int:
    """Do what the command line says."""
    options = _parser().parse_args(words)
    course = options.course.resolve()
    _surround(course)
    try:
        return options.run(options, course)
    except AssignmentError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _surround(course: Path) -> None:
    """Have kernels find `helpers` and write below the course, and nbgrader find `alembic`, which is beside Python."""
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    os.environ |= {"PYTHONPATH": str(ROOT), "JUPYTER_PLATFORM_DIRS": "1"}
    os.environ |= {"IPYTHONDIR": str(course / ".ipython"), "MPLCONFIGDIR": str(course / ".matplotlib")}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.teach.assignments", description=__doc__.splitlines()[0])
    parser.add_argument("--course", type=Path, default=COURSE, help="folder of the course (default: _build/assignments)")
    steps = parser.add_subparsers(required=True, metavar="STEP")

    def step(name: str, run, about: str, *arguments: str):
        made = steps.add_parser(name, help=about, description=about)
        made.set_defaults(run=run)
        for argument in arguments:
            made.add_argument(argument)
        return made

    step("list", _list, "names and points of the assignments")
    step("generate", _generate, "write the instructor's notebook", "name")
    made = step("release", _release, "write the students' notebooks, of all assignments if none is named")
    made.add_argument("name", nargs="*", default=list(known()))
    made = step("autograde", _autograde, "run and mark what was handed in", "name", "--student")
    made.add_argument("--seconds", type=int, help="time limit of a cell, instead of the one in nbgrader_config.py")
    made = step("mark", _mark, "give points by hand", "name", "student", "question")
    made.add_argument("points", type=float)
    made.add_argument("--comment", default="", help="what the student reads beside the points")
    step("feedback", _feedback, "write a page for each student", "name", "--student")
    step("grades", _grades, "print points as CSV", "name")
    return parser


def _list(options: argparse.Namespace, course: Path) -> int:
    for name, file in known().items():
        cells = [cell.metadata.nbgrader for cell in notebook(file).cells if cell.metadata.nbgrader.grade]
        by_hand = sum(cell.points for cell in cells if cell.solution)
        print(f"{name}: {sum(cell.points for cell in cells)} points, {by_hand} of them by hand")
    return 0


def _generate(options: argparse.Namespace, course: Path) -> int:
    print(generate(options.name, course))
    return 0


def _release(options: argparse.Namespace, course: Path) -> int:
    for name in options.name:
        print(release(name, course))
    return 0


def _autograde(options: argparse.Namespace, course: Path) -> int:
    failed = 0
    for student, trouble in autograde(options.name, course, options.student, options.seconds):
        failed += bool(trouble)
        if trouble:
            print(f"error: {student} was not marked: {trouble}", file=sys.stderr, flush=True)
            continue
        row = next(row for row in grades(options.name, course) if row["student"] == student)
        waits = f", and {row['to_mark']} to mark by hand" if row["to_mark"] else ""
        print(f"{student}: {row['points']:g} of {row['of']:g}{waits}", flush=True)
    return int(failed > 0)


def _mark(options: argparse.Namespace, course: Path) -> int:
    mark(options.name, course, options.student, options.question, options.points, options.comment)
    return 0


def _feedback(options: argparse.Namespace, course: Path) -> int:
    for page in feedback(options.name, course, options.student):
        print(page)
    return 0


def _grades(options: argparse.Namespace, course: Path) -> int:
    table = csv.DictWriter(sys.stdout, ["student", "points", "of", "to_mark"])
    table.writeheader()
    table.writerows(grades(options.name, course))
    return 0


if __name__ == "__main__":
    sys.exit(main())
