"""The page that makes a shortlist of models from needs: its form, and the tables that its script loads."""

from dataclasses import asdict
from html import escape

from helpers.names import name_of
from helpers.selection import GENERAL, ORDER, SUPPORT, TEXTS, domains, languages, models, premiums_of
from helpers.sizing import BITS, known_devices
from theme.parts import size
from theme.parts.fields import number_field

LANGUAGES = ("Language", "Second language", "Third language")
NUMBERS = {  # name: label, what it starts with, step, least
    "context": ("Tokens in each text", "4096", "1", "1"),
    "users": ("Texts at once", "1", "1", "1"),
    "devices": ("Devices that share the model", "1", "1", "1"),
    "speed": ("Tokens a second for each text, at least", "0", "any", "0"),
    "price": ("Price of a device, an hour", "2", "any", "0"),
    "budget": ("A million tokens written, at most (empty: any)", "", "any", "0"),
}
SWITCHES = {"commercial": "the licence must allow commercial use", "answers": "it must have been trained to answer"}
CHECKED = ("answers",)
FIRST = {
    "domain": "the domain",
    "size": "size",
    "premium": "tokens of the languages",
    "speed": "speed",
    "room": "room to spare",
}
FORM = """
<div class="playground" id="model-selector">
<p class="playground-needs">The selector needs JavaScript, and a site that comes from a server:
<code>make serve</code> starts one.</p>
<form hidden autocomplete="off" novalidate>
<div class="picks">{languages}{menus}</div>
<fieldset class="rates"><legend>The work</legend>{numbers}{switches}</fieldset>
<p id="select-state" class="state" role="alert"></p>
<div id="select-result"><p id="select-verdict" class="counts"></p>
<ol id="select-kept" class="shortlist"></ol>
<details id="select-out"><summary></summary><ul class="ruled-out"></ul></details>
</div>
<p class="spoken" id="select-spoken" aria-live="polite"></p>
<p class="actions"><button type="button" id="select-link">Copy a link to this</button>
<span id="select-copied" role="status"></span></p>
</form></div>
"""


def form() -> str:
    """Return the form, with a menu or a field for each need; its script fills the results."""
    named = sorted(((tag, name_of(tag)) for tag in languages()), key=lambda entry: entry[1])
    tongues = [
        _menu(f"language-{i}", label, ([("", "—")] if i > 1 else []) + named, "en" * (i == 1))
        for i, label in enumerate(LANGUAGES, start=1)
    ]
    return FORM.format(
        languages="".join(tongues),
        menus=_menu("domain", "Domain", [(name, name) for name in domains()], GENERAL)
        + _menu("device", "Device", [(name, name) for name in known_devices()], "NVIDIA L4 24 GB")
        + _menu("precision", "Precision of the weights", [(name, name) for name in BITS], "bf16")
        + _menu("first", "What decides first", [(name, FIRST[name]) for name in ORDER], ORDER[0]),
        numbers="".join(number_field("select", name, *rest) for name, rest in NUMBERS.items()),
        switches="".join(
            f'<label class="switch"><input id="select-{n}" type="checkbox"{" checked" * (n in CHECKED)}> {label}</label>'
            for n, label in SWITCHES.items()
        ),
    )


def _menu(name: str, label: str, options: list[tuple[str, str]], chosen: str) -> str:
    shown = "".join(f'<option value="{escape(v)}"{" selected" * (v == chosen)}>{escape(w)}</option>' for v, w in options)
    return f'<div><label for="select-{name}">{label}</label><select id="select-{name}">{shown}</select></div>'


def data() -> dict[str, object]:
    """Return the tables that the script loads, by file name."""
    return {"selector.json": tables()}


def tables() -> dict[str, object]:
    """Return models, premiums, words and the tables of the calculator, for the script."""
    vocabularies = sorted({model.vocabulary for model in models() if model.vocabulary})
    return {
        "models": [asdict(model) for model in models()],
        "premiums": {name: premiums_of(name) for name in vocabularies},
        "languages": {tag: name_of(tag) for tag in languages()},
        "domains": domains(),
        "general": GENERAL,
        "order": ORDER,
        "texts": TEXTS,
        "support": SUPPORT,
        "sizes": size.tables(),
    }
