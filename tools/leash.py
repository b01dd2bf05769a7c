"""`python tools/leash.py MODULE WORDS...`: `python -m MODULE WORDS...` that ends when the process that started it ends.

So a build that is killed leaves no kernel and no Sphinx that work beside the next one. A kernel watches its own parent.
"""

import os
import runpy
import signal
import sys
import threading
import time

SECONDS = 0.5  # between two looks


def hold() -> None:
    """From now on, end this process when its parent does."""
    threading.Thread(target=_watch, args=[os.getppid()], daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    hold()
    sys.path[0] = os.getcwd()  # as `python -m` has it, and not this folder, whose modules have common names
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
