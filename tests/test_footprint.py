"""The chat model's memory is predicted before it is measured."""

import os

import pytest

from helpers import footprint
from helpers.footprint import chat_model_memory
from helpers.machine import peak_bytes
from helpers.sizing import known_model, weight_bytes
from tests.test_machine import hold

CHAT_MODEL = known_model("SmolLM2-135M")


def test_the_chat_model_takes_what_is_predicted(capfd):
    found = chat_model_memory(CHAT_MODEL, context=128, batch=2)
    assert found["measured"] == pytest.approx(found["predicted"], rel=0.1)
    assert found["measured"] > weight_bytes(CHAT_MODEL, "fp32")
    assert (found["context"], found["batch"], found["chunk"]) == (128, 2, footprint.CHUNK)
    assert capfd.readouterr().err == "", "bars of progress would stand in the notebook"


def test_what_a_warm_up_held_does_not_count():
    n_bytes, length = peak_bytes(hold, 50_000_000, warm_up=_hold_more)
    assert length == 50_000_000 and n_bytes < 10_000_000


def _hold_more() -> None:
    hold(200_000_000)


def test_the_settings_of_the_memory_are_for_the_other_process_alone(monkeypatch):
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "7")
    monkeypatch.delenv("MALLOC_MMAP_THRESHOLD_", raising=False)
    assert peak_bytes(os.getenv, "MALLOC_TRIM_THRESHOLD_")[1] == "0"
    assert os.environ["MALLOC_TRIM_THRESHOLD_"] == "7" and "MALLOC_MMAP_THRESHOLD_" not in os.environ


def test_a_function_of_a_notebook_is_refused(monkeypatch):
    monkeypatch.setattr(_hold_more, "__module__", "__main__")
    for arguments in ((_hold_more,), (len, "abc")):
        with pytest.raises(ValueError, match="=_hold_more is of a notebook or script; put it into a module"):
            peak_bytes(*arguments, warm_up=_hold_more)
