"""The page that works out what a model needs: its form, and the tables that its script loads, written from `data/`."""

import json
from collections.abc import Iterable
from dataclasses import asdict

from helpers.sizing import BITS, known_device
from helpers.sizing.compute import STATE_FLOPS
from helpers.sizing.costs import EFFICIENCY
from helpers.sizing.layers import KIMI_RANK
from helpers.sizing.memory import CHUNK
from helpers.sizing.published import BLOCKS, FAMILIES, MOST_LAYERS, NAMES, PLAIN
from helpers.tables import DATA, read_table
from theme.parts.fields import number_field

LORA_RANK = 16
MODEL_FIELDS = {  # name in a config.json: label
    "hidden_size": "Width",
    "num_hidden_layers": "Layers",
    "num_attention_heads": "Heads",
    "num_key_value_heads": "Heads of keys and values",
    "head_dim": "Width of a head (empty: width / heads)",
    "intermediate_size": "Inner width of the feed-forward network, or of an expert",
    "vocab_size": "Vocabulary",
    "num_experts": "Experts in a layer",
    "num_experts_per_tok": "Experts a token goes through",
}
SWITCHES = {
    "gated": "gate in the feed-forward network (off: two matrices and biases, as in GPT)",
    "tied": "embedding is also the output matrix",
}
DEVICE_FIELDS = {
    "memory_gb": "Memory, in GB",
    "bandwidth_gb_s": "Bandwidth, in GB a second",
    "tflops_bf16": "TFLOP a second in 16 bits",
    "tflops_fp32": "TFLOP a second in fp32 (empty: the same)",
}
NUMBERS = {  # name: label, what it starts with, step, least
    "context": ("Context: tokens in each text", "4096", "1", "1"),
    "batch": ("Batch: texts at once", "1", "1", "1"),
    "devices": ("Devices that share the model", "1", "1", "1"),
    "price": ("Price of a device, an hour", "2", "any", "0"),
}
BARS = {
    "weights": "Weights",
    "cache": "KV cache and states",
    "working": "Working memory",
    "total": "Needed",
    "there": "There is",
}
LARGEST = {"largestContext": "Largest context, at this batch", "largestBatch": "Largest batch, at this context"}
SPEEDS = {"prefill": "Prefill: reading the prompts", "decode": "Decode: writing the next tokens"}
SPEED_COLUMNS = ("Time", "Tokens a second", "Bound by", "A million tokens")
TRAINING = {"all": "All weights", "lora": "LoRA, rank {rank}", "lora4": "LoRA on int4 weights"}
TRAINING_COLUMNS = ("Needed", "of which activations", "Devices, at least")
FACTS = {
    "total": "Parameters",
    "active": "of which active: those a token goes through",
    "embedding": "of which in tables of tokens",
    "token": "KV cache per token: the next one of a text",
    "cache": "KV cache of a text of this length",
    "state": "States of a text, at any length",
    "flops": "Operations to write a token",
    "bytes": "Bytes that a decode step moves",
}
FORM = """
<div class="playground" id="size-calculator">
<p class="playground-needs">The calculator needs JavaScript, and a site that comes from a server:
<code>make serve</code> starts one.</p>
<form hidden autocomplete="off" novalidate>
<div class="picks"><div><label for="size-model">Model</label><select id="size-model"></select></div>
<div><label for="size-precision">Precision of the weights</label><select id="size-precision">{precisions}</select></div>
<div><label for="size-cache_precision">Precision of the KV cache</label><select id="size-cache_precision">
<option value="">as computed</option>{cache_precisions}</select></div>
<div><label for="size-device">Device</label><select id="size-device"></select></div></div>
<div id="size-pasted" hidden><label for="size-config">Your config.json</label>
<textarea id="size-config" rows="7" spellcheck="false" aria-describedby="size-state"
placeholder="{{ &quot;model_type&quot;: &quot;llama&quot;, &quot;hidden_size&quot;: 4096, … }}"></textarea></div>
<fieldset class="rates" id="size-own-model" hidden><legend>Your transformer</legend>{model}{switches}</fieldset>
<fieldset class="rates" id="size-own-device" hidden><legend>Your device</legend>{device}</fieldset>
<fieldset class="rates"><legend>The work</legend>{numbers}
<label class="slider">Efficiency: <span id="size-reached"></span> of the bound
<input id="size-efficiency" type="range" min="1" max="100" value="{efficiency}"></label></fieldset>
<p id="size-state" class="state" role="alert"></p>
<div id="size-result"><p id="size-verdict" class="counts"></p>
<div class="table-scroll"><table class="bars"><caption>Memory; the dashed line is what the device holds</caption>
<tbody>{bars}</tbody></table></div>
<div class="table-scroll"><table class="compare"><caption>What fits</caption><tbody>{largest}</tbody></table></div>
<div class="table-scroll"><table class="compare"><caption>Time and cost, at this efficiency</caption>
<thead><tr><td></td>{speed_columns}</tr></thead><tbody>{speeds}</tbody></table></div>
<p class="note" id="size-note"></p>
<div class="table-scroll"><table class="compare"><caption>Memory of training</caption>
<thead><tr><td></td>{training_columns}</tr></thead><tbody>{training}</tbody></table></div>
<p class="note">In bf16 with AdamW and full checkpointing, at this context and batch. LoRA adapts queries and values.</p>
<div class="table-scroll"><table class="compare"><caption>Where it comes from</caption><tbody>{facts}</tbody></table></div>
</div>
<p class="spoken" id="size-spoken" aria-live="polite"></p>
<p class="actions"><button type="button" id="size-link">Copy a link to this</button>
<span id="size-copied" role="status"></span></p>
</form></div>
"""


def form() -> str:
    """Return the form, with fields for every figure and rows for every result; its script fills the menus."""
    return FORM.format(
        precisions=_precisions("bf16"),
        cache_precisions=_precisions(),
        model="".join(number_field("size", name, label, "", "1", "1") for name, label in MODEL_FIELDS.items()),
        switches="".join(
            f'<label class="switch"><input id="size-{n}" type="checkbox"> {s}</label>' for n, s in SWITCHES.items()
        ),
        device="".join(number_field("size", name, label, "", "any", "0") for name, label in DEVICE_FIELDS.items()),
        numbers="".join(number_field("size", name, *rest) for name, rest in NUMBERS.items()),
        efficiency=round(100 * EFFICIENCY),
        bars="".join(
            f'<tr data-bar="{name}"><th scope="row">{label}</th><td><div class="bar"><span></span></div></td><td></td></tr>'
            for name, label in BARS.items()
        ),
        largest=_rows("largest", LARGEST),
        speed_columns=_heads(SPEED_COLUMNS),
        speeds=_rows("speed", SPEEDS, len(SPEED_COLUMNS)),
        training_columns=_heads(TRAINING_COLUMNS),
        training=_rows("training", TRAINING, len(TRAINING_COLUMNS)).format(rank=LORA_RANK),
        facts=_rows("fact", FACTS),
    )


def _precisions(chosen: str = "") -> str:
    """Options of a menu, each with its bits; the types of GGUF files begin with a Q."""
    option = '<option value="{0}"{1}>{0}: {2:g} bits</option>'
    shown = {name: option.format(name, " selected" * (name == chosen), bits) for name, bits in BITS.items()}
    of_gguf = "".join(shown.pop(name) for name in BITS if name.startswith("Q"))
    return "".join(shown.values()) + f'<optgroup label="of GGUF files">{of_gguf}</optgroup>'


def _rows(what: str, labels: dict[str, str], n: int = 1) -> str:
    return "".join(
        f'<tr data-{what}="{name}"><th scope="row">{label}</th>{"<td></td>" * n}</tr>' for name, label in labels.items()
    )


def _heads(labels: tuple[str, ...]) -> str:
    return "".join(f'<th scope="col">{label}</th>' for label in labels)


def data() -> dict[str, object]:
    """Return the tables that the script loads, by file name."""
    return {"sizes.json": tables()}


def tables() -> dict[str, object]:
    """Return models, devices, their menus, and the constants of `helpers.sizing`, for the script."""
    models = json.loads((DATA / "model_configs.json").read_text(encoding="utf-8"))
    devices = read_table("hardware").astype({"year": "Int64"}).fillna({"year": 0, "note": ""}).to_dict("records")
    return {
        "models": {row["model"]: row["config"] for row in models},
        "devices": {row["device"]: asdict(known_device(row["device"])) for row in devices},
        "menus": {
            "model": menu((row["developer"], row["model"], row["released"] or "") for row in models),
            "device": menu((row["device"].split()[0], row["device"], str(row["year"] or "")) for row in devices),
        },
        "derived": [row["model"] for row in models if row.get("derived")],
        "notes": {row["device"]: row["note"] for row in devices if row["note"]},
        "constants": {
            "families": FAMILIES, "plain": PLAIN, "names": NAMES,
            "noNetworks": [name for name, does in FAMILIES.items() if does.get("behind") == "nothing"], "blocks": BLOCKS,
            "mostLayers": MOST_LAYERS, "kimiRank": KIMI_RANK, "bits": BITS, "chunk": CHUNK, "stateFlops": STATE_FLOPS,
            "loraRank": LORA_RANK,
        },
    }  # fmt: skip


def menu(rows: Iterable[tuple[str, str, str]]) -> dict[str, dict[str, str]]:
    """Return makers, and names and dates of what they made; the newest stands first, what has no date comes last.

    Args:
        rows: maker, name, and date of each, "" where none is known.
    """
    found: dict[str, dict[str, str]] = {}
    for maker, name, date in sorted(rows, key=lambda row: row[2], reverse=True):
        found.setdefault(maker, {})[name] = date
    return found
