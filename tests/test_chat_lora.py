"""What the recorded LoRA run trains on and counts: first sentences, and the answers' tokens alone."""

import pytest

from experiments import chat_lora


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
