"""`python -m tools.book`: run what has to be run, build the site, say where it is."""

import errno
import signal
import sys

from filelock import FileLock

from tools.execute import ROOT, NotebookFailedError, execute_all
from tools.site import SiteError, build_site, outdated


def main() -> int:
    """Execute, build, and print the path of the first page; one sentence and a status where that fails."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        (ROOT / "_build").mkdir(exist_ok=True)
        with FileLock(ROOT / "_build" / ".book.lock"):  # a second run at once waits for the first, and finds its work done
            execute_all()
            page = build_site()
    except (NotebookFailedError, SiteError) as error:
        return complain(str(error))
    except OSError as error:
        if error.errno == errno.ENOSPC:
            return complain("the disk is full: free some space and run the same command again")
        return complain(f"the build could not write in {ROOT / '_build'}: {error}")
    except KeyboardInterrupt:
        return complain("stopped; run the same command again and it goes on from here", status=130)
    print(page)
    print("(opened as a file it reads well; pages that run in the browser, such as the playgrounds, need `make serve`)")
    return 0


def complain(words: str, status: int = 1) -> int:
    """Say what went wrong and which pages that are published still show an earlier state, and return the exit status."""
    print(f"error: {words}", file=sys.stderr)
    if old := outdated(ROOT):
        print(f"the site in _build/html stays as it was; of an earlier run are {', '.join(old)}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
