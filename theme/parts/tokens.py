"""The page that shows how a text is cut into tokens: its form, and what its script loads."""

from collections import Counter

from helpers import assets
from helpers.corpora import Declaration, comparable_declarations
from helpers.tokens import ENCODINGS

TOKENIZER = "browser-tokenizer"  # the asset with the vocabularies and the code that reads them
RATES = {  # name: label, what it starts with, step, least
    "price": ("Price of a million tokens", "2.5", "any", "0"),
    "speed": ("Tokens written in a second", "50", "any", "1"),
    "window": ("Context window, in tokens", "8192", "1", "1"),
}
ROWS = {
    "tokens": "Tokens",
    "per-character": "Tokens a character",
    "per-byte": "Tokens a byte",
    "premium": "Premium over English",
    "cost": "Cost of 1,000 such texts",
    "seconds": "Seconds to write it",
    "share": "Share of the window",
}
FORM = """
<div class="playground" id="token-playground">
<p class="playground-needs">The playground needs JavaScript, and a site that comes from a server:
<code>make serve</code> starts one.</p>
<form hidden autocomplete="off">
<label for="tokens-text">Text</label>
<textarea id="tokens-text" rows="5" dir="auto" spellcheck="false" aria-describedby="tokens-counts"></textarea>
<div class="pick">
<label>or the Declaration of Human Rights in
<select id="tokens-language"><option value="">choose a language</option></select></label>
<label>article <select id="tokens-article"></select></label>
</div>
<p class="actions"><button type="button" id="tokens-nfc">Join letters and marks (NFC)</button>
<button type="button" id="tokens-nfd">Take them apart (NFD)</button>
<button type="button" id="tokens-link">Copy a link to this</button> <span id="tokens-copied" role="status"></span></p>
<fieldset class="choices"><legend>Vocabulary</legend>{choices}</fieldset>
<p id="tokens-state" class="state" role="status"></p>
<p id="tokens-counts" class="counts"></p>
<p class="spoken" id="tokens-spoken" aria-live="polite"></p>
<div id="tokens-shown" class="tokens" role="listbox" aria-label="Tokens" aria-describedby="tokens-detail" dir="auto"></div>
<p class="pages" hidden><button type="button" id="tokens-before">Tokens before</button>
<span id="tokens-range"></span> <button type="button" id="tokens-after">Tokens after</button></p>
<p id="tokens-detail" class="detail"></p>
<details class="ids"><summary>Ids of the tokens shown</summary><p id="tokens-ids" dir="ltr"></p></details>
<div class="table-scroll"><table class="compare"><caption>The same text in three vocabularies</caption>
<thead><tr><td></td>{heads}</tr></thead><tbody>{rows}</tbody></table></div>
<p class="note" id="tokens-note"></p>
<fieldset class="rates"><legend>Your rates</legend>{rates}</fieldset>
</form></div>
"""


def form() -> str:
    """Return the form, with a choice, a column and rows for the book's vocabularies."""
    choices = "".join(
        f'<label><input type="radio" name="vocabulary" value="{name}">{model} '
        f"<small>{name.removesuffix('_base')}</small></label>"
        for name, model in ENCODINGS.items()
    )
    heads = "".join(
        f'<th scope="col">{model}<button type="button" data-load="{name}" hidden>Load {model}</button></th>'
        for name, model in ENCODINGS.items()
    )
    cells = "".join(f'<td data-vocabulary="{name}">—</td>' for name in ENCODINGS)
    rows = "".join(f'<tr data-row="{row}"><th scope="row">{label}</th>{cells}</tr>' for row, label in ROWS.items())
    rates = "".join(
        f'<label>{label} <input id="tokens-{name}" type="number" inputmode="decimal" '
        f'value="{value}" step="{step}" min="{least}"></label>'
        for name, (label, value, step, least) in RATES.items()
    )
    return FORM.format(choices=choices, heads=heads, rows=rows, rates=rates)


def data() -> dict[str, object]:
    """Return the Declaration in every language, and what the menus and the vocabularies need, by file name."""
    texts = comparable_declarations()
    ranks = assets.path(TOKENIZER) / "esm" / "bpeRanks"
    declarations = {f"declarations/{code}.json": list(item.articles.values()) for code, item in texts.items()}
    vocabularies = {name: (ranks / f"{name}.js").stat().st_size for name in ENCODINGS}
    return declarations | {"tokens.json": {"vocabularies": vocabularies, "languages": menu(list(texts.values()))}}


def menu(texts: list[Declaration]) -> list[tuple[str, str]]:
    """Return code and label of each text, by label; where two languages share a name, their longer names."""
    times = Counter(item.short_name for item in texts)
    labels = {item.code: item.short_name if times[item.short_name] == 1 else item.name for item in texts}
    return sorted(labels.items(), key=lambda entry: (entry[1].casefold(), entry[0]))
