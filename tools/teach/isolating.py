"""How a submission is run and shown: what hangs or dies costs its own cell only, and hidden tests stay hidden."""

import re
from typing import Any

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.preprocessors import ClearHiddenTests, Execute
from traitlets import Bool

HANGS = "this cell was stopped after {seconds} seconds; is there a loop in it, or in what it calls, that does not end?"
DIES = "this cell ended Python itself, by leaving it or by asking for more memory than there is"


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
            trace = [f"CellStopped: {reason}"]
            cell.outputs = [new_output("error", ename="CellStopped", evalue=reason, traceback=trace)]
            return cell, resources
        self.running = index
        return super().preprocess_cell(cell, resources, index)


class Confidential(ClearHiddenTests):
    """Take hidden tests out of feedback: their code, and the lines of a traceback, of which the message stays."""

    def preprocess_cell(self, cell: NotebookNode, resources: Any, index: int) -> tuple[NotebookNode, Any]:
        """Clear one cell, if it has hidden tests."""
        if cell.cell_type == "code" and re.search(self.begin_test_delimeter, cell.source):
            for output in cell.outputs:
                if output.output_type == "error":
                    output.traceback = [f"{output.ename}: {output.evalue}"]
        return super().preprocess_cell(cell, resources, index)
