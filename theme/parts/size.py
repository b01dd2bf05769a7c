"""The page that works out what a model needs: its form, and the tables that its script loads, written from `data/`."""

from dataclasses import asdict

from helpers.sizing import BITS, ModelConfig, known_device, known_devices, known_model, known_models
from helpers.sizing.compute import STATE_FLOPS
from helpers.sizing.memory import CHUNK, GROUP, SCALE_BITS
from theme.parts.fields import number_field

MODEL_FIELDS = {  # name: label, least
    "d_model": ("Width", "1"),
    "n_layers": ("Layers", "1"),
    "n_heads": ("Heads", "1"),
    "n_kv_heads": ("Heads of keys and values", "1"),
    "head_dim": ("Width of a head (empty: width / heads)", "1"),
    "d_ff": ("Inner width of the feed-forward network, or of an expert", "1"),
    "vocab_size": ("Vocabulary", "1"),
    "n_experts": ("Experts in a layer", "1"),
    "experts_per_token": ("Experts a token goes through", "1"),
}
SWITCHES = {"gated": "gate in the feed-forward network", "tied": "embedding is also the output matrix"}
DEVICE_FIELDS = {
    "memory_gb": "Memory, in GB",
    "bandwidth_gb_s": "Bandwidth, in GB a second",
    "tflops_bf16": "TFLOP a second in 16 bits",
    "tflops_fp32": "TFLOP a second in fp32 (empty: the same)",
}
NUMBERS = {  # name: label, what it starts with, step, least
    "context": ("Tokens in each text", "4096", "1", "1"),
    "batch": ("Batch: texts at once", "1", "1", "1"),
    "devices": ("Devices that share the model", "1", "1", "1"),
    "price": ("Price of a device, an hour", "2", "any", "0"),
}
BARS = {
    "weights": "Weights",
    "cache": "KV cache of the texts",
    "working": "Working memory",
    "total": "Needed",
    "there": "There is",
}
SPEEDS = {"prefill": "Prefill: reading the prompts", "decode": "Decode: writing the next tokens"}
COLUMNS = ("At least", "Tokens a second, at most", "Bound by", "A million tokens, at least")
FACTS = {
    "total": "Parameters",
    "active": "of which a token goes through",
    "embedding": "of which in tables of tokens",
    "token": "KV cache, a token more in each text",
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
<div><label for="size-device">Device</label><select id="size-device"></select></div></div>
<fieldset class="rates" id="size-own-model" hidden><legend>Your transformer</legend>{model}{switches}</fieldset>
<fieldset class="rates" id="size-own-device" hidden><legend>Your device</legend>{device}</fieldset>
<fieldset class="rates"><legend>The work</legend>{numbers}</fieldset>
<p id="size-state" class="state" role="alert"></p>
<div id="size-result"><p id="size-verdict" class="counts"></p>
<div class="table-scroll"><table class="bars"><caption>Memory; the dashed line is what the device holds</caption>
<tbody>{bars}</tbody></table></div>
<div class="table-scroll"><table class="compare"><caption>Time, at best</caption>
<thead><tr><td></td>{columns}</tr></thead><tbody>{speeds}</tbody></table></div>
<p class="note" id="size-note"></p>
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
        precisions="".join(f'<option value="{name}"{" selected" * (name == "bf16")}>{name}</option>' for name in BITS),
        model="".join(number_field("size", name, label, "", "1", least) for name, (label, least) in MODEL_FIELDS.items()),
        switches="".join(
            f'<label class="switch"><input id="size-{n}" type="checkbox"> {s}</label>' for n, s in SWITCHES.items()
        ),
        device="".join(number_field("size", name, label, "", "any", "0") for name, label in DEVICE_FIELDS.items()),
        numbers="".join(number_field("size", name, *rest) for name, rest in NUMBERS.items()),
        bars="".join(
            f'<tr data-bar="{name}"><th scope="row">{label}</th><td><div class="bar"><span></span></div></td><td></td></tr>'
            for name, label in BARS.items()
        ),
        columns="".join(f'<th scope="col">{label}</th>' for label in COLUMNS),
        speeds="".join(
            f'<tr data-speed="{name}"><th scope="row">{label}</th>{"<td></td>" * len(COLUMNS)}</tr>'
            for name, label in SPEEDS.items()
        ),
        facts="".join(f'<tr data-fact="{name}"><th scope="row">{label}</th><td></td></tr>' for name, label in FACTS.items()),
    )


def data() -> dict[str, object]:
    """Return the tables that the script loads, by file name."""
    return {"sizes.json": tables()}


def tables() -> dict[str, object]:
    """Return models, devices, and the constants of `helpers.sizing`, for the script."""
    return {
        "models": {name: asdict(known_model(name)) for name in known_models()},
        "devices": {name: asdict(known_device(name)) for name in known_devices()},
        "defaults": asdict(ModelConfig("transformer", vocab_size=1, d_model=1, n_layers=1, n_heads=1, d_ff=1)),
        "constants": {"bits": BITS, "group": GROUP, "scaleBits": SCALE_BITS, "chunk": CHUNK, "stateFlops": STATE_FLOPS},
    }
