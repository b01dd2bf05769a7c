"""`python -m tools.book`: run what has to be run, build the site, say where it is."""

import sys

from tools.execute import NotebookFailedError, execute_all
from tools.site import SiteError, build_site


def main() -> int:
    """Execute, build, and print the path of the first page; one sentence and status 1 where that fails."""
    try:
        execute_all()
        page = build_site()
    except (NotebookFailedError, SiteError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
