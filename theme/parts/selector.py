"""The page that makes a shortlist of models from needs: its form, and the tables that its script loads."""

from dataclasses import asdict
from functools import cache
from html import escape

from helpers import selection
from helpers.names import name_of
from helpers.selection import GENERAL, GRADES, ORDER, Model, Needs, models
from helpers.sizing import BITS, known_devices
from theme.parts import size
from theme.parts.fields import number_field

USES = {"research": "research", "product": "a product", "unconditional": "a product, with no conditions"}
LANGUAGES = ("Language", "Second language", "Third language")
KINDS = {
    "answers": "answers questions",
    "at once": "answers at once, without thinking first",
    "thinks": "thinks before it answers",
    "base": "is a base model, to train on",
}
NUMBERS = {  # name: label, what it starts with, step, least
    "context": ("Length of each text, in tokens of English", "4096", "1", "1"),
    "users": ("Texts at once", "1", "1", "1"),
    "devices": ("Devices that share the model", "1", "1", "1"),
    "speed": ("Tokens of English a second for each text, at least", "0", "any", "0"),
    "price": ("Price of a device, an hour", "2", "any", "0"),
    "budget": ("A million tokens of English written, at most (empty: any)", "", "any", "0"),
}
CRITERIA = {
    "domain": "domain",
    "quality": "published quality",
    "languages": "how surely its maker counts the languages",
    "size": "size, of all and of active parameters",
    "speed": "speed",
    "room": "memory to spare",
    "premium": "tokens of the languages",
    "released": "date",
}
FORM = """
<div class="playground" id="model-selector">
<p class="playground-needs">The selector needs JavaScript, and a site that comes from a server:
<code>make serve</code> starts one.</p>
<form hidden autocomplete="off" novalidate>
<div class="picks">{menus}</div>
<fieldset class="rates"><legend>The work</legend>{numbers}</fieldset>
<details id="select-ranking"><summary>What decides first</summary>
<ol id="select-order"></ol></details>
<p id="select-state" class="state" role="alert"></p>
<div id="select-result"><p id="select-verdict" class="counts"></p>
<ul id="select-depends"></ul>
<ol id="select-kept" class="shortlist"></ol><div id="select-more"></div>
<details id="select-open"><summary></summary><ol class="shortlist"></ol></details>
<details id="select-out"><summary></summary><ul class="shortlist"></ul></details>
</div>
<p class="spoken" id="select-spoken" aria-live="polite"></p>
<p class="actions"><button type="button" id="select-link">Copy a link to this</button>
<span id="select-copied" role="status"></span></p>
</form></div>
"""


def form() -> str:
    """Return the form, with a menu or a field for each need; its script fills the results."""
    named = sorted(((tag, name_of(tag)) for tag in selection.languages()), key=lambda entry: entry[1])
    menus = [_menu("use", "What will you use it for?", list(USES.items()), "product")]
    for i, label in enumerate(LANGUAGES, start=1):
        menus.append(_menu(f"language-{i}", label, ([("", "—")] if i > 1 else []) + named, "en" * (i == 1)))
    menus += [
        _menu("kind", "The model …", list(KINDS.items()), "answers"),
        _menu("domain", "Domain", [(name, name) for name in selection.domains()], GENERAL),
        _menu("device", "Device", [(name, name) for name in known_devices()], "NVIDIA L4 24 GB"),
        _menu("precision", "Precision of the weights", [(name, name) for name in BITS], "int4"),
    ]
    return FORM.format(
        menus="".join(menus), numbers="".join(number_field("select", name, *rest) for name, rest in NUMBERS.items())
    )


def _menu(name: str, label: str, options: list[tuple[str, str]], chosen: str) -> str:
    shown = "".join(f'<option value="{escape(v)}"{" selected" * (v == chosen)}>{escape(w)}</option>' for v, w in options)
    return f'<div><label for="select-{name}">{label}</label><select id="select-{name}">{shown}</select></div>'


def data() -> dict[str, object]:
    """Return the tables that the script loads, by file name."""
    return {"selector.json": tables()}


@cache
def tables() -> dict[str, object]:
    """Return models, premiums, words and the tables of the calculator, for the script."""
    languages, used = selection.languages(), {model.vocabulary for model in models()}
    premiums = [(name, known) for name, known in selection.premiums().items() if name in used]
    return {
        "models": [_known(model) for model in models()],
        "premiums": {name: {tag: known[tag] for tag in languages if tag in known} for name, known in premiums},
        "languages": {tag: name_of(tag) for tag in languages},
        "domains": selection.domains(),
        "general": GENERAL,
        "near": selection.NEAR,
        "index": selection.INDEX,
        "uses": selection.USES,
        "kinds": {name: sorted(kinds) for name, kinds in selection.KINDS.items()},
        "order": ORDER,
        "criteria": CRITERIA,
        "texts": selection.texts(),
        "sizes": size.tables(),
    }


def _known(model: Model) -> dict[str, object]:
    """Return a row of the table, and what Python makes of it whatever the needs: grades of languages, evidence and words."""
    choice = selection.judge(model, Needs())
    fixed = ("quality", "size", "released")
    grades = {found: [tag for tag in selection.languages() if selection.grade(model, tag) == found] for found in GRADES}
    return model._asdict() | {
        "languages": " ".join(model.languages),
        "grades": {found: " ".join(tags) for found, tags in grades.items() if tags},
        "evidence": {name: choice.evidence[name] for name in fixed},
        "reasons": [asdict(reason) for reason in choice.reasons if reason.criterion in fixed],
    }
