"""`python -m tools.lint [--fix]`: ruff, codespell, nbstripout, mypy and folding; pre-commit and the tests run it."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDED = {"hide-input", "remove-input", "hide-cell", "remove-cell"}  # tags that fold the code of a cell on the site


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


def misfolded(notebook: dict) -> list[str]:
    """Fold the code cells in JupyterLab that tags fold on the site, and no others but solutions; return what was changed."""
    changed = []
    for cell in notebook["cells"]:
        kept = cell["metadata"].get("jupyter", {})
        if cell["cell_type"] != "code" or kept.get("outputs_hidden"):  # a solution is folded whole
            continue
        wanted = {**kept, "source_hidden": True} if FOLDED & set(cell["metadata"].get("tags", [])) else {}
        if kept != wanted:
            changed.append(cell["id"])
            cell["metadata"].pop("jupyter", None)
            cell["metadata"] |= {"jupyter": wanted} if wanted else {}
    return changed


def fold(fix: bool) -> bool:
    """Say which cells tags and JupyterLab fold differently, or make JupyterLab follow the tags; whether any is left."""
    left = False
    for path in sorted((ROOT / "chapters").glob("*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        if changed := misfolded(notebook):
            if fix:
                path.write_text(json.dumps(notebook, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
            else:
                left = True
                print(f"{path.name}: JupyterLab does not fold what the tags fold: {', '.join(changed)}", file=sys.stderr)
    return left


def main(fix: bool = False) -> int:
    """Run them all, show what each says, and return 0 when none objects."""
    failed = ["folding"] if fold(fix) else []
    for name, *words in commands(fix):
        if subprocess.run([sys.executable, "-m", name.replace("codespell", "codespell_lib"), *words], cwd=ROOT).returncode:
            failed.append(name)
    if failed:
        print(f"error: {', '.join(failed)} objects; `make format` mends what can be mended", file=sys.stderr)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main("--fix" in sys.argv[1:]))
