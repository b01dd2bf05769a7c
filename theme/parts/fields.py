"""What the forms of the pages without a kernel share."""

from html import escape


def number_field(prefix: str, name: str, label: str, value: str, step: str, least: str) -> str:
    """Return a field for a number, of the form whose ids begin with `prefix`.

    It takes any text, as a browser's own field for numbers drops what it does not know: "128K" would be 128 and "2,50" 250.
    """
    return (
        f'<label>{escape(label)} <input id="{prefix}-{name}" type="text" role="spinbutton" inputmode="decimal" '
        f'value="{value}" data-step="{step}" data-least="{least}" aria-describedby="{prefix}-state"></label>'
    )
