"""Steps of post-training with our loops and with TRL's trainers: the same model, rows, loss, size of batches, and AdamW.

What is timed is a run of some steps as a reader starts it, `sft(...)` and `dpo(...)` beside `trainer.train()`: batches are
put together, the reference reads them, forward, loss, backward, clipping, update, and what the trainer notes on its way.
TRL's defaults hold but for checkpoints, progress bars, reports, and activation checkpointing, which computes twice to save
memory that models of this size don't need. That it tokenises the rows comes before, when its trainer is made.
"""

import os
import tempfile
from collections.abc import Iterator, Sequence
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.rounds import Comparison
from helpers.alignment.batches import answer_log_probs, make_batch
from helpers.alignment.dpo import dpo, dpo_loss
from helpers.alignment.feedback import Preference, pair_batch
from helpers.alignment.pretrained import base_config
from helpers.alignment.sft import sft, sft_loss
from helpers.models import Config
from helpers.models.library import library_model
from helpers.training import seeded

BETA, RATE = 0.2, 1e-4
N_WORDS = 400  # about the small world's


class Logits(nn.Module):
    """A model of transformers as our loops take one: ids (B, L) to logits (B, L, V)."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor) -> Tensor:
        return self.model(ids).logits


def of_alignment(quick: bool) -> Iterator[Comparison]:
    """Supervised fine-tuning and DPO of a Llama of the small world's shape."""
    n_steps, batch_size = (10, 8) if quick else (100, 32)  # so many that what a run does once weighs little
    with tempfile.TemporaryDirectory() as folder:
        for name, pair in {"SFT": sft_pair, "DPO": dpo_pair}.items():
            ours, trainer = pair(base_config(N_WORDS), Path(folder) / name, n_steps, batch_size)
            what = f"{name}, {n_steps} steps of {batch_size} {'answers' if name == 'SFT' else 'pairs'}"
            yield Comparison(what, f"TRL's {type(trainer).__name__}.train", ours, trainer.train)


def sft_pair(shape: Config, folder: Path, n_steps: int, batch_size: int) -> tuple[partial, Any]:
    """Our run and TRL's trainer, from the same weights, which have the same loss on the same rows.

    Raises:
        RuntimeError: if they have not.
    """
    from trl import SFTConfig, SFTTrainer

    model, reader = random_model(shape, 0), words(shape.vocab_size)
    settings = arguments(SFTConfig, folder, n_steps, batch_size)
    data = rows(n_steps * batch_size, shape.vocab_size, ("prompt", "completion"))
    trainer = quiet(SFTTrainer(deepcopy(model), args=settings, train_dataset=data, processing_class=reader))
    prompts, answers = zip(*map(parted, trainer.train_dataset), strict=True)
    batch = make_batch(prompts[:batch_size], answers[:batch_size])
    ours = Logits(model)
    agree("SFT", sft_loss(ours(batch.ids), batch.ids, batch.mask), trainer, batch_size)
    return partial(sft, ours, prompts, answers, n_steps=n_steps, batch_size=batch_size, learning_rate=RATE), trainer


def dpo_pair(shape: Config, folder: Path, n_steps: int, batch_size: int) -> tuple[partial, Any]:
    """The same for DPO. The reference has other weights, so that the loss is not ln 2 whatever is computed.

    Raises:
        RuntimeError: if the losses are not the same.
    """
    from trl import DPOConfig, DPOTrainer

    model, reference, reader = random_model(shape, 0), random_model(shape, 1), words(shape.vocab_size)
    settings = arguments(DPOConfig, folder, n_steps, batch_size, beta=BETA)
    data = rows(n_steps * batch_size, shape.vocab_size, ("prompt", "chosen", "rejected"))
    trainer = quiet(
        DPOTrainer(deepcopy(model), ref_model=reference, args=settings, train_dataset=data, processing_class=reader)
    )
    pairs = [Preference(*(row[f"{name}_ids"] for name in ("prompt", "chosen", "rejected"))) for row in trainer.train_dataset]
    batch, ours = pair_batch(pairs[:batch_size]), Logits(model)
    chosen, rejected = answer_log_probs(ours, batch).chunk(2)
    ref_chosen, ref_rejected = answer_log_probs(Logits(reference), batch).chunk(2)
    agree("DPO", dpo_loss(chosen, rejected, ref_chosen, ref_rejected, beta=BETA), trainer, batch_size)
    return partial(dpo, ours, pairs, beta=BETA, n_steps=n_steps, batch_size=batch_size, learning_rate=RATE), trainer


def parted(row: dict[str, list[int]]) -> tuple[list[int], list[int]]:
    """The prompt and the answer of a row that TRL has tokenised: its labels are -100 at the prompt."""
    start = sum(label == -100 for label in row["labels"])
    return row["input_ids"][:start], row["input_ids"][start:]


def agree(name: str, ours: Tensor, trainer: Any, batch_size: int) -> None:
    """See that our loss of the first rows is what the trainer computes of them.

    Raises:
        RuntimeError: if it is not, to five digits.
    """
    inputs = trainer.data_collator([trainer.train_dataset[i] for i in range(batch_size)])
    theirs = trainer.compute_loss(trainer.model, inputs)
    if not torch.isclose(ours.detach(), theirs.detach(), rtol=1e-5, atol=1e-6):
        raise RuntimeError(f"{name}: our loss is {ours.item():.6f}, TRL's {theirs.item():.6f}; they must be the same")


def random_model(shape: Config, seed: int) -> Any:
    """Transformers' Llama of a shape."""
    return seeded(partial(library_model, "transformer", shape), seed)


def words(n: int) -> Any:
    """A tokenizer of n words, the first three of which fill up, begin and end a text."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    special = {"pad_token": "<pad>", "bos_token": "<bos>", "eos_token": "<eos>"}
    names = [*special.values(), *(f"w{i}" for i in range(3, n))]
    backend = Tokenizer(models.WordLevel({name: i for i, name in enumerate(names)}, unk_token="<pad>"))
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=backend, **special)


def rows(n: int, n_words: int, columns: Sequence[str]) -> Any:
    """n rows of random words, 5 to 25 in each column, as a data set; all but the first column go on from it."""
    os.environ.setdefault("HF_DATASETS_OFFLINE", "1")
    from datasets import Dataset, disable_progress_bars

    disable_progress_bars()
    random = torch.Generator().manual_seed(0)

    def text() -> str:
        length = int(torch.randint(5, 26, (), generator=random))
        return " ".join(f"w{i}" for i in torch.randint(3, n_words, (length,), generator=random).tolist())

    return Dataset.from_list([{column: " " * (column != columns[0]) + text() for column in columns} for _ in range(n)])


def arguments(kind: type, folder: Path, n_steps: int, batch_size: int, **more: object) -> Any:
    """A trainer's settings: those of our loops, and nothing that is written or shown."""
    return kind(
        output_dir=str(folder), report_to="none", save_strategy="no", disable_tqdm=True, use_cpu=True, bf16=False,
        activation_checkpointing=False, max_steps=n_steps, per_device_train_batch_size=batch_size, learning_rate=RATE,
        adam_beta2=0.95, max_grad_norm=1.0, **more,
    )  # fmt: skip


def quiet(trainer: Any) -> Any:
    """A trainer that prints nothing."""
    from transformers import PrinterCallback

    trainer.remove_callback(PrinterCallback)
    return trainer
