"""`python -m tools.lint [--fix]`: ruff, codespell, nbstripout and mypy; pre-commit and the tests run it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def commands(fix: bool) -> list[list[str]]:
    """The linters' command lines, to check or to mend."""
    notebooks = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "chapters").glob("*.ipynb"))
    strip = ["nbstripout", "--keep-id", "--extra-keys", "metadata.language_info.version", *([] if fix else ["--verify"])]
    return [
        ["ruff", "check", "--quiet", *(["--fix"] if fix else []), "."],
        ["ruff", "format", "--quiet", *([] if fix else ["--diff"]), "."],
        ["codespell"],
        *([[*strip, *notebooks]] if notebooks else []),
        *([] if fix else [["mypy", "--no-error-summary"]]),  # its files are named in pyproject.toml
    ]


def main(fix: bool = False) -> int:
    """Run them all, show what each says, and return 0 when none objects."""
    failed = []
    for name, *words in commands(fix):
        if subprocess.run([sys.executable, "-m", name.replace("codespell", "codespell_lib"), *words], cwd=ROOT).returncode:
            failed.append(name)
    if failed:
        print(f"error: {', '.join(failed)} objects; `make format` mends what can be mended", file=sys.stderr)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main("--fix" in sys.argv[1:]))
