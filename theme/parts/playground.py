"""The page on which a reader plays with the chat model: its form, and what its scripts load.

It opens with distributions of the next token that were recorded here. The likeliest tokens of a prompt are written one by
one; the others, tens of thousands, are grouped by how likely they are, and the tokens of a group share its probability. So
nothing is cut off, and a page of a few kilobytes can show what a high temperature lets in. The model itself, llama.cpp and
all, is fetched from the site when a reader asks for it.
"""

from html import escape
from pathlib import Path

from helpers import assets
from theme.parts.chat_model import about, head, recorded, token_bytes, weights
from theme.parts.fields import number_field
from theme.parts.vocabularies import packed

PROMPTS = [
    "The capital of France is", "The capital of Burkina Faso is", "The opposite of hot is", "2 + 2 = ", "17 + 25 = ",
    "The chemical symbol for gold is", "Water boils at a temperature of ", "My favourite animal is the",
    "The best thing about winter is", "Once upon a time there was a", "She opened the door and",
    "def add(a, b):\n    return",
]  # fmt: skip
TRIES = {  # things to try, by the anchor of their paragraph: what a link to them sets
    "try-fact": "prompt=0",
    "try-order": "prompt=0&temperature=2&top_p=0.9",
    "try-filter": "prompt=10&top_k=3",
    "try-template": "text=What+is+the+capital+of+Kenya%3F&chat=1&temperature=0.5&most=30",
    "try-answers": "text=The+capital+of+Kenya+is&most=8&until=sentence",
    "try-choice": "text=The+capital+of+Australia+is&most=20&temperature=0.3",
    "try-penalty": "text=The+more+I+think+about+it%2C&temperature=0.2&repetition_penalty=1.3&most=60",
    "try-json": "text=Name+a+city+on+the+river+Nile+as+JSON+with+the+keys+%22city%22+and+%22country%22.&chat=1"
    "&temperature=0.5&masked=1&most=40",
}
GRAMMAR = r"""root    ::= "{" space "\"city\":" space name "," space "\"country\":" space name space "}"
name    ::= "\"" [A-Z] [a-zA-Z ]{1,20} "\""
space   ::= " "?
"""
KNOBS = {  # name: label, what its field starts with; least, most, step and start of its slider
    "temperature": ("Temperature", "1", "0.1", "2", "0.05", "1"),
    "top_k": ("Top-k", "", "0", "9", "1", "9"),  # the slider moves over a few numbers that its script has
    "top_p": ("Top-p", "1", "0.05", "1", "0.01", "1"),
    "min_p": ("Min-p", "0", "0", "0.5", "0.01", "0"),
    "repetition_penalty": ("Repetition penalty", "1", "1", "2", "0.05", "1"),
}
MOVED = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Model playground</title>
<script>location.replace("model_playground.html" + location.hash);</script></head>
<body><a href="model_playground.html">The page has moved: model playground</a></body></html>
"""  # the page that was here before
FORM = """
<div class="playground" id="model-playground">
<p class="playground-needs">The playground needs JavaScript, and a site that comes from a server:
<code>make serve</code> starts one.</p>
<form hidden autocomplete="off" novalidate>
<div class="door"><p><button type="button" id="play-load">Load the model ({megabytes} MB)</button>
<button type="button" id="play-cancel" hidden>Cancel</button>
<progress id="play-progress" max="1" value="0" aria-label="The model is loading" hidden></progress>
<span id="play-door" role="status">Without it, the page shows what was recorded for twelve prompts.</span></p></div>
<div class="pick"><label>Prompt <select id="play-prompt"></select></label></div>
<div id="play-own" hidden><label for="play-text">Your prompt</label>
<textarea id="play-text" rows="3" spellcheck="false" aria-describedby="play-state"></textarea>
<label class="switch"><input type="checkbox" id="play-chat">as a chat message, in the maker’s template</label></div>
<details class="read"><summary>What the model reads: <span id="play-length"></span></summary>
<div id="play-read" class="tokens" role="img" aria-label="Tokens"></div></details>
<fieldset class="knobs"><legend>Settings</legend>{knobs}</fieldset>
<fieldset class="choices"><legend>Order</legend>
<label><input type="radio" name="play-order" value="first" checked>temperature, then the filters</label>
<label><input type="radio" name="play-order" value="last">the filters, then temperature</label></fieldset>
<details id="play-masking"><summary>Let through only what a grammar allows</summary>
<label class="switch"><input type="checkbox" id="play-masked">use this grammar</label>
<textarea id="play-grammar" rows="4" spellcheck="false" aria-label="Grammar, in GBNF"
aria-describedby="play-state">{grammar}</textarea></details>
<p id="play-state" class="state" role="alert"></p>
<div id="play-result"><p id="play-counts" class="counts"></p>
<div class="table-scroll"><table class="bars"><caption>The next token: what is left of its probability; the line is what the
model gave</caption><tbody id="play-bars"></tbody></table></div>
<p class="note" id="play-source"></p>
<p class="actions"><button type="button" id="play-draw">Draw 20</button>
<button type="button" id="play-reset">Start over</button>
<button type="button" id="play-link">Copy a link to this</button> <span id="play-copied" role="status"></span></p>
<p id="play-drawn" class="detail" aria-live="polite"></p></div>
<div id="play-writing" hidden>
<div class="pick">{most}{seed}<label>Stop at <select id="play-until"><option value="end">the end of the answer</option>
<option value="line">the end of a line</option><option value="sentence">the end of a sentence</option></select></label></div>
<p class="actions"><button type="button" id="play-write">Write</button>
<button type="button" id="play-answers">Twenty answers</button>
<button type="button" id="play-stop" disabled>Stop</button> <span id="play-pace" role="status"></span></p>
<div id="play-written" class="tokens" role="listbox" aria-label="Written tokens" aria-describedby="play-detail" hidden></div>
<p id="play-detail" class="detail" role="status"></p><p id="play-others" class="actions"></p>
<div class="table-scroll"><table class="bars" id="play-grouped" hidden><caption>Twenty answers, grouped</caption>
<tbody></tbody></table></div></div>
<p class="spoken" id="play-spoken" aria-live="polite"></p>
</form></div>
"""


def form() -> str:
    """Return the form, with a field and a slider for each setting; its script fills the rest."""
    knobs = "".join(
        f'<div>{number_field("play", name, label, start, "any", "0")}<input id="play-{name}-slider" type="range" '
        f'aria-label="{label}, slider" min="{least}" max="{most}" step="{step}" value="{value}"></div>'
        for name, (label, start, least, most, step, value) in KNOBS.items()
    )
    most, seed = number_field("play", "most", "Tokens", "40", "1", "1"), number_field("play", "seed", "Seed", "0", "1", "0")
    megabytes = round((weights().stat().st_size + wasm().stat().st_size) / 1e6)
    return FORM.format(knobs=knobs, most=most, seed=seed, megabytes=megabytes, grammar=escape(GRAMMAR))


def data() -> dict[str, object]:
    """Return by file name the distributions, what the page loads with the model, and a page at its old address."""
    return {
        "../../chapters/sampling_playground.html": MOVED.encode(),
        "next_tokens.json": recorded(PROMPTS) | about() | {"tries": TRIES},
        f"engine/{weights().name}": weights(),
        "engine/head.bin": head()[0],
        "engine/tokens.json": token_bytes(),
        "engine/wllama.js": assets.path("wllama") / "index.min.js",
        "engine/wllama.wasm": wasm(),
        "vocabularies/smollm2.bin": packed("smollm2"),
    }


def wasm() -> Path:
    """Return llama.cpp for browsers."""
    return assets.path("wllama") / "wasm" / "wllama.wasm"
