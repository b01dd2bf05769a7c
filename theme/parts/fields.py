"""What the forms of the pages without a kernel share."""

from html import escape


def number_field(prefix: str, name: str, label: str, value: str, step: str, least: str) -> str:
    """Return a field for a number, of the form whose ids begin with `prefix`."""
    return (
        f'<label>{escape(label)} <input id="{prefix}-{name}" type="number" inputmode="decimal" value="{value}" '
        f'step="{step}" min="{least}" aria-describedby="{prefix}-state"></label>'
    )
