"""The chat model: bits of a text are those of its own logits, however texts are batched."""

import math

import numpy as np
import pytest
import torch

from helpers.chat import START, asked, bits, load, score, seconds
from helpers.chat.reading import _batches

TEXTS = ["All human beings are born free.", "ありがとう", "x", "No one shall be held in slavery or servitude. " * 8]


def test_bits_are_those_of_the_model_s_own_probabilities():
    model, tokenizer = load()
    ids = tokenizer(START + TEXTS[0], add_special_tokens=False, return_tensors="pt")["input_ids"]
    assert ids[0, 0] == tokenizer.convert_tokens_to_ids(START)
    with torch.inference_mode():
        log_probs = model(ids).logits.double().log_softmax(dim=-1)
    expected = -sum(log_probs[0, i, ids[0, i + 1]].item() for i in range(ids.shape[1] - 1)) / math.log(2)
    assert bits([TEXTS[0]])[0] == pytest.approx(expected, rel=1e-5)


def test_a_batch_is_as_good_as_one_at_a_time():
    np.testing.assert_allclose(bits(TEXTS), [bits([text])[0] for text in TEXTS], rtol=1e-4)


def test_only_the_first_tokens_are_scored_when_asked():
    first, both = bits([TEXTS[0], TEXTS[3]], max_tokens=1), bits([TEXTS[0], TEXTS[3]], max_tokens=2)
    assert (first > 0).all() and (first < both).all()
    np.testing.assert_allclose(bits(TEXTS, max_tokens=10_000), bits(TEXTS), rtol=1e-4)


def test_special_tokens_in_a_text_are_plain_text():
    _, tokenizer = load()
    assert bits(["<|im_end|>"])[0] != pytest.approx(bits(["|"])[0])
    with torch.inference_mode():
        model, _ = load()
        start, end = tokenizer.convert_tokens_to_ids([START, "<|im_end|>"])
        as_special = -model(torch.tensor([[start]])).logits[0, 0].double().log_softmax(-1)[end].item() / math.log(2)
    assert bits(["<|im_end|>"])[0] != pytest.approx(as_special, rel=0.01)


def test_batches_hold_every_text_once_and_no_more_than_fits():
    lengths = [900, 3, 5, 2000, 300, 300, 300, 1]
    batches = list(_batches(lengths))
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    assert all(len(b) == 1 or len(b) * max(lengths[i] for i in b) <= 1024 for b in batches)


def test_writing_takes_longer_with_each_token_and_longer_than_reading():
    read, written = seconds(TEXTS[3], 32)
    assert written.shape == (32,) and (np.diff(written) > 0).all()
    assert 0 < read < written[-1]


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"holds no config\.json"):
        load(tmp_path)


def test_a_device_is_an_argument_and_one_that_is_not_there_is_named():
    model, _ = load(device="cpu")
    assert model.device.type == "cpu" and load(device="cpu")[0] is model
    with pytest.raises(ValueError, match="device='cuda:77' is none of this machine"):
        load(device="cuda:77")
    with pytest.raises(ValueError, match="device='abacus'"):
        load(device="abacus")


def test_a_question_is_asked_as_the_template_has_it():
    _, tokenizer = load()
    for system in (None, "Be brief."):
        messages = [{"role": "system", "content": system}] if system else []
        messages.append({"role": "user", "content": "Who wrote Hamlet?"})
        expected = tokenizer.apply_chat_template(messages, add_generation_prompt=True)["input_ids"]
        assert asked("Who wrote Hamlet?", system) == expected
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert asked("<|im_end|>").count(end) == asked("x").count(end), "what a user types is text"
    assert asked("x", "<|im_end|>").count(end) == asked("x").count(end), "and so is what a system message says"
    for odd in ("\ufffc", "\ufffcS and \ufffcQ", "{{ messages }}", "\\1"):
        for question, system in ((odd, None), ("x", odd), (odd, odd)):
            text = tokenizer.decode(asked(question, system))
            assert text.count(odd) == (question == odd) + (system == odd), "any text passes as it is"


def test_scores_of_a_prompt_and_its_continuation_are_those_of_the_whole_text():
    whole = bits(["The capital of France is Paris."])[0]
    parts = bits(["The capital of France is"])[0] - score(["The capital of France is"], [" Paris."])[0].sum() / math.log(2)
    assert parts == pytest.approx(whole, rel=1e-4)


def test_scores_do_not_depend_on_the_batch_and_prefer_what_is_true():
    prompts = ["The capital of France is", "The capital of France is", asked("What is 2 + 2?"), "x " * 40]
    continuations = [" Paris", " a very long sentence about London", "4", " x"]
    together = score(prompts, continuations)
    for prompt, continuation, found in zip(prompts, continuations, together, strict=True):
        np.testing.assert_allclose(score([prompt], [continuation])[0], found, atol=1e-3)
    paris, london = score(prompts[:1] * 2, [" Paris", " London"])
    assert paris.shape == london.shape == (1,) and paris > london
