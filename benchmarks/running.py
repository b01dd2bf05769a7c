"""`python -m benchmarks.running FOLDER NOTEBOOKS ...` runs notebooks as `make book` does, into a folder."""

import sys
from pathlib import Path
from unittest import mock

from tools import execute


def main(words: list[str]) -> int:
    """Run those of the notebooks that have no executed copy of their state in the folder; `_build` stays as it is."""
    place, notebooks = Path(words[0]), [Path(word) for word in words[1:]]
    with mock.patch.multiple(execute, RUN=place, EXECUTED=place / "executed", notebooks=lambda: notebooks):
        execute.execute_all()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
