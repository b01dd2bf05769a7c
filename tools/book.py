"""`python -m tools.book`: run what has to be run, build the site, say where it is."""

import sys

from filelock import FileLock

from tools.execute import ROOT, NotebookFailedError, execute_all
from tools.site import SiteError, build_site


def main() -> int:
    """Execute, build, and print the path of the first page; one sentence and status 1 where that fails."""
    (ROOT / "_build").mkdir(exist_ok=True)
    try:
        with FileLock(ROOT / "_build" / ".book.lock"):  # a second run at once waits for the first, and finds its work done
            execute_all()
            page = build_site()
    except (NotebookFailedError, SiteError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
