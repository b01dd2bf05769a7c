"""A course of nbgrader's: a folder with source, release, submitted/STUDENT/NAME/NAME.ipynb, autograded and feedback in it,
its settings, nbgrader_config.py, and its database, gradebook.db.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tools.execute import ROOT

if TYPE_CHECKING:
    from nbgrader.api import Gradebook
    from nbgrader.converters.base import BaseConverter
    from traitlets.config import Config

SOURCES = ROOT / "teaching" / "assignments"
SETTINGS = """# Written once, and read by tools/teach/course.py and by nbgrader's own commands: change what you like.
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


@contextmanager
def gradebook(course: Path) -> Iterator["Gradebook"]:
    """The database of a course, open.

    Raises:
        AssignmentError: if there is none yet.
    """
    from nbgrader.api import Gradebook

    if not (course / "gradebook.db").is_file():
        raise AssignmentError(f"there is no gradebook.db in {course}: release an assignment there first")
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        yield book


def settings(course: Path, seconds: int | None) -> "Config":
    """The settings of a course, and its own time limit of a cell where one is given."""
    from traitlets.config.loader import PyFileConfigLoader

    config = PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config()
    config.CourseDirectory.root = str(course)
    if seconds is not None:
        config.Execute.timeout = seconds
    return config


def convert(
    converter: type["BaseConverter"], course: Path, name: str, student: str | None = None, seconds: int | None = None
) -> None:
    """Run a step of nbgrader for an assignment, over what an earlier run left.

    Raises:
        AssignmentError: if it fails, with the errors that nbgrader logged.
    """
    from nbgrader.converters.base import NbGraderException
    from nbgrader.coursedir import CourseDirectory
    from sqlalchemy.exc import SAWarning

    config = settings(course, seconds)
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
