"""What is compared in one run of `python -m benchmarks`: each part with what a reader would otherwise use."""

from collections.abc import Callable, Iterator
from functools import partial

import torch

from benchmarks import chat, languages, models, tokens
from benchmarks.alignment import of_alignment
from benchmarks.notebooks import of_chapter, of_notebooks
from benchmarks.rounds import Comparison
from helpers.corpora import declarations
from helpers.tokens import VOCABULARIES, count

SAME = "nearly all of its time goes into the same matrix products"
CHECKS = "the normal form and checks of each text come before the same call"
ANOTHER = "it is another, smaller method, in C; the benchmark of languages says what it gets wrong"


def of_languages(quick: bool) -> Iterator[Comparison]:
    """The bulk detector with langdetect's loop and with other identifiers."""
    texts, _ = languages.corpora()["articles"]
    some = texts[: 100 if quick else 600]
    what = f"languages of {len(some)} articles"
    for tool in languages.tools():
        if tool != "profiles":
            because = "" if tool in ("langdetect", "lingua") else ANOTHER
            ours, theirs = (partial(languages.labels, some, name) for name in ("profiles", tool))
            yield Comparison(what, tool, ours, theirs, because)


def of_tokens(quick: bool) -> Iterator[Comparison]:
    """Counting with each library's own batch call."""
    texts = [item.text for item in declarations().values() if item.text][: 50 if quick else 500]
    calls = tokens.library_calls(texts)
    for name in VOCABULARIES:
        if name in calls:
            ours = partial(count, texts, name)
            yield Comparison(f"count tokens, {name}", "the library's batch call", ours, calls[name], CHECKS)


def of_models(quick: bool) -> Iterator[Comparison]:
    """A training step, forward and backward, with the libraries' models of the same shape."""
    torch.manual_seed(0)
    ids = torch.randint(models.CONFIG.vocab_size, (2 if quick else 4, 65 if quick else 257))
    size = f"{len(ids)} texts of {ids.shape[1] - 1} tokens"
    for name, candidates in models.candidates().items():
        ours = partial(models.seconds, candidates["ours"], ids)
        for beside, model in candidates.items():
            if beside != "ours":
                because = SAME if name == "transformer" else ""
                yield Comparison(
                    f"training step, {name}, {size}", beside, ours, partial(models.seconds, model, ids), because
                )


def of_chat(quick: bool) -> Iterator[Comparison]:
    """Writing with the chat model, greedily."""
    n_tokens = 8 if quick else 48
    for batch_size in (1,) if quick else (1, 4, 16):
        calls = chat.calls(batch_size, n_tokens)
        what = f"write {n_tokens} tokens, prompts at once: {batch_size}"
        yield Comparison(what, "transformers' generate", calls["ours"], calls["theirs"], SAME)


PARTS: dict[str, Callable[[bool], Iterator[Comparison]]] = {
    "languages": of_languages, "tokens": of_tokens, "models": of_models, "chat": of_chat,
    "alignment": of_alignment, "notebooks": of_notebooks, "chapter": of_chapter,
}  # fmt: skip
