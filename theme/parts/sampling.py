"""The page on which a reader turns the knobs of sampling: its form, and real distributions of the chat model's next token.

The likeliest tokens of a prompt are written one by one. The others, tens of thousands, are grouped by how likely they are,
and the tokens of a group share its probability. So nothing is cut off, and a page of a few kilobytes can show what a high
temperature lets in.
"""

import hashlib
import json
import math
import os
from pathlib import Path

import numpy as np

from helpers.assets import ASSETS, cache_dir
from theme.parts.fields import number_field

PROMPTS = [
    "The capital of France is", "The capital of Burkina Faso is", "The opposite of hot is", "2 + 2 = ", "17 + 25 = ",
    "The chemical symbol for gold is", "Water boils at a temperature of ", "My favourite animal is the",
    "The best thing about winter is", "Once upon a time there was a", "She opened the door and",
    "def add(a, b):\n    return",
]  # fmt: skip
N_TOP = 200  # tokens that are written one by one
WIDTH = 0.25  # of a group of the others, in nats
KNOBS = {  # name: label, what its field starts with; least, most, step and start of its slider
    "temperature": ("Temperature", "1", "0.1", "2", "0.05", "1"),
    "top_k": ("Top-k", "", "0", "9", "1", "9"),  # the slider moves over a few numbers that its script has
    "top_p": ("Top-p", "1", "0.05", "1", "0.01", "1"),
    "min_p": ("Min-p", "0", "0", "0.5", "0.01", "0"),
}
FORM = """
<div class="playground" id="sampling-playground">
<p class="playground-needs">The playground needs JavaScript, and a site that comes from a server:
<code>make serve</code> starts one.</p>
<form hidden autocomplete="off" novalidate>
<label for="sampling-prompt">Prompt</label>
<select id="sampling-prompt"></select>
<fieldset class="knobs"><legend>Settings</legend>{knobs}</fieldset>
<fieldset class="choices"><legend>Order</legend>
<label><input type="radio" name="sampling-order" value="first" checked>temperature, then the filters</label>
<label><input type="radio" name="sampling-order" value="last">the filters, then temperature</label></fieldset>
<p id="sampling-state" class="state" role="alert"></p>
<div id="sampling-result"><p id="sampling-counts" class="counts"></p>
<div class="table-scroll"><table class="bars"><caption>The next token: what is left of its probability; the line is what the
model gave</caption><tbody id="sampling-bars"></tbody></table></div>
<p class="actions"><button type="button" id="sampling-draw">Draw 20</button>
<button type="button" id="sampling-reset">Start over</button>
<button type="button" id="sampling-link">Copy a link to this</button> <span id="sampling-copied" role="status"></span></p>
<p id="sampling-drawn" class="detail" aria-live="polite"></p></div>
<p class="spoken" id="sampling-spoken" aria-live="polite"></p>
</form></div>
"""


def form() -> str:
    """Return the form, with a field and a slider for each setting; its script fills the rest."""
    knobs = "".join(
        f'<div>{number_field("sampling", name, label, start, "any", "0")}<input id="sampling-{name}-slider" type="range" '
        f'aria-label="{label}, slider" min="{least}" max="{most}" step="{step}" value="{value}"></div>'
        for name, (label, start, least, most, step, value) in KNOBS.items()
    )
    return FORM.format(knobs=knobs)


def data() -> dict[str, object]:
    """Return the distributions, by file name."""
    return {"next_tokens.json": distributions()}


def distributions() -> dict[str, object]:
    """Return what the chat model gives each prompt, computed once for a model, these prompts and this code."""
    asked = [PROMPTS, ASSETS["chat-model"].folder().name, Path(__file__).read_text(encoding="utf-8")]
    kept = cache_dir() / "next-tokens" / f"{hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]}.json"
    try:
        return json.loads(kept.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        made: dict[str, object] = {"prompts": [{"text": prompt, **grouped(*next_token(prompt))} for prompt in PROMPTS]}
    kept.parent.mkdir(parents=True, exist_ok=True)
    partial = kept.with_name(f"{kept.name}.{os.getpid()}.partial")
    partial.write_text(json.dumps(made), encoding="utf-8")
    partial.replace(kept)
    return made


def next_token(prompt: str) -> tuple[np.ndarray, list[str]]:
    """Return log-probabilities of the chat model's next token, in nats, of shape (V,), and each token as text."""
    import torch

    from helpers.chat import START, load

    model, tokenizer = load()
    ids = tokenizer(START + prompt, add_special_tokens=False, return_tensors="pt")["input_ids"]
    with torch.inference_mode():
        log_probs = model(ids, logits_to_keep=1).logits[0, -1].double().log_softmax(dim=-1)
    return log_probs.numpy(), [str(tokenizer.decode([i])) for i in range(len(log_probs))]


def grouped(log_probs: np.ndarray, texts: list[str]) -> dict[str, list]:
    """Return the likeliest tokens, and the others in groups.

    Args:
        log_probs: of all tokens, in nats, of shape (V,).
        texts: of the tokens.

    Returns:
        "top", pairs of text and log-probability, and "tail", pairs of the number of tokens and the log-probability of each,
        such that each group has the probability of its tokens; both from the likeliest down.

    Raises:
        ValueError: if there is not a text for each token.
    """
    if len(texts) != len(log_probs):
        raise ValueError(f"texts holds {len(texts)} texts for {len(log_probs)} tokens; give one for each")
    order = np.argsort(-log_probs, kind="stable")
    tail = log_probs[order[N_TOP:]]
    bins = np.floor(tail / WIDTH)
    groups = [tail[bins == edge] for edge in sorted(set(bins), reverse=True)]
    return {
        "top": [[texts[i], round(float(log_probs[i]), 6)] for i in order[:N_TOP]],
        "tail": [[len(group), round(math.log(np.exp(group).mean()), 6)] for group in groups],
    }
