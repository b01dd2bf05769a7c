"""LoRA fine-tuning of the real chat model to answers of one sentence, and what it does to questions it was not trained on.

python -m experiments chat_lora

A few minutes on two cores. The demonstrations are the model's own answers, cut after their first sentence, so they teach a
form and no fact. Chapter 07 reads the table.
"""

import copy
import math
import random
import re
import time
from typing import TYPE_CHECKING, Any

import pandas as pd

from experiments import record
from helpers import chat
from helpers.corpora import prose
from helpers.parallel import run_all

if TYPE_CHECKING:
    from torch import Tensor, nn
    from transformers import PreTrainedModel

SUBJECTS = (
    "a volcano|a glacier|a desert|a comet|an eclipse|an earthquake|a rainbow|a tide|gravity|friction|electricity|magnetism|"
    "a battery|an engine|a bicycle|a telescope|a microscope|a thermometer|a compass|a lighthouse|a bridge|a windmill|"
    "photosynthesis|evaporation|pollen|a seed|a root|a mushroom|a bee|a whale|a bat|a penguin|an octopus|a spider|a frog|"
    "a dinosaur|a fossil|coal|glass|steel|paper|salt|sugar|bread|cheese|vinegar|soap|cotton|wool|a library|a museum|"
    "a university|a parliament|a bank|a tax|a map|a calendar|an alphabet|a novel|a poem|an orchestra|a violin|chess|football"
).split("|")
QUESTIONS = ("What is {}?", "Can you explain what {} is?", "Tell me about {}.", "What should I know about {}?")
N_TRAINED = 48  # subjects; the others are held out
MAX_TOKENS = 80
RANK, LEARNING_RATE, EPOCHS, BATCH = 8, 1e-3, 3, 8
SENTENCE = re.compile(r"\s*(\S.*?[.!?])(?=\s|$)", re.DOTALL)


def run() -> None:
    """Fine-tune with three seeds, each with subjects of its own."""
    record(pd.DataFrame(run_all(fine_tuned, [(seed,) for seed in (0, 1, 2)], "LoRA")), "post_training_lora")


def fine_tuned(seed: int) -> dict[str, Any]:
    """Train adapters on most subjects, and compare answers about the others before and after.

    Args:
        seed: of which subjects are held out, of the adapters and of the order of training.
    """
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import PreTrainedModel

    torch.manual_seed(seed)
    rng = random.Random(seed)
    questions = [QUESTIONS[i % len(QUESTIONS)].format(subject) for i, subject in enumerate(SUBJECTS)]
    rng.shuffle(questions)
    trained, held_out = questions[:N_TRAINED], questions[N_TRAINED:]
    model, tokenizer = chat.load(device="cpu")
    before = measured(held_out)
    pairs = [(chat.asked(q), first_sentence(a)) for q, a in zip(trained, answers(trained), strict=True)]
    rows = [(prompt, tokenizer(f"{said}<|im_end|>")["input_ids"]) for prompt, said in pairs if said]
    adapted = get_peft_model(
        copy.deepcopy(model), LoraConfig(r=RANK, lora_alpha=2 * RANK, target_modules=["q_proj", "v_proj"])
    )
    n_parameters = sum(p.numel() for p in adapted.parameters() if p.requires_grad)
    start = time.perf_counter()
    train(adapted, rows, rng)
    seconds = time.perf_counter() - start
    merged = adapted.merge_and_unload()
    assert isinstance(merged, PreTrainedModel)
    after = measured(held_out, merged)
    both = {f"{name}_before": value for name, value in before.items()} | {f"{name}_after": v for name, v in after.items()}
    return {"seed": seed, "demonstrations": len(rows), "parameters": n_parameters, "seconds": round(seconds)} | both


def train(model: "nn.Module", rows: list[tuple[list[int], list[int]]], rng: random.Random) -> None:
    """Supervised fine-tuning on the answers' tokens alone."""
    import torch

    optimiser = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=LEARNING_RATE)
    model.train()
    for _ in range(EPOCHS):
        rng.shuffle(rows)
        for i in range(0, len(rows), BATCH):
            ids, labels = batch(rows[i : i + BATCH])
            model(input_ids=ids, labels=labels).loss.backward()
            torch.nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], 1.0)
            optimiser.step()
            optimiser.zero_grad()
    model.eval()


def batch(rows: list[tuple[list[int], list[int]]]) -> "tuple[Tensor, Tensor]":
    """Ids padded on the right, where a causal model cannot see it, and labels: −100 for what does not count."""
    import torch

    whole = [torch.tensor(prompt + said) for prompt, said in rows]
    counted = [torch.tensor([-100] * len(prompt) + said) for prompt, said in rows]
    pad = torch.nn.utils.rnn.pad_sequence
    return pad(whole, batch_first=True), pad(counted, batch_first=True, padding_value=-100)


def measured(questions: list[str], model: "PreTrainedModel | None" = None) -> dict[str, float]:
    """The share of answers of one sentence, their tokens on average, and the bits per byte of texts of another kind."""
    _, tokenizer = chat.load(device="cpu")
    said = answers(questions, model)
    texts = [text[:900] for text in prose("addresses")[-400::100]]
    scores = chat.score([""] * len(texts), texts, model=(model, tokenizer) if model else None)
    nats = -sum(float(part.sum()) for part in scores)
    return {
        "one_sentence": sum(answer.strip() == first_sentence(answer) for answer in said) / len(said),
        "tokens": sum(len(tokenizer(answer)["input_ids"]) for answer in said) / len(said),
        "bits_per_byte": nats / math.log(2) / sum(len(text.encode()) for text in texts),
    }


def answers(questions: list[str], model: "PreTrainedModel | None" = None) -> list[str]:
    """The likeliest answers, of at most so many tokens."""
    loaded, tokenizer = chat.load(device="cpu")
    asked = [chat.asked(question) for question in questions]
    return [answer.text for answer in chat.generate(asked, max_new_tokens=MAX_TOKENS, model=(model or loaded, tokenizer))]


def first_sentence(text: str) -> str:
    """What stands up to the first full stop, question mark or exclamation mark; nothing if there is none."""
    found = SENTENCE.match(text)
    return found[1] if found else ""


if __name__ == "__main__":
    run()
