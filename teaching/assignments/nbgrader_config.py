"""Settings of the four assignments; nbgrader's commands read them when they are run in this folder.

What nbgrader makes lies in `_build/assignments`, or where the variable COURSE says; the sources stay here.
"""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
BOOK = HERE.parents[1]
COURSE = Path(os.environ.get("COURSE") or BOOK / "_build" / "assignments").resolve()
COURSE.mkdir(parents=True, exist_ok=True)
sys.path.insert(0, str(BOOK))
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"  # alembic is beside Python
os.environ |= {
    "JUPYTER_PLATFORM_DIRS": "1",
    "IPYTHONDIR": str(COURSE / ".ipython"),
    "MPLCONFIGDIR": str(COURSE / ".matplotlib"),
}

c = get_config()  # noqa: F821 - traitlets defines it
c.CourseDirectory.root = str(COURSE)
c.CourseDirectory.source_directory = str(HERE / "source")
c.Execute.timeout = 30  # seconds for a cell; one that takes longer gets no points, and the rest is still marked
c.Execute.extra_arguments = ["--IPKernelApp.log_level=ERROR"]
c.OverwriteCells.add_missing_cells = True
c.ClearSolutions.code_stub = {"python": 'raise NotImplementedError("write this, and run this cell again")'}
c.ClearSolutions.text_stub = "*Write your answer here.*"
c.Autograde.sanitize_preprocessors = [
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.DeduplicateIds",
    "nbgrader.preprocessors.OverwriteKernelspec",
    "tools.teach.isolating.Restoring",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.Autograde.autograde_preprocessors = [
    "tools.teach.isolating.Isolating",
    "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.GenerateFeedback.exporter_class = "tools.teach.isolating.Offline"
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "tools.teach.isolating.Confidential",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
