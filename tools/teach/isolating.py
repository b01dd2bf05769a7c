"""How a submission is run and shown: what hangs or ends Python costs its own cell only, tests that were deleted come back,
hidden tests stay hidden, and no page loads anything from elsewhere. teaching/assignments/nbgrader_config.py names these.
"""

import re
from typing import Any

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.preprocessors import ClearHiddenTests, Execute, OverwriteCells
from traitlets import Bool

HANGS = "this cell was stopped after {seconds} seconds; is there a loop in it, or in what it calls, that does not end?"
DIES = "this cell ended Python itself, by leaving it or by asking for more memory than there is"
ELSEWHERE = re.compile(r"""<script[^>]*\bsrc=["']https?:[^>]*>\s*</script>""")  # MathJax; formulas stay as they are written
WRAPPED = "<style>pre { white-space: pre-wrap !important }</style></head>"  # a long message is read without scrolling


class Restoring(OverwriteCells):
    """Put back each test that was deleted, behind the cell that it followed, or the last before it that is there."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Take empty marks, which `DeduplicateIds` leaves on a copied cell, away: nbgrader takes them for an old format."""
        for cell in nb.cells:
            if not cell.metadata.get("nbgrader", True):
                del cell.metadata["nbgrader"]
        return super().preprocess(nb, resources)

    def add_missing_grade_cells(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Do what nbgrader does with `add_missing_cells`, even where the cell before the test is gone as well."""
        known = self.gradebook.find_notebook(self.notebook_id, self.assignment_id)
        points, written = {c.name: c.max_score for c in known.grade_cells}, {c.name for c in known.solution_cells}
        behind = 0
        for source in known.source_cells:
            names = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in nb.cells]
            if source.name not in names and source.name in points:
                again = self.missing_cell_transform(source, points[source.name], is_solution=source.name in written)
                again.id = source.name
                nb.cells.insert(behind, again)
                names.insert(behind, source.name)
            behind = names.index(source.name) + 1 if source.name in names else behind
        return nb, resources

    def add_missing_task_cells(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Leave the notebook as it is: we have no cells of this kind, and nbgrader's own code fails on a copied cell."""
        return nb, resources


class Isolating(Execute):
    """Run a notebook; a cell that takes too long or ends its kernel fails, and all others run again without it.

    An interrupt would be enough for most endless loops, but not for one that catches everything, nor for a kernel that is
    gone; nbgrader then gives the whole notebook nothing.
    """

    interrupt_on_timeout = Bool(False)
    shutdown_kernel = "immediate"

    def preprocess(self, nb: NotebookNode, resources: Any = None, km: Any = None) -> tuple[NotebookNode, Any]:
        """Run all cells, as often as it takes; each time one more is left out, so it ends."""
        self.left_out: dict[int, str] = {}
        while True:
            try:
                return super().preprocess(nb, resources, km)
            except CellTimeoutError:
                self.left_out[self.running] = HANGS.format(seconds=self.timeout)
            except DeadKernelError:
                self.left_out[self.running] = DIES

    def preprocess_cell(self, cell: NotebookNode, resources: Any, index: int) -> tuple[NotebookNode, Any]:
        """Run a cell, unless it was left out."""
        if reason := self.left_out.get(index):
            cell.outputs = [new_output("error", ename="CellStopped", evalue=reason, traceback=[f"CellStopped: {reason}"])]
            return cell, resources
        self.running = index
        return super().preprocess_cell(cell, resources, index)

    def on_cell_executed(self, **told: Any) -> None:
        """Take a cell that asks the kernel to end, as exit() and quit() do, for dead at once, and not the one after it."""
        super().on_cell_executed(**told)
        if any(part.get("source") == "ask_exit" for part in told["execute_reply"]["content"].get("payload", [])):
            raise DeadKernelError(DIES)


class Confidential(ClearHiddenTests):
    """Take hidden tests out of feedback: their code, and the lines of a traceback, of which the message stays."""

    def preprocess_cell(self, cell: NotebookNode, resources: Any, index: int) -> tuple[NotebookNode, Any]:
        """Clear one cell, if it has hidden tests."""
        if cell.cell_type == "code" and re.search(self.begin_test_delimeter, cell.source):
            for output in cell.outputs:
                if output.output_type == "error":
                    output.traceback = [f"{output.ename}: {output.evalue}"]
        return super().preprocess_cell(cell, resources, index)


class Offline(HTMLExporter):
    """Write a page of feedback that needs no network."""

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **named: Any) -> tuple[Any, dict[str, Any]]:
        """Convert a notebook, and take out scripts from elsewhere."""
        page, resources = super().from_notebook_node(nb, resources, **named)
        return ELSEWHERE.sub("", page).replace("</head>", WRAPPED, 1), resources
