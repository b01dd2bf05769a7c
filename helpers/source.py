"""Show the source of a function where a chapter talks about it, so that what is read is what runs."""

import inspect
from collections.abc import Callable

from IPython.display import Markdown, display


def show_source(function: Callable) -> None:
    """Show a function of `helpers` exactly as it is, docstring and all.

    Raises:
        TypeError: if it is not a Python function.
    """
    if not inspect.isfunction(function):
        raise TypeError(f"function={function!r} is not a Python function")
    display(Markdown(f"```python\n{inspect.getsource(function).rstrip()}\n```"))
