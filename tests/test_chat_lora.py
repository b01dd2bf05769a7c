"""What the recorded LoRA run trains on and counts: first sentences, and the answers' tokens alone."""

import pytest

from experiments import chat_lora
from helpers.tables import read_table


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A bee is an insect. It flies.", "A bee is an insect."),
        (" Is it?\nYes.", "Is it?"),
        ("It weighs 1.5 kg! Really.", "It weighs 1.5 kg!"),
        ("No end", ""),
        ("", ""),
    ],
)
def test_the_first_sentence_ends_at_its_mark(text, expected):
    assert chat_lora.first_sentence(text) == expected


def test_only_the_answer_counts():
    ids, labels = chat_lora.batch([([5, 6], [7]), ([8], [9, 2, 3])])
    assert ids.tolist() == [[5, 6, 7, 0], [8, 9, 2, 3]]
    assert labels.tolist() == [[-100, -100, 7, -100], [-100, 9, 2, 3]]


def test_subjects_are_enough_and_different():
    assert len(set(chat_lora.SUBJECTS)) == len(chat_lora.SUBJECTS) == chat_lora.N_TRAINED + 16


@pytest.mark.long
def test_one_seed_of_the_record_comes_out_again():
    recorded, made = read_table("post_training_lora").set_index("seed").loc[0], chat_lora.fine_tuned(0)
    assert made["demonstrations"] == recorded.demonstrations and made["parameters"] == recorded.parameters
    assert made["one_sentence_after"] == pytest.approx(recorded.one_sentence_after, abs=0.15)
    assert made["tokens_after"] == pytest.approx(recorded.tokens_after, rel=0.15)
    for name in ("bits_per_byte_before", "bits_per_byte_after"):
        assert made[name] == pytest.approx(recorded[name], rel=0.01)
