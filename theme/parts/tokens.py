"""The page that shows how a text is cut into tokens: its form, and what its script loads."""

import json
import re
from collections import Counter
from html import escape
from pathlib import Path

from helpers import assets
from helpers.corpora import Declaration, comparable_declarations
from helpers.tokens import NAMES, VOCABULARIES
from theme.parts.fields import number_field
from theme.parts.kept import kept
from theme.parts.vocabularies import packed

CHATS = ("smollm2", "llama3", "gemma3")  # vocabularies whose package has the maker's chat template
FIRST = "smollm2"  # shown first: the book's own chat model, and the smallest file but one
RATES = {  # name: label, what it starts with, step, least
    "price": ("Price of a million tokens", "2.5", "any", "0"),
    "speed": ("Tokens written in a second", "50", "any", "1"),
    "window": ("Context window, in tokens", "8192", "1", "1"),
}
CURRENCIES = ("USD", "EUR", "GBP", "CNY", "JPY", "KRW", "INR", "VND", "BRL", "NGN")
NOTICE = (
    "Built with Meta Llama 3. Meta Llama 3 is licensed under the Meta Llama 3 Community License, Copyright © Meta "
    "Platforms, Inc. All Rights Reserved. Gemma is provided under and subject to the Gemma Terms of Use found at "
    "https://ai.google.dev/gemma/terms."
)
COLUMNS = {
    "tokens": "Tokens",
    "per-character": "Per character",
    "premium": "× English",
    "cost": 'Cost of 1,000 such texts, <span id="tokens-in">USD</span>',
    "seconds": "Seconds",
    "share": "Of the window",
}
FORM = """
<div class="playground" id="token-playground">
<p class="playground-needs">The playground needs JavaScript, and a site that comes from a server:
<code>make serve</code> starts one.</p>
<form hidden autocomplete="off">
<label for="tokens-text">Text</label>
<textarea id="tokens-text" rows="5" spellcheck="false" aria-describedby="tokens-counts"></textarea>
<div class="pick">
<label>or the Declaration of Human Rights in
<select id="tokens-language"><option value="">choose a language</option></select></label>
<label>article <select id="tokens-article"></select></label>
</div>
<p class="actions"><button type="button" id="tokens-nfc">Join letters and marks (NFC)</button>
<button type="button" id="tokens-nfd">Take them apart (NFD)</button>
<button type="button" id="tokens-link">Copy a link to this</button> <span id="tokens-copied" role="status"></span></p>
<p id="tokens-state" class="state" role="status"></p>
<p id="tokens-counts" class="counts"></p>
<p class="spoken" id="tokens-spoken" aria-live="polite"></p>
<div id="tokens-shown" class="tokens" role="listbox" aria-label="Tokens" aria-describedby="tokens-detail"></div>
<p class="pages" hidden><button type="button" id="tokens-before">Previous tokens</button>
<span id="tokens-range"></span> <button type="button" id="tokens-after">Next tokens</button></p>
<p id="tokens-detail" class="detail"></p>
<details class="ids"><summary>Ids of the tokens shown</summary><p id="tokens-ids" dir="ltr"></p></details>
<p class="actions"><button type="button" id="tokens-all">Load all</button></p>
<div class="table-scroll"><table class="compare">
<caption>The same text in every vocabulary; the chosen one is shown above</caption>
<thead><tr><th scope="col">Vocabulary</th>{heads}</tr></thead><tbody>{rows}</tbody></table></div>
<p class="note" id="tokens-note"></p>
<p class="note">The makers' terms: {terms}. {notice}</p>
<fieldset class="rates"><legend>Your rates</legend>{rates}
<label>Currency of the price <select id="tokens-currency">{currencies}</select></label></fieldset>
<details class="chats" id="tokens-chats"><summary>As a chat message: what a model reads</summary>
<p>A chat model does not read the message alone. The template of its maker puts it between special tokens, with the roles,
and some templates add a system message of their own. What is typed stays text, even where it looks like a special token.</p>
<label>System message <input id="tokens-system" placeholder="none"></label>{chats}</details>
</form></div>
"""


def form() -> str:
    """Return the form, with a row for each vocabulary of the book, the newest first."""
    heads = "".join(f'<th scope="col">{label}</th>' for label in COLUMNS.values())
    cells = "".join(f'<td data-column="{name}">—</td>' for name in COLUMNS)
    rows = "".join(
        f'<tr data-vocabulary="{key}"><th scope="row"><label><input type="radio" name="vocabulary" value="{key}">'
        f"{escape(item.name)} <small>{escape(item.maker)} {item.year}</small></label></th>{cells}</tr>"
        for key, item in reversed(VOCABULARIES.items())
    )
    rates = "".join(number_field("tokens", name, *rest) for name, rest in RATES.items())
    currencies = "".join(f"<option>{code}</option>" for code in CURRENCIES)
    chats = "".join(
        f'<div data-chat="{key}"><p class="counts">{escape(NAMES[key])}: <span></span>'
        f'<button type="button" data-load="{key}">Load</button></p>'
        f'<div class="tokens" role="img" aria-label="" hidden></div></div>'
        for key in CHATS
    )
    licences = {item.maker: assets.ASSETS[item.asset].licence for item in VOCABULARIES.values()}
    terms = "; ".join(f"{maker}, {licence.partition(' (')[0]}" for maker, licence in licences.items())
    return FORM.format(
        heads=heads, rows=rows, rates=rates, currencies=currencies, chats=chats, terms=escape(terms), notice=NOTICE
    )


def data() -> dict[str, object]:
    """Return by file name the vocabularies, the Declaration in every language, and what menus and chats need."""
    texts = comparable_declarations()
    files = {f"vocabularies/{key}.bin": packed(key) for key in VOCABULARIES}
    declarations = {f"declarations/{code}.json": list(item.articles.values()) for code, item in texts.items()}
    about = {
        "first": FIRST,
        "vocabularies": {key: [NAMES[key], len(files[f"vocabularies/{key}.bin"])] for key in VOCABULARIES},
        "languages": menu(list(texts.values())),
    }
    files["vocabularies/NOTICE.txt"] = NOTICE.encode()
    return {**files, **declarations, "tokens.json": about, "chats.json": chats()}


def menu(texts: list[Declaration]) -> list[tuple[str, str]]:
    """Return code and label of each text, by label; where two languages share a name, their longer names."""
    times = Counter(item.short_name for item in texts)
    labels = {item.code: item.short_name if times[item.short_name] == 1 else item.name for item in texts}
    return sorted(labels.items(), key=lambda entry: (entry[1].casefold(), entry[0]))


def chats() -> dict[str, dict[str, list]]:
    """Return for each chat model the parts of its template, `plain` and with a `system` message."""
    folders = {key: assets.path(VOCABULARIES[key].asset) for key in CHATS}
    recipe = f"{[folder.name for folder in folders.values()]} {Path(__file__).read_text(encoding='utf-8')}"

    def make() -> bytes:
        made = {key: {"plain": template(it, []), "system": template(it, ["system"])} for key, it in folders.items()}
        return json.dumps(made).encode()

    return json.loads(kept("chat-templates", recipe, make))


def template(folder: Path, before: list[str]) -> list[str | dict]:
    """Return what a maker's template makes of a user's message.

    Args:
        folder: holds the maker's files.
        before: roles of the messages before the user's.

    Returns:
        Parts: text, special tokens as {"text", "id"}, and messages as {"field": role, "trim": whether space around it goes}.
    """
    from transformers.utils.chat_template_utils import render_jinja_template

    config = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    source = config.get("chat_template") or (folder / "chat_template.jinja").read_text(encoding="utf-8")
    tokens = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["added_tokens"]
    special = {token["content"]: token["id"] for token in tokens if token["special"]}
    marks = {f" {chr(0xE000 + i)} ": role for i, role in enumerate([*before, "user"])}
    messages = [{"role": role, "content": mark} for mark, role in marks.items()]
    said = render_jinja_template(
        [messages], chat_template=source, add_generation_prompt=True, bos_token=config["bos_token"]
    )[0][0]
    fields = {mark: {"field": role, "trim": False} for mark, role in marks.items()}
    fields |= {mark.strip(): {"field": role, "trim": True} for mark, role in marks.items()}
    found = re.split("(" + "|".join(map(re.escape, [*fields, *special])) + ")", said)
    known: dict[str, str | dict] = {**fields, **{text: {"text": text, "id": i} for text, i in special.items()}}
    return [known.get(part, part) for part in found if part]
