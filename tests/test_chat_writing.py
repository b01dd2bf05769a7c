"""What the chat model writes is what transformers' generate writes, alone, in a batch, merged, or piece by piece."""

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

from helpers.chat import asked, generate, load, stream
from helpers.chat.decoding import Decoder, left_padded
from helpers.chat.prompts import text_ids
from helpers.sampling.draws import Settings

STARTS = [
    "The capital of France is", "Once upon a time there was a", "Water boils at", "The three colours of the flag are",
    "My grandmother's recipe for bread begins with", "In 1969 the first people", "She opened the door and", "x = [1, 2, 3]",
    "The opposite of hot is", "To whom it may concern:", "1, 2, 3, 4, 5,", "The mitochondria is", "Dear diary, today",
    "def add(a, b):", "Roses are red,", "The meeting starts at", "Bonjour, je m'appelle", "It was a dark and stormy",
    "The square root of 16 is", "Elephants are",
]  # fmt: skip


@pytest.fixture(scope="module")
def chat():
    return load()


def tiny(kind, seed=0):
    torch.manual_seed(seed)
    if kind == "gpt2":
        config = GPT2Config(vocab_size=50, n_embd=16, n_layer=2, n_head=2, n_positions=128, bos_token_id=1, eos_token_id=2)
        return GPT2LMHeadModel(config).eval()
    shape = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 50}
    shape |= {"num_key_value_heads": 1 if kind == "one key" else 2, "bos_token_id": 1, "eos_token_id": 2}
    return LlamaForCausalLM(LlamaConfig(**shape, attention_bias=kind == "biased", initializer_range=0.5)).eval()


def by_hand(model, rows):
    """Logits after each row, alone and without a cache."""
    with torch.inference_mode():
        return torch.cat([model(torch.tensor([row])).logits[:, -1] for row in rows])


@pytest.mark.parametrize("kind", ["llama", "one key", "biased", "gpt2"])
@pytest.mark.parametrize("n_shared", [0, 1, 7, 8, 20])
def test_each_step_has_the_logits_of_the_whole_text(kind, n_shared):
    model, generator = tiny(kind), torch.Generator().manual_seed(1)
    start = torch.randint(3, 50, (n_shared,), generator=generator).tolist()
    rows = [[*start, *torch.randint(3, 50, (n,), generator=generator).tolist()] for n in (4, 1, 2)]
    decoder = Decoder(model)
    torch.testing.assert_close(decoder.prefill(rows), by_hand(model, rows), atol=1e-4, rtol=1e-3)
    for parents in ([0, 1, 2], [0, 0, 1, 2, 2], [4, 1], [1], *[[0]] * 40, [0, 0]):
        tokens = torch.randint(3, 50, (len(parents),), generator=generator)
        rows = [[*rows[p], t] for p, t in zip(parents, tokens.tolist(), strict=True)]
        torch.testing.assert_close(decoder.step(tokens, torch.tensor(parents)), by_hand(model, rows), atol=1e-4, rtol=1e-3)


def test_prompts_may_be_one_the_start_of_another():
    model, rows = tiny("llama"), [[5] * 12, [5] * 10, [5] * 12]
    torch.testing.assert_close(Decoder(model).prefill(rows), by_hand(model, rows), atol=1e-5, rtol=1e-4)


def test_each_prompt_may_have_its_own_sampler(chat):
    prompts, samplers = [STARTS[0]] * 3 + [STARTS[1]], [Settings(0.7), None, Settings(1.3), None]
    together = generate(prompts, max_new_tokens=6, sampler=samplers, seed=4)
    for sampler in set(samplers):
        alone = generate(prompts, max_new_tokens=6, sampler=sampler, seed=4)
        assert all(together[i].ids == alone[i].ids for i in range(4) if samplers[i] == sampler)


def test_padding_without_a_mask_would_change_the_answer(chat):
    model, tokenizer = chat
    rows = [text_ids(tokenizer, text) for text in (STARTS[0], STARTS[4])]
    ids, mask = left_padded(rows, model.device)
    with torch.inference_mode():
        naive = model(ids).logits[0, -1]
    alone, right = by_hand(model, rows[:1])[0], Decoder(model).prefill(rows)[0]
    assert not mask.all() and (right - alone).abs().max() < 1e-3 < 1 < (naive - alone).abs().max()


@pytest.mark.parametrize("batch_size", [1, 16])
def test_greedy_is_token_for_token_that_of_generate(chat, batch_size):
    model, tokenizer = chat
    starts = STARTS[-max(batch_size, 6) :]
    ours = generate(starts, max_new_tokens=12, batch_size=batch_size)
    rows = [text_ids(tokenizer, text) for text in starts]
    ids, mask = left_padded(rows, model.device)
    theirs = model.generate(ids, attention_mask=mask.long(), max_new_tokens=12, do_sample=False, pad_token_id=2)
    end = model.generation_config.eos_token_id
    for answer, row in zip(ours, theirs[:, ids.shape[1] :].tolist(), strict=True):
        assert list(answer.ids) == (row[: row.index(end) + 1] if end in row else row)


@pytest.mark.parametrize("settings", [Settings(), Settings(0.7, top_p=0.9), Settings(1.2, repetition_penalty=1.2)], ids=str)
def test_an_answer_depends_on_its_prompt_and_draws_alone(chat, settings):
    prompts = [STARTS[0], STARTS[4], STARTS[0], STARTS[0], STARTS[8]]
    options = {"max_new_tokens": 6, "sampler": settings, "seed": 3}
    together = generate(prompts, **options)
    assert together == generate(prompts, batch_size=64, **options), "a seed gives the same again"
    alone = generate(prompts, batch_size=1, **options)
    assert [a.ids for a in alone] == [a.ids for a in together]
    assert [a.log_probs for a in alone] == [pytest.approx(a.log_probs, abs=1e-3) for a in together]
    assert len({together[i].ids for i in (0, 2, 3)}) > 1, "samples of one prompt differ"
    other = generate(prompts, max_new_tokens=6, sampler=settings, seed=4)
    assert [a.ids for a in other] != [a.ids for a in together]


def test_an_answer_ends_at_the_end_token_or_the_stop_string(chat):
    model, _ = chat
    end = model.generation_config.eos_token_id
    (answer,) = generate([asked("What is the capital of France?")], max_new_tokens=30)
    assert answer.finished and answer.ids[-1] == end and "Paris" in answer.text and "<|im_end|>" not in answer.text
    (cut,) = generate([STARTS[0]], max_new_tokens=30, stop=".\n")
    assert cut.finished and cut.text == " Paris" and len(cut.ids) == 3
    (short,) = generate([STARTS[0]], max_new_tokens=2)
    assert not short.finished and short.text == " Paris."


def test_what_is_not_allowed_is_never_written(chat):
    _, tokenizer = chat
    yes, no = (tokenizer(word, add_special_tokens=False)["input_ids"][0] for word in (" yes", " no"))
    answers = generate([STARTS[0]] * 8, max_new_tokens=3, sampler=Settings(5.0), allowed=lambda ids: [yes, no])
    assert {token for answer in answers for token in answer.ids} == {yes, no}
    (greedy,) = generate([STARTS[0]], max_new_tokens=2, allowed=lambda ids: [no] if ids else [yes])
    assert greedy.ids == (yes, no)


@pytest.mark.parametrize("settings", [None, Settings(1.3)], ids=str)
def test_a_stream_is_the_answer_in_pieces(chat, settings):
    for prompt, stop in ((asked("Write one emoji and a short sentence."), None), (STARTS[0], ".\n"), (STARTS[16], "zz")):
        (answer,) = generate([prompt], max_new_tokens=14, sampler=settings, seed=5, stop=stop)
        pieces = list(stream(prompt, max_new_tokens=14, sampler=settings, seed=5, stop=stop))
        assert "".join(pieces) == answer.text and all(pieces) and len(pieces) > 0
