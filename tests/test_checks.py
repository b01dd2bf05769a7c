"""The checks that many functions share take what they should, and name the argument, its value and what would do."""

import numpy as np
import pytest
import torch

from helpers.checks import check_amount, check_number, check_text, check_whole


def test_what_is_accepted_passes():
    for whole in (0, 3, 10**30, np.int64(2)):
        check_whole("n", whole)
    check_whole("n", -3, least=-3)
    assert [check_number("x", x) for x in (1, 2.5, -float("inf"), np.float32(2), torch.tensor(3))] == [
        1.0, 2.5, -float("inf"), 2.0, 3.0,
    ]  # fmt: skip
    assert check_amount("x", 0) == 0 and check_amount("x", np.float64(1e308)) == 1e308
    check_text("text", "🤷🏽\0")


@pytest.mark.parametrize(
    ("check", "value", "error", "message"),
    [
        (check_whole, -1, ValueError, "n=-1 is too few; give a whole number from 0 on"),
        (check_whole, 2.0, TypeError, "n=2.0 is not a whole number but float; give one from 0 on"),
        (check_whole, True, TypeError, "n=True is not a whole number"),
        (check_number, "1", TypeError, "n='1' is not a number but str"),
        (check_number, None, TypeError, "n=None is not a number but NoneType"),
        (check_number, 1j, TypeError, "n=1j is not a number but complex"),
        (check_number, float("nan"), ValueError, "n=nan is not a number"),
        (check_number, 10**400, ValueError, "is not one number that a float holds: int too large"),
        (check_number, np.ones(2), ValueError, "is not one number that a float holds"),
        (check_number, torch.ones(2), ValueError, "is not one number that a float holds"),
        (check_amount, -1e-300, ValueError, "n=-1e-300 is negative or endless; give a number from 0 on"),
        (check_amount, float("inf"), ValueError, "n=inf is negative or endless"),
        (check_text, b"x", TypeError, "n=b'x' is not a string but bytes"),
        (check_text, "a\ud800", ValueError, r"n holds half of a surrogate pair, '\\ud800', which is no character"),
    ],
)
def test_what_is_not_is_named(check, value, error, message):
    with pytest.raises(error, match=message):
        check("n", value)
