"""The assignments of the course: `python -m tools.teach.assignments release NAME`, then autograde, mark, and so on.

A course is a folder, `_build/assignments` unless another is given; `tools/teach/course.py` says what is in it.
"""

import argparse
import csv
import os
import sys
from pathlib import Path

from tools.execute import ROOT
from tools.teach.course import AssignmentError, known
from tools.teach.grading import autograde, feedback, generate, grades, mark, release
from tools.teach.sources import notebook

COURSE = ROOT / "_build" / "assignments"


def main(words: list[str] | None = None) -> int:
    """Do what the command line says."""
    options = _parser().parse_args(words)
    course = options.course.resolve()
    _surround(course)
    try:
        return options.run(options, course)
    except AssignmentError as error:
        print(f"error: {error}", file=sys.stderr)
    except ModuleNotFoundError as error:
        if error.name != "nbgrader":
            raise
        print("error: nbgrader is not installed: run `make setup-dev`", file=sys.stderr)
    return 1


def _surround(course: Path) -> None:
    """Have kernels write below the course, and nbgrader find `alembic`, which is beside Python."""
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    os.environ |= {"JUPYTER_PLATFORM_DIRS": "1"}
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
