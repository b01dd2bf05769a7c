"""What functions accept, and what they say to the rest: the argument's name, its value, and what would do."""

import math
from numbers import Integral


def check_whole(name: str, value: object, *, least: int = 0, most: int | None = None) -> None:
    """Refuse what is no whole number, Python's or numpy's, from `least` on, and up to `most` if that is given.

    Raises:
        TypeError: if it is of another type.
        ValueError: if it is less, or more.
    """
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name}={value!r} is not a whole number but {type(value).__name__}; give one from {least} on")
    if int(value) < least:
        raise ValueError(f"{name}={value!r} is too few; give a whole number from {least} on")
    if most is not None and int(value) > most:
        raise ValueError(f"{name}={value!r} is too many; give a whole number up to {most}")


def check_number(name: str, value: object) -> float:
    """The value as a float, unless it is no real number; infinities are numbers, and NaN is none.

    Raises:
        TypeError: if it is of another type.
        ValueError: if it is NaN, or beyond what a float holds.
    """
    if isinstance(value, bool | str | bytes) or not hasattr(value, "__float__"):
        raise TypeError(f"{name}={value!r} is not a number but {type(value).__name__}")
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError, RuntimeError) as error:  # an array of several, or a huge int
        raise ValueError(f"{name}={value!r} is not one number that a float holds: {error}") from None
    if math.isnan(number):
        raise ValueError(f"{name}={value!r} is not a number; give one")
    return number


def check_amount(name: str, value: object) -> float:
    """The value as a float, once it is a finite number from 0 on.

    Raises:
        TypeError: if it is of another type.
        ValueError: if it is negative, endless or NaN.
    """
    if not 0 <= (number := check_number(name, value)) < math.inf:
        raise ValueError(f"{name}={value!r} is negative or endless; give a number from 0 on")
    return number


def check_text(name: str, text: object) -> None:
    """Refuse what is no text that can be written as UTF-8.

    Raises:
        TypeError: if it is no string.
        ValueError: if it holds half of a surrogate pair.
    """
    if not isinstance(text, str):
        raise TypeError(f"{name}={text!r} is not a string but {type(text).__name__}")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{name} holds half of a surrogate pair, {text[error.start]!r}, which is no character") from None
