"""What the pages without a kernel share: fields for numbers, and the data that their scripts load."""

import json
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path


def number_field(prefix: str, name: str, label: str, value: str, step: str, least: str) -> str:
    """A field for a number, of the form whose ids begin with `prefix`."""
    return (
        f'<label>{escape(label)} <input id="{prefix}-{name}" type="number" inputmode="decimal" value="{value}" '
        f'step="{step}" min="{least}" aria-describedby="{prefix}-state"></label>'
    )


def write_parts(output: Path, mark: str, contents: Callable[[], Mapping[str, object]]) -> None:
    """Put what a script loads into a site in which some page has its mark; a file that is the same stays as it is.

    Args:
        output: the folder of the built pages.
        mark: of the pages that need it.
        contents: gives what is written to `_static/parts`, as JSON by file name; called only where it is needed.
    """
    if not any(mark in page.read_text(encoding="utf-8") for page in output.rglob("*.html")):
        return
    for name, content in contents().items():
        file, data = output / "_static" / "parts" / name, json.dumps(content, ensure_ascii=False)
        if not file.exists() or file.read_text(encoding="utf-8") != data:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(data, encoding="utf-8")
