"""`python -m tools.unpin`: let go of every pin but the upper bounds that have a reason, for a run on the newest releases.

Needs nothing but Python. It changes the requirement files in place: meant for a throw-away checkout, such as the weekly
workflow's.
"""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BOUNDS = {
    "jupyter-book": ">=1.0.4,<2",  # 2.x is another program: it reads neither _config.yml nor _toc.yml
}


def unpinned(requirements: str) -> str:
    """The text of a requirement file without `==` pins."""

    def loosen(match: re.Match) -> str:
        return match["name"] + BOUNDS.get(match["name"], "")

    return re.sub(r"^(?P<name>[A-Za-z0-9._-]+)==\S+", loosen, requirements, flags=re.MULTILINE)


def main() -> None:
    """Loosen the requirement files and empty the constraints and the lists of hashes."""
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-cluster.txt"):
        file = ROOT / name
        file.write_text(unpinned(file.read_text()))
    for file in (ROOT / "locks").glob("*.txt"):
        file.write_text("# emptied by tools/unpin.py\n")


if __name__ == "__main__":
    main()
