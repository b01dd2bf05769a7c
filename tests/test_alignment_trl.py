"""The losses of post-training, and their gradients, are TRL's: its own trainers compute them on the same random batches."""

import os

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, LlamaForSequenceClassification, PreTrainedTokenizerFast

from helpers.alignment.batches import answer_log_probs, make_batch, token_log_probs
from helpers.alignment.dpo import dpo_loss
from helpers.alignment.grpo import group_advantages, grpo_loss
from helpers.alignment.reward import reward_loss
from helpers.alignment.sft import sft_loss
from tests.small_models import one_thread  # noqa: F401

os.environ.setdefault("HF_DATASETS_OFFLINE", "1")
trl = pytest.importorskip("trl", reason="trl is in requirements-dev.txt")
datasets = pytest.importorskip("datasets")

CONFIG = LlamaConfig(
    vocab_size=40, hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
    max_position_embeddings=64, pad_token_id=0, bos_token_id=1, eos_token_id=2, num_labels=1, attn_implementation="eager",
)  # fmt: skip
TEXT = {"prompt": ["w5 w6"] * 8, "completion": ["w7"] * 8, "chosen": ["w7"] * 8, "rejected": ["w8"] * 8}
CLOSE = {"rtol": 0, "atol": 1e-5}


def tokenizer():
    words = ["<pad>", "<bos>", "<eos>", *(f"w{i}" for i in range(3, 40))]
    backend = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="<pad>"))
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=backend, pad_token="<pad>", bos_token="<bos>", eos_token="<eos>")


def saved(folder, seed, kind=LlamaForCausalLM):
    """A random model, from disk: TRL loads its reference from there."""
    torch.manual_seed(seed)
    kind(CONFIG).save_pretrained(folder)
    return kind.from_pretrained(folder, attn_implementation="eager")


def arguments(config, folder, **more):
    return config(
        output_dir=str(folder / "out"), report_to="none", use_cpu=True, bf16=False,
        per_device_train_batch_size=4, disable_tqdm=True, **more,
    )  # fmt: skip


def data(*columns):
    return datasets.Dataset.from_dict({column: TEXT[column] for column in columns})


def random_batch(seed, n=4):
    """Prompts and answers of random lengths, as ours."""
    rng = torch.Generator().manual_seed(seed)

    def ids(least, most):
        length = int(torch.randint(least, most + 1, (), generator=rng))
        return torch.randint(3, 40, (length,), generator=rng).tolist()

    return make_batch([[1, *ids(1, 6)] for _ in range(n)], [[*ids(1, 7), 2] for _ in range(n)])


def attention(batch):
    """1 but at the padding, which starts after an answer's end."""
    return (torch.arange(batch.ids.shape[1]) <= batch.ends[:, None]).long()


def answers_mask(batch):
    return torch.cat([torch.zeros(len(batch.ids), 1, dtype=torch.long), batch.mask.long()], dim=1)


def gradient(model, loss):
    model.zero_grad()
    loss.backward()
    return torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])


def same(model, ours, theirs):
    """Equal losses and equal gradients, of which there are some."""
    torch.testing.assert_close(ours.detach(), theirs.detach(), **CLOSE)
    mine = gradient(model, ours)
    assert mine.abs().max() > 1e-4
    torch.testing.assert_close(mine, gradient(model, theirs), **CLOSE)


def test_sft_is_trls(tmp_path):
    model = saved(tmp_path, 0)
    args = arguments(trl.SFTConfig, tmp_path)
    trainer = trl.SFTTrainer(model, args=args, train_dataset=data("prompt", "completion"), processing_class=tokenizer())
    for seed in range(3):
        batch = random_batch(seed)
        inputs = {"input_ids": batch.ids, "attention_mask": attention(batch)}
        inputs["labels"] = batch.ids.masked_fill(answers_mask(batch) == 0, -100)
        same(model, sft_loss(model(batch.ids).logits, batch.ids, batch.mask), trainer.compute_loss(model, inputs))


def test_the_reward_loss_is_trls(tmp_path):
    model = saved(tmp_path, 0, LlamaForSequenceClassification)
    args = arguments(trl.RewardConfig, tmp_path)
    trainer = trl.RewardTrainer(model, args=args, train_dataset=data("chosen", "rejected"), processing_class=tokenizer())
    for seed in range(3):
        batch = random_batch(seed)
        inputs = {"input_ids": batch.ids, "attention_mask": attention(batch)}
        hidden = model.model(batch.ids, attention_mask=attention(batch)).last_hidden_state
        rewards = model.score(hidden[torch.arange(4), batch.ends]).squeeze(-1)
        same(model, reward_loss(*rewards.chunk(2)), trainer.compute_loss(model, inputs))


@pytest.mark.parametrize("beta", [0.05, 0.5])
def test_dpo_is_trls(tmp_path, beta):
    model, reference = saved(tmp_path / "a", 0), saved(tmp_path / "b", 1)
    args = arguments(trl.DPOConfig, tmp_path, beta=beta)
    rows = data("prompt", "chosen", "rejected")
    trainer = trl.DPOTrainer(model, ref_model=reference, args=args, train_dataset=rows, processing_class=tokenizer())
    for seed in range(3):
        batch = random_batch(seed)
        inputs = {"input_ids": batch.ids, "attention_mask": attention(batch), "completion_mask": answers_mask(batch)}
        theirs = trainer.compute_loss(model, inputs)
        policy = answer_log_probs(lambda ids: model(ids).logits, batch).chunk(2)
        with torch.no_grad():
            ref = answer_log_probs(lambda ids: reference(ids).logits, batch).chunk(2)
        same(model, dpo_loss(*policy, *ref, beta=beta), theirs)


def grpo_inputs(batch, length, **more):
    """TRL's form: prompts to the left of one column, answers to the right, each padded on its far side."""
    starts = batch.mask.int().argmax(dim=1) + 1
    prompts, prompt_mask = torch.zeros(2, len(batch.ids), int(starts.max()), dtype=torch.long)
    answers, answer_mask = torch.zeros(2, len(batch.ids), length, dtype=torch.long)
    for row, (start, end) in enumerate(zip(starts.tolist(), batch.ends.tolist(), strict=True)):
        prompts[row, prompts.shape[1] - start :] = batch.ids[row, :start]
        prompt_mask[row, prompts.shape[1] - start :] = 1
        answers[row, : end - start + 1] = batch.ids[row, start : end + 1]
        answer_mask[row, : end - start + 1] = 1
    parts = {"prompt_ids": prompts, "prompt_mask": prompt_mask, "completion_ids": answers, "completion_mask": answer_mask}
    shifted = {name: aligned(value, starts, length) for name, value in more.items()}
    return parts | shifted


def aligned(values, starts, length):
    """(B, L - 1), a value a place, to (B, length), a value a token of the answer."""
    padded = torch.cat([values, values.new_zeros(len(values), length)], dim=1)
    return torch.stack([row[start - 1 : start - 1 + length] for row, start in zip(padded, starts.tolist(), strict=True)])


@pytest.mark.parametrize("beta", [0.0, 0.3])
def test_grpo_is_trls(tmp_path, beta):
    model, reference = saved(tmp_path / "a", 0), saved(tmp_path / "b", 1)
    old = saved(tmp_path / "c", 2)
    args = arguments(
        trl.GRPOConfig, tmp_path, beta=beta, loss_type="grpo", use_bias_correction_kl=False, num_generations=2, epsilon=0.2
    )
    trainer = trl.GRPOTrainer(
        saved(tmp_path / "a", 0), lambda completions, **_: [0.0] * len(completions), args=args,
        train_dataset=data("prompt"), processing_class=tokenizer(),
    )  # fmt: skip
    for seed in range(3):
        batch = random_batch(seed)
        rewards = torch.randn(2, 2, generator=torch.Generator().manual_seed(seed))
        advantages = group_advantages(rewards).flatten()
        log_probs = token_log_probs(model(batch.ids).logits, batch.ids)
        with torch.no_grad():
            before, ref = (token_log_probs(m(batch.ids).logits, batch.ids) for m in (old, reference))
        before = log_probs.detach() + 0.3 * (before - log_probs.detach())  # some ratios in the clip, some out
        ours = grpo_loss(log_probs, before, ref, advantages, batch.mask, beta=beta)
        inputs = grpo_inputs(batch, 8, old_per_token_logps=before, ref_per_token_logps=ref) | {"advantages": advantages}
        theirs_model = trainer.model.eval()  # in training it divides by the steps that gradients are summed over
        theirs = trainer.compute_loss(theirs_model, inputs)
        torch.testing.assert_close(ours.detach(), theirs.detach(), **CLOSE)
        mine = gradient(model, ours)
        assert mine.abs().max() > 1e-4
        torch.testing.assert_close(mine, gradient(theirs_model, theirs), **CLOSE)
